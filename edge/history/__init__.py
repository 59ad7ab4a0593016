"""Delivered windows → plain sums of what they told, by local hour and day, kept on the device."""
