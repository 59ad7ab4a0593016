"""Debian's Chromium without a window, driven by its own driver; and axe-core from npm."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

AXE = "4.10.3"


def axe() -> str:
    """The source of axe-core, installed from npm into ~/.cache/agender-edge on first use."""
    if shutil.which("npm") is None:
        pytest.skip("npm is not installed")
    folder = Path.home() / ".cache" / "agender-edge" / f"axe-core-{AXE}"
    source = folder / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        folder.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--silent", "--no-fund", "--prefix", str(folder)]
        if subprocess.run([*install, f"axe-core@{AXE}"], check=False).returncode:
            pytest.skip("axe-core could not be installed from npm")
    return source.read_text(encoding="utf-8")


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser of its own, gone afterwards."""
    program, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if program is None or driver is None:
        pytest.skip("needs chromium and chromedriver (apt install chromium chromium-driver)")
    options = Options()
    options.binary_location = program
    for flag in ("--headless=new", "--disable-gpu", "--hide-scrollbars", "--lang=en",
                 "--disable-dev-shm-usage", "--force-color-profile=srgb"):  # fmt: skip
        options.add_argument(flag)
    if os.geteuid() == 0:
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    opened = webdriver.Chrome(options=options, service=Service(driver))
    try:
        yield Browser(opened)
    finally:
        opened.quit()


class Browser:
    """What the tests ask of it."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def see_as(self, width: int, scheme: str, height: int = 900) -> None:
        """A screen so wide, light or dark."""
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=width < 600)  # fmt: skip
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.tell("Emulation.setEmulatedMedia", features=[feature])

    def tell(self, command: str, **values: Any) -> Any:
        return self.driver.execute_cdp_cmd(command, values)

    def run(self, script: str, *values: Any) -> Any:
        return self.driver.execute_script(script, *values)

    def asked_for(self) -> list[str]:
        """The addresses that pages have asked for since this was called last."""
        told = (json.loads(entry["message"])["message"] for entry in self.driver.get_log(
            "performance"))  # fmt: skip
        return [
            each["params"]["request"]["url"]
            for each in told
            if each["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """What the console says since this was called last."""
        return [entry["message"] for entry in self.driver.get_log("browser")]
