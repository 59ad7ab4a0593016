"""Specification of the sign and the page that tell people of the camera."""
