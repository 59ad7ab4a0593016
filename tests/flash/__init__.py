"""Kits for fresh cards: what is refused, and what is written."""
