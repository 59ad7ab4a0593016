"""A clip through the product's own loop, as fast as it goes → the visits that it counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time
from typing import Any

from benchmarks.footage.sheet import Album
from edge.config import read
from edge.errors import SourceError
from edge.runtime.census.census import Census
from edge.runtime.census.clock import MediaClock
from edge.runtime.detect import Detector
from edge.runtime.estimate.estimate import Estimator
from edge.runtime.frame import Estimate, Face, Frame, Image, Visit
from edge.runtime.loop import Loop
from edge.runtime.meter import Meter
from edge.vision.assembly import build_stages


@dataclass(frozen=True, slots=True)
class Played:
    """What a clip gave: the visits, and what it took."""

    visits: tuple[Visit, ...]
    not_faces: int
    frames: int
    looks: int
    estimates: int
    seconds: float
    processor_s: float


class ListeningCensus(Census):
    """Keeps the visits that it is given."""

    def __init__(self) -> None:
        super().__init__(3600.0, MediaClock())
        self.visits: list[Visit] = []
        self.everything: list[Visit] = []
        self.not_faces = 0

    def add(self, visits: Iterable[Visit], *, unknown: bool = False) -> None:
        """Take visits that ended."""
        visits = tuple(visits)
        self.everything += visits
        self.visits += [visit for visit in visits if visit.is_face]
        self.not_faces += sum(not visit.is_face for visit in visits)
        super().add(visits, unknown=unknown)


class CountingDetector:
    """Counts the looks."""

    def __init__(self, inner: Detector) -> None:
        self.inner, self.card, self.looks = inner, inner.card, 0
        self.tiles = inner.tiles

    def detect(self, frame: Frame, *region: Any) -> list[Face]:
        """As the detector inside."""
        self.looks += 1
        return self.inner.detect(frame, *region)


class CountingEstimates:
    """Counts the faces that are estimated."""

    def __init__(self, estimator: Estimator) -> None:
        self.estimates = 0
        self._estimate = estimator.estimate
        estimator.estimate = self._counted  # type: ignore[method-assign]

    def _counted(self, full: Image, faces: Sequence[Face]) -> list[Estimate]:
        self.estimates += len(faces)
        return self._estimate(full, faces)


def play(clip: Path, fps: float, settings: Sequence[str] = (), sheet: Path | None = None) -> Played:
    """`clip` at `fps` looks a second at most; `settings` are `key=value` of the configuration.

    `sheet`: a picture of all visits to draw.
    """
    given = [f"source.uri={clip}", f"detector.looks_per_s={fps}", "source.realtime=false"]
    config = read.load(None, [*given, *settings])
    began_s, census = process_time(), ListeningCensus()
    stages = build_stages(config, Meter())
    detector, counted = CountingDetector(stages.detector), CountingEstimates(stages.estimator)
    stages = replace(stages, census=census, detector=detector)
    if sheet is not None:
        stages = replace(stages, people=Album(stages.people))
    loop = Loop(stages, lambda _window: None)
    with suppress(SourceError):  # a damaged clip counts as far as it can be read
        loop.run(lambda: None)
    if isinstance(stages.people, Album) and sheet is not None:
        stages.people.draw(census.everything, sheet)
    return Played(
        visits=tuple(census.visits),
        not_faces=census.not_faces,
        frames=loop.processed,
        looks=detector.looks,
        estimates=counted.estimates,
        seconds=round(loop._now_s, 2),
        processor_s=process_time() - began_s,
    )
