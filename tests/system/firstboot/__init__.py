"""The first boot of a flashed card, on a Debian that really boots and runs cloud-init."""
