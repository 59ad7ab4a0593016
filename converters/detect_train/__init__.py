"""Training of our own face detector: composed scenes → an anchor-free network for the device."""
