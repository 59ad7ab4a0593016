"""What `flash-kit` will not do, each told in one sentence, with nothing written."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from edge.cli import main
from edge.config.countries import COUNTRIES
from edge.errors import UserError
from edge.flash import target, wheels
from edge.flash.release import RELEASES
from tests.publish.certificates import Authority

GOOD = ("--site", "shop", "--device", "door", "--broker", "hub.local")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one of everything that can be wrong, which is also the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO())
    (tmp_path / "secret").write_text("correct horse\n")
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "short").write_text("short\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "id").write_text("-----BEGIN OPENSSH PRIVATE KEY-----\nabc\n")
    (tmp_path / "prose").write_text("no key at all\n")
    (tmp_path / "c.toml").write_text("[privacy]\nepsilon = 1.0\n")
    (tmp_path / "column.csv").write_text("device,colour\ndoor,red\n")
    (tmp_path / "short.csv").write_text("device,hostname\ndoor\n")
    (tmp_path / "twice.csv").write_text("device,hostname\ndoor,a\ntill,a\n")
    (tmp_path / "none.csv").write_text("hostname\na\n")
    (tmp_path / "camera.csv").write_text("device,source\ndoor,rtsp://u:p@ss@cam/1\n")
    (tmp_path / "nothing.csv").write_text("")
    for folder in ("bare", "lonely", "full"):
        (tmp_path / folder).mkdir()
    (tmp_path / "bare" / "agender_64.tflite").write_text("")
    (tmp_path / "lonely" / "agender_64.json").write_text("{}")
    full = tmp_path / "full"
    (full / "holiday.jpg").write_text("")
    for name in ("bookworm", "trixie"):
        boot = tmp_path / name
        boot.mkdir()
        for file in ("config.txt", "cmdline.txt"):
            (boot / file).write_text("")
    (tmp_path / "trixie" / "user-data").write_text("#cloud-config\n")
    return tmp_path


def said(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Status and last line of `agender-edge flash-kit ARGUMENTS`."""
    with pytest.raises(SystemExit) as ended:
        main(["flash-kit", *arguments])
    return int(ended.value.code or 0), capsys.readouterr().err.strip().splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("--broker", "h", "out"), 1, "name the device with --device NAME, or several with"),
        ((*GOOD[:4], "out"), 2, "--broker is missing: name the host that the counts go to"),
        ((*GOOD, "--set", "source.fsp=5", "out"), 2, "source.fsp: there is no such key; did you"),
        ((*GOOD, "--device", "a/b", "out"), 1, "'a/b' is no host name: use a-z, 0-9 and -"),
        ((*GOOD, "--site", "a b", "out"), 2, 'device.site = "a b": expected 1 to 40 letters'),
        ((*GOOD, "--device", "a,a", "out"), 1, "two devices have the same name: a"),
        ((*GOOD, "--device", "a,b", "--hostname", "c", "out"), 1, "--hostname names one host"),
        ((*GOOD, "--password", "x", "out"), 2, "--password would show the secret to every user"),
        ((*GOOD, "--wifi-psk", "x", "out"), 2, "--wifi-psk would show the secret to every user"),
        ((*GOOD, "--source", "rtsp://u:p@c/1", "out"), 2, "source.uri holds a password, which ev"),
        ((*GOOD, "--username", "d", "out"), 1, "the password of d at hub.local is missing: name"),
        ((*GOOD, "--username", "d", "--password-file", "no", "out"), 1, "no: cannot be read: No s"),
        ((*GOOD, "--username", "d", "--password-file", "empty", "out"), 1, "hub.local is empty"),
        ((*GOOD, "--username", "d", "--password-file", "binary", "out"), 1, "is not UTF-8 text"),
        ((*GOOD, "--password-file", "secret", "out"), 1, "--username is missing: whose password"),
        ((*GOOD, "--set", "mqtt.password_file=/x", "out"), 2, "name one here with --password-file"),
        ((*GOOD, "--config", "c.toml", "out"), 2, "needs the extra 'privacy', which no kit carr"),
        ((*GOOD, "--set", "metrics.port=9", "out"), 2, "needs the extra 'metrics', which no kit"),
        ((*GOOD, "--wifi-country", "DE", "out"), 1, "--wifi-ssid is missing: name the wireless"),
        ((*GOOD, "--wifi-ssid", "n" * 33, "out"), 1, "is longer than 32 bytes"),
        ((*GOOD, "--wifi-ssid", "n", "out"), 1, "--wifi-country: name the country by its two le"),
        ((*GOOD, "--wifi-ssid", "n", "--wifi-country", "de", "--wifi-psk-file", "short", "out"),
         1, "must have 8 to 63 ASCII characters (WPA2)"),
        ((*GOOD, "--wifi-ssid", "n", "--wifi-country", "XX", "out"), 1, "its two letters of IS"),
        ((*GOOD, "--wifi-ssid", "n", "--wifi-country", "uk", "out"), 1, "United Kingdom is GB"),
        ((*GOOD, "--wifi-ssid", "n", "--wifi-country", "DEU", "out"), 1, "its two letters of ISO"),
        ((*GOOD, "--wifi-hidden", "out"), 1, "--wifi-ssid is missing: name the wireless"),
        ((*GOOD, "--wifi-ssid", "n", "--wifi-country", "DE", "--wifi-security", "open",
          "--wifi-psk-file", "short", "out"), 1, "an open network has no pass phrase"),
        ((*GOOD, "--wifi-ssid", "n", "--wifi-country", "DE", "--wifi-security", "wep", "out"), 2,
         "invalid choice: 'wep'"),
        ((*GOOD, "--ssh-key", "id", "out"), 1, "is a private key, which never leaves your machi"),
        ((*GOOD, "--ssh-key", "prose", "out"), 1, "holds no public SSH keys, one a line"),
        ((*GOOD, "--user", "root", "out"), 1, "--user root: use a-z, 0-9, _ and - (at most 32)"),
        ((*GOOD, "--tls-ca", "prose", "out"), 1, "prose: holds no certificate in PEM form"),
        ((*GOOD, "--tls-ca", "no", "out"), 1, "--tls-ca no: cannot be read: No such file"),
        ((*GOOD, "--models", "no", "out"), 1, "--models no: is no folder with models"),
        ((*GOOD, "--models", "bare", "out"), 1, "--models bare: is no folder with models"),
        ((*GOOD, "--models", "lonely", "out"), 1, "lonely: agender_64.tflite is missing beside it"),
        ((*GOOD, "--wheel", "prose", "out"), 1, "--wheel prose: cannot be read: it is no wheel"),
        ((*GOOD, "full"), 1, "full: holds other files (holiday.jpg) and is no boot partition"),
        ((*GOOD, "prose"), 1, "prose: is a file; name a folder or a mounted boot partition"),
        ((*GOOD, "n" * 300), 1, "cannot be looked at: File name too long"),
        ((*GOOD, "prose/out"), 1, "prose/out: there is no folder prose to write it in"),
        ((*GOOD, "a/b/c"), 1, "a/b/c: there is no folder a/b to write it in"),
        ((*GOOD, "bookworm"), 1, "bookworm: this image has no user-data, so it reads none"),
        ((*GOOD, "--device", "a,b", "trixie"), 1, "trixie: is the boot partition of one card"),
        (("--devices", "column.csv", "out"), 1, "there is no column 'colour'; known: device,"),
        (("--devices", "short.csv", "out"), 1, "line 2 has not as many fields as the first"),
        (("--devices", "twice.csv", "out"), 1, "two devices have the same hostname: a"),
        (("--devices", "none.csv", "out"), 1, "needs a line 'device,…' and a line for each"),
        (("--devices", "nothing.csv", "out"), 1, "needs a line 'device,…' and a line for each"),
        (("--devices", "camera.csv", "--broker", "h", "out"), 2, "camera.csv, device door: source"),
        (("--devices", "no.csv", "out"), 1, "--devices no.csv: cannot be read: No such file"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_sentence_and_writes_nothing(
    files: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    status: int,
    sentence: str,
):
    """It names what is wrong and what would be right, before anything is built or fetched."""
    before = sorted(files.rglob("*"))
    got, line = said(arguments, capsys)
    assert sentence in line
    assert got == status
    assert sorted(files.rglob("*")) == before


def test_the_countries_are_those_of_the_time_zone_database():
    """Where this machine has it, it lists the same."""
    listed = Path("/usr/share/zoneinfo/iso3166.tab")
    if not listed.is_file():
        pytest.skip("tzdata is not installed")
    rows = listed.read_text().splitlines()
    assert {row.split("\t")[0] for row in rows if not row.startswith("#")} == COUNTRIES


def test_a_certificate_that_signs_nothing_is_refused(
    files: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    """A broker's own certificate is a common mistake for its authority's."""
    (tmp_path / "ca").mkdir()
    authority = Authority(tmp_path / "ca")
    certificate, _ = authority.issue("hub.local")
    _, line = said((*GOOD, "--tls-ca", str(certificate), "out"), capsys)
    assert "holds no certificate that signs others (CA:TRUE)" in line


@pytest.mark.parametrize("offline", [True, False])
def test_a_card_that_is_too_small_is_told_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, offline: bool
):
    """Needed and free megabytes are both named; --offline only where it was given."""
    monkeypatch.setattr(target.shutil, "disk_usage", lambda _: SimpleNamespace(free=3_000_000))
    with pytest.raises(UserError, match="needs 6 MB, but 3 MB are free;") as caught:
        target.check_room(tmp_path, [{"a": bytes(5_000_000)}], offline=offline)
    assert ("leave out --offline" in str(caught.value)) is offline


def test_a_file_that_fat32_cannot_hold_is_refused(tmp_path: Path):
    """A boot partition's files end at 4 GB, however large the card."""
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(2**32)
    with pytest.raises(UserError, match="is larger than 4 GB"):
        target.check_room(tmp_path, [{"models/large.tflite": large}], offline=False)


MISMATCH = """ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.
    pip from https://example.org/pip.whl:
        Expected sha256 aa
             Got        bb
"""


@pytest.mark.parametrize(
    ("words", "told"),
    [(MISMATCH, "failed: THESE PACKAGES DO NOT MATCH THE HASHES"),
     ("a warning\nno space left\n", "failed: no space left"), ("", "failed: no reason given")],
)  # fmt: skip
def test_pip_s_failure_is_told_by_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, told: str
):
    """Its first error, not the advice or the list that follows; else its last words."""
    ended = SimpleNamespace(returncode=1, stdout="", stderr=words)
    monkeypatch.setattr(wheels.subprocess, "run", lambda *_, **__: ended)
    lock = wheels.lock_of(RELEASES["trixie"])
    with pytest.raises(UserError, match=told):
        wheels.download(lock, tmp_path, [], "https://example.org/simple")


def test_help_has_examples(capsys: pytest.CaptureFixture[str]):
    """A person finds out how to use it without the documentation."""
    with pytest.raises(SystemExit):
        main(["flash-kit", "--help"])
    text = capsys.readouterr().out
    assert "agender-edge flash-kit --site shop --device door --broker hub.local" in text
    assert "--wifi-psk-file" in text
    assert "--password " not in text
