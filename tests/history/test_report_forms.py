"""The report's forms and the command: a page, a table, who may read it, and what is said."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.history.history import FILE_NAME
from edge.outbox.outbox import FILE_NAME as OUTBOX_NAME
from edge.outbox.outbox import Outbox
from edge.report.as_csv import as_csv
from edge.report.as_html import as_html
from edge.report.columns import percent
from edge.report.figures import Note
from tests.history.support import (
    DAY_S,
    day_of,
    kept,
    some,
    window,
)

ROOT = Path(__file__).parents[2]
GROUP, STRANGER = 4_711, 4_712


@pytest.mark.parametrize(
    ("share", "told"),
    [
        (None, "–"), (0, "0 %"), (0.0003, "< 0.1 %"), (0.0423, "4.2 %"), (0.4, "40 %"),
        (0.9954, "99.5 %"), (0.9997, "> 99.9 %"), (1, "100 %"),
    ],
)  # fmt: skip
def test_a_share_that_is_not_quite_nothing_or_everything_is_not_told_as_that(
    share: float | None, told: str
) -> None:
    assert percent(share) == told


class Checked(HTMLParser):
    """Elements that are opened and closed in order, and what refers to anything outside."""

    EMPTY = ("meta", "br")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: Counter[str] = Counter()
        self.attributes: list[tuple[str, str | None]] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] += 1
        self.attributes += attrs
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_one_file_without_script_or_request(tmp_path: Path) -> None:
    """Of a language, for light and dark, with a row for each hour, and all text escaped."""
    kept(tmp_path, some(DAY_S, 600))
    report = day_of(tmp_path)._replace(
        device="<b>&\"shop'", notes=[Note("", {"reason": "<script>alert(1)</script>"})]
    )
    page = as_html(report, "<i>")
    parsed = Checked(page)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "<b>" not in page
    assert "<i>" not in page
    assert parsed.seen["script"] == 0
    assert parsed.seen["rect"] == 24
    assert parsed.seen["tr"] > 24
    assert not [
        name for name, _ in parsed.attributes if name in ("src", "href") or name[:2] == "on"
    ]
    assert "prefers-color-scheme: dark" in page
    assert "url(" not in page


def test_the_table_opens_in_a_spreadsheet(tmp_path: Path) -> None:
    """Plain ASCII, one header, cells that are numbers or empty, none that a program would run.

    Beside each hour stand its date and time in forms that spreadsheets know.
    """
    kept(tmp_path, some(DAY_S, 600))
    text = as_csv(day_of(tmp_path))
    assert text.isascii()
    rows = list(csv.reader(io.StringIO(text)))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert len(rows) == 25
    assert all(re.fullmatch(r"[0-9.]*", cell) for row in rows[1:] for cell in row[3:])
    assert rows[0][:4] == ["hour", "date", "time", "people"]
    assert rows[10][:3] == ["2026-03-07T09:00+01:00", "2026-03-07", "09:00"]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "edge", "report", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk is mounted by root")
def test_a_report_that_does_not_fit_leaves_the_one_before(tmp_path: Path) -> None:
    """The disk is full: one sentence, and no torn file."""
    kept(tmp_path / "state", some(DAY_S, 20))
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", small], check=False
    ).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        out = small / "report.html"
        out.write_text("the one before")
        words = ["report", "--day", "2026-03-07", "--html", "--out", str(out), "--state-dir",
                 str(tmp_path / "state")]  # fmt: skip
        with pytest.raises(SystemExit) as ended:
            main(words)
        assert ended.value.code == 2
        assert out.read_text() == "the one before"
        assert list(small.iterdir()) == [out]
    finally:
        subprocess.run(["umount", small], check=True)


def test_the_command_itself(tmp_path: Path) -> None:
    """Each form, to standard output and to a file; refusals have status 2 and one sentence."""
    kept(tmp_path, some(DAY_S, 60))
    here = ("--state-dir", str(tmp_path), "--set", "window.timezone=Europe/Berlin")
    assert "people" in run(*here, "--day", "2026-03-07").stdout
    assert json.loads(run(*here, "--week", "2026-03-07", "--json").stdout)["period"] == "week"
    out = tmp_path / "month.html"
    done = run(*here, "--month", "2026-03", "--html", "--out", str(out))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    Checked(out.read_text(encoding="utf-8"))
    for wrong in (["--day", "x"], ["--out", str(tmp_path / "no" / "file")],
                  ["--state-dir", str(tmp_path / "no")]):  # fmt: skip
        done = run(*here, *wrong)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert run(*here, "--csv", "--json").returncode == 2


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
@pytest.mark.parametrize(("group", "status"), [(GROUP, 0), (STRANGER, 1)])
def test_members_of_the_group_may_report_and_others_are_told_why_not(
    group: int, status: int
) -> None:
    """With the rights that systemd-tmpfiles and the units' UMask= give folder and files."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name, tempfile.TemporaryFile("w+") as told:
        folder, state = Path(name), Path(name) / "state"
        state.mkdir()
        os.chown(state, 0, GROUP)
        state.chmod(0o2770)
        folder.chmod(0o755)
        before = os.umask(0o007)
        kept(state, [window(DAY_S, 1, 7)])
        with Outbox(state / OUTBOX_NAME) as outbox:
            outbox.append(window(DAY_S + 60, 0, 3))
        os.umask(before)
        child = os.fork()
        if child == 0:
            _become(group, told.fileno())
            _report_and_exit(state)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == status
        told.seek(0)
        text = told.read()
    assert ("10 people" in text) == (status == 0), text
    assert status == 0 or (text.count("\n") == 1 and str(state) in text), text


def _become(group: int, output: int) -> None:
    """This process as another user, who may read no file but by this group."""
    for number in (1, 2):
        os.dup2(output, number)
    os.setgroups([])
    os.setgid(group)
    os.setuid(group)


def _report_and_exit(state: Path) -> None:
    sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
    status: Any = 99
    try:
        main(["report", "--state-dir", str(state), "--day", "2026-03-07",
              "--set", "window.timezone=Europe/Berlin"])  # fmt: skip
    except SystemExit as ended:
        status = ended.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def test_a_damaged_history_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The publisher sets it aside; a report does not touch it."""
    kept(tmp_path, some(DAY_S, 300))
    (tmp_path / FILE_NAME).write_bytes(b"rubbish" * 999)
    with pytest.raises(SystemExit) as ended:
        main(["report", "--state-dir", str(tmp_path)])
    assert ended.value.code == 1
    assert FILE_NAME in capsys.readouterr().err
    assert (tmp_path / FILE_NAME).read_bytes() == b"rubbish" * 999


def test_nothing_kept_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where there is no file, and where none is wanted."""
    with Outbox(tmp_path / OUTBOX_NAME):
        pass
    with pytest.raises(SystemExit) as ended:
        main(["report", "--state-dir", str(tmp_path), "--set", "history.enabled=false"])
    assert ended.value.code == 2
    assert "history.enabled" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["report", "--state-dir", str(tmp_path)])
    assert ended.value.code == 0
    assert "nothing is kept of it" in capsys.readouterr().out
