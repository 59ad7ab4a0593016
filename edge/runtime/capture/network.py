"""A network camera's stream. The one source for which vision needs a network."""

from __future__ import annotations

import time

import cv2

from edge import config
from edge.errors import SourceError
from edge.redact import shown
from edge.runtime.capture.opencv import CaptureSource, open_capture

SCHEMES = ("rtsp", "rtsps")

OPEN_S = 10.0
"""How long a camera may take to answer."""


def open_stream(settings: config.Source) -> CaptureSource:
    """Connect to an RTSP stream over TCP. SourceError tells silence from refusal."""
    name = shown(settings.uri)
    # Over UDP lost packets become grey smears in which faces are found and lost.
    options = {"rtsp_transport": "tcp", "fflags": "nobuffer", "flags": "low_delay"}
    limits = [
        cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
        int(OPEN_S * 1000),
        cv2.CAP_PROP_READ_TIMEOUT_MSEC,
        int(settings.stall_s * 1000),
    ]
    began_s = time.monotonic()
    capture = open_capture(settings.uri, options, limits)
    if capture.isOpened():
        return CaptureSource(name, capture, settings)
    capture.release()
    if time.monotonic() - began_s >= OPEN_S * 0.9:
        raise SourceError(f"{name} does not answer: is the camera on and the address right?")
    raise SourceError(
        f"{name} refuses the connection or the stream: are port, path, user and password right?"
    )
