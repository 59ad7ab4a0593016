"""Light to counts. Knows cameras and models, and no network."""
