"""Faces and the full frame → age and gender: aligned crops, one batch a network, decoded."""
