"""OpenCV made fit for a service: silent on stderr, one decoding thread, chosen formats."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

import cv2

_OPTIONS = "OPENCV_FFMPEG_CAPTURE_OPTIONS"


def open_capture(
    address: str, options: Mapping[str, str], properties: Sequence[int] = ()
) -> cv2.VideoCapture:
    """An FFmpeg reader of a file or address; look at `isOpened()`.

    `options` are FFmpeg's own (demuxer and protocol), `properties` pairs of CAP_PROP_… and value.
    """
    # The only way OpenCV offers to hand options to FFmpeg. It is read while opening. Options that
    # the user has put there are left alone.
    ours = _OPTIONS not in os.environ
    if ours:
        os.environ[_OPTIONS] = "|".join(f"{key};{value}" for key, value in options.items())
    try:
        # More threads decode several frames ahead, each in a buffer of its own: memory that a
        # Pi Zero does not have, for time that the networks need.
        threads = [cv2.CAP_PROP_N_THREADS, 1]
        return cv2.VideoCapture(address, cv2.CAP_FFMPEG, [*threads, *properties])
    finally:
        if ours:
            del os.environ[_OPTIONS]


def hush() -> None:
    """Keep the decoders' chatter off stderr, unless the user asked for it in the environment.

    Our own sentences say what counts. FFmpeg's level is read when it is first used.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
