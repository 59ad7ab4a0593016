"""What the hub's tests share: windows as messages, what a store holds, the program itself."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from edge.messages.counts import encode_counts
from hub.columns import COLUMNS
from hub.errors import StoreError
from hub.message import Refused, Window, read
from hub.report.question import DEVICES, GAPS, PLACES, SUMS, asked
from hub.store import Store, open_store
from hub.store.base import Written
from tests.publish.support import STARTED, counts, spawn, wait_for

NUMBERING = "0123456789ab"
TOPIC = "agender/v2/shop/door/counts"
Key = tuple[str, str, str, int]


def payload(minute: int = 0, **changes: Any) -> bytes:
    """The message of the window of a minute of 2026, which is its number too."""
    return encode_counts(counts(minute, **({"seq": minute, "numbering": NUMBERING} | changes)))


def changed(drop: Iterable[str] = (), **changes: Any) -> bytes:
    """A window's message whose JSON was changed by hand."""
    flat = msgspec.json.decode(payload(), type=dict[str, Any]) | changes
    return msgspec.json.encode({key: flat[key] for key in flat if key not in set(drop)})


def window(minute: int = 0, site: str = "shop", device: str = "door", **changes: Any) -> Window:
    """A window as the hub reads it."""
    found = read(f"agender/v2/{site}/{device}/counts", payload(minute, **changes))
    assert isinstance(found, Window), found
    return found


def seqs(store: Store) -> list[int]:
    """The numbers of all windows in a store, each as often as it is there."""
    found = store.ask("SELECT seq FROM windows ORDER BY seq", {})
    return [row["seq"] for row in found]


def contents(store: Store) -> list[tuple[Any, ...]]:
    """All windows in a store, column by column, in the order of their keys."""
    rows = store.ask("SELECT * FROM windows", {})
    return sorted(tuple(_same(row[name]) for name in COLUMNS) for row in rows)


def stored(address: str) -> list[int]:
    """`seqs` of the store at an address; none where it does not answer."""
    try:
        with closing(open_store(address, reading=True)) as store:
            return seqs(store)
    except StoreError:
        return []


def wait_until_stored(address: str, expected: Iterable[int]) -> None:
    """Until these windows are stored, each once, and no others."""
    wanted = sorted(expected)
    wait_for(lambda: len(stored(address)) >= len(wanted), 40, "all windows in the store")
    assert stored(address) == wanted


def _same(value: Any) -> Any:
    """One form for what the stores have in forms of their own: JSON, truth; None sorts as text."""
    if isinstance(value, str) and value.startswith("{"):
        value = msgspec.json.decode(value)
    if isinstance(value, dict):
        return str(sorted(value.items()))
    return str(int(value) if isinstance(value, bool) else value)


def lock(path: str) -> sqlite3.Connection:
    """Hold an embedded store so that nobody else can write to it."""
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("BEGIN IMMEDIATE")
    return holder


class Hub:
    """`agender-hub run`, with short waits; its log is in `log`."""

    def __init__(self, folder: Path, port: int, store: str, *flags: str) -> None:
        self._file = folder / f"hub-{time.monotonic_ns()}.log"
        with self._file.open("ab") as log:
            self.process = spawn(
                [sys.executable, "-m", "hub", "run", "--broker", f"127.0.0.1:{port}",
                 "--store", store, *flags],
                stderr=log,
            )  # fmt: skip

    def listens(self) -> Hub:
        """Wait until the broker keeps windows for it."""
        wait_for(lambda: "listening to" in self.log or self.process.poll() is not None, 20, "it")
        assert self.process.poll() is None, self.log
        return self

    @property
    def log(self) -> str:
        return self._file.read_text(errors="replace")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def end(self) -> int:
        """SIGTERM → its exit status."""
        self.process.terminate()
        status = self.process.wait(20)
        assert "Traceback" not in self.log, self.log
        return status


def agender_hub(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end."""
    command: Sequence[str] = [sys.executable, "-m", "hub", *arguments]
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[2],
        timeout=60,
    )


class Sender:
    """Publishes as devices do: QoS 1, again after a broken connection until it is acknowledged."""

    def __init__(
        self, port: int, client_id: str = "sender", *, ca: Path | None = None, **login: str
    ) -> None:
        self._sent = self._acknowledged = 0
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id,
                                   clean_session=False)  # fmt: skip
        self._client.reconnect_delay_set(1, 1)
        self._client.on_publish = self._on_publish
        if login:
            self._client.username_pw_set(**login)
        if ca is not None:
            self._client.tls_set(str(ca))
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        STARTED.append(self.close)

    def send(self, message: bytes, topic: str = TOPIC) -> None:
        self._client.publish(topic, message, qos=1)
        self._sent += 1

    def windows(self, minutes: Iterable[int], pause_s: float = 0.0) -> None:
        for minute in minutes:
            self.send(payload(minute))
            time.sleep(pause_s)

    def arrived(self) -> None:
        """Wait until the broker has acknowledged all of it."""
        wait_for(lambda: self._acknowledged == self._sent, 30, "acknowledgements")

    def _on_publish(self, *_: object) -> None:
        self._acknowledged += 1

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def scratch() -> Iterator[Store]:
    """An embedded store in memory, where the disk is waited for in vain."""
    memory = Path("/dev/shm")
    with (
        TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder,
        closing(open_store(f"{folder}/hub.sqlite3")) as store,
    ):
        yield store


def put(store: Store, *windows: Window, refused: tuple[Refused, ...] = ()) -> Written:
    return store.write(windows, refused, 0)


def answers(store: Store) -> dict[str, Any]:
    """What every query of a report says, over all time."""
    found: dict[str, Any] = {}
    question = asked("day", "device", ("1969-01-01", "9999-01-01"), ("shop", "door"), date.today())
    for queries in (SUMS, GAPS, DEVICES, PLACES):
        for query in queries.values():
            rows = store.ask(query, question.values)
            found[query] = sorted((tuple(row.items()) for row in rows), key=repr)
    return found
