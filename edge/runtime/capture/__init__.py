"""Sources of frames, one module a kind."""
