"""How a network's weights and activations may be stored; see `converters.tflite`."""

SCHEMES = ("float32", "float16", "dynamic_int8", "int8", "int16x8")
CALIBRATED = ("int8", "int16x8")
"""Those that take the ranges of activations from real pictures."""
