"""The first set-up of an installed device: questions, tests, files, services."""
