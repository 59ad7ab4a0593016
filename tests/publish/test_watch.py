"""`watch`: what a person sees of the devices, from MQTT alone."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys

import msgspec
import pytest

from edge.config.tables import Config
from edge.errors import ConfigError
from edge.messages.counts import encode_counts
from edge.watch import watch
from edge.watch.board import MAX_DEVICES, Board
from edge.watch.screen import screen
from tests.publish.support import Broker, Subscriber, counts, health, spawn, state, wait_for

DOOR = "agender/v2/shop/door"


def told_board() -> Board:
    """A board that has heard one device out: two windows, one of them twice, one missing."""
    board = Board()
    board.take(f"{DOOR}/availability", b"online")
    board.take(f"{DOOR}/state", msgspec.json.encode(state(present=2)))
    board.take(
        f"{DOOR}/health",
        msgspec.json.encode(
            health(throttled=True, clock_synced=False, view_moved=True, outbox_depth=0)
        ),
    )
    for seq in (1, 1, 3):
        window = counts(seq, seq=seq, female_25_34=3, male_65_plus=1)
        board.take(f"{DOOR}/counts", encode_counts(window))
    return board


def test_the_screen_shows_people_pyramid_windows_and_health() -> None:
    """Presence, women left and men right, the last windows in words, and what is wrong."""
    text = screen(told_board(), "connected", width=100, height=50)
    assert "shop/door  online" in text
    assert "present 2, attending 0" in text
    assert "   6 ██████████████████   25–34   ██████ 2" in text
    assert "65+    ██████ 2" in text
    assert "12:" not in text.splitlines()[0]
    assert "3 people: 1 woman, 1 man, 1 unknown" in text
    assert (
        "9.5 fps · 48 °C · 120 MB · outbox 0 · throttled · clock not synchronised · view moved"
        in text
    )
    assert "6 people; windows missing 1, lost 0, repeated 1" in text


@pytest.mark.parametrize(("width", "height"), [(40, 8), (20, 5), (200, 100), (80, 2)])
@pytest.mark.parametrize("devices", [1, 3, 60])
def test_the_screen_fits_the_terminal(width: int, height: int, devices: int) -> None:
    """However small the window, no more lines than it has."""
    board = told_board()
    for number in range(devices - 1):
        board.take(f"agender/v2/shop/d{number}/availability", b"online")
    assert len(screen(board, "connected", width=width, height=height).splitlines()) < height


def test_many_devices_get_a_line_each() -> None:
    """Where not all fit in full: name, presence, last window, troubles; the rest is counted."""
    board = told_board()
    for number in range(40):
        board.take(f"agender/v2/shop/d{number:02}/availability", b"offline")
    lines = screen(board, "connected", width=120, height=24).splitlines()
    assert len(lines) == 23
    assert "shop/d00             offline" in lines[2]
    assert lines[-1] == "… and 21 more"
    alone = screen(told_board(), "connected", width=120, height=8).splitlines()
    assert "present 2 · 00:04 UTC 3 people · 1 windows missing · throttled · clock" in alone[2]


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("agender/v2/shop/\x1b[2J/state", b"{}"),
        ("agender/v2/shop", b"{}"),
        ("other/v1/a/b/state", b"{}"),
        (f"{DOOR}/counts", b"{}"),
        (f"{DOOR}/counts", b"\xff"),
        (f"{DOOR}/state", b'{"present": -1}'),
        (f"{DOOR}/health", b"[" * 100_000),
        (f"{DOOR}/availability", b"\x1b[31m"),
        (f"{DOOR}/picture", b"\xff\xd8"),
    ],
)
def test_what_makes_no_sense_shows_nothing(topic: str, payload: bytes) -> None:
    """Hostile names and payloads neither reach the terminal nor end the programme."""
    board = Board()
    assert board.take(topic, payload) is None
    assert "\x1b[2J" not in screen(board, "", width=80, height=24)


def test_memory_is_bounded_by_the_number_of_devices() -> None:
    """Beyond a few hundred, further devices are ignored rather than kept."""
    board = Board()
    for number in range(2 * MAX_DEVICES):
        board.take(f"agender/v2/a/d{number}/availability", b"online")
    assert (len(board.devices), board.ignored) == (MAX_DEVICES, MAX_DEVICES)


def test_a_wrong_device_is_named() -> None:
    """--only takes SITE/DEVICE."""
    with pytest.raises(ConfigError, match="SITE/DEVICE"):
        watch(Config(), only="door")


def test_without_a_terminal_each_message_is_a_line(broker: Broker, subscriber: Subscriber) -> None:
    """As JSON with --json; Ctrl-C ends it with status 0."""
    command = [sys.executable, "-B", "-m", "edge", "watch", "--broker",
               f"127.0.0.1:{broker.port}", "--json", "--only", "shop/door"]  # fmt: skip
    process = spawn(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    subscriber.send(f"{DOOR}/availability", b"online", retain=True)
    subscriber.send("agender/v2/shop/other/availability", b"online", retain=True)
    first = json.loads(process.stdout.readline())
    subscriber.send(f"{DOOR}/counts", encode_counts(counts(seq=1)))
    second = json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    process.stdout.close()
    assert first == {"device": "shop/door", "what": "availability", "message": "online"}
    assert (second["what"], second["message"]["people"]) == ("counts", 3)


def test_on_a_terminal_the_picture_is_kept_up_to_date(
    broker: Broker, subscriber: Subscriber
) -> None:
    """A real pseudo-terminal: the device appears, and what it says next replaces it."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-B", "-m", "edge", "watch", "--broker", f"127.0.0.1:{broker.port}"]
    process = spawn(command, stdout=theirs, stdin=theirs)
    os.close(theirs)
    seen = b""

    def shows(text: str) -> bool:
        nonlocal seen
        if select.select([ours], [], [], 0.1)[0]:
            seen += os.read(ours, 65_536)
        return text.encode() in seen

    subscriber.send(f"{DOOR}/state", msgspec.json.encode(state(present=3)), retain=True)
    wait_for(lambda: shows("present 3"), 10, "the state")
    subscriber.send(f"{DOOR}/state", msgspec.json.encode(state(present=5)), retain=True)
    wait_for(lambda: shows("present 5"), 10, "the next state")
    process.send_signal(signal.SIGINT)
    assert process.wait(10) == 0
    os.close(ours)


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_every_line_fits_a_terminal_from_40_columns_on(width):
    """Colours take no room."""
    text = screen(told_board(), "connected", width=width, height=200)
    for line in re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines():
        assert len(line) <= width, line


@pytest.mark.parametrize(("value", "coloured"), [(None, True), ("", True), ("1", False)])
def test_no_color_is_obeyed(monkeypatch, value, coloured):
    """Set to anything it takes the colours out (no-color.org)."""
    monkeypatch.delenv("NO_COLOR", raising=False)
    if value is not None:
        monkeypatch.setenv("NO_COLOR", value)
    text = screen(told_board(), "connected", width=100, height=50)
    assert ("\x1b[" in text) is coloured
