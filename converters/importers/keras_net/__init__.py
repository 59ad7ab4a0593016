"""Keras's files of versions 1 to 3. No object of a file is ever deserialized, no code in it run."""
