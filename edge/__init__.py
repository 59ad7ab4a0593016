"""Anonymous camera analytics for a Raspberry Pi: light in, counts out."""

__version__ = "0.1.0"
