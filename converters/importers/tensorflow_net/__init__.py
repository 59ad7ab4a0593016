"""TensorFlow's graphs of versions 1 and 2; only operations that compute are let in."""
