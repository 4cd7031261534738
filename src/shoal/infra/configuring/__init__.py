"""Configuring machines that run: by Ansible, from where the orchestrator is."""
