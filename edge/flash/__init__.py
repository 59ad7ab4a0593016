"""`agender-edge flash-kit`: what a fresh card needs so that a device counts by itself."""
