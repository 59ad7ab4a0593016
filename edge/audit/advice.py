"""A plain bias → what to change at the device, and where that is described."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from edge.audit.agreement import Rule, Verdict
from edge.audit.compare import Agreement
from edge.audit.match import Unit
from edge.messages.bands import TOLD_GENDERS

UNKNOWN_PLAIN = 0.1
"""A share of people of unknown sex or age from which it is worth a word."""


def advice(found: Sequence[Agreement], units: Sequence[Unit], rule: Rule) -> list[str]:
    """Sentences, those on people first; none where no bias is plain."""
    by_key = {each.key: each for each in found}
    return [*_people(by_key["people"], units, rule), *_known(by_key, units), *_lines(by_key)]


def _people(people: Agreement, units: Sequence[Unit], rule: Rule) -> Iterator[str]:
    if people.verdict is not Verdict.FAILS or people.bias is None:
        return
    if people.bias[0] < 0:
        yield (
            "people are missed: aim the camera so that faces come towards it, no smaller than "
            "docs/cameras.md says, and light them; who shows no face is not counted "
            "(docs/counting.md)"
        )
        if _worse_in_crowds(units, rule):
            yield (
                "most are missed where many come at once: hang the camera higher, so that groups "
                "do not hide one another"
            )
        if passers := sum(unit.told.sums["passers"] for unit in units):
            yield f"{passers} people passed without showing a face: the camera sees their backs"
        return
    yield (
        "people are counted more than once: who turns away or is hidden for long is counted anew "
        "(tracking.resume_s, docs/counting.md); mask posters, screens and mirrors with a zone of "
        'use = "exclude"'
    )


def _worse_in_crowds(units: Sequence[Unit], rule: Rule) -> bool:
    """Whether the busier half of bins misses more than the calmer one, by more than the margin."""
    ordered = sorted(units, key=lambda unit: unit.tallied["people"])
    halves = ordered[: len(ordered) // 2], ordered[(len(ordered) + 1) // 2 :]
    sums = [
        (sum(u.told.sums["people"] for u in half), sum(u.tallied["people"] for u in half))
        for half in halves
    ]
    if not all(tallied for _, tallied in sums):
        return False
    calm, busy = (told / tallied - 1 for told, tallied in sums)
    return busy < calm - rule.margin


def _known(by_key: dict[str, Agreement], units: Sequence[Unit]) -> Iterator[str]:
    people = sum(unit.told.sums["people"] for unit in units)
    if not people or not any(key in by_key for key in TOLD_GENDERS):
        return
    if sum(unit.told.sums["untold_people"] for unit in units) > UNKNOWN_PLAIN * people:
        yield (
            "many come in windows of fewer than k people, which tell nothing else of them: choose "
            "longer windows (window.length_s) or a smaller privacy.k (docs/privacy.md)"
        )
    if sum(unit.told.sums["gender_unknown"] for unit in units) > UNKNOWN_PLAIN * people:
        yield (
            "many are of unknown sex: larger, better lit faces help (docs/cameras.md); while k is "
            "above 1 part of them are made unknown by rounding"
        )
    if any(_fails(by_key, key) for key in TOLD_GENDERS):
        yield (
            "sexes are mistaken: read the corrected numbers, est_female and est_male "
            "(docs/counting.md), or choose another network (docs/models.md)"
        )
    if any(_fails(by_key, key) for key in by_key if key.startswith("age_")):
        yield (
            "ages are mistaken: read est_age_… (docs/counting.md), or count in coarse bands "
            '(window.bands = "coarse")'
        )


def _fails(by_key: dict[str, Agreement], key: str) -> bool:
    return key in by_key and by_key[key].verdict is Verdict.FAILS


def _lines(by_key: dict[str, Agreement]) -> Iterator[str]:
    names = sorted({key[5:].rpartition("_")[0] for key in by_key if key.startswith("line_")})
    for name in names:
        ways = [by_key[key] for way in ("in", "out") if (key := f"line_{name}_{way}") in by_key]
        failed = [way for way in ways if way.verdict is Verdict.FAILS]
        if len(ways) == 2 and failed and _swapped(*ways):
            yield f"line {name}: in and out changed places; exchange its start and end"
        elif failed and all(way.bias and way.bias[1] < 0 for way in failed):
            yield (
                f"line {name}: crossings are missed; lay it where faces are seen on both sides of "
                "it, across the way (docs/counting.md, hysteresis and angle_min_deg)"
            )
        elif failed:
            yield f"line {name}: too many crossings; lay it where nobody stands or waits"


def _swapped(one: Agreement, other: Agreement) -> bool:
    """Whether the device's numbers fit the other way of each far better."""
    straight = abs(one.told - one.tallied) + abs(other.told - other.tallied)
    crossed = abs(one.told - other.tallied) + abs(other.told - one.tallied)
    return 3 * crossed < straight
