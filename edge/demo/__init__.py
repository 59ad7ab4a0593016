"""`agender-edge demo`: the main job end to end, with everything it needs brought along."""

from edge.demo.show import demo

__all__ = ["demo"]
