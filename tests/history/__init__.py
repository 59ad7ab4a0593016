"""Sums kept on the device, and what is reported of them."""
