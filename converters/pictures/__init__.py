"""The pictures of the README: what `watch` shows of the demo, and a frame as the device sees it."""
