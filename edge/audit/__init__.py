"""`audit`: tallies by hand and what the device told → how far they agree, and a verdict."""
