"""When the page does not start, and what it says then."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.page.support import (
    Device,
    configure,
    verb,
)


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ('address = "0.0.0.0"', "page.address = 0.0.0.0 lets other machines reach the page"),
        ('address = "::"', "there is no password"),
        ('address = "0.0.0.0"\npassword_file = "/nowhere"', "page.password_file = /nowhere"),
        ('password_file = "{folder}/short"', "has 5 letters; it should have 8 or more"),
        ('password_file = "{folder}/empty"', "the first line is empty"),
        ('address = "shop.example"', "expected an address of this machine in numbers"),
        ("port = 0", "page.port = 0"),
        ('hosts = ["http://shop.example/"]', "page.hosts"),
    ],
)
@pytest.mark.parametrize("verbs", [["page"], ["config", "check"]])
def test_what_would_be_unsafe_is_refused_in_a_sentence(
    tmp_path: Path, page: str, says: str, verbs: list[str]
) -> None:
    """Before it listens, and by `config check` too."""
    (tmp_path / "short").write_text("12345\n")
    (tmp_path / "empty").write_text("\n")
    configure(tmp_path, 1)
    text = (tmp_path / "config.toml").read_text()
    keys = page.format(folder=tmp_path)
    text = re.sub(r"port = \d+\n\n\[paths", f"{keys}\n[paths", text)
    (tmp_path / "config.toml").write_text(text)
    command = [*verb("x", tmp_path)[:-3], *verbs, "--config", str(tmp_path / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_switched_off_it_says_how_to_switch_it_on(tmp_path: Path) -> None:
    """In a sentence, and with the status of a wrong configuration."""
    configure(tmp_path, 1)
    command = [*verb("page", tmp_path), "--set", "page.enabled=false"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "page.enabled = false: set it to true" in done.stderr) == (2, True)


def test_a_port_that_is_taken_is_named(tmp_path: Path, open_device: Device) -> None:
    """With what the system says of it."""
    configure(tmp_path, 1)
    command = [*verb("page", tmp_path), "--set", f"page.port={open_device.port}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert f"page.port = {open_device.port}: Address already in use" in done.stderr
