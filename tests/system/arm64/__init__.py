"""The locked wheels on 64-bit Arm, under emulation, beside the numpy of Debian."""
