"""How a Raspberry Pi camera is configured: stream sizes, region, orientation, exposure, focus.

Sizes are (width, height), rectangles (x, y, width, height), both in pixels.
"""

from __future__ import annotations

from typing import Any

from edge.config import seen as config
from edge.runtime.capture import light
from edge.runtime.capture.view import WHOLE

BUFFERS = 4
"""One being processed, the newest waiting, one being filled, one to spare."""

_BINNED_MIN_PX = 1280

Size = tuple[int, int]
Rectangle = tuple[int, int, int, int]


def flips(settings: config.Source) -> tuple[bool, bool]:
    """What the ISP is asked to flip, horizontally and vertically, to bring the picture upright.

    Nothing where it cannot do all: it does not turn by 90 degrees, and with a region libcamera's
    versions differ in whether the region is counted before or after the flip.
    """
    if settings.rotate_deg not in (0, 180) or settings.region != WHOLE:
        return False, False
    upside_down = settings.rotate_deg == 180
    return upside_down != settings.mirror, upside_down


def turned_by_isp(settings: config.Source, applied: Any) -> bool:
    """Whether pictures come upright, given the transform that the driver really applies.

    A sensor that cannot flip leaves it to us, silently.
    """
    if settings.rotate_deg == 0 and not settings.mirror:
        return True
    wanted = flips(settings)
    return any(wanted) and (bool(applied.hflip), bool(applied.vflip)) == wanted


def sensor_size(resolution: Size) -> Size:
    """The mode that shows all the sensor sees, with every four pixels as one where it is large.

    The mode that suits a stream's size best, which libcamera would take, may be one that sees
    only the middle: with the Camera Module 2 and 1920 × 1080 two thirds of the width are lost.
    """
    width, height = resolution
    return (width // 2, height // 2) if width // 2 >= _BINNED_MIN_PX else resolution


def main_size(wanted: Size, region: tuple[float, float, float, float], sensor: Size) -> Size:
    """The largest size with the region's proportions within `wanted` and the sensor's mode."""
    across, down = region[2] * wanted[0], region[3] * wanted[1]
    limit = min(wanted[0], sensor[0]) / across, min(wanted[1], sensor[1]) / down
    return _even(across * min(limit), down * min(limit))


def small_size(main: Size, width_px: int) -> Size:
    """The detector's size: at most `width_px` wide, the proportions of the main stream."""
    width = min(width_px, main[0])
    return _even(width, main[1] * width / main[0])


def _even(width: float, height: float) -> Size:
    """Chroma is stored for two by two pixels."""
    return max(round(width) // 2 * 2, 2), max(round(height) // 2 * 2, 2)


def configuration(camera: Any, settings: config.Source) -> Any:
    """Picamera2's configuration with both streams."""
    import libcamera  # noqa: PLC0415 - exists only beside Picamera2

    sensor = sensor_size(camera.sensor_resolution)
    main = main_size(settings.full_size_px, settings.region, sensor)
    hflip, vflip = flips(settings)
    period_us = round(1e6 / light.sensor_fps(settings))
    return camera.create_video_configuration(
        # Picamera2 calls the order of bytes B, G, R in memory "RGB888".
        main={"size": main, "format": "RGB888"},
        lores={"size": small_size(main, settings.small_width_px), "format": "YUV420"},
        raw={"size": sensor},
        transform=libcamera.Transform(hflip=hflip, vflip=vflip),
        # What OpenCV's conversion assumes; libcamera's own choice depends on the size.
        colour_space=libcamera.ColorSpace.Smpte170m(),
        buffer_count=BUFFERS,
        # A request kept back for the next capture is old by then and occupies a buffer.
        queue=False,
        display=None,
        encode=None,
        controls={"FrameDurationLimits": (period_us, period_us)},
    )


def controls(camera: Any, settings: config.Source) -> dict[str, Any]:
    """Region, exposure, gain and focus, as far as this camera has them; it is configured already.

    LensPosition is in dioptres, 1 / distance in metres. AfMode:
    0 manual, 2 continuous.
    """
    wanted: dict[str, Any] = {"AfMode": 2}
    if settings.focus_m is not None:
        wanted = {"AfMode": 0, "LensPosition": 1 / settings.focus_m}
    wanted |= light.picamera_controls(settings)
    known = camera.camera_controls
    if settings.region != WHOLE:
        if "ScalerCrop" not in known:
            raise ValueError("it cannot show a part of its picture: leave source.region unset")
        largest = known["ScalerCrop"][1]
        wanted["ScalerCrop"] = scaler_crop(largest, settings.full_size_px, settings.region)
    return {name: value for name, value in wanted.items() if name in known}


def scaler_crop(
    largest: Rectangle, wanted: Size, region: tuple[float, float, float, float]
) -> Rectangle:
    """The region in the sensor's pixels.

    The region is a share of the picture one would see without it, which is the largest rectangle
    of the wanted proportions in the middle of `largest`.
    """
    x, y, width, height = largest
    scale = min(width / wanted[0], height / wanted[1])
    seen_width, seen_height = wanted[0] * scale, wanted[1] * scale
    left, top, across, down = region
    return (
        round(x + (width - seen_width) / 2 + left * seen_width),
        round(y + (height - seen_height) / 2 + top * seen_height),
        round(across * seen_width),
        round(down * seen_height),
    )
