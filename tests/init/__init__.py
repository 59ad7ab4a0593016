"""The first set-up of an installed device."""
