"""What one training run was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from converters.train.settings import Settings


class Lessons(NamedTuple):
    """What a run builds on besides its data."""

    teachers: tuple[Path, ...] = ()
    """SoftLabels (.npz) and checkpoints; what they think is averaged."""
    start: Path | None = None
    """A checkpoint or a .tflite file whose weights the run begins with."""
    held_out: Path | None = None
    """held_out.zip of an earlier run, whose pictures are held out again."""
    rehearsal: Path | None = None
    """Faces of the kind that the start knows, learned again beside the user's own."""
    not_faces: Path | None = None
    """Crops of faces and of what was taken for one, to tell them apart by."""
    insist: bool = False
    """Whether the result is taken though it is not surely better than the start."""

    def tunes(self, settings: Settings) -> bool:
        """Whether a finished network is gone on with gently."""
        finished = self.start is not None and self.start.suffix == ".tflite"
        return finished and settings.fine_tuning.enabled


class Run(NamedTuple):
    """One run's command."""

    data: Path
    settings: Settings
    out: Path
    models: Path
    lessons: Lessons
