"""How right the answer about a person is, by group, band and sex, with what chance leaves of it.

    python -m benchmarks.persons --data held_out.zip --pad 0.25
    python -m benchmarks.persons --data fairface_dev.zip --write models_tflite/agender_64.json

A card's accuracy is that of single crops; what a device tells of a person is fused from several.
Nobody has labelled clips of thousands of people, so each person's walk-up is SIMULATED from one
labelled picture, as `benchmarks.evidence --approach` does: twelve views, smallest first, one a half
second, each smaller, noisier, turned a little, lit otherwise. The detector's find, the choice of
crops, their fusion and what is then told are the product's own. Views of one picture err together
more than those of somebody who moves, so that real walk-ups may gain more. Intervals hold 95 %:
Wilson's of shares, the bootstrap's (seeded) of years. --write puts the figures into the card.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import numpy as np

from benchmarks.evidence import BETWEEN_S, FACE_PX, VIEWS, view
from converters import bundle
from converters.evaluate.faces import chosen, labelled_face, padded
from converters.intervals import interval
from converters.labels import ADULT_BAND, BAND_MIDDLES, BANDS, Folder, Label, open_data
from edge import progress
from edge.runtime.detect import Detector, open_detector
from edge.runtime.estimate.estimate import Estimator, open_estimator
from edge.runtime.frame import Face, Image
from edge.runtime.networks.card import read_card
from edge.runtime.people.evidence import Evidence, Fused, Limits
from edge.share import wilson

MODELS = Path(__file__).resolve().parent.parent / "models_tflite"
SEED = 0
View = tuple[Image, Face, float]
Row = list[float | None]
COLUMNS = (
    "people", "sex_told", "sex_right", "sex_right_low", "sex_right_high",
    "age_told", "years_off", "years_off_low", "years_off_high", "bias_years",
)  # fmt: skip
"""What a group's row holds: numbers of people; of 1, of those that are told a sex; years."""
NOTHING = (None, None, None)
SIMULATED = (
    f"each person is one labelled picture, shown as {VIEWS} views of a walk-up: {FACE_PX[0]:.0f} "
    f"to {FACE_PX[1]:.0f} pixels wide, smallest first, one every {BETWEEN_S:g} s, each turned, lit "
    "and noisy in its own way. Detection, choice of crops, fusion and what is told are the "
    "product's."
)


class Person(NamedTuple):
    """Who it is, what is told: None where the product says that it does not know.

    `taken`: of how many estimates it was fused.
    """

    label: Label
    female: bool | None
    age_years: float | None
    taken: int


def main() -> None:
    """Print the groups; write them into a card where asked."""
    options = _arguments()
    detector = open_detector(options.detector, MODELS)
    estimator = open_estimator([options.model], MODELS, detector.card.detecting.family)
    with open_data(options.data) as data:
        labels = chosen(data.labels, options.limit)
        people = list(walks(data, labels, options.pad, detector, estimator))
    found = figures(people)
    taken = round(float(np.mean([one.taken for one in people])), 2)
    missed = len(labels) - len(people)
    print(f"{len(people)} people, {missed} not found, of each {taken} estimates\n{table(found)}")
    if options.write:
        about = {"people": len(people), "not_found": missed, "taken_mean": taken}
        _write(options.write, options.data.name, {**about, "groups": found})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="images/ and labels.csv in a ZIP")
    parser.add_argument("--pad", type=float, default=0.0, help="of the picture's size round it")
    parser.add_argument("--limit", type=int, help="how many faces (default all)")
    parser.add_argument("--model", default="agender_64", help="the estimator (default agender_64)")
    parser.add_argument("--detector", default="far", help="who finds the face (default far)")
    parser.add_argument("--write", type=Path, metavar="CARD", help="add the figures to this card")
    return parser.parse_args()


def walks(
    data: Folder, labels: Sequence[Label], pad: float, detector: Detector, estimator: Estimator
) -> Iterator[Person]:
    """Whoever the detector finds, after the walk-up that is simulated from the picture."""
    rng = random.Random(SEED)
    (card,) = estimator.cards
    limits = replace(
        Limits(),
        gender_confidence_min=card.estimating.gender_confidence_min,
        age_spread_max_years=card.estimating.age_spread_max_years,
    )
    for label in progress.over(labels, "people"):
        picture = padded(data.picture(label), pad)
        face = labelled_face(detector, picture)
        if face is not None:
            views = [view(picture, face, rng, 0.0) for _ in range(VIEWS)]
            fused, taken = _fused(views, limits, estimator)
            female, age_years = fused.told_female(limits), fused.told_age_years(limits)
            yield Person(label, female, age_years, taken)


def _fused(views: Sequence[View], limits: Limits, estimator: Estimator) -> tuple[Fused, int]:
    """The views, smallest first, as the product takes and fuses them; how many it took."""
    evidence, taken = Evidence(limits), 0
    for index, (shown, face, quality) in enumerate(sorted(views, key=lambda one: one[2])):
        if evidence.wish(quality, index * BETWEEN_S) > 0:
            (estimate,) = estimator.estimate(shown, [face])
            evidence.add(estimate, quality, index * BETWEEN_S)
            taken += 1
    return evidence.fused(), taken


def figures(people: Sequence[Person]) -> dict[str, Row]:
    """Group → its row; groups are all, adults, sexes, bands, and looks where they are labelled."""
    return {
        name: _group([one for one in people if holds(one.label)])
        for name, holds in groups(people).items()
    }


def groups(people: Sequence[Person]) -> dict[str, Callable[[Label], bool]]:
    """Name → who is in it; groups of nobody are left out."""
    rules: dict[str, Callable[[Label], bool]] = {
        "overall": lambda _: True,
        "adults": lambda who: who.band >= ADULT_BAND,
        "female": lambda who: who.female,
        "male": lambda who: not who.female,
        "female adults": lambda who: who.female and who.band >= ADULT_BAND,
        "male adults": lambda who: not who.female and who.band >= ADULT_BAND,
    }
    rules |= {name: partial(_of_band, at) for at, name in enumerate(BANDS)}
    looks = sorted({one.label.group for one in people} - {""})
    rules |= {name: partial(_of_looks, name) for name in looks}
    return {name: rule for name, rule in rules.items() if any(rule(one.label) for one in people)}


def _of_band(band: int, who: Label) -> bool:
    return who.band == band


def _of_looks(name: str, who: Label) -> bool:
    return who.group == name


def _group(people: Sequence[Person]) -> Row:
    """The figures of COLUMNS: shares with Wilson's interval, years with the bootstrap's, 95 %."""
    sexed = [one for one in people if one.female is not None]
    right = sum(one.female == one.label.female for one in sexed)
    aged = [(one.age_years, one.label) for one in people if one.age_years is not None]
    truths = [BAND_MIDDLES[who.band] if who.years is None else who.years for _, who in aged]
    errors = np.array([age for age, _ in aged], float) - np.array(truths, float)
    sexes = (right / len(sexed), *wilson(right, len(sexed))) if sexed else NOTHING
    off = np.abs(errors)
    years = (off.mean(), *interval(off), errors.mean()) if aged else (*NOTHING, None)
    return [
        len(people),
        len(sexed),
        *(None if value is None else round(float(value), 3) for value in sexes),
        len(aged),
        *(None if value is None else round(float(value), 2) for value in years),
    ]


def table(found: dict[str, Row]) -> str:
    """The groups as lines, a column for each of COLUMNS."""
    lines = [" " * 16 + "".join(f"{name:>16}" for name in COLUMNS)]
    for name, row in found.items():
        cells = ("–" if value is None else f"{value:g}" for value in row)
        lines.append(f"{name:16}" + "".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def _write(path: Path, name: str, found: dict[str, Any]) -> None:
    """Into the card's evidence, beside what other data sets gave."""
    card = read_card(path)
    before = card.evidence.get("persons", {}).get("data", {})
    persons = {"simulated": SIMULATED, "columns": COLUMNS, "data": {**before, name: found}}
    evidence = {**card.evidence, "persons": persons}
    bundle.rewrite(path, msgspec.structs.replace(card, evidence=evidence))


if __name__ == "__main__":
    main()
