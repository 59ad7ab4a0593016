"""A tally's file: whole or not at all, and nothing is believed of what is read in it."""

from __future__ import annotations

import json
import os
import stat

import msgspec
import pytest

from edge.errors import ConfigError
from edge.tally import file
from tests.audit.support import minute, names_in, tally


def wrong(path, **changes):
    """A right tally, changed; what is said of it."""
    right = msgspec.to_builtins(tally([minute(0, 3), minute(1, 0)]))
    return refused(path, json.dumps(right | changes).encode())


def refused(path, text):
    path.write_bytes(text)
    with pytest.raises(ConfigError) as told:
        file.read(path)
    sentence = str(told.value)
    assert str(path) in sentence and "\n" not in sentence and len(sentence) < 300
    return sentence


@pytest.fixture
def path(tmp_path):
    return tmp_path / "tally.json"


def test_what_is_written_is_read_again_and_is_its_owner_s_alone(path):
    """For it tells of single people, with k = 1."""
    held = tally([minute(0, 3), minute(2, {"people": 1, "male": 1})], lines=("door",))
    file.write(path, held)
    assert file.read(path) == held
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert names_in(path.parent) == [path.name]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b" \n",
        b"{",
        b"null",
        b"[]",
        b"\xff\xfe",
        b"{}",
        b"[" * 100_000,
        b'{"format": "report"}',
    ],
    ids=lambda text: repr(text[:8]),
)
def test_what_is_no_tally_is_refused_in_a_sentence(path, text):
    refused(path, text)


def test_a_tally_cut_anywhere_is_refused(path):
    """As by a full disk or a copy that broke off."""
    whole = msgspec.json.encode(tally([minute(0, 3)]))
    for end in range(0, len(whole), 7):
        refused(path, whole[:end])


@pytest.mark.parametrize("version", [0, 2, True, "1", None])
def test_another_version_is_named(path, version):
    assert "version" in wrong(path, version=version)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"site": "a/b"}, "site"),
        ({"k": 0}, "k"),
        ({"window_s": -1}, "window_s"),
        ({"id": "x"}, "id"),
        ({"more": 1}, "more"),
        ({"bands": "other"}, "bands"),
        ({"timezone": "Nowhere"}, "time zone"),
        ({"timezone": "../../etc/passwd"}, "time zone"),
    ],
)
def test_a_wrong_field_is_named(path, changes, word):
    assert word in wrong(path, **changes)


BIN = msgspec.to_builtins(minute(0, 3))


@pytest.mark.parametrize(
    "bins",
    [
        [BIN, BIN],
        [msgspec.to_builtins(minute(1)), BIN],
        [BIN | {"end": BIN["start"]}],
        [BIN | {"start": "2026-13-45T00:00:00.000Z"}],
        [BIN | {"start": "0001-01-01T00:00:00.000Z"}],
        [BIN | {"end": "9999-12-31T23:59:59.000Z"}],
        [BIN | {"end": "2027-03-07T08:01:00.000Z"}],
        [BIN | {"counts": {"people": 3, "female": 2}}],
        [BIN | {"counts": {"people": -1}}],
        [BIN | {"counts": {"people": 10**9, "female": 10**9}}],
        [BIN | {"counts": {"people": 3, "female": 3, "age_25_34": 3}}],
        [BIN | {"counts": {"people": 0, "line_door_in": 3}}],
        [BIN | {"counts": {"people": 1.5}}],
        [BIN | {"whole": 1}],
        [BIN | {"pressed": "09:00:12"}],
    ],
    ids=["twice", "disordered", "empty", "no date", "ancient", "last", "long", "sums", "negative",
         "huge", "age", "line", "half", "whole", "finer"],
)  # fmt: skip
def test_a_bin_that_makes_no_sense_is_refused(path, bins):
    """A typing error in an editor is no people."""
    wrong(path, bins=bins)


def test_with_k_above_1_no_file_holds_more_than_people(path):
    """Not even one that somebody wrote by hand."""
    assert "female" in wrong(path, k=5)


def test_a_file_that_is_not_there_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "none.json", tmp_path):
        with pytest.raises(ConfigError):
            file.read(path)


def test_a_disk_that_refuses_leaves_the_earlier_file(path, monkeypatch):
    """And no part of the later one."""
    file.write(path, tally([minute(0, 3)]))

    def full(_descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        file.write(path, tally([minute(0, 5)]))
    assert file.read(path).people == 3
    assert names_in(path.parent) == [path.name]


def test_two_tallies_do_not_write_one_file(path):
    """The second auditor is told to choose another; when the first has ended it is free."""
    with file.alone(path), pytest.raises(ConfigError, match="--out"), file.alone(path):
        pass
    with file.alone(path):
        pass
    assert names_in(path.parent) == []
