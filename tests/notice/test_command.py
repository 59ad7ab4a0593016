"""`agender-edge notice`: what it needs, what it writes, how it refuses."""

from __future__ import annotations

import resource
import sys
from xml.etree import ElementTree as ET

import pytest

from edge.cli import main
from edge.cli.verbs import parser
from edge.notice import arguments
from edge.notice.layout import FORMATS
from edge.notice.verb import PAGE_FILE

OPERATOR = '[operator]\nname = "Shop"\ncontact = "a@b.example"\npurpose = "planning"\n'


def run(tmp_path, *words, text=OPERATOR):
    """The status of the command with a file of this text."""
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["notice", "--config", str(file), *words])
    return ended.value.code


def test_a_sign_for_each_language_and_one_page_are_written(tmp_path, capsys):
    """Each file is named on standard output, and from where the sign can be read on the other."""
    out = tmp_path / "a" / "notice"
    assert run(tmp_path, "--out", str(out), "--language", "de", "fr", "de", "--format", "A3") == 0
    names = ["sign-de-A3.svg", "sign-fr-A3.svg", "notice.html"]
    told = capsys.readouterr()
    assert told.out.splitlines() == [str(out / name) for name in names]
    assert {path.name for path in out.iterdir()} == set(names)
    assert "can be read from 3 m, the rest of the sign from " in told.err
    assert "operator.legal_basis, operator.retention, operator.notice_url: empty" in told.err
    assert "no legal advice" in told.err
    assert ET.parse(out / names[0]).getroot().attrib["width"] == "297mm"


def test_the_same_configuration_makes_the_same_files(tmp_path):
    """So that a comparison tells whether a notice is still right."""
    for name in ("one", "two"):
        assert run(tmp_path, "--out", str(tmp_path / name)) == 0
    for file in (tmp_path / "one").iterdir():
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_what_else_is_in_the_folder_stays(tmp_path):
    """And an older notice is replaced."""
    out = tmp_path / "notice"
    out.mkdir()
    (out / "own.txt").write_text("mine")
    (out / "notice.html").write_text("old")
    assert run(tmp_path, "--out", str(out)) == 0
    assert (out / "own.txt").read_text() == "mine"
    assert (out / "notice.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("url", "told"),
    [("http://localhost:8088/", True), ("http://127.0.0.1/x", True), ("http://[::1]/", True),
     ("https://shop.example/localhost", False)],
)  # fmt: skip
def test_an_address_that_means_the_visitors_own_telephone_is_told(tmp_path, capsys, url, told):
    """It can be scanned and leads nowhere."""
    text = f"{OPERATOR}notice_url = '{url}'\n"
    assert run(tmp_path, "--out", str(tmp_path / "n"), text=text) == 0
    assert ("asks their own telephone" in capsys.readouterr().err) == told


def test_quiet_tells_results_only(tmp_path, capsys):
    """The files."""
    assert run(tmp_path, "--out", str(tmp_path / "n"), "--quiet") == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert len(told.out.splitlines()) == 2


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("", "operator.name, operator.contact, operator.purpose are empty"),
        ('[operator]\nname = "Shop"\npurpose = "x"\n', "operator.contact is empty"),
        ('[operator]\nname = " "\ncontact = "x"\npurpose = "x"\n', "operator.name is empty"),
    ],
)
def test_an_operator_who_is_not_named_is_asked_for_and_nothing_is_written(
    tmp_path, capsys, text, missing
):
    """By the keys that are missing."""
    assert run(tmp_path, "--out", str(tmp_path / "n"), text=text) == 2
    assert missing in capsys.readouterr().err
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(
    "url",
    [
        "shop.example/camera", "ftp://shop.example", "https://", "https://a b.example",
        "https://me:secret@shop.example", "javascript:alert(1)", "https://shop.example:port",
        'https://shop.example/"><script>',
    ],
)  # fmt: skip
def test_an_address_that_no_browser_opens_is_refused(tmp_path, capsys, url):
    """Or one with a password in it, which a sign would show to all."""
    assert run(tmp_path, text=f"{OPERATOR}notice_url = '{url}'\n") == 2
    told = capsys.readouterr().err
    assert "expected a notice_url such as https://" in told
    assert "secret" not in told


@pytest.mark.parametrize("bad", [r"a\nb", r"a\u0000b", r"a\u202Eb", r"a\uFFFFb", r"a\u0085b"])
def test_a_text_that_is_no_line_of_print_is_refused(tmp_path, capsys, bad):
    """Line ends, control characters, changes of direction: by the key's name."""
    text = OPERATOR.replace('"planning"', f'"{bad}"')
    assert run(tmp_path, text=text) == 2
    assert "expected purpose in one line" in capsys.readouterr().err


def test_the_command_line_takes_any_public_address(tmp_path):
    """It is printed on a sign, so that no query in it can be a secret."""
    pytest.importorskip("segno", reason="needs the extra notice")
    words = ["--out", str(tmp_path / "n"), "--set", "operator.notice_url=https://b.example/?id=7"]
    assert run(tmp_path, *words) == 0


@pytest.mark.parametrize(
    ("change", "status", "told"),
    [
        ("[estimator]\nmodels = ['none_such']\n", 4, "there is no model 'none_such'"),
        ("[source]\nuri = 'gopher://cam'\n", 2, "source.uri is of no known kind"),
    ],
)
def test_what_no_device_could_run_with_gets_no_notice(tmp_path, capsys, change, status, told):
    """It would tell of something that is not so."""
    assert run(tmp_path, "--out", str(tmp_path / "n"), text=OPERATOR + change) == status
    assert told in capsys.readouterr().err
    assert not (tmp_path / "n").exists()


def test_without_segno_nothing_is_written(tmp_path, capsys, monkeypatch):
    """Where there is an address; one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "segno", None)
    text = f'{OPERATOR}notice_url = "https://b.example"\n'
    assert run(tmp_path, "--out", str(tmp_path / "n"), text=text) == 1
    assert "pip install 'agender-edge[notice]'" in capsys.readouterr().err
    assert not (tmp_path / "n").exists()
    assert run(tmp_path, "--out", str(tmp_path / "n")) == 0


def test_a_folder_that_cannot_be_had_is_named(tmp_path, capsys):
    """In one sentence."""
    (tmp_path / "file").write_text("")
    assert run(tmp_path, "--out", str(tmp_path / "file")) == 1
    assert f"--out {tmp_path / 'file'}: cannot be written" in capsys.readouterr().err


def test_a_file_that_cannot_be_replaced_leaves_all_of_the_old_notice(tmp_path, capsys):
    """No new sign beside an old page, and nothing half made."""
    out = tmp_path / "n"
    (out / PAGE_FILE).mkdir(parents=True)
    (out / "sign-en-A4.svg").write_text("old")
    assert run(tmp_path, "--out", str(out)) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert f"{out / PAGE_FILE}: cannot be written: Is a directory" in told.err
    assert (out / "sign-en-A4.svg").read_text() == "old"
    assert {path.name for path in out.iterdir()} == {"sign-en-A4.svg", PAGE_FILE}


def test_a_disk_that_takes_a_part_only_leaves_all_of_the_old_notice(tmp_path, capsys):
    """As when it is full after the first file; here by a limit between the files' sizes."""
    whole, out = tmp_path / "whole", tmp_path / "n"
    assert run(tmp_path, "--out", str(whole)) == 0
    sign, page = (whole / name for name in ("sign-en-A4.svg", PAGE_FILE))
    out.mkdir()
    (out / sign.name).write_text("old")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    between = (sign.stat().st_size + page.stat().st_size) // 2
    assert sign.stat().st_size < between
    capsys.readouterr()
    resource.setrlimit(resource.RLIMIT_FSIZE, (between, limit[1]))
    try:
        assert run(tmp_path, "--out", str(out)) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert f"--out {out}: cannot be written: File too large" in capsys.readouterr().err
    assert [path.name for path in out.iterdir()] == [sign.name]
    assert (out / sign.name).read_text() == "old"


def test_a_recording_is_pointed_out(tmp_path, capsys):
    """A notice is of a camera; one made of a recording's configuration is of another device."""
    text = f"{OPERATOR}[source]\nuri = 'clip.mp4'\n"
    assert run(tmp_path, "--out", str(tmp_path / "n"), text=text) == 0
    assert "source.uri is a recording" in capsys.readouterr().err


def test_the_command_line_knows_the_sheets_that_there_are():
    """It imports nothing heavy, and so names them itself."""
    assert set(arguments.FORMATS) == set(FORMATS)
    parsed = parser().parse_args(["notice"])
    assert (parsed.language, parsed.format) == (["en"], "A4")
