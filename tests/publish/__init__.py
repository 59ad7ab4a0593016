"""Delivery, messages and commands, against a real broker."""
