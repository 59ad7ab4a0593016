"""How good a network is, measured through the device's own detection and crop code."""
