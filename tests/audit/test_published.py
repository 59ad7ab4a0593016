"""The verdict of an audit is left for `info` where `audit.publish` is on, and nothing else is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import msgspec
import pytest

from edge.cli import main
from edge.errors import UserError
from edge.history.audited import BYTES_MAX, FILE_NAME, leave, left
from edge.tally import file
from tests.audit.support import AUDITED, minute, recorded, tally, told

SHOP = ("--site", "shop", "--device", "door")
ON = ("--set", "audit.publish=true")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    """A tally of an hour and a recording that agrees with it."""
    minutes = range(60)
    file.write(tmp_path / "tally.json", tally([minute(number, 10) for number in minutes]))
    windows = [told(number, 10) for number in minutes]
    (tmp_path / "counts.jsonl").write_bytes(b"".join(recorded(windows)))
    return str(tmp_path / "tally.json"), "--counts", str(tmp_path / "counts.jsonl")


def audited(tmp_path: Path, *flags: str) -> int | None:
    """The status of the command, with its state in a folder of its own."""
    (tmp_path / "state").mkdir(exist_ok=True)
    with pytest.raises(SystemExit) as ended:
        main(["audit", *flags, "--state-dir", str(tmp_path / "state")])
    return ended.value.code


def test_asked_for_the_verdict_and_its_dates_are_left(files, tmp_path, capsys):
    """With when it was found, the margin, the days of the tally, and no number of people."""
    assert audited(tmp_path, *files, *SHOP, *ON, "--margin", "10") == 0
    written = json.loads((tmp_path / "state" / FILE_NAME).read_text())
    assert written.pop("time").startswith("20")
    assert written == {
        "verdict": "passes", "margin": 0.1, "first_day": "2026-03-07", "last_day": "2026-03-07"
    }  # fmt: skip
    assert "left for info" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (SHOP, ""),
        ((*SHOP, "--set", "audit.publish=false"), ""),
        (("--site", "shop", "--device", "till", *ON), "not left for info, which is of shop/till"),
    ],
)
def test_else_nothing_is_left(files, tmp_path, capsys, flags, said):
    """By default, and of another device than the configuration is of."""
    assert audited(tmp_path, *files, *flags) == 0
    assert not (tmp_path / "state" / FILE_NAME).exists()
    err = capsys.readouterr().err
    assert said in err and bool(said) == bool(err)


def test_a_later_audit_takes_the_place_of_the_one_before(tmp_path):
    """Whole, for anybody of the services to read."""
    leave(tmp_path, AUDITED)
    later = msgspec.structs.replace(AUDITED, verdict="fails")
    path = leave(tmp_path, later)
    assert left(tmp_path) == later
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir()] == [FILE_NAME]


def test_a_folder_that_cannot_be_written_is_told_in_a_sentence(tmp_path):
    """With what would be right."""
    with pytest.raises(UserError, match=r"cannot be left for `info`.*audit.publish = false"):
        leave(tmp_path / "none", AUDITED)


WRONG = {
    "no JSON": b"passes",
    "another verdict": msgspec.json.encode(AUDITED).replace(b"passes", b"excels"),
    "more than a verdict": msgspec.json.encode(AUDITED).replace(b"{", b'{"people":7,'),
    "no day": msgspec.json.encode(AUDITED).replace(b"2026-03-08", b"yesterday!"),
    "too long": b" " * BYTES_MAX + msgspec.json.encode(AUDITED),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_what_is_no_verdict_is_refused(tmp_path, content):
    """Whoever wrote it: `info` holds nothing that the form does not have."""
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(ValueError):
        left(tmp_path)


@pytest.mark.parametrize("kind", ["pipe", "link", "folder"])
def test_what_is_no_file_is_refused_at_once(tmp_path, kind):
    """The publisher reads it between two messages: it must wait for nobody."""
    path = tmp_path / FILE_NAME
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        leave(tmp_path, AUDITED).rename(tmp_path / "elsewhere.json")
        path.symlink_to("elsewhere.json")
    else:
        path.mkdir()
    opened = len([*Path("/proc/self/fd").iterdir()])
    for _ in range(3):
        with pytest.raises((ValueError, OSError)):
            left(tmp_path)
    assert len([*Path("/proc/self/fd").iterdir()]) == opened


def test_nothing_is_written_through_a_link(tmp_path, monkeypatch):
    """The folder is the services', who could lay one there while root writes."""
    secret = tmp_path / "secret"
    secret.write_text("of root\n")
    secret.chmod(0o600)
    touch = Path.touch

    def touched(self: Path, **keys: bool) -> None:
        touch(self, **keys)
        self.unlink()
        self.symlink_to(secret)

    monkeypatch.setattr(Path, "touch", touched)
    with pytest.raises(UserError, match="cannot be left"):
        leave(tmp_path, AUDITED)
    assert secret.read_text() == "of root\n"
    assert secret.stat().st_mode & 0o777 == 0o600


def test_without_an_audit_there_is_none(tmp_path):
    """A folder without the file is no trouble."""
    assert left(tmp_path) is None
