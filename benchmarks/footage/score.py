"""Visits held against a clip's truth, and clips added up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from benchmarks.footage.play import Played
from benchmarks.footage.truth import STRESS, Kind, Truth
from edge.runtime.frame import Visit

CHILD_YEARS, OLD_YEARS = 18, 60


class Row(Struct, frozen=True, kw_only=True):
    """One clip, or several added up: figures and names only."""

    clip: str
    kind: Kind | None = None
    clips: int = 1
    sure: int
    unsure: int
    people: int
    error: int
    """Distance of `people` from sure … sure + unsure, summed over clips."""
    missed: int
    """People fewer than sure."""
    doubled: int
    """People more than sure + unsure: doubles, and what is nobody."""
    female: int
    male: int
    sex_told: int
    """Visits with a sex, of the clips in which it is plain (no unsure people)."""
    sex_wrong: int
    """The least number of these that must be wrong: more of one sex than there are."""
    sex_asked: int
    age_told: int
    under_18: int
    over_60: int
    age_asked: int = 0
    """Visits told an age, of the clips whose people's ages are known."""
    age_wrong: int = 0
    """The least number of these that must be wrong: of an age that nobody there has."""
    not_faces: int
    frames: int
    looks: int
    estimates: int


def row(clip: str, truth: Truth, played: Played) -> Row:
    """One clip's visits against its truth."""
    people = len(played.visits)
    female = sum(visit.female is True for visit in played.visits)
    male = sum(visit.female is False for visit in played.visits)
    plain = truth.unsure == 0 and truth.sure > 0
    wrong = max(female - truth.women, 0) if people and not truth.women else 0
    wrong += max(male - truth.men, 0) if people and not truth.men else 0
    return Row(
        clip=clip,
        kind=truth.kind,
        sure=truth.sure,
        unsure=truth.unsure,
        people=people,
        error=truth.error(people),
        missed=max(truth.sure - people, 0),
        doubled=max(people - truth.sure - truth.unsure, 0),
        female=female,
        male=male,
        sex_told=female + male if plain else 0,
        sex_wrong=wrong if plain else 0,
        sex_asked=people if plain else 0,
        age_told=sum(visit.age_years is not None for visit in played.visits),
        under_18=_aged(played.visits, 0, CHILD_YEARS),
        over_60=_aged(played.visits, OLD_YEARS, 200),
        **_ages(played.visits, truth),
        not_faces=played.not_faces,
        frames=played.frames,
        looks=played.looks,
        estimates=played.estimates,
    )


def _ages(visits: Sequence[Visit], truth: Truth) -> dict[str, int]:
    """The figures of age; who is unsure may be of any."""
    if truth.ages is None:
        return {}
    told = {
        "under_18": _aged(visits, 0, CHILD_YEARS),
        "adult": _aged(visits, CHILD_YEARS, OLD_YEARS),
        "over_60": _aged(visits, OLD_YEARS, 200),
    }
    strange = sum(number for age, number in told.items() if not getattr(truth.ages, age))
    return {"age_asked": sum(told.values()), "age_wrong": max(strange - truth.unsure, 0)}


def _aged(visits: Sequence[Visit], least: float, below: float) -> int:
    return sum(v.age_years is not None and least <= v.age_years < below for v in visits)


_SUMS = tuple(name for name in Row.__struct_fields__ if name not in ("clip", "kind"))


def added(name: str, rows: Iterable[Row], kind: Kind | None = None) -> Row:
    """Rows as one."""
    rows = tuple(rows)
    sums = {field: sum(getattr(row, field) for row in rows) for field in _SUMS}
    return Row(clip=name, kind=kind, **sums)


def totals(rows: Sequence[Row]) -> list[Row]:
    """By kind without the stress clips, all without them, and all."""
    calm = [row for row in rows if row.clip not in STRESS]
    kinds: tuple[Kind, ...] = ("nobody", "one", "several")
    by_kind = [added(kind, (row for row in calm if row.kind == kind), kind) for kind in kinds]
    return [*by_kind, added("all but stress", calm), added("all", rows)]
