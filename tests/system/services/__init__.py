"""The systemd units, checked and booted."""
