"""Reads a recording as one of the readers does, between two marks; runs on the emulated machine.

    python readers_guest.py READER FILE FPS CAMERA_FPS

READER: `opencv` converts and shrinks every picture, `opencv-grab` only those that FPS asks for,
`ours` is the product's decoder at FPS, its brightness alone; `ours-small` makes the small picture
too.
The peak of memory in MB is printed at the end.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import cv2

from edge.config.seen import Source

WIDTH = 640


def main(reader: str, path: str, fps: float, camera_fps: float) -> None:
    """Read it all."""
    cv2.setNumThreads(1)
    read = {"opencv": opencv, "opencv-grab": opencv}.get(reader, ours)
    given = read(reader, path, fps, camera_fps)
    status = Path("/proc/self/status").read_text().split()
    peak_mb = int(status[status.index("VmHWM:") + 1]) // 1024
    print(f"{given} pictures, {peak_mb} MB", file=sys.stderr)


def opencv(reader: str, path: str, fps: float, camera_fps: float) -> int:
    """As the first version did, and as OpenCV can do it at best."""
    capture = cv2.VideoCapture(path, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    index = given = 0
    os.getppid()
    while capture.grab():
        share = fps / camera_fps
        if reader == "opencv" or int(index * share) != int((index - 1) * share):
            _, picture = capture.retrieve()
            size = WIDTH, round(WIDTH * picture.shape[0] / picture.shape[1])
            how = cv2.INTER_AREA if picture.shape[1] >= 2 * WIDTH else cv2.INTER_LINEAR
            cv2.resize(picture, size, interpolation=how)
            given += 1
        index += 1
    os.getppid()
    return given


def ours(reader: str, path: str, fps: float, _camera_fps: float) -> int:
    """As the product reads a stream."""
    from edge.runtime.capture.decoded import decoded  # noqa: PLC0415 - not for the other readers
    from edge.runtime.capture.decoder import Decoder  # noqa: PLC0415
    from edge.runtime.capture.rate import ArrivalRate, Rate  # noqa: PLC0415
    from edge.runtime.capture.view import View  # noqa: PLC0415

    view, given = View(Source()), 0
    with Decoder(f"file:{path}") as opened:
        rate = ArrivalRate(fps) if opened.intra_only else Rate(fps, opened.time_base)
        os.getppid()
        for picture in opened.pictures(rate):
            shot = picture and decoded(picture, opened, view, WIDTH)
            if not shot:
                continue
            frame = shot.frame(given, 0.0)
            frame.luma()
            if reader == "ours-small":
                frame.develop()
            given += 1
        os.getppid()
    return given


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
