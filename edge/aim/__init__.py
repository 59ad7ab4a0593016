"""`agender-edge aim`: what a camera's view is good for, zones and lines; without a picture."""
