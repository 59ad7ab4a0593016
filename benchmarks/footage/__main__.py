"""Do the counts hold on real footage? Clips with known people through the product's own loop.

python -m benchmarks.footage FOLDER               # the clips that FOLDER/truth.json names
python -m benchmarks.footage FOLDER --fps 5 15 30 --preset far near
python -m benchmarks.footage FOLDER --clip walk.mkv --fps 15 --sheet sheets  # visits' crops
python -m benchmarks.footage FOLDER --check local   # fail where worse than the reference
python -m benchmarks.footage FOLDER --write local   # make what was counted the reference
python -m benchmarks.footage --markdown all         # a reference as docs/counting.md shows it
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import get_args
from unittest.mock import patch

from benchmarks.footage import reference
from benchmarks.footage.page import in_markdown
from benchmarks.footage.play import play
from benchmarks.footage.score import Row, row, totals
from benchmarks.footage.truth import FootageError, Truth, read
from edge.errors import UserError
from edge.runtime.networks import model
from edge.runtime.networks.processor import ProcessorClass

FPS = (5.0, 10.0, 15.0, 30.0)


@dataclass(frozen=True, slots=True)
class Measurement:
    """How each clip is played."""

    folder: Path
    preset: str
    fps: float
    settings: tuple[str, ...] = ()
    sheets: Path | None = None
    processor: str = "dot_product"
    """Whose variants of the networks are run, whatever this machine's processor is."""

    @property
    def title(self) -> str:
        """Its key in a reference."""
        return f"{self.preset} {self.fps:g}"

    def row(self, item: tuple[str, Truth]) -> Row:
        """A clip's row; its contact sheet too where sheets are wanted."""
        clip, truth = item
        sheet = self.sheets and self.sheets / f"{clip} {self.title}.png"
        settings = [f"detector.model={self.preset}", *self.settings]
        with patch.object(model, "processor_class", return_value=self.processor):
            played = play(self.folder / clip, self.fps, settings, sheet)
        return row(clip, truth, played)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables; write, draw and check as asked to."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.markdown:
        print(in_markdown(reference.read(options.markdown)), end="")
        return 0
    if options.folder is None:
        parser.error("a FOLDER of clips with their truth.json is needed")
    try:
        clips = _chosen(read(options.folder), options.clip)
        before = reference.read(options.check) if options.check else None
        tables = _tables(options, clips)
    except (FootageError, UserError) as error:
        print(f"benchmarks.footage: {error}", file=sys.stderr)
        return 2
    if options.json:
        reference.write(options.json, tables)
    if options.write:
        reference.write(reference.path_of(options.write), tables)
    worse = list(reference.worse(tables, before)) if before else []
    print(*worse, sep="\n", file=sys.stderr)
    return 1 if worse else 0


def _chosen(clips: dict[str, Truth], names: Sequence[str] | None) -> dict[str, Truth]:
    unknown = set(names or ()) - set(clips)
    if unknown:
        raise FootageError(f"there is no clip {', '.join(sorted(unknown))}: {', '.join(clips)}")
    return {name: truth for name, truth in clips.items() if not names or name in names}


def _tables(options: argparse.Namespace, clips: dict[str, Truth]) -> reference.Tables:
    """Each detector at each rate, printed as soon as it is there."""
    if options.sheet:
        options.sheet.mkdir(parents=True, exist_ok=True)
    tables = {}
    for preset in options.preset:
        for fps in options.fps:
            one = Measurement(options.folder, preset, fps, tuple(options.set), options.sheet,
                              options.processor)  # fmt: skip
            tables[one.title] = measure(one, clips, options.jobs)
            print_table(f"{preset}, {fps:g} looks a second", tables[one.title])
            print_crossings(clips)
        print_agreement(preset, tables)
    return tables


def measure(how: Measurement, clips: dict[str, Truth], jobs: int) -> list[Row]:
    """A row a clip, in their order, then the sums."""
    with ProcessPoolExecutor(jobs) as pool:
        rows = list(pool.map(how.row, clips.items()))
    return [*rows, *totals(rows)]


def print_table(title: str, rows: Sequence[Row]) -> None:
    """One table for people to read."""
    print(f"\n{title}\n{'clip':32}{'sure':>5}{'unsure':>7}{'people':>7}{'error':>6}{'f':>4}{'m':>4}"
          f"{'<18':>5}{'>60':>5}{'no face':>8}{'looks':>7}{'est.':>6}")  # fmt: skip
    for one in rows:
        print(f"{one.clip:32}{one.sure:>5}{one.unsure:>7}{one.people:>7}{one.error:>6}{one.female:>4}"
              f"{one.male:>4}{one.under_18:>5}{one.over_60:>5}{one.not_faces:>8}{one.looks:>7}"
              f"{one.estimates:>6}")  # fmt: skip
    last = rows[-1]
    print(
        f"people missed {last.missed}, counted too often {last.doubled}; of {last.sex_asked} people"
        f" whose sex is plain {last.sex_told} were told one, {last.sex_wrong} of them wrongly;"
        f" of {last.age_asked} ages told where they are known, {last.age_wrong} are wrong at least",
        flush=True,
    )


def print_crossings(clips: dict[str, Truth]) -> None:
    """Where a visit may hold two people, which no count shows."""
    if names := [name for name, truth in clips.items() if truth.swaps]:
        print(f"people cross on {', '.join(names)}: look at their visits (--sheet FOLDER)")


def print_agreement(preset: str, tables: reference.Tables) -> None:
    """The same clips at other rates: how far the sums of people are apart."""
    sums = {title: rows[-1].people for title, rows in tables.items() if title.startswith(preset)}
    if len(sums) > 1 and max(sums.values()):
        said = ", ".join(f"{people} ({title})" for title, people in sums.items())
        apart = 1 - min(sums.values()) / max(sums.values())
        print(f"\npeople in all: {said}; {apart:.0%} apart", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.footage",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, nargs="?", help="clips and their truth.json")
    shown = " ".join(f"{fps:g}" for fps in FPS)
    parser.add_argument(
        "--fps", type=float, nargs="+", default=FPS, help=f"looks a second at most ({shown})"
    )
    parser.add_argument("--preset", nargs="+", default=["far"], help="detectors (default: far)")
    parser.add_argument("--clip", nargs="+", help="these clips only")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="configuration to try"
    )
    parser.add_argument(
        "--processor",
        choices=get_args(ProcessorClass),
        default="dot_product",
        help="whose variants of the networks are run: with 8-bit dot products, as a Pi 5, by which "
        "the references were counted, or without, as a Pi 4 (default: %(default)s)",
    )
    parser.add_argument("--jobs", type=int, default=2, help="clips at once (default 2)")
    parser.add_argument("--json", type=Path, help="write the tables here")
    parser.add_argument("--sheet", type=Path, metavar="FOLDER", help="draw all visits' crops here")
    parser.add_argument("--check", choices=reference.NAMES, help="status 1 where a sum is worse")
    parser.add_argument("--markdown", choices=reference.NAMES, help="print a reference's table")
    parser.add_argument("--write", choices=reference.NAMES, help="write the reference")
    return parser


if __name__ == "__main__":
    sys.exit(main())
