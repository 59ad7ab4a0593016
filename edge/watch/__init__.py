"""`agender-edge watch`: devices live on a terminal, from MQTT alone."""

from edge.watch.watch import watch

__all__ = ["watch"]
