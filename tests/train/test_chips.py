"""Aligned chips, cut by the device's own code."""

from __future__ import annotations

from dataclasses import replace

import cv2
import msgspec
import numpy as np
import pytest

from converters.errors import ConvertError
from converters.labels import Folder, Label
from converters.train.augment import plain
from converters.train.checkpoint_folder import chips_of, held_of
from converters.train.chips import (
    PAD,
    central_face,
    cut_chips,
    load_chips,
    reached,
    save_chips,
)
from converters.train.settings import Data
from converters.train.split import held_out
from edge.runtime.estimate.crop import cut
from edge.runtime.frame import Box, Face, Keypoints, Point
from edge.runtime.networks.card import Crop, Input
from tests.train.faces import chips, settings


def face(x: float, y: float, size: float, score: float = 0.9) -> Face:
    """An upright face whose box's middle is (x, y)."""
    points = [(-0.18, -0.16), (0.18, -0.16), (0, 0.02), (0, 0.2)]
    keypoints = Keypoints(*(Point(x + u * size, y + v * size) for u, v in points))
    return Face(Box(x - size / 2, y - size / 2, size, size), score, keypoints)


def waves(width: int, height: int) -> np.ndarray:
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    channels = [128 + 90 * np.sin(x / 19), 128 + 90 * np.cos(y / 15), (x + y) / 4]
    return np.stack(channels, -1).astype(np.uint8)


@pytest.mark.parametrize("turn_degrees", [0, 20])
def test_the_middle_of_a_chip_is_the_crop_the_device_would_cut(turn_degrees):
    """Training pixels equal the device's for the same face, to the blur of resampling twice."""
    data, picture = Data(), waves(300, 260)
    one = face(150, 130, 110)
    turn = np.exp(1j * np.radians(turn_degrees))
    turned = [(complex(p.x - 150, p.y - 130) * turn) for p in one.keypoints]
    keypoints = Keypoints(*(Point(150 + z.real, 130 + z.imag) for z in turned))
    one = Face(one.box, one.score, keypoints)
    device = cut(picture, [one], Crop(0, alignment=data.alignment), Input(64, 64, "rgb"))[0]
    side = Input(data.chip_px, data.chip_px, "rgb")
    chip = cut(picture, [one], Crop(0, alignment=reached(data.alignment, data.chip_reach)), side)[0]
    assert np.abs(plain(chip, 64, data.chip_reach).astype(int) - device).max() <= 6


def test_the_face_nearest_the_middle_is_the_labelled_one():
    """A larger or surer face at the side is somebody else."""
    pad = PAD * 128
    found = [face(20 + pad, 64 + pad, 90, 0.99), face(66 + pad, 60 + pad, 80, 0.7)]
    chosen = central_face(np.zeros((128, 128, 3), np.uint8), lambda _: found, 0.25)
    assert chosen.box.centre == (66, 60)
    assert chosen.keypoints.nose == pytest.approx((66, 61.6))


@pytest.mark.parametrize(
    "found", [[], [face(64, 64, 80, 0.1)], [Face(Box(20, 20, 80, 80), 0.9, None)]]
)
def test_no_sure_face_with_landmarks_is_no_face(found):
    """The detector is shown a bordered picture; unsure answers and bare boxes do not count."""
    assert central_face(np.zeros((128, 128, 3), np.uint8), lambda _: found, 0.25) is None


def test_pictures_without_a_face_are_left_out(tmp_path):
    """Chips and labels stay beside each other when a face in between is not found."""
    shades = {"a.png": 10, "b.png": 120, "c.png": 240}
    labels = tuple(Label(name, i, i == 0, "") for i, name in enumerate(shades))

    def read(name: str) -> bytes:
        return cv2.imencode(".png", np.full((64, 64, 3), shades[name], np.uint8))[1].tobytes()

    def find(picture: np.ndarray):
        centre = picture.shape[0] / 2
        return [] if picture[int(centre), int(centre), 0] == 120 else [face(centre, centre, 50)]

    told = []
    cut_out = cut_chips(
        Folder(labels, read), find, Data(), lambda done, of: told.append((done, of))
    )
    assert cut_out.image.tolist() == ["a.png", "c.png"]
    assert cut_out.pixels[:, 56, 56, 0].tolist() == [10, 240]
    assert (cut_out.band.tolist(), cut_out.female.tolist()) == ([0, 2], [True, False])
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_chips_are_kept_for_the_next_run_with_the_same_settings(tmp_path):
    """What was saved is read back; other settings, or a save that was cut off, are not."""
    data = Data(chip_px=20)
    save_chips(chips(), tmp_path, data)
    again = load_chips(tmp_path, data)
    assert np.array_equal(again.pixels, chips().pixels)
    assert again.image.tolist() == chips().image.tolist()
    assert load_chips(tmp_path, msgspec.structs.replace(data, chip_reach=1.5)) is None
    (tmp_path / "data.json").unlink()
    assert load_chips(tmp_path, data) is None


def test_a_face_is_trained_on_as_any_of_the_detectors_cut_it():
    """Rows are matched by picture; a face that the other detector missed is the first one's."""
    first = chips(3)
    other = replace(first, pixels=255 - first.pixels[1:], image=first.image[1:])
    both = first.seen_also(other)
    random = np.random.default_rng(0)
    for face in range(3):
        seen = {both.one_of(face, random).tobytes() for _ in range(30)}
        cuts = [first.pixels[face]] if face == 0 else [first.pixels[face], other.pixels[face - 1]]
        assert seen == {pixels.tobytes() for pixels in cuts}


def test_the_looks_of_further_detectors_are_kept_beside_the_first(tmp_path):
    """Each in a folder of its own; one more detector leaves what was cut before as it is."""
    data = Data(chip_px=20, detector="far")
    save_chips(chips(), tmp_path, data)
    save_chips(chips(), tmp_path / "near", msgspec.structs.replace(data, detector="near"))
    how = msgspec.structs.replace(settings(), data=msgspec.structs.replace(data, also=("near",)))
    found = chips_of(tmp_path / "no data", how, tmp_path, tmp_path / "no models")
    assert [look.row.tolist() for look in found.also] == [list(range(len(found)))]


def test_the_faces_that_an_earlier_run_held_out_are_held_out_again(tmp_path):
    """By their pictures' names, whichever detector cut them; a file of others is refused."""
    faces = chips(6)
    for name, pictures in (("some", faces.image[2:4]), ("none", ["images/other.jpg"])):
        (tmp_path / name / "images").mkdir(parents=True)
        for picture in pictures:
            (tmp_path / name / str(picture)).touch()
        rows = [f"{picture},0-2,male" for picture in pictures]
        (tmp_path / name / "labels.csv").write_text("\n".join(["image,age_band,gender", *rows]))
    held = held_of(faces, settings(), tmp_path / "some")
    assert held.tolist() == [False, False, True, True, False, False]
    with pytest.raises(ConvertError, match="does not hold some of the faces"):
        held_of(faces, settings(), tmp_path / "none")
    assert np.array_equal(held_of(faces, settings(), None), held_out(faces, 0.25, 1))


def test_every_band_and_gender_is_held_out_alike():
    """The split is by seed, and has the asked share of every band and gender."""
    faces = chips(4000)
    held = held_out(faces, 0.1, 7)
    assert np.array_equal(held, held_out(faces, 0.1, 7))
    assert not np.array_equal(held, held_out(faces, 0.1, 8))
    for band in range(9):
        for female in (False, True):
            members = (faces.band == band) & (faces.female == female)
            assert held[members].mean() == pytest.approx(0.1, abs=0.5 / members.sum() + 1e-9)
