"""Which tally may begin, which may go on in a file, and a file that cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from edge.cli import main
from edge.tally import file
from tests.audit.support import names_in
from tests.audit.tallying import DOOR, SHORT, piped
from tests.main_job.program import run


def refused(tmp_path, monkeypatch, capsys, *flags):
    """What the command says, in this process, where it should not begin."""
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123 - the test's end
    with pytest.raises(SystemExit) as ended:
        main(["tally", "--out", str(tmp_path / "tally.json"), *flags])
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert ended.value.code == 2, told
    return told


DEVICE = '[device]\nsite = "shop"\nname = "door"\n[window]\nlength_s = 900\n[privacy]\nk = 5\n'


def test_overrides_make_no_tally_finer_than_the_device(tmp_path):
    """Neither in what is kept of people, nor in time."""
    own = tmp_path / "config.toml"
    own.write_text(DEVICE)
    path = tmp_path / "tally.json"
    flags = ("--config", str(own), "--set", "privacy.k=1", "--window-s", "60", "--out", str(path))
    done = run("tally", *flags, environment={"PYTHONPATH": str(Path(__file__).parents[2])})
    assert done.returncode == 0, done.stderr
    found = file.read(path)
    assert (found.k, found.window_s, found.keys) == (5, 900, {"people"})


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--set", "privacy.epsilon=1"), "noise"),
        (("--set", "privacy.k=5", "--bands"), "--bands"),
        (("--set", "window.timezone=Nowhere"), "time zone"),
    ],
)
def test_a_tally_that_may_not_be_is_refused(tmp_path, monkeypatch, capsys, flags, word):
    """Beside noise every exact number is one too many; under k there are no ages."""
    assert word in refused(tmp_path, monkeypatch, capsys, *flags)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("flags", "word"),
    [
        (("--window-s", "120"), "window_s"),
        (("--device", "till"), "device"),
        (("--set", "privacy.k=5"), "another k"),
        (("--bands",), "bands"),
    ],
)
def test_a_tally_goes_on_by_the_same_rules_only(tmp_path, monkeypatch, capsys, flags, word):
    """The window's length was changed in between, or it is another device: choose another file."""
    path = tmp_path / "tally.json"
    file.write(path, file.Tally(site="shop", device="door", timezone="", window_s=60, k=1))
    before = path.read_bytes()
    told = refused(tmp_path, monkeypatch, capsys, *DOOR, *flags)
    assert word in told and "--out" in told
    assert path.read_bytes() == before


def test_a_damaged_file_is_not_written_over(tmp_path, monkeypatch, capsys):
    path = tmp_path / "tally.json"
    path.write_text('{"format": "agender-tally", "vers')
    refused(tmp_path, monkeypatch, capsys, *SHORT)
    assert path.read_text() == '{"format": "agender-tally", "vers'


def test_a_file_that_was_never_begun_is_begun(tmp_path):
    """An empty one, as `mktemp` makes it."""
    path = tmp_path / "tally.json"
    path.touch()
    assert piped("w", "--out", str(path)).returncode == 0
    assert file.read(path).people == 1


def test_where_nothing_can_be_written_nobody_begins_to_count(tmp_path, monkeypatch, capsys):
    assert "No such file" in refused(tmp_path / "none", monkeypatch, capsys, *SHORT)


def test_a_disk_that_fills_up_meanwhile_loses_nothing(tmp_path, monkeypatch, capsys):
    """The tally is printed instead, and the status says so."""
    written, reading = file.write, os.open(os.devnull, os.O_RDONLY)

    def full(path, tally):
        if tally.people:
            raise OSError(28, "No space left on device")
        written(path, tally)

    monkeypatch.setattr(file, "write", full)
    monkeypatch.setattr("edge.tally.terminal.os.read", lambda *_: keys.pop() if keys else b"")
    keys = [b"wwm"]
    monkeypatch.setattr("sys.stdin", os.fdopen(reading))
    with pytest.raises(SystemExit) as ended:
        main(["tally", "--out", str(tmp_path / "tally.json"), *SHORT])
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "No space left" in told.err
    (tmp_path / "printed.json").write_text(told.out)
    assert file.read(tmp_path / "printed.json").people == 3
