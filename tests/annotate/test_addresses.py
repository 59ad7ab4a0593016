"""Sources by address: files, playlists and pages, from a real server on a loopback port."""

from __future__ import annotations

import subprocess
import sys
import types

import cv2
import numpy as np
import pytest

from converters.cli import main
from tests.annotate.conftest import make_special, write_film
from tests.shared import pictures_of


def annotate(*arguments):
    """Run the verb in this process; its status."""
    return main(["annotate", *map(str, arguments)])


@pytest.mark.parametrize("name", ["film.mp4", "film.m3u8", "film.mkv"])
def test_a_video_is_read_from_its_address(web, tmp_path, name):
    """A file or a playlist, whole."""
    assert annotate(f"{web}/{name}", tmp_path / "seen.mp4") == 0
    assert len(pictures_of(tmp_path / "seen.mp4")) == 10


@pytest.mark.parametrize("change", ["interlaced", "wide pixels", "turned"])
def test_a_video_is_seen_as_the_device_sees_it(web, films, tmp_path, change):
    """Of one field, of square pixels, upright; OpenCV's reader gave black or narrow ones."""
    make_special(films / "film.mp4", films / "special.mp4", change)
    assert annotate(f"{web}/special.mp4", tmp_path / "seen.mp4") == 0
    seen = pictures_of(tmp_path / "seen.mp4")[4]
    plain = pictures_of(films / "film.mp4")[4]
    assert seen.shape == plain.shape
    assert np.mean(cv2.absdiff(seen, plain)) < 12  # but for compression, and what is drawn on it


def test_a_picture_is_read_from_its_address(web, tmp_path):
    """As if it lay here."""
    assert annotate(f"{web}/face.png", tmp_path / "seen.png") == 0
    assert cv2.imread(str(tmp_path / "seen.png")).shape == (480, 640, 3)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/none.mp4", "answers 404 File not found"),
        ("/live.m3u8", "does not say how long it is: say when to stop with --limit"),
        ("/page", "pip install 'agender-edge[sites]'"),
    ],
)
def test_an_address_that_leads_nowhere_is_told(web, tmp_path, path, sentence):
    """In one sentence, with nothing written."""
    command = ["annotate", web + path, str(tmp_path / "seen.mp4")]
    without = "import sys; sys.modules['yt_dlp'] = None; from converters.cli import main; "
    done = subprocess.run(
        [sys.executable, "-c", without + "sys.exit(main(sys.argv[1:]))", *command],
        text=True, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert sentence in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_nobody_listening_is_told(tmp_path, capsys):
    """A port on which there is no server."""
    assert annotate("http://127.0.0.1:1/film.mp4", tmp_path / "seen.mp4") == 1
    assert "127.0.0.1:1 cannot be reached: " in capsys.readouterr().err


def test_a_connection_that_breaks_is_told(web, tmp_path, capsys):
    """What came is in OUT, the status is 3, and the sentence counts the frames."""
    assert annotate(f"{web}/half/film.mkv", tmp_path / "seen.mp4") == 3
    frames = len(pictures_of(tmp_path / "seen.mp4"))
    assert 0 < frames < 10
    assert f"ended early: {frames} of about 10 frames" in capsys.readouterr().err


def test_secrets_in_an_address_are_not_shown(tmp_path, capsys):
    """Neither password nor token appears in a message."""
    assert annotate("http://me:word@127.0.0.1:1/a.mp4?token=key", tmp_path / "seen.mp4") == 3
    said = capsys.readouterr().err
    assert "http://127.0.0.1:1 " in said
    assert "word" not in said
    assert "key" not in said


def test_a_playlist_cannot_reach_into_this_machine(web, films, people, tmp_path):
    """A segment that is a local file is not opened."""
    write_film(tmp_path / "own.ts", people)
    (films / "evil.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1.0,\nfile://{tmp_path}/own.ts\n#EXT-X-ENDLIST\n"
    )
    assert annotate(f"{web}/evil.m3u8", tmp_path / "seen.mp4", "--limit", 3) != 0
    assert not (tmp_path / "seen.mp4").exists()


class FakeFinder:
    """Stands for yt_dlp.YoutubeDL, which needs the sites themselves: finds what it is told."""

    found: object = None

    def __init__(self, options):
        assert options["noplaylist"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        return None

    def extract_info(self, url, download):
        assert not download
        if isinstance(self.found, Exception):
            raise self.found
        return self.found


@pytest.fixture
def finder(monkeypatch):
    """A yt_dlp whose answer the test sets."""
    module = types.ModuleType("yt_dlp")
    module.YoutubeDL = FakeFinder
    module.utils = types.SimpleNamespace(DownloadError=type("DownloadError", (Exception,), {}))
    monkeypatch.setitem(sys.modules, "yt_dlp", module)
    yield module
    FakeFinder.found = None


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_page_leads_to_its_video(web, tmp_path, finder, wrapped):
    """The address that yt-dlp finds is read, with the headers it asks for."""
    entry = {"url": f"{web}/film.mp4", "http_headers": {"User-Agent": "a|b", "Referer": web}}
    FakeFinder.found = {"entries": [entry]} if wrapped else entry
    assert annotate(f"{web}/page", tmp_path / "seen.mp4") == 0
    assert len(pictures_of(tmp_path / "seen.mp4")) == 10


@pytest.mark.parametrize("answer", ["error", {}, {"entries": []}])
def test_a_page_without_a_video_is_told(web, tmp_path, finder, capsys, answer):
    """In one plain sentence, yt-dlp's reason in it where there is one."""
    error = finder.utils.DownloadError("\x1b[0;31mERROR:\x1b[0m Unsupported URL; please report")
    FakeFinder.found = error if answer == "error" else answer
    assert annotate(f"{web}/page", tmp_path / "seen.mp4") == 1
    said = capsys.readouterr().err
    assert "yt-dlp finds no video on" in said
    assert "\x1b" not in said
    assert ("Unsupported URL" in said) == (answer == "error")


@pytest.mark.slow
def test_the_real_yt_dlp_finds_a_film_on_a_page(web, films, tmp_path):
    """Its generic extractor, on a page of our own."""
    pytest.importorskip("yt_dlp", reason="yt-dlp is not installed: pip install yt-dlp")
    page = f'<html><head><title>Film</title></head><body><video src="{web}/film.mp4"></video>'
    (films / "site.html").write_text(page + "</body></html>")
    assert annotate(f"{web}/site.html", tmp_path / "seen.mp4") == 0
    assert len(pictures_of(tmp_path / "seen.mp4")) == 10
