"""How the page looks, small and grey, and how far two looks differ; makes the references anew.

    python -m tests.page.look        # after a change of the page that is meant; look at them then

A look is a screenshot of the whole page, height × width uint8 grey, an eighth as wide and as high:
text is then grey haze, in which the shapes of letters do not matter but where text stands does.
Data, clock and font are fixed. Looks are compared by the mean difference and by the block of
64 × 64 pixels of the screen that differs most.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.history.support import ZONE
from tests.page.browser import Browser, chromium
from tests.page.support import Device, device
from tests.publish.support import end_all, wait_for

Look = NDArray[np.uint8]

FOLDER = Path(__file__).parent / "looks"
SCREENS = {"phone": (360, 740), "desk": (1280, 800), "wall": (1920, 1080)}
"""Width and height in pixels of the screen."""
SCHEMES = ("light", "dark")
NOON = datetime(2026, 3, 7, 14, 30, tzinfo=ZONE)
"""What the page takes for now."""
SMALLER = 8
BLOCK = 8
HEIGHT_APART = 0.06
"""So much higher or lower may a page be."""
MEAN_MOST, BLOCK_MOST = 3.0, 15.0
"""Of 255 levels of grey. Letters of other shapes at their places make up to 7 in the worst block, a
heading that can't be read 21 (`tests/page/test_looks.py` has what is let through and what not)."""
FONT = "DejaVu Sans"
"""Debian's usual one: a font of other widths breaks lines elsewhere, which is another look."""


class Difference(NamedTuple):
    """`height`: by which share the page is higher or lower; grey levels: mean, and worst block.

    `where`: left and top of that block, in pixels of the screen.
    """

    height: float
    mean: float
    block: float
    where: tuple[int, int]

    @property
    def told(self) -> bool:
        """Whether somebody who looks would see it."""
        return abs(self.height) > HEIGHT_APART or self.mean > MEAN_MOST or self.block > BLOCK_MOST


def look(browser: Browser, at: str, screen: str, scheme: str) -> Look:
    """The page at an address, as it is seen on a screen."""
    open_page(browser, at, screen, scheme)
    return taken(browser, screen, scheme)


def open_page(browser: Browser, at: str, screen: str, scheme: str) -> None:
    """Load it, with what is told of now, and hold it still: it renews itself no more."""
    browser.see_as(SCREENS[screen][0], scheme, SCREENS[screen][1])
    wait_for(lambda: _whole(browser, at), 30, "numbers and the device's health")
    browser.run("document.documentElement.style.fontFamily = arguments[0]", FONT)
    browser.run("for (let each = setTimeout(() => 0); each >= 0; each--) clearTimeout(each)")


def _whole(browser: Browser, at: str) -> bool:
    """Load it; whether it tells of now and of the device, which a publisher just begun does not."""
    browser.driver.get(at)
    device = browser.run("return document.querySelector('#device table') !== null")
    return bool(device) and "<dd>3</dd>" in browser.driver.page_source


def taken(browser: Browser, screen: str, scheme: str) -> Look:
    """What stands there now, from top to bottom."""
    height = browser.run("return document.documentElement.scrollHeight")
    browser.see_as(SCREENS[screen][0], scheme, max(height, SCREENS[screen][1]))
    data = np.frombuffer(browser.driver.get_screenshot_as_png(), np.uint8)
    grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    size = grey.shape[1] // SMALLER, grey.shape[0] // SMALLER
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)


def difference(one: Look, other: Look) -> Difference:
    """How far `other` is from `one`; both of a screen of the same width."""
    height = other.shape[0] / one.shape[0] - 1
    same = cv2.resize(other, one.shape[::-1], interpolation=cv2.INTER_AREA)
    # A line of text that stands a few pixels lower is no other look.
    first, second = (cv2.GaussianBlur(each.astype(np.float32), (0, 0), 2) for each in (one, same))
    apart = np.abs(first - second)
    blocks = cv2.blur(apart, (BLOCK, BLOCK))
    top, left = np.unravel_index(int(blocks.argmax()), blocks.shape)
    where = int(left) * SMALLER, int(top) * SMALLER
    return Difference(height, float(apart.mean()), float(blocks.max()), where)


def reference(screen: str, scheme: str) -> Path:
    """Where the committed look of a screen lies."""
    return FOLDER / f"{screen}-{scheme}.png"


def read(path: Path) -> Look:
    """A look that was written."""
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), np.uint8)


@contextmanager
def still_device(folder: Path) -> Iterator[Device]:
    """A device whose data are always the same, and whose page takes NOON for now."""
    if FONT not in _fonts():
        pytest.skip(f"the font {FONT} is not installed (apt install fonts-dejavu-core)")
    program = shutil.which("faketime")
    if program is None:
        pytest.skip("faketime is not installed (apt install faketime)")
    clock = (program, "--exclude-monotonic", "-f", f"{NOON.astimezone():%Y-%m-%d %H:%M:%S}")
    with device(folder, now=NOON, clock=clock) as running:
        yield running


def _fonts() -> str:
    """What fontconfig finds; nothing without it."""
    if shutil.which("fc-list") is None:
        return ""
    command = ["fc-list", ":", "family"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def main() -> None:
    """Make every reference anew."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        with still_device(Path(folder)) as running:
            for screen, scheme in product(SCREENS, SCHEMES):
                seen = look(browser, f"http://localhost:{running.port}/", screen, scheme)
                path = reference(screen, scheme)
                cv2.imwrite(str(path), seen, [cv2.IMWRITE_PNG_COMPRESSION, 9])
                print(f"{path}: {path.stat().st_size} bytes, {seen.shape[1]} × {seen.shape[0]}")
        end_all()


if __name__ == "__main__":
    main()
