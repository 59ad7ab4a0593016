"""`tally`: keys that an auditor beside the camera presses → people by window, in a file of his."""
