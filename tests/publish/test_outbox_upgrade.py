"""Outboxes of other releases: an older one is converted, a newer one refused and left alone."""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from edge.errors import ConfigError
from edge.messages.checking import sendable
from edge.messages.counts import Counts
from edge.outbox import table
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.vision.pause import PauseRecord
from tests.publish.schema_1 import filled_under_schema_1
from tests.publish.support import (
    Broker,
    Subscriber,
    config_for,
    counts,
    drive,
    make_publisher,
    wait_for,
)


def test_windows_that_wait_under_schema_1_are_converted(tmp_path: Path) -> None:
    """They keep their numbers, their sums and their 0, and say how they were folded."""
    with Outbox(filled_under_schema_1(tmp_path / FILE_NAME)) as outbox:
        first, second, third = outbox.peek(9)
        numbering = outbox.numbering()
        assert outbox.append(counts(9)) == 4
        assert outbox.dropped() == 4
    assert [w.seq for w in (first, second, third)] == [1, 2, 3]
    assert {(w.schema, w.folded_as, w.folding, w.numbering) for w in (first, second, third)} == {
        (2, 1, None, numbering)
    }
    values = msgspec.structs.asdict(second)
    assert (second.people, second.female, second.gender_unknown) == (11, 0, 11)
    assert (values["female_25_34"], values["age_25_34"], values["age_child"]) == (0, 11, None)
    assert second.places == {"zone_shop_people": 7, "line_door_in": None}
    assert (first.present_mean, first.dwell_s_mean) == (0.5, 4.25)
    assert (third.clock_synced, first.clock_synced) == (False, True)


def test_converted_windows_may_be_sent(tmp_path: Path) -> None:
    """They fit the type, though their 0 was never held against a threshold."""
    with Outbox(filled_under_schema_1(tmp_path / FILE_NAME)) as outbox:
        for window in outbox.peek(9):
            assert sendable(window, window.places, outbox.numbering()).refusal == ""


def test_a_converted_file_is_not_converted_again(tmp_path: Path) -> None:
    """Its numbering is for ever, and windows counted since stay what they are."""
    path = filled_under_schema_1(tmp_path / FILE_NAME)
    with Outbox(path) as outbox:
        numbering = outbox.numbering()
        outbox.append(counts(9))
    with Outbox(path) as outbox:
        assert outbox.numbering() == numbering
        assert [w.folded_as for w in outbox.peek(9)] == [1, 1, 1, 2]


def test_places_go_with_their_window_after_a_rebuild(tmp_path: Path) -> None:
    """The new tables refer to each other as the old ones did."""
    path = filled_under_schema_1(tmp_path / FILE_NAME)
    with Outbox(path) as outbox, closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("SELECT count(*) FROM places").fetchone() == (2,)
        assert outbox.remove([2])
        assert database.execute("SELECT count(*) FROM places").fetchone() == (0,)
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_a_damaged_window_of_schema_1_is_told_as_lost(tmp_path: Path) -> None:
    """What the new checks refuse leaves no gap that nobody explains."""
    path = filled_under_schema_1(tmp_path / FILE_NAME)
    database = sqlite3.connect(path)
    database.execute("PRAGMA ignore_check_constraints = ON")
    database.execute("UPDATE windows SET boot = 'a picture, or so' WHERE seq = 2")
    database.commit()
    database.close()
    with Outbox(path) as outbox:
        assert [(w.seq, w.lost) for w in outbox.peek(9)] == [(1, False), (2, True), (3, False)]


def test_what_is_saved_of_a_damaged_file_of_schema_1_is_converted(tmp_path: Path) -> None:
    """As it would have been in place, and what was retained is taken back as well."""
    path = filled_under_schema_1(tmp_path / FILE_NAME)
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE more (name TEXT)")  # as none of ours does
    with Outbox(path) as outbox:
        assert outbox.append(counts(9)) == 4
        under = outbox.numbering()
        found = [(w.seq, w.schema, w.folded_as, w.bands, w.numbering) for w in outbox.peek(9)]
        assert outbox.kept(table.SCHEMA_1_RETAINED) == table.RETAINED_TRIES
        assert outbox.kept("set_aside") == 1
    assert found == [(seq, 2, 1 if seq < 4 else 2, "fine", under) for seq in range(1, 5)]


def test_the_publisher_waits_for_vision_to_convert(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Started first, it finds nothing yet, and says nothing."""
    path = filled_under_schema_1(tmp_path / FILE_NAME)
    with Outbox(path, owner=False) as reader:
        assert reader.peek(9) == []
        assert caplog.records == []
        with Outbox(path):
            assert len(reader.peek(9)) == 3


def test_the_pause_of_schema_1_is_carried_over(tmp_path: Path) -> None:
    """The flag lay in the outbox; it is read before that is converted, and kept by itself."""
    filled_under_schema_1(tmp_path / FILE_NAME)
    assert PauseRecord(tmp_path).now == (True, "request")
    with Outbox(tmp_path / FILE_NAME):
        assert PauseRecord(tmp_path).now == (True, "request")


def test_what_schema_1_retained_is_taken_back_once(
    tmp_path: Path, broker: Broker, subscriber: Subscriber
) -> None:
    """The first connect after the conversion clears the old topics; later ones leave them be."""
    old = "agender/v1/shop/door"
    for name in ("availability", "info", "state", "health"):
        subscriber.send(f"{old}/{name}", b"online", retain=True)
    with Outbox(filled_under_schema_1(tmp_path / FILE_NAME)) as outbox:
        publisher = make_publisher(config_for(tmp_path, broker.port))
        drive(publisher, lambda: publisher.connection.up and publisher.delivery.is_done())
        drive(publisher, lambda: not outbox.kept(table.SCHEMA_1_RETAINED))
        publisher.connection.close()
    late = Subscriber(broker.port, f"{old}/#")
    late.send(f"{old}/end", b"")
    wait_for(lambda: bool(late.of("/end") and subscriber.of("/end")), 5, "the end")
    assert [topic for topic, payload, _ in late.heard if payload] == []
    cleared = len([t for t, payload, _ in subscriber.heard if t.startswith(old) and not payload])
    publisher = make_publisher(config_for(tmp_path, broker.port))
    drive(publisher, lambda: publisher.connection.up)
    publisher.connection.close()
    subscriber.send("again", b"")
    wait_for(lambda: bool(subscriber.of("again")), 5, "what came until then")
    assert cleared == 4 + 1
    assert len([t for t, p, _ in subscriber.heard if t.startswith(old) and not p]) == cleared


def of_tomorrow(path: Path) -> str:
    """A file that a later release has written to; the digest of all that lies there."""
    with Outbox(path) as outbox:
        outbox.append(counts(1))
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE more (name TEXT)")
    database.execute(f"PRAGMA user_version = {table.LAYOUT + 1}")
    database.close()
    return digest(path)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("owner", [True, False])
def test_a_newer_outbox_is_refused_and_not_touched(tmp_path: Path, owner: bool) -> None:
    """Going back a release must not damage what the newer one has stored."""
    path = tmp_path / FILE_NAME
    before = of_tomorrow(path)
    with pytest.raises(ConfigError, match=r"written by a newer agender-edge \(layout 3") as caught:
        Outbox(path, owner=owner).peek(1)
    assert "install that version again, or move the file away" in str(caught.value)
    assert digest(path) == before
    assert not list(tmp_path.glob("*.corrupt-*"))


@pytest.mark.parametrize("verb", ["vision", "publisher"])
def test_a_process_over_a_newer_outbox_ends_with_one_sentence(tmp_path: Path, verb: str) -> None:
    """Status 2, at which no service manager starts it again."""
    before = of_tomorrow(tmp_path / FILE_NAME)
    (tmp_path / "clip").mkdir()
    keys = {"paths.state": tmp_path, "paths.runtime": tmp_path / "run", "mqtt.port": 1,
            "source.uri": tmp_path / "clip"}  # fmt: skip
    flags = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
    command = [sys.executable, "-m", "edge", verb, *flags]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "newer agender-edge" in done.stderr
    assert "Traceback" not in done.stderr
    assert digest(tmp_path / FILE_NAME) == before


def test_a_changed_column_has_a_layout_of_its_own() -> None:
    """Whoever changes the tables raises table.LAYOUT, and with it this digest.

    Else an older release would take the file for its own.
    """
    definitions = repr(sorted(table.definitions().items()))
    known = {2: "ab5d7c0fdbdbb98c"}
    assert hashlib.sha256(definitions.encode()).hexdigest()[:16] == known[table.LAYOUT]
    assert {field.name for field in msgspec.structs.fields(Counts)} - {"seq", "places"} == set(
        table.columns()
    )
