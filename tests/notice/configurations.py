"""Configurations at random, as a person may write them, for notices to be made of."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import strategies as st

from edge.config.commands import VERBS
from edge.config.tables import Config

URL = "https://shop.example/camera?lang=de"
OPERATOR = {"name": "Shop & Sons", "contact": "privacy@shop.example", "purpose": "to plan staff"}
"""What a notice needs at least."""

MODELS = (
    ["agender_64"],
    ["ssrnet_age_imdb", "ssrnet_gender_imdb"],
    ["ssrnet_age_imdb"],
    ["ssrnet_gender_imdb"],
)
TRIANGLES = ([[0.1, 0.1], [0.4, 0.1], [0.1, 0.4]], [[0.6, 0.6], [0.9, 0.6], [0.6, 0.9]])

texts = st.text(
    st.characters(exclude_categories=("C", "Zl", "Zp"), exclude_characters="\u00a0"),
    min_size=1, max_size=80,
).map(str.strip).filter(bool)  # fmt: skip
"""Any line of print: with <, &, quotes and braces as well."""


def configured(**tables: Any) -> Config:
    """A configuration of these tables, checked, with an operator."""
    operator = OPERATOR | tables.pop("operator", {})
    return msgspec.convert(tables | {"operator": operator}, Config)


def _optional(**keys: Any) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=keys)


def _places(names: str, places: list[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some of these places, of names that differ."""
    return st.lists(st.sampled_from(places), max_size=3).map(
        lambda chosen: [{"name": f"{names}{i}"} | place for i, place in enumerate(chosen)]
    )


ZONES = [{"polygon": p, "use": u} for p in TRIANGLES for u in ("count", "include", "exclude")]
LINES = [{"start": [0.1, 0.5], "end": [0.9, 0.5]}]

tables = st.fixed_dictionaries({
    "operator": st.fixed_dictionaries(
        {"name": texts, "contact": texts, "purpose": texts},
        optional={
            "legal_basis": texts, "retention": texts,
            "notice_url": st.sampled_from(["http://a.example", "https://b.example/c?d=e&f=%20#g"]),
        },
    ),
    "source": st.sampled_from([
        {}, {"uri": "usb:0"}, {"uri": "/dev/video2"}, {"uri": "clip.mp4"},
        {"uri": "rtsp://cam/1"}, {"uri": "rtsps://cam/1"}, {"uri": "HTTPS://cam/1.m3u8"},
        {"uri": "rtsps://cam/1", "detect_uri": "rtsp://cam/2"},
        {"uri": "picamera", "region": [0.0, 0.0, 0.5, 1.0]},
    ]),
    "estimator": st.sampled_from([{"models": models} for models in MODELS]),
    "window": _optional(
        length_s=st.sampled_from([1.5, 60.0, 90.0, 900.0, 3600.0, 86400.0]),
        bands=st.sampled_from(["fine", "coarse"]),
    ),
    "privacy": _optional(
        k=st.integers(1, 30), epsilon=st.sampled_from([0.5, 1.0]),
        state=st.sampled_from(["folded", "exact", "off"]),
        window_min_s=st.sampled_from([60.0, 900.0]),
    ),
    "tracking": _optional(
        patience_s=st.sampled_from([1.5, 6.0]), resume_s=st.sampled_from([4.0, 9.0]),
        estimates_max=st.integers(1, 64),
    ),
    "space": st.fixed_dictionaries(
        {"zones": _places("zone", ZONES), "lines": _places("line", LINES)}
    ),
    "mqtt": _optional(host=st.sampled_from(["localhost", "::1", "hub"]), tls=st.booleans()),
    "metrics": _optional(port=st.sampled_from([0, 9100])),
    "outbox": _optional(max_windows=st.integers(10, 1000)),
    "history": _optional(enabled=st.booleans()),
    "commands": _optional(
        enabled=st.booleans(), verbs=st.lists(st.sampled_from(VERBS), unique=True)
    ),
})  # fmt: skip

configurations = tables.map(lambda found: msgspec.convert(found, Config))
