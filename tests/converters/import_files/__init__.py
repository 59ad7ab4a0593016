"""Makers of files in other projects' formats, with generated weights."""
