"""The modules of cloud-init, each as steps of a shell program."""
