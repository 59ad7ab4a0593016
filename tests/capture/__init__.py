"""The sources, on clips made in passing."""
