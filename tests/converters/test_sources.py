"""Originals are used only when they are, byte for byte, the pinned ones."""

from __future__ import annotations

import hashlib
import threading
import zipfile
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from converters import sources
from converters.errors import ConvertError
from converters.sources import Given, Original, Url

CONTENT = b"weights" * 1000


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def server(tmp_path):
    """A web server for the folder `web`; (address, folder)."""
    folder = tmp_path / "web"
    folder.mkdir()
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{web.server_port}", folder
        web.shutdown()
        thread.join()


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_fetched_file_is_cached_and_then_needs_no_network(server):
    """The second read comes from the cache: the server may be gone."""
    address, folder = server
    (folder / "w.bin").write_bytes(CONTENT)
    original = Original(Url(f"{address}/w.bin", sha(CONTENT)), sha(CONTENT))
    assert original.read() == CONTENT
    (folder / "w.bin").unlink()
    assert original.read() == CONTENT


@pytest.mark.parametrize("served", [CONTENT[:-1], CONTENT + b"x", b"<html>not found</html>"])
def test_a_fetched_file_with_another_hash_is_refused_and_not_cached(server, served):
    """Truncated, longer or another file: refused, and nothing stays in the cache."""
    address, folder = server
    (folder / "w.bin").write_bytes(served)
    with pytest.raises(ConvertError, match="not the expected file"):
        Original(Url(f"{address}/w.bin", sha(CONTENT)), sha(CONTENT)).read()
    assert list(sources.cache_folder().iterdir()) == []


def test_a_damaged_cache_entry_is_fetched_again(server):
    """A file that rotted in the cache is not trusted."""
    address, folder = server
    (folder / "w.bin").write_bytes(CONTENT)
    original = Original(Url(f"{address}/w.bin", sha(CONTENT)), sha(CONTENT))
    original.read()
    (sources.cache_folder() / sha(CONTENT)).write_bytes(b"rot")
    assert original.read() == CONTENT


def test_a_missing_page_is_one_clear_sentence(server):
    """The URL is in the message, and what to do."""
    address, _ = server
    with pytest.raises(ConvertError, match=r"cannot fetch .*none.*give the file's path"):
        Original(Url(f"{address}/none", sha(CONTENT)), sha(CONTENT)).read()


def test_a_file_by_path_is_checked_too(tmp_path):
    """The pinned hash holds for a path as for a URL."""
    path = tmp_path / "w.bin"
    path.write_bytes(CONTENT[:-1])
    original = Original(Given("somebody", sha(CONTENT)), sha(CONTENT))
    with pytest.raises(ConvertError, match="truncated"):
        original.read(path)
    path.write_bytes(CONTENT)
    assert original.read(path) == CONTENT


def test_an_archive_or_the_file_inside_it_may_be_given(tmp_path):
    """A user may hold the whole package or have taken the file out already."""
    archive = tmp_path / "package.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        wheel.writestr("inside/w.bin", CONTENT)
    inner = tmp_path / "w.bin"
    inner.write_bytes(CONTENT)
    original = Original(Given("p", sha(archive.read_bytes())), sha(CONTENT), "inside/w.bin")
    assert original.read(archive) == original.read(inner) == CONTENT


def test_a_network_without_an_address_asks_for_its_file():
    """There is nowhere to fetch it from, and the sentence says what to do."""
    with pytest.raises(ConvertError, match="give its file with --source"):
        Original(Given("somebody", sha(b"")), sha(b"")).read()


def test_an_unreadable_path_is_one_clear_sentence(tmp_path):
    """A missing path is named."""
    with pytest.raises(ConvertError, match=r"cannot read .*nothing\.bin"):
        Original(Given("p", sha(b"")), sha(b"")).read(Path(tmp_path / "nothing.bin"))
