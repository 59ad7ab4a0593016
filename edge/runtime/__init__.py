"""Light → counts: frames in, windows of visits out. Knows cameras and models, and no network."""
