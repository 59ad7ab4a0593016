"""Visits → windows: tumbling, aligned to the wall clock, measured on the monotonic one."""
