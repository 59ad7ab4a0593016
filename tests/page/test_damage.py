"""Whatever lies in the history's place: the page tells it in a sentence, and can still pause."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from edge.config.read import load
from edge.config.tables import Config
from edge.history.history import FILE_NAME
from edge.messages.page import PageSocket
from edge.page.app import App
from edge.page.ear import Ear
from tests.page.support import configure, fill

PATHS = ("/", "/part/figures", "/report?kind=week", "/report?kind=month", "/report.csv?kind=week",
         "/report.json?kind=month", "/report.html?kind=week")  # fmt: skip
NAMES = (
    "folding.", "folding.rounding", "folding.rounding:many", "folding.other:5", "model.", "model",
    "zone_", "zone_shop_in", "line__in", "line_door_people", "line_door_sideways", "people_",
    "age_99", "windows\n", "<script>alert(1)</script>", "\x1b[31m\u202e", "",
)  # fmt: skip


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a device that counted for weeks."""
    folder = tmp_path_factory.mktemp("filled")
    configure(folder, 1)
    fill(folder)
    return folder


@pytest.fixture
def config(filled: Path, tmp_path: Path) -> Config:
    """Of a copy of it."""
    shutil.copytree(filled / "state", tmp_path / "state")
    paths = [f"paths.state={tmp_path}/state", f"paths.runtime={tmp_path}/run"]
    return load(filled / "config.toml", paths)


def ask(app: App, path: str) -> tuple[str, str]:
    """Status and text of what a browser gets."""
    found: list[str] = []
    path, _, query = path.partition("?")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": query,
               "HTTP_HOST": "localhost"}  # fmt: skip
    body = b"".join(app(environ, lambda status, _headers: found.append(status)))
    return found[0], body.decode()


def change(file: Path, *statements: str) -> None:
    """As somebody does who keeps to no constraint."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            connection.execute(statement)
    connection.close()


def flip(file: Path) -> None:
    content, random = bytearray(file.read_bytes()), Random(20)
    for _ in range(200):
        content[random.randrange(4_096, len(content))] ^= 0xFF
    file.write_bytes(content)


def lead_to_itself(file: Path) -> None:
    file.unlink()
    file.symlink_to(file.name)


def replace_by_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def name_all_so(name: str) -> Callable[[Path], None]:
    """Every sum called so, one after the other a letter longer."""

    def damage(file: Path) -> None:
        quoted = name.replace("'", "''")
        change(file, f"UPDATE names SET name = '{quoted}' || substr('abcdefghijkl', 1, id - 1)")

    return damage


DAMAGES: dict[str, Callable[[Path], None]] = {
    "gone": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "noise": lambda file: file.write_bytes(Random(1).randbytes(9_000)),
    "cut": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "flipped": flip,
    "loop": lead_to_itself,
    "folder": replace_by_folder,
    "newer": lambda file: change(file, "PRAGMA user_version = 99"),
    "older": lambda file: change(file, "PRAGMA user_version = 0"),
    "no table": lambda file: change(file, "DROP TABLE hours"),
    "nothing in it": lambda file: change(file, "DELETE FROM hour_sums"),
    "numbers below 0": lambda file: change(file, "UPDATE hour_sums SET value = -value"),
    "numbers beyond bounds": lambda file: change(file, f"UPDATE hour_sums SET value = {2**62}"),
    "hours at other times": lambda file: change(file, "UPDATE hours SET start_s = 1e12 + id"),
    **{f"sums called {name!r}": name_all_so(name) for name in NAMES},
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_it_is_told_in_a_sentence(config: Config, damage: Callable[[Path], None]) -> None:
    """No page goes wrong by it, now and the device are shown as ever, and nothing is a script."""
    damage(Path(config.paths.state) / FILE_NAME)
    with PageSocket(config.paths.runtime) as socket:
        app = App(config, Ear(socket), None)
        for path in PATHS:
            status, text = ask(app, path)
            assert status[:3] in ("200", "404"), (path, text)
            assert "<script>alert" not in text
            assert path != "/" or 'action="/pause"' in text
