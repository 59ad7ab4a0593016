"""Aiming a camera without a picture."""
