"""What crosses the door of `agender-edge aim`: a request, and then boxes for as long as it asks.

The boxes are whole pixels, at most LOOKS_PER_S times a second, and go to a socket that came with
the request: through memory, to the process that asked, and nowhere else.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct

from edge.config.people import Space
from edge.messages.fields import Numbering, Sentence

AIM_SOCKET = "aim.sock"
LOOKS_PER_S = 20
SECONDS_MAX = 3_600
COLUMNS, ROWS = 16, 9
"""The cells of the map of where faces pass."""

Pixels = Annotated[int, Meta(ge=-(2**20), le=2**20)]
Sides = Annotated[int, Meta(ge=1, le=2**20)]
Sums = Annotated[int, Meta(ge=0, le=2**31)]

Verdict: TypeAlias = Literal["good", "small", "aside", "cut"]
"""What is wrong with a face as it is seen: too small, turned too far aside, cut by an edge."""


Trouble: TypeAlias = Literal["", "dark", "covered", "blurred"]
"""What of the picture keeps anybody from being told."""


class Aim(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="aim"):
    """aim → vision: show boxes for so many seconds."""

    seconds: Annotated[int, Meta(ge=1, le=SECONDS_MAX)]


class Apply(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="apply"):
    """aim → vision: read the configuration again, as the request `reload` does.

    `places`: what the zones and lines that were written are known by; with others it is refused.
    """

    places: Numbering


class Refused(Struct, frozen=True, kw_only=True, tag="refused"):
    """vision → aim: it is not shown, or no longer, and why."""

    error: Sentence


class Applied(Struct, frozen=True, kw_only=True, tag="applied"):
    """vision → aim: the configuration is right, and vision starts anew with it."""


class SeenFace(Struct, frozen=True, array_like=True):
    """A face that is followed: its box in pixels of the frame, and how well it can be told."""

    left: Pixels
    top: Pixels
    width: Pixels
    height: Pixels
    verdict: Verdict


class Passed(Struct, frozen=True, array_like=True):
    """A cell of the map, and how many visits passed it since aiming began: k or more."""

    column: Annotated[int, Meta(ge=0, lt=COLUMNS)]
    row: Annotated[int, Meta(ge=0, lt=ROWS)]
    visits: Sums


class Sight(Struct, frozen=True, kw_only=True, tag="sight"):
    """vision → aim: what the camera's view is good for.

    `width`, `height`: the frame's, pixels. `face_min_px`: the width that a face needs. `light`: the
    level, 0…255, that a twentieth of the picture exceeds. `moving`: percent of the picture that
    changes. `trouble`: dark, covered, blurred or nothing. `looks`, `turned`: faces looked at since
    aiming began, and how many of them were turned aside.
    """

    width: Sides
    height: Sides
    ends_in_s: Sums
    face_min_px: Pixels
    faces: Annotated[tuple[SeenFace, ...], Meta(max_length=200)]
    light: Annotated[int, Meta(ge=0, le=255)]
    moving: Annotated[int, Meta(ge=0, le=100)]
    trouble: Trouble
    looks: Sums
    turned: Sums
    passed: Annotated[tuple[Passed, ...], Meta(max_length=COLUMNS * ROWS)]


FromAim: TypeAlias = Aim | Apply
ToAim: TypeAlias = Sight | Refused | Applied

Code = Annotated[str, Meta(max_length=16, pattern=r"^[0-9a-f]{16}$(?!\n)")]
"""What one sitting is known by, told to whoever began it on the device."""


class Look(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="look"):
    """page → aim: a browser that has this code looks."""

    code: Code


class Keep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="keep"):
    """page → aim: whoever has this code wants these places written."""

    code: Code
    space: Space


class Shown(Struct, frozen=True, kw_only=True, tag="shown"):
    """aim → page: the last look, None where none came lately, and the places in force."""

    sight: Sight | None
    space: Space
    ends_in_s: Sums


FromPage: TypeAlias = Look | Keep
ForPage: TypeAlias = Shown | Refused | Applied
