"""Tests of `agender-convert annotate`."""
