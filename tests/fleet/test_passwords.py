"""mosquitto's password file, as the hub's role keeps it."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fleet.rendered import ANSIBLE

_FILE = ANSIBLE / "roles/agender_hub/module_utils/mosquitto_hash.py"
_spec = importlib.util.spec_from_file_location("mosquitto_hash", _FILE)
assert _spec and _spec.loader
ours = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ours)


def test_a_right_hash_stays():
    """The second run changes nothing, although every hash has salt of its own."""
    users = {"door": "one", "till": "two"}
    first = ours.password_file("", users)
    assert ours.password_file(first, users) == first
    assert ours.password_file("", users) != first


def test_a_new_password_changes_only_its_line():
    """The others keep their hashes."""
    first = ours.password_file("", {"door": "one", "till": "two"})
    second = ours.password_file(first, {"door": "other", "till": "two"})
    assert second.splitlines()[1] == first.splitlines()[1]
    assert second.splitlines()[0] != first.splitlines()[0]


def test_who_is_not_named_is_gone():
    """A device that was removed from the inventory can't connect any more."""
    first = ours.password_file("", {"door": "one", "till": "two"})
    assert ours.password_file(first, {"till": "two"}) == first.splitlines()[1] + "\n"


@pytest.mark.parametrize("stored", ["", "plain", "$6$salt$hash", "$7$x$y$z", "$7$101$!$!"])
def test_what_is_no_hash_matches_nothing(stored: str):
    """A damaged line is written anew instead of ending the run."""
    assert not ours.matches("password", stored)


def test_mosquitto_s_own_hashes_are_understood(tmp_path: Path):
    """mosquitto_passwd's file is read, so the format is the broker's and not just ours."""
    if shutil.which("mosquitto_passwd") is None:
        pytest.skip("mosquitto_passwd is not installed (apt install mosquitto)")
    file = tmp_path / "passwords"
    command = ["mosquitto_passwd", "-c", "-b", str(file), "door", "Füße: 4711"]
    subprocess.run(command, check=True, capture_output=True)
    stored = file.read_text().strip().split(":", 1)[1]
    assert ours.matches("Füße: 4711", stored)
    assert not ours.matches("Füße: 4712", stored)
