"""Specification of the rooms between light and counts."""
