"""Sizes and rectangles that a Raspberry Pi camera is configured with."""

from __future__ import annotations

import pytest

from edge.runtime.capture import picamera_setup as setup


@pytest.mark.parametrize(
    ("resolution", "mode"),
    [
        ((3280, 2464), (1640, 1232)),
        ((4608, 2592), (2304, 1296)),
        ((2592, 1944), (1296, 972)),
        ((1456, 1088), (1456, 1088)),
    ],
    ids=["module 2", "module 3", "module 1", "global shutter"],
)
def test_the_sensor_mode_sees_the_whole_field_of_view(resolution, mode):
    """Binning halves a large sensor; a small one is read out as it is."""
    assert setup.sensor_size(resolution) == mode


@pytest.mark.parametrize(
    ("wanted", "region", "sensor", "expected"),
    [
        ((1920, 1080), setup.WHOLE, (2304, 1296), (1920, 1080)),
        ((1920, 1080), setup.WHOLE, (1640, 1232), (1640, 922)),
        ((1920, 1080), (0, 0, 0.25, 0.5), (2304, 1296), (960, 1080)),
        ((1921, 1081), setup.WHOLE, (4000, 3000), (1920, 1080)),
    ],
)
def test_the_main_stream_is_as_large_as_wanted_and_possible(wanted, region, sensor, expected):
    """Even numbers, the region's proportions, never larger than what the sensor gives."""
    assert setup.main_size(wanted, region, sensor) == expected


def test_a_region_is_counted_from_the_picture_not_from_the_sensor():
    """A 4:3 sensor seen as 16:9 loses strips above and below before the region is cut."""
    crop = setup.scaler_crop((0, 0, 3280, 2464), (1920, 1080), (0, 0, 0.5, 0.5))
    assert crop == (0, 310, 1640, 922)
