"""A look in words: how well whoever is in view can be told, and what to change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from edge.messages.aim import Sight, Trouble, Verdict

NAMES: Mapping[Verdict, str] = {
    "good": "good",
    "small": "too small",
    "aside": "turned too far aside",
    "cut": "cut by the edge",
}
ADVICE: Mapping[Verdict | Trouble, str] = {
    "small": "come nearer, or choose a longer lens or a larger frame",
    "aside": "mount it lower, or where people walk towards it",
    "cut": "tilt or turn it until heads are whole",
    "dark": "more light is needed, or a longer exposure",
    "covered": "something is before the lens",
    "blurred": "focus the lens, or clean it",
}
ASIDE_MANY = 0.5
"""With more of the looks turned aside the place of the camera is to be doubted."""


def faces_line(sight: Sight) -> str:
    """How many faces, and of each how well it can be told."""
    if not sight.faces:
        return "no face in view"
    found = Counter(face.verdict for face in sight.faces)
    told = ", ".join(f"{found[kind]} {name}" for kind, name in NAMES.items() if found[kind])
    widest = max(face.width for face in sight.faces)
    return f"{told}; the widest {widest} px, {sight.face_min_px} px are needed"


def view_line(sight: Sight) -> str:
    """Light, focus, motion and how many were turned aside."""
    parts = [f"light {sight.light} of 255", f"{sight.moving} % moving"]
    if sight.looks:
        parts.append(f"{round(100 * sight.turned / sight.looks)} % of {sight.looks} looks aside")
    return ", ".join([sight.trouble.upper() or "in focus", *parts])


def advice(sight: Sight) -> str:
    """What to change first; empty where all is well."""
    if sight.trouble:
        return ADVICE[sight.trouble]
    found = Counter(face.verdict for face in sight.faces)
    if sight.looks and sight.turned > ASIDE_MANY * sight.looks:
        return ADVICE["aside"]
    bad = [kind for kind, _ in found.most_common() if kind != "good"]
    return ADVICE[bad[0]] if bad and found[bad[0]] > found["good"] else ""


def clock(seconds: int) -> str:
    """Minutes and seconds."""
    return f"{seconds // 60}:{seconds % 60:02d}"
