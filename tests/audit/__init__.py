"""Tests of tally and audit."""
