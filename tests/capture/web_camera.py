"""Cameras that speak HTTP: JPEG after JPEG in one answer, a playlist with its pieces, refusals."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2

from tests.capture.footage import picture


class Camera(BaseHTTPRequestHandler):
    """/mjpeg, /broken (every fifth JPEG is damaged), /hls/…, /private (401), all else 404."""

    folder: Path
    fps: float

    def do_GET(self) -> None:
        name = self.path.split("?")[0]
        if name in ("/mjpeg", "/broken"):
            self._stream(broken=name == "/broken")
        elif name.startswith("/hls/") and (self.folder / name[5:]).is_file():
            self._answer(200, (self.folder / name[5:]).read_bytes())
        else:
            self._answer(401 if name == "/private" else 404, b"")

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, *, broken: bool) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        try:
            for index in range(10_000):
                jpeg = cv2.imencode(".jpg", picture(index % 60))[1].tobytes()
                if broken and index % 5 == 4:
                    jpeg = jpeg[:300] + bytes(100) + jpeg[400:-200]
                head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                time.sleep(1 / self.fps)
        except OSError:
            pass


@contextmanager
def web_camera(folder: Path, fps: float = 50.0) -> Iterator[int]:
    """Serves for the length of a block; its port."""
    handler = type("Here", (Camera,), {"folder": folder, "fps": fps})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()
