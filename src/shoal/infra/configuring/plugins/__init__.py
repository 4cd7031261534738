"""What Ansible loads of ours; it runs in Ansible's own process."""
