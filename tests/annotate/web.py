"""A web server on a loopback port: files of a folder, and what real servers do wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

TYPES = {".m3u8": "application/vnd.apple.mpegurl", ".ts": "video/mp2t", ".mkv": "video/x-matroska"}


class Handler(SimpleHTTPRequestHandler):
    """Serves a folder; `/page…` is a site's page, `/half/NAME` breaks off before the end."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def do_GET(self) -> None:
        """Answer one request."""
        if self.path.startswith("/page"):
            self._said("text/html", b"<html><body>A film</body></html>")
        elif self.path.startswith("/half/"):
            content = (Path(self.directory) / Path(self.path).name).read_bytes()
            self._said("video/x-matroska", content, len(content) * 9 // 10)
        else:
            super().do_GET()

    def _said(self, kind: str, content: bytes, sent: int | None = None) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:sent])
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve `folder`; the address of its root."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
