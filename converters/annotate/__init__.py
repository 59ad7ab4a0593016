"""`agender-convert annotate`: what the device would see, drawn on a file for people to check."""
