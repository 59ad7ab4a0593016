"""Who is on each clip, fixed by eye: what counts are held against.

A folder of footage holds the clips and `truth.json`: clip → `women`, `men` (who show a face, each
counted once), `unsure` (may be counted or not), `note`, and where somebody looked, `ages` (how many
of the sure look `under_18`, `adult`, `over_60`) and `swaps` (true where people cross before the
camera, so that a track may change from one to another):

    "a.mp4": {"women": 1, "men": 1, "unsure": 0, "ages": {"adult": 1, "over_60": 1}, "swaps": true}

Where a folder's truth tells no ages, those of `seen.json` beside this file hold: of the clips that
the committed figures were counted on, by eye, names and numbers alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

Kind = Literal["nobody", "one", "several"]
KINDS: tuple[Kind, ...] = ("nobody", "one", "several")
STRESS = ("oye_1.mp4", "oye_2.mp4")
"""Jump cuts and heads upside down; a swung hammer: reported, and told apart from the rest."""


class Ages(Struct, frozen=True, forbid_unknown_fields=True):
    """How many of a clip's sure people look of each age."""

    under_18: int = 0
    adult: int = 0
    over_60: int = 0

    @property
    def people(self) -> int:
        """How many these are."""
        return self.under_18 + self.adult + self.over_60


class Truth(Struct, frozen=True):
    """One clip: the people in it."""

    women: int
    men: int
    unsure: int
    note: str = ""
    ages: Ages | None = None
    swaps: bool = False

    @property
    def sure(self) -> int:
        """People that have to be counted."""
        return self.women + self.men

    @property
    def kind(self) -> Kind:
        """Nobody, one person and no doubt about it, or several."""
        if self.sure == 0 and self.unsure == 0:
            return "nobody"
        return "one" if self.sure == 1 and self.unsure == 0 else "several"

    @property
    def contradiction(self) -> str:
        """What cannot be, in words; empty where all is well."""
        if min(self.women, self.men, self.unsure) < 0:
            return "women, men and unsure are numbers of people, 0 at least"
        ages = self.ages
        if ages and ages.people != self.sure:
            return f"ages should be those of all {self.sure} sure people (women + men)"
        return ""

    def error(self, people: int) -> int:
        """How far a count is from sure … sure + unsure."""
        return max(self.sure - people, people - self.sure - self.unsure, 0)

    def with_seen(self, seen: Seen | None) -> Truth:
        """What was seen of the clip of this name too, where it holds as many people."""
        if self.ages or seen is None or seen.ages.people != self.sure:
            return self
        return replace(self, ages=seen.ages, swaps=self.swaps or seen.swaps)


class Seen(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody saw of a clip whose folder counts heads alone."""

    ages: Ages
    swaps: bool = False


SEEN = msgspec.json.decode(Path(__file__).with_name("seen.json").read_bytes(), type=dict[str, Seen])


class FootageError(Exception):
    """What is wrong with a folder of footage, in one sentence."""


def read(folder: Path) -> dict[str, Truth]:
    """Clip → truth, of the clips that lie in `folder`; FootageError where there are none."""
    path = folder / "truth.json"
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, Truth])
    except OSError as error:
        raise FootageError(f"{path} cannot be read: {error.strerror}") from error
    except msgspec.ValidationError as error:
        raise FootageError(f"{path}: {error}") from error
    except (msgspec.DecodeError, json.JSONDecodeError) as error:
        raise FootageError(f"{path} is no JSON: {error}") from error
    for name, truth in found.items():
        if truth.contradiction:
            raise FootageError(f"{path}: {name}: {truth.contradiction}")
    there = {
        name: truth.with_seen(SEEN.get(name))
        for name, truth in found.items()
        if (folder / name).is_file()
    }
    if not there:
        raise FootageError(f"{folder} holds none of the clips that its truth.json names")
    return there
