"""The specification of agender-edge, executable."""
