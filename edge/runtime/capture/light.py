"""Exposure, gain and flicker of a camera, as the settings ask; what a user set outside stays.

A lamp's light comes and goes twice with each period of the mains: an exposure of a whole number
of those half periods sees no bands.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, NamedTuple

from edge.config import seen as config
from edge.host.mains import Hertz, mains_hz
from edge.runtime.capture import v4l2_device as v4l2

_V4L2_FLICKER = {"off": 0, 50: 1, 60: 2}
_KEYS = {
    v4l2.POWER_LINE_FREQUENCY: "source.flicker",
    v4l2.EXPOSURE_AUTO: "source.exposure_ms",
    v4l2.EXPOSURE_ABSOLUTE: "source.exposure_ms",
    v4l2.EXPOSURE_DYNAMIC_FRAMERATE: "source.exposure_max_ms",
    v4l2.GAIN: "source.usb_gain",
}
"""What asks for a control; not every camera that has a gain can choose it itself."""

log = logging.getLogger("capture")


class Changed(NamedTuple):
    """A control of a USB camera: what it was, and what we made it."""

    number: int
    before: int
    ours: int


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
    if settings.usb_gain is not None:
        wanted |= {v4l2.AUTOGAIN: 0, v4l2.GAIN: settings.usb_gain}
    return wanted


def set_v4l2(handle: int, settings: config.Source) -> list[Changed]:
    """Set what is asked for; → what was changed, to be put back by `restore_v4l2`.

    Unasked, only the flicker is set, and only where nobody has changed it from the driver's own
    value: v4l2-ctl, or another program's, choice stays.
    """
    wanted = v4l2_controls(settings)
    hertz = flicker_hz(settings) if settings.flicker == "auto" else None
    line = v4l2.control(handle, v4l2.POWER_LINE_FREQUENCY)
    if hertz is not None and line is not None and line.value == line.default:
        wanted[v4l2.POWER_LINE_FREQUENCY] = _V4L2_FLICKER[hertz]
    changed = (_changed(handle, number, asked) for number, asked in wanted.items())
    return [each for each in changed if each is not None]


def _changed(handle: int, number: int, asked: int) -> Changed | None:
    """Set one control, as far as its range allows; None where nothing had to be changed."""
    key, now = _KEYS.get(number), v4l2.control(handle, number)
    if now is None:
        if key:
            log.info("the camera has no control for %s", key)
        return None
    value = min(max(asked, now.minimum), now.maximum)
    if value != asked:
        log.warning("%s: the camera takes %d to %d; it is set to %d",
                    key, now.minimum, now.maximum, value)  # fmt: skip
    if now.value == value:
        return None
    if not v4l2.set_control(handle, number, value):
        if key:
            log.warning("%s: the camera refuses %d; it stays at %d", key, value, now.value)
        return None
    taken = v4l2.control(handle, number)  # drivers round
    return Changed(number, now.value, taken.value if taken else value)


def restore_v4l2(handle: int, changed: Sequence[Changed]) -> None:
    """Put back what `set_v4l2` changed, the last first: a manual exposure before its mode.

    What somebody has set in the meantime stays.
    """
    for number, before, ours in reversed(changed):
        now = v4l2.control(handle, number)
        if now is not None and now.value == ours:
            v4l2.set_control(handle, number, before)
