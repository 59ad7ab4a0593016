"""The fleet's files, checked without Ansible and without a machine."""
