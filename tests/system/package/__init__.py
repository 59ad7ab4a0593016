"""Debian packages, in a Debian that booted."""
