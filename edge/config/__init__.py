"""Every configuration key: its meaning, range and default; reading, checking, explaining it."""
