"""docs/raspberry-pi.md, line by line."""
