"""Which of a card's confusions corrects what is told."""

from __future__ import annotations

from collections.abc import Mapping

MATRICES: Mapping[str, Mapping[str, str]] = {
    "fine": {"gender": "gender", "age": "age_published"},
    "coarse": {"gender": "gender", "age": "age_coarse"},
}
"""Scheme of bands → attribute → its confusion on the card, in the labels that are counted."""
