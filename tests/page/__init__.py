"""The device's own page."""
