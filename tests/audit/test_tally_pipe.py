"""A tally from a pipe: lines of keys, several bins, none at all."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from edge.cli import main
from edge.tally import file
from edge.tally.verb import Session
from tests.audit.tallying import SHORT, counted, piped
from tests.main_job.program import COMMAND, wait_for


def test_keys_of_a_pipe_are_counted(tmp_path):
    """Lines or not, undone or not; what means nothing is told and not counted."""
    path = tmp_path / "tally.json"
    done = piped("ww\nm u\nz x\n", "--out", str(path))
    assert done.returncode == 0
    assert "4 people" not in done.stderr and "3 people in" in done.stderr
    assert "mean nothing here: 1 key\n" in done.stderr
    assert counted(path)["gender_unknown"] == 0
    assert done.stdout == ""


def test_a_pipe_goes_through_several_bins(tmp_path):
    """Each key is in the bin in which it was read, and bins between them are there too."""
    path = tmp_path / "tally.json"
    process = subprocess.Popen(
        [*COMMAND, "tally", *SHORT, "--out", str(path)], stdin=subprocess.PIPE, stderr=-1, text=True
    )
    process.stdin.write("w")
    process.stdin.flush()
    wait_for(lambda: path.exists() and len(file.read(path).bins) >= 3, "three bins")
    _, told = process.communicate("m")
    found = file.read(path)
    assert process.returncode == 0, told
    assert found.people == 2
    assert found.bins[0].counts == {"people": 1, "female": 1}
    assert any(each.whole and not each.counts for each in found.bins)


def test_closed_input_is_refused_in_a_sentence(tmp_path):
    """As of a service without one."""
    command = f"{' '.join(COMMAND)} tally --out {tmp_path}/tally.json <&-"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1 and "closed" in done.stderr


def test_a_second_signal_does_not_lose_what_the_first_one_keeps(tmp_path, monkeypatch):
    """Whoever presses Ctrl-C twice, the second time while the file is written."""
    written = file.write

    def interrupted(path, tally):
        os.kill(os.getpid(), signal.SIGINT)
        written(path, tally)

    path = tmp_path / "tally.json"
    path.write_text("")
    (tmp_path / "keys").write_text("wm")
    with (tmp_path / "keys").open() as keys:
        monkeypatch.setattr("sys.stdin", keys)
        monkeypatch.setattr(Session, "keep", during(Session.keep, monkeypatch, interrupted))
        with pytest.raises(SystemExit) as ended:
            main(["tally", "--out", str(path), *SHORT])
    assert ended.value.code == 0
    assert counted(path)["people"] == 2


def during(keep, monkeypatch, write):
    """`keep`, whose writing is another."""

    def kept(session):
        monkeypatch.setattr(file, "write", write)
        return keep(session)

    return kept


def test_a_tally_of_nobody_is_a_tally(tmp_path):
    """No key at all, and no bin was watched whole."""
    path = tmp_path / "tally.json"
    assert piped("", "--out", str(path)).returncode == 0
    assert file.read(path).people == 0


def test_without_a_name_it_lies_here_under_the_device_s_name_and_the_day(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    assert piped("w").returncode == 0
    (found,) = tmp_path.iterdir()
    assert re.fullmatch(r"tally-shop-door-\d{4}-\d\d-\d\d\.json", found.name)
