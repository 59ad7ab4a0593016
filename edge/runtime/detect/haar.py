"""Haar cascade (Viola, Jones 2001) as OpenCV ships it: the baseline that tutorials start from."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from edge.errors import ModelError
from edge.runtime.frame import EVERYWHERE, Box, Face, Frame, Region
from edge.runtime.meter import Meter
from edge.runtime.networks import card as cards

FILE = "haarcascade_frontalface_alt.xml"
SYSTEM_FOLDERS = ("/usr/share/opencv4/haarcascades", "/usr/local/share/opencv4/haarcascades")
SCALE_STEP = 1.1
LEAST_NEIGHBOURS = 3
LEAST_SIDE_PX = 20
"""The side of the tiles that the cascade was trained on."""


class HaarDetector:
    """Upright frontal faces in grey; no keypoints. The score grows with the agreeing tiles."""

    def __init__(self, meter: Meter) -> None:
        path = _file()
        self.card = _card(path)
        self._meter = meter
        self._cascade = cv2.CascadeClassifier(str(path))
        if self._cascade.empty():
            raise ModelError(f"OpenCV cannot read the cascade {path}: install OpenCV again")

    def tiles(self, frame: Frame) -> Sequence[tuple[float, float]]:  # noqa: ARG002
        """None: it sees every pixel anyway."""
        return ()

    def detect(self, frame: Frame, region: Region = EVERYWHERE) -> list[Face]:  # noqa: ARG002
        """Find faces on all of `frame.small`, wherever they are asked for."""
        with self._meter.stage("resize"):
            grey = cv2.equalizeHist(cv2.cvtColor(frame.small, cv2.COLOR_BGR2GRAY))
        with self._meter.stage("detect"):
            boxes, counts = self._cascade.detectMultiScale2(
                grey,
                scaleFactor=SCALE_STEP,
                minNeighbors=LEAST_NEIGHBOURS,
                minSize=(LEAST_SIDE_PX, LEAST_SIDE_PX),
            )
        x_scale = frame.full_width / grey.shape[1]
        y_scale = frame.full_height / grey.shape[0]
        return [
            Face(
                Box(x * x_scale, y * y_scale, w * x_scale, h * y_scale), n / (n + LEAST_NEIGHBOURS)
            )
            for (x, y, w, h), n in zip(np.array(boxes).tolist(), _list(counts), strict=True)
        ]


def _list(counts: object) -> list[int]:
    return [int(count) for count in np.array(counts).reshape(-1)]


def _file() -> Path:
    """OpenCV's own copy of the cascade; ModelError where it has none."""
    if not hasattr(cv2, "CascadeClassifier"):
        raise ModelError(f"OpenCV {cv2.__version__} has no Haar cascades: use 4.x, or `near`")
    own = getattr(getattr(cv2, "data", None), "haarcascades", None)
    for folder in (own, *SYSTEM_FOLDERS):
        if folder and (path := Path(folder) / FILE).is_file():
            return path
    raise ModelError(f"OpenCV's {FILE} is not installed: install opencv-data, or use `near`")


def _card(path: Path) -> cards.Card:
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return cards.Card(
        name=path.stem,
        description="OpenCV's Haar cascade for frontal faces",
        licence=cards.Licence(
            code="Apache-2.0",
            weights="Intel License Agreement For Open Source Computer Vision Library",
            training_data="not published",
            commercial_use=True,
            weights_grant="Intel and OpenCV's project grant use for any purpose, change and "
            "redistribution; the licence and its disclaimer go with every copy.",
            weights_commercial="allowed",
            training_data_terms="Not published: no terms of the pictures are known.",
        ),
        task="detect",
        bytes=len(content),
        sha256=digest,
        quantization="none",
        input=cards.Input(width=LEAST_SIDE_PX, height=LEAST_SIDE_PX, colour="bgr"),
        detector=cards.Detector(family="haar", score_min=0.5, score_low=0.5),
        source=cards.Source("OpenCV", digest, "Rainer Lienhart"),
        limits="Upright frontal faces; many false alarms.",
    )
