"""Detectors find the people in real footage, and nobody else, in full-frame pixels."""

from __future__ import annotations

import shutil

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.errors import ModelError
from edge.runtime.detect import open_detector
from edge.runtime.detect.base import Candidates, fit, suppress
from edge.runtime.frame import Box, Frame, Span, Tile
from edge.runtime.networks.card import read_card
from edge.runtime.schedule.schedule import HALF_SHARE
from tests.shared import frame_of, pictures_of


def confident(detector, frame):
    return [f for f in detector.detect(frame) if f.score >= detector.card.detecting.score_min]


@pytest.fixture(scope="module")
def far(models):
    return open_detector("far", models)


def sizes_of(detector):
    return detector.card.input.width, detector.card.input.height


@pytest.mark.parametrize(
    ("clip", "people", "share"),
    [
        ("face-demographics-walking.gif", 2, 0.8),  # 13 to 23 pixels wide
        ("again.mkv", 1, 0.95),  # and not the skull printed on the hoodie
        ("book.mkv", 1, 1.0),
        ("bird.mkv", 1, 0.95),  # the second one is cut by the picture's edge
        ("head-pose-face-detection-female.gif", 1, 1.0),
        ("head-pose-face-detection-male.gif", 1, 1.0),
        ("car-detection.gif", 0, 1.0),
    ],
)
def test_the_default_finds_everyone_and_no_one_else(far, clips, clip, people, share):
    """In at least this share of the frames the number of faces is the number of people."""
    pictures = pictures_of(clips / clip)
    right = sum(len(confident(far, frame_of(picture))) == people for picture in pictures)
    assert right >= share * len(pictures)


def test_the_near_preset_finds_a_near_face(models, clips):
    """BlazeFace sees the one face of a portrait clip in every frame."""
    near = open_detector("near", models)
    for picture in pictures_of(clips / "head-pose-face-detection-male.gif"):
        assert len(confident(near, frame_of(picture))) == 1


def test_the_file_nearest_to_the_frames_shape_is_used(models, clips):
    """A 16:9 frame runs through the 16:9 network, a 4:3 one through the other."""
    detector = open_detector("far", models)
    detector.detect(frame_of(np.zeros((480, 640, 3), np.uint8)))
    assert sizes_of(detector) == (320, 240)
    detector.detect(frame_of(np.zeros((270, 480, 3), np.uint8)))
    assert sizes_of(detector) == (320, 176)


@pytest.mark.parametrize(("name", "clip"), [("near", "head-pose-face-detection-male.gif"),
                                            ("far", "book.mkv")])  # fmt: skip
def test_boxes_and_keypoints_are_in_full_frame_pixels(models, clips, name, clip):
    """The same picture as a larger full frame gives the same face, scaled; eyes above mouth."""
    detector = open_detector(name, models)
    picture = pictures_of(clips / clip)[0]
    height, width = picture.shape[:2]
    small = confident(detector, frame_of(picture))[0]
    large = confident(
        detector, Frame(0, 0.0, picture, 3 * width, 3 * height, lambda: picture)
    )[0]  # fmt: skip
    assert large.box.left == pytest.approx(3 * small.box.left, rel=1e-5)
    assert large.box.width == pytest.approx(3 * small.box.width, rel=1e-5)
    assert large.keypoints.nose == pytest.approx([3 * v for v in small.keypoints.nose], rel=1e-5)
    points = small.keypoints
    assert points.right_eye.x < points.left_eye.x
    assert max(points.right_eye.y, points.left_eye.y) < points.nose.y < points.mouth.y
    assert small.box.left < points.nose.x < small.box.right


@pytest.mark.parametrize("columns", [(100, 380), (60, 460)], ids=["half", "three quarters"])
def test_in_part_of_a_picture_the_same_face_is_found(far, clips, columns):
    """As sure and in the same place, by a network that costs as much less."""
    frame = frame_of(pictures_of(clips / "book.mkv")[0])
    (whole,) = confident(far, frame)
    (part,) = far.detect(frame, Span(*columns))
    assert part.box.iou(whole.box) > 0.85
    assert part.score == pytest.approx(whole.score, abs=0.05)
    assert part.keypoints.nose == pytest.approx(whole.keypoints.nose, abs=4)


def test_where_a_part_is_asked_for_no_more_is_looked_at(far, clips):
    """A face that lies elsewhere is not found."""
    frame = frame_of(pictures_of(clips / "book.mkv")[0])
    (face,) = confident(far, frame)
    assert far.detect(frame, Span(face.box.right + 20, 640)) == []


@pytest.mark.parametrize("width", [60, 150, 225, 300])
def test_a_face_that_a_parts_edge_cuts_is_looked_at_whole(far, clips, width):
    """However large: near faces are wider than two parts of the frame overlap."""
    picture = pictures_of(clips / "head-pose-face-detection-female.gif")[0]
    (face,) = confident(far, frame_of(picture))
    scale = width / face.box.width
    left, top = (round(scale * side) for side in (face.box.left, face.box.top))
    larger = cv2.resize(picture, None, fx=scale, fy=scale)
    x, y = 320 - width // 2 - left, 200 - width // 2 - top
    canvas = cv2.warpAffine(larger, np.array([[1, 0, x], [0, 1, y]], float), (640, 480))
    frame = frame_of(canvas)
    (whole,) = confident(far, frame)
    for part in (Span(0, HALF_SHARE * 640), Span((1 - HALF_SHARE) * 640, 640)):
        (found,) = [face for face in far.detect(frame, part) if face.score > 0.55]
        assert found.box.iou(whole.box) > 0.8


def test_without_its_parts_a_detector_looks_at_everything(models, clips, tmp_path):
    """A folder of models that lacks them is as good, and dearer."""
    for path in models.glob("libface_320x*"):
        shutil.copy(path, tmp_path)
    detector = open_detector("far", tmp_path)
    frame = frame_of(pictures_of(clips / "book.mkv")[0])
    assert detector.detect(frame, Span(500, 640)) == detector.detect(frame)


def test_every_shipped_card_has_its_parts(models):
    """As high as the whole, narrower, the narrowest first."""
    cards = [read_card(path) for path in models.glob("*.json")]
    whole = [card for card in cards if card.detector and card.detector.parts]
    assert {card.name for card in whole} >= {"libface_320x240", "libface_320x176_int8"}
    for card in whole:
        parts = [read_card(models / f"{name}.json") for name in card.detecting.parts]
        assert {part.input.height for part in parts} == {card.input.height}
        widths = [part.input.width for part in (*parts, card)]
        assert widths == sorted(set(widths))


def test_a_picture_is_letterboxed_never_squashed(models, clips):
    """A face in a very wide picture keeps its proportions and its place."""
    detector = open_detector("far", models)
    picture = pictures_of(clips / "book.mkv")[0]
    wide = cv2.copyMakeBorder(picture, 0, 0, 320, 320, cv2.BORDER_REPLICATE)
    plain = confident(detector, frame_of(picture))[0].box
    found = confident(detector, frame_of(wide))[0].box
    assert found.left - 320 == pytest.approx(plain.left, abs=6)
    assert found.width / found.height == pytest.approx(plain.width / plain.height, rel=0.15)


def test_what_lay_in_the_letterbox_before_is_gone(models, clips):
    """After a tall picture a wide one is seen as if it were the first."""
    fresh, used = (open_detector("near", models) for _ in range(2))
    tall = np.full((640, 320, 3), 255, np.uint8)
    wide = pictures_of(clips / "head-pose-face-detection-male.gif")[0]
    used.detect(frame_of(tall))
    assert used.detect(frame_of(wide)) == fresh.detect(frame_of(wide))


@given(st.integers(16, 2000), st.integers(16, 2000), st.integers(32, 640), st.integers(32, 640))
def test_a_letterbox_fills_one_dimension_and_fits_the_other(width, height, into_w, into_h):
    """The picture is as large as it can be, and inside, but for a sliver that may be cut off."""
    box = fit(width, height, into_w, into_h)
    rows, columns = box.place
    assert 0 <= rows.start < rows.stop <= into_h
    assert 0 <= columns.start < columns.stop <= into_w
    assert rows.stop - rows.start == into_h or columns.stop - columns.start == into_w
    seen = box.columns.stop - box.columns.start, box.rows.stop - box.rows.start
    assert seen[0] >= 0.97 * width - 1 and seen[1] >= 0.97 * height - 1
    assert box.left == pytest.approx(columns.start - box.columns.start * box.scale)


@pytest.mark.parametrize(
    ("size", "scale", "cut"),
    [
        ((640, 480), 1 / 2, 0),
        ((640, 360), 1 / 2, 4),
        ((1280, 720), 1 / 4, 8),
        ((480, 270), 0.652, 0),
    ],
)
def test_a_half_or_a_quarter_is_preferred_to_any_other_scale(size, scale, cut):
    """Two rows of 16:9 are cut off above and below, where scaling would cost more than looking."""
    box = fit(*size, 320, 240 if size[1] == 480 else 176)
    assert box.scale == pytest.approx(scale, abs=1e-3)
    assert box.rows == slice(cut, size[1] - cut)


def test_a_face_is_found_where_it_is_although_rows_are_cut_off(models, clips):
    """The same face in a 16:9 picture and at the top of a 4:3 one."""
    detector = open_detector("far", models)
    picture = pictures_of(clips / "book.mkv")[0]
    whole = confident(detector, frame_of(picture))[0].box
    flat = confident(detector, frame_of(picture[60:420]))[0].box
    assert flat.top + 60 == pytest.approx(whole.top, abs=4)
    assert flat.left == pytest.approx(whole.left, abs=4)


def test_overlapping_answers_become_their_weighted_mean():
    """Two boxes on one face give one, nearer to the surer; a third one elsewhere stays."""
    boxes = np.array([[0, 0, 10, 10], [1, 0, 11, 10], [50, 50, 60, 60]], np.float32)
    found = suppress(Candidates(boxes, np.array([0.9, 0.3, 0.5], np.float32), None), 0.3)
    np.testing.assert_allclose(found.boxes, [[0.25, 0, 10.25, 10], [50, 50, 60, 60]], atol=1e-5)
    assert found.scores.tolist() == pytest.approx([0.9, 0.5])


def test_an_unknown_model_is_named_with_the_known_ones(models):
    """The message says what there is to choose from."""
    with pytest.raises(ModelError, match=r"no model 'fra'.*libface_320x240"):
        open_detector("fra", models)


def test_an_estimator_is_no_detector(models):
    """A network in the wrong place is refused by name."""
    with pytest.raises(ModelError, match="'ssrnet_age_imdb' is made to estimate, not to detect"):
        open_detector("ssrnet_age_imdb", models)


def shrunk_into(picture, share, place):
    """A grey picture of the same size that holds `picture` smaller, at `place` (left, top)."""
    room = np.full_like(picture, 120)
    small = cv2.resize(picture, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    left, top = place
    room[top : top + small.shape[0], left : left + small.shape[1]] = small
    return room


def test_a_tile_shows_a_face_that_the_whole_frame_hides(far, clips):
    """A quarter of a picture in which the face is some 14 pixels wide of 640."""
    picture = cv2.resize(pictures_of(clips / "book.mkv")[0], (640, 480))
    face = max(confident(far, frame_of(picture)), key=lambda one: one.box.width)
    share = 13 / face.box.width
    room = frame_of(shrunk_into(picture, share, (200, 100)))
    expected = Box(200 + face.box.left * share, 100 + face.box.top * share, 13, 13 * 1.2)
    assert not [one for one in confident(far, room) if one.box.iou(expected) > 0.4]
    width, height = far.tiles(room)[-1]
    found = far.detect(room, Tile(120, 60, width, height))
    assert [one for one in found if one.box.iou(expected) > 0.4 and one.score > 0.5]


def test_a_face_that_a_tiles_edge_cuts_is_left_to_another_look(far, clips):
    """Half of one has another place and size."""
    picture = cv2.resize(pictures_of(clips / "book.mkv")[0], (640, 480))
    room = frame_of(shrunk_into(picture, 0.3, (200, 100)))
    (face,) = confident(far, room)
    width, height = far.tiles(room)[-1]
    middle = face.box.left + face.box.width / 2
    assert not far.detect(room, Tile(middle, face.box.top - 50, width, height))
    assert far.detect(room, Tile(face.box.left - 60, face.box.top - 50, width, height))


@pytest.mark.parametrize("name", ["far", "near", "crowd"])
def test_tiles_are_offered_where_shrinking_loses_pixels(models, name):
    """None of a frame that is no larger than the network."""
    detector = open_detector(name, models)
    assert not detector.tiles(frame_of(np.zeros((120, 160, 3), np.uint8)))
    for across, down in detector.tiles(frame_of(np.zeros((480, 640, 3), np.uint8))):
        assert across < 640
        assert down < 480
