"""Real clips of known composition, through the shipped networks: unique people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from edge.config.read import load
from edge.runtime.capture.feed import Ended, feed_of
from edge.runtime.frame import Visit, Window
from edge.runtime.loop import Loop
from edge.runtime.meter import Meter
from edge.vision.assembly import build_stages

CLIPS = [
    ("face-demographics-walking.gif", 2),
    ("head-pose-face-detection-female.gif", 1),
    ("head-pose-face-detection-male.gif", 1),
    ("book.mkv", 1),
    ("again.mkv", 1),
    ("bird.mkv", 1),  # and half a face at the picture's edge, which only `crowd` sees
    ("car-detection.gif", 0),
]


def visits_of(clip: Path, every: int, settings: Sequence[str] = ()) -> list[Visit]:
    """Everyone on a clip of which each so-manieth frame is looked at."""
    stages = build_stages(load(None, [f"source.uri={clip}", *settings]), Meter())
    feed, visits, index = feed_of(stages.open_source()), [], 0
    try:
        while True:
            frame = feed.next()
            frame.develop()
            if index % every == 0:
                visits += stages.people.observe(frame, stages.detector.detect(frame))
            frame.release()
            index += 1
    except Ended:
        return visits + stages.people.close()


@pytest.mark.parametrize(("name", "people"), CLIPS)
def test_unique_people_are_right(clips: Path, name: str, people: int):
    """One visit a person, nobody twice, no skull on a hoodie."""
    assert len(visits_of(clips / name, 1)) == people


@pytest.mark.slow
def test_the_crowd_preset_sees_half_a_face_at_the_edge(clips: Path):
    """It costs seven times the default's instructions."""
    assert len(visits_of(clips / "bird.mkv", 2, ["detector.model=crowd"])) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("name", "people"), CLIPS)
def test_nobody_is_lost_by_looking_only_where_something_moves(clips: Path, name: str, people: int):
    """The whole loop, with its motion gate, its limits and its clock."""
    windows: list[Window] = []
    loop = Loop(build_stages(load(None, [f"source.uri={clips / name}"]), Meter()), windows.append)
    loop.run(lambda: None)
    assert sum(window.people for window in windows) == people


GENDERS = {
    "face-demographics-walking.gif": [False, True],
    "head-pose-face-detection-female.gif": [True],
    "head-pose-face-detection-male.gif": [False],
    "book.mkv": [True],
    "again.mkv": [False],
}


@pytest.mark.parametrize("name", GENDERS)
def test_gender_is_right_by_the_fused_evidence(clips: Path, models: Path, name: str):
    """With the product's own estimator; the published SSR-Net takes the walking woman for a man."""
    if not (models / "agender_64.json").exists():
        pytest.skip("the product's own estimator is not here: models_tflite/agender_64.json")
    settings = ['estimator.models=["agender_64"]']
    assert sorted(visit.female for visit in visits_of(clips / name, 1, settings)) == GENDERS[name]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "people"), [clip for clip in CLIPS if clip[0].endswith("mkv")])
@pytest.mark.parametrize("every", [2, 4, 6], ids=["15 fps", "8 fps", "5 fps"])
def test_the_frame_rate_does_not_change_the_answer(clips: Path, name: str, people: int, every: int):
    """Thirty frames a second thinned out."""
    assert len(visits_of(clips / name, every)) == people
