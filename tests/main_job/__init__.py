"""Specification of the main job, end to end."""
