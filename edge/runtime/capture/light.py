"""Exposure, gain and flicker of a camera, as the settings ask; what a user set outside stays.

A lamp's light comes and goes twice with each period of the mains: an exposure of a whole number
of those half periods sees no bands.
"""

from __future__ import annotations

import logging
from typing import Any

from edge.config import seen as config
from edge.host.mains import Hertz, mains_hz
from edge.runtime.capture import v4l2_device as v4l2

_V4L2_FLICKER = {"off": 0, 50: 1, 60: 2}

log = logging.getLogger("capture")


def flicker_hz(settings: config.Source) -> Hertz | None:
    """The mains' frequency to be matched; None for off, and where nothing tells."""
    if settings.flicker == "auto":
        return mains_hz()
    return None if settings.flicker == "off" else settings.flicker


def sensor_fps(settings: config.Source) -> float:
    """How fast a sensor must run so that no exposure lasts longer than `exposure_max_ms`.

    What it gives beyond `fps` is passed over.
    """
    if settings.exposure_max_ms is None:
        return settings.fps
    return max(settings.fps, 1000 / settings.exposure_max_ms)


def picamera_controls(settings: config.Source) -> dict[str, Any]:
    """libcamera's controls; AeFlickerPeriod and ExposureTime are in microseconds.

    AeFlickerMode: 0 off, 1 manual. AeExposureMode: 1 short, which raises the gain first.
    """
    wanted: dict[str, Any] = {}
    hertz = flicker_hz(settings)
    if hertz is not None:
        wanted |= {"AeFlickerMode": 1, "AeFlickerPeriod": round(1e6 / (2 * hertz))}
    elif settings.flicker == "off":
        wanted["AeFlickerMode"] = 0
    if settings.exposure_max_ms is not None:
        wanted["AeExposureMode"] = 1
    if settings.exposure_ms is not None:
        wanted["ExposureTime"] = round(settings.exposure_ms * 1000)
    if settings.gain is not None:
        wanted["AnalogueGain"] = settings.gain
    return wanted


def v4l2_controls(settings: config.Source) -> dict[int, int]:
    """Controls of a USB camera that the settings name, whatever they are now."""
    wanted: dict[int, int] = {}
    if settings.flicker != "auto":
        wanted[v4l2.POWER_LINE_FREQUENCY] = _V4L2_FLICKER[settings.flicker]
    if settings.exposure_ms is not None:
        wanted[v4l2.EXPOSURE_AUTO] = 1
        wanted[v4l2.EXPOSURE_ABSOLUTE] = max(round(settings.exposure_ms * 10), 1)
    elif settings.exposure_max_ms is not None:
        wanted[v4l2.EXPOSURE_DYNAMIC_FRAMERATE] = 0
    return wanted


def set_v4l2(handle: int, settings: config.Source) -> dict[int, int]:
    """Set what is asked for; → the values before, to be put back by `restore_v4l2`.

    Unasked, only the flicker is set, and only where nobody has changed it from the driver's own
    value: v4l2-ctl, or another program's, choice stays.
    """
    wanted = v4l2_controls(settings)
    hertz = flicker_hz(settings) if settings.flicker == "auto" else None
    line = v4l2.control(handle, v4l2.POWER_LINE_FREQUENCY)
    if hertz is not None and line is not None and line.value == line.default:
        wanted[v4l2.POWER_LINE_FREQUENCY] = _V4L2_FLICKER[hertz]
    before: dict[int, int] = {}
    for number, asked in wanted.items():
        now = v4l2.control(handle, number)
        if now is None:
            log.info("the camera has no control 0x%08x, which the settings ask for", number)
            continue
        value = min(max(asked, now.minimum), now.maximum)
        if now.value != value and v4l2.set_control(handle, number, value):
            before[number] = now.value
    return before


def restore_v4l2(handle: int, before: dict[int, int]) -> None:
    """Put back what `set_v4l2` changed, the last first: a manual exposure before its mode."""
    for number, value in reversed(before.items()):
        v4l2.set_control(handle, number, value)
