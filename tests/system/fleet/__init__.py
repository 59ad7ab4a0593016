"""The playbooks, run over ssh on machines that really booted."""
