"""Labels and pictures of a set → a folder in the training layout, whole or not at all."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import cv2
import msgspec
import numpy as np

from converters.datasets.places import Entry, FolderPlace, Found, Place, Places, readable
from converters.datasets.rows import Dropped, Row, Terms
from converters.errors import ConvertError
from converters.labels import BANDS, band_of
from edge.progress import Pace

LEAST_SIDE_PX = 20
"""Below this a picture is a placeholder, not a face."""
COLUMNS = ("image", "gender", "age_years", "age_band", "age_std", "group", "split")


_UNSAFE = re.compile(r"[^\w./ +-]")


@dataclass(slots=True)
class Tally:
    """What became of the labels."""

    kept: list[Row] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a set goes, on whose terms, and with which of the user's choices.

    With `link` the pictures are hard links to those in the user's folder.
    """

    out: Path
    terms: Terms
    link: bool = False
    choices: dict[str, str] = field(default_factory=dict)


def build(places: Places, labels: Iterable[Row | Dropped], plan: Plan) -> Tally:
    """Write images/, labels.csv, dataset.json and the terms; ConvertError where it can't be."""
    tally = Tally()
    wanted = _located(places, labels, tally)
    with _fresh_folder(plan.out) as folder:
        kept = set(_pictures(wanted, folder, tally, link=plan.link))
        tally.kept = [row for row, _ in wanted if row.image in kept]
        if not kept:
            raise ConvertError(f"no picture of the set can be used: {_reasons(tally.dropped)}")
        (folder / "labels.csv").write_text(labels_csv(tally.kept), "utf-8")
        (folder / "dataset.json").write_bytes(_record(tally, places, plan))
        terms = f"{plan.terms.note()}\n{plan.terms.address}\n"
        (folder / "LICENCE.txt").write_text(terms, "utf-8")
        (folder / "about.toml").write_text(plan.terms.about(), "utf-8")
    return tally


def _located(
    places: Places, labels: Iterable[Row | Dropped], tally: Tally
) -> list[tuple[Row, Found]]:
    """The rows whose picture is there, each picture once."""
    found: dict[str, tuple[Row, Found]] = {}
    for row in labels:
        if isinstance(row, Dropped):
            tally.dropped[row.reason] += 1
            continue
        file = places.find(row.file)
        if file is None:
            tally.dropped["picture not in the set"] += 1
            continue
        # A plain name in the table, whatever the file is called.
        image = _UNSAFE.sub("_", row.image)
        if image in found:
            tally.dropped["listed twice"] += 1
        else:
            found[image] = (replace(row, image=image), file)
    return list(found.values())


def _pictures(
    wanted: list[tuple[Row, Found]], folder: Path, tally: Tally, *, link: bool
) -> Iterator[str]:
    """Put the pictures under images/; the names of those that are good."""
    names = {(id(file.place), file.name): row.image for row, file in wanted}
    places = {id(file.place): file.place for _, file in wanted}
    seen: set[bytes] = set()
    pace, done = Pace(len(wanted), "pictures"), 0
    for key, place in places.items():
        mine = {name for where, name in names if where == key}
        for name, content in _entries(place, mine):
            done += 1
            pace.show(done)
            flaw = flaw_of(content)
            print_of = hashlib.blake2b(content, digest_size=16).digest()
            if not flaw and print_of in seen:
                flaw = "the same picture again"
            if flaw:
                tally.dropped[flaw] += 1
                continue
            seen.add(print_of)
            _put(place, name, content, folder / "images" / names[key, name], link=link)
            yield names[key, name]


def _entries(place: Place, wanted: set[str]) -> Iterator[Entry]:
    """The pictures of one place; ConvertError where they can't be read."""
    with readable(place.path):
        yield from place.each(wanted)


def flaw_of(content: bytes) -> str:
    """Why a file is no usable picture; '' where it is."""
    # A JPEG begins and ends with a mark of its own; decoders fill up what is missing with grey.
    if content[:2] == b"\xff\xd8" and b"\xff\xd9" not in content[2:]:
        return "picture cut short"
    pixels = np.frombuffer(content, np.uint8)
    # An eighth of the size is quick to decode, and enough to see that it can be.
    small = cv2.imdecode(pixels, cv2.IMREAD_REDUCED_COLOR_8) if pixels.size else None
    if small is None:
        return "picture unreadable"
    if min(small.shape[:2]) * 8 < LEAST_SIDE_PX:
        return f"picture under {LEAST_SIDE_PX} pixels"
    return ""


def _put(place: Place, name: str, content: bytes, target: Path, *, link: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if not link:
        target.write_bytes(content)
        return
    if not isinstance(place, FolderPlace):
        raise ConvertError(
            f"{place.path} is an archive, to which nothing can link: leave out --link"
        )
    try:
        os.link(place.base / name, target)
    except OSError as error:
        raise ConvertError(
            f"{place.base / name} cannot be linked to ({error.strerror}): leave out --link"
        ) from error


@contextmanager
def _fresh_folder(out: Path) -> Iterator[Path]:
    """A folder beside `out` that becomes it at the block's end, and vanishes if that is missed."""
    folder = out.with_name(f".{out.name}.part")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        yield folder
        folder.replace(out)
    except OSError as error:
        raise ConvertError(f"cannot write {out}: {error.strerror}; nothing was kept") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def labels_csv(rows: Iterable[Row]) -> str:
    """The table that `train` and `evaluate` read."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for row in rows:
        gender = "female" if row.female else "male"
        years, deviation = _number(row.age.years), _number(row.age.deviation_years)
        table.writerow(
            (f"images/{row.image}", gender, years, row.age.band, deviation, row.group, row.split)
        )
    return text.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.10g}"


def _record(tally: Tally, places: Places, plan: Plan) -> bytes:
    """Where it all came from, as JSON."""
    record = {
        "set": plan.terms,
        "sources": [place.path.name for place in places.all],
        "choices": plan.choices,
        "kept": len(tally.kept),
        "dropped": dict(tally.dropped.most_common()),
        "genders": dict(Counter("female" if row.female else "male" for row in tally.kept)),
        "bands": bands_of(tally.kept),
    }
    return msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"


def bands_of(rows: Iterable[Row]) -> dict[str, int]:
    """How many faces each band holds."""
    counts = Counter(row.age.band or BANDS[band_of(row.age.years or 0.0)] for row in rows)
    return {band: counts[band] for band in BANDS if counts[band]}


def _reasons(dropped: Counter[str]) -> str:
    """'face score under 3 (12), a second face (2)'."""
    return ", ".join(f"{reason} ({count})" for reason, count in dropped.most_common()) or "none"
