"""The verb `publisher` as a process: its output, its end, and all it touches."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.errors import NOBODY_READS
from edge.history.history import FILE_NAME as HISTORY_NAME
from edge.outbox.outbox import FILE_NAME, Outbox
from tests.publish.support import Broker, Subscriber, counts, spawn, wait_for

MEMORY_LIMIT_MB = 45


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    """Vision's end of the outbox."""
    with Outbox(tmp_path / "state" / FILE_NAME) as opened:
        yield opened


def command(folder: Path, port: int, *more: str) -> list[str]:
    """The verb with its state and sockets in `folder`."""
    keys = {
        "device.site": "shop", "device.name": "door", "mqtt.host": "127.0.0.1", "mqtt.port": port,
        "paths.state": folder / "state", "paths.runtime": folder / "run",
    }  # fmt: skip
    flags = [part for key, value in keys.items() for part in ("--set", f"{key}={value}")]
    return [sys.executable, "-B", "-m", "edge", "publisher", *flags, *more]


def test_stdout_gets_one_object_a_line_and_nothing_else(tmp_path: Path, outbox: Outbox) -> None:
    """With --sink stdout each window is a line of JSON as it comes; a signal ends it, drained."""
    outbox.append(counts(0))
    process = spawn(command(tmp_path, 1, "--sink", "stdout"), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    outbox.append(counts(1))
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=10)
    second = json.loads(rest)
    assert (first["seq"], second["seq"], process.returncode) == (1, 2, 0)
    assert outbox.depth() == 0


def test_a_reader_that_leaves_costs_no_window(tmp_path: Path, outbox: Outbox) -> None:
    """`| head -1`: the process ends quietly with a status of its own, the rest stays stored."""
    for minute in range(500):
        outbox.append(counts(minute))
    process = spawn(
        command(tmp_path, 1, "--sink", "stdout"), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    assert process.wait(10) == NOBODY_READS
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()
    assert outbox.depth() > 0


def test_sigterm_drains_says_stopped_and_ends(
    tmp_path: Path, broker: Broker, subscriber: Subscriber, outbox: Outbox
) -> None:
    """What vision stored last is delivered before the end, and `stopped` is what stays."""
    process = spawn(command(tmp_path, broker.port), stderr=subprocess.DEVNULL)
    wait_for(lambda: "online" in subscriber.of("availability"), 10, "the connection")
    for minute in range(50):
        outbox.append(counts(minute))
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 0
    wait_for(lambda: "stopped" in subscriber.of("availability"), 5, "stopped")
    assert len(subscriber.of("counts")) == 50
    assert "offline" not in subscriber.of("availability")


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal (proc(5), SigCgt)."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def test_a_signal_ends_it_while_it_connects(tmp_path: Path, outbox: Outbox) -> None:
    """A broker that answers nothing holds up neither SIGTERM nor the windows in the outbox."""
    outbox.append(counts())
    with socket.create_server(("127.0.0.1", 0), backlog=0) as silent:
        port = silent.getsockname()[1]
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        process = spawn(command(tmp_path, port))
        wait_for(lambda: catches(process.pid, signal.SIGTERM), 20, "its start")
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        for filler in fillers:
            filler.close()
    assert outbox.depth() == 1


def test_kill_9_is_told_by_the_will(
    tmp_path: Path, broker: Broker, subscriber: Subscriber, outbox: Outbox
) -> None:
    """A process that dies leaves `offline`; the next one says `online` and sends the rest."""
    process = spawn(command(tmp_path, broker.port))
    wait_for(lambda: "online" in subscriber.of("availability"), 10, "the connection")
    process.kill()
    process.wait()
    wait_for(lambda: subscriber.of("availability")[-1] == "offline", 10, "the will")
    outbox.append(counts())
    process = spawn(command(tmp_path, broker.port))
    wait_for(lambda: bool(subscriber.of("counts")), 10, "the window")
    assert subscriber.of("availability")[-1] == "online"
    process.terminate()
    process.wait(10)


@pytest.mark.parametrize("more", [(), ("--sink", "stdout")], ids=["broker", "stdout"])
def test_one_publisher_owns_an_outbox(tmp_path: Path, outbox: Outbox, more: tuple) -> None:
    """Another one, with another runtime folder or another sink, would leave gaps in both."""
    first = spawn(command(tmp_path, 1), stderr=subprocess.DEVNULL)
    wait_for((tmp_path / "run" / "publisher.sock").exists, 10, "the first")
    other = command(tmp_path, 1, "--set", f"paths.runtime={tmp_path}/other", *more)
    done = subprocess.run(other, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert "another publisher takes windows out of this folder" in done.stderr
    assert done.stdout == ""
    first.kill()
    first.wait()
    outbox.append(counts())
    second = spawn(command(tmp_path, 1, "--sink", "stdout"), stdout=subprocess.PIPE)
    assert second.stdout is not None
    assert json.loads(second.stdout.readline())["seq"] == 1
    second.terminate()
    second.wait(10)


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) * 1024 / 1e6


def test_memory_stays_within_its_limit(
    tmp_path: Path, broker: Broker, subscriber: Subscriber, outbox: Outbox
) -> None:
    """At its highest, draining thousands of windows, it holds less than 45 MB."""
    for minute in range(3000):
        outbox._ring.append(counts(minute))
    outbox.flush()
    process = spawn(command(tmp_path, broker.port), stderr=subprocess.DEVNULL)
    wait_for(lambda: outbox.depth() == 0, 60, "an empty outbox")
    highest_mb = resident_mb(process.pid)
    process.terminate()
    process.wait(10)
    print(f"\nhighest resident memory {highest_mb:.1f} MB")
    assert highest_mb <= MEMORY_LIMIT_MB


ENDS = ("", "-wal", "-shm", "-journal")
WRITING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")
CALLS = ("openat,open,creat,connect,bind,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,"
         "link,symlink,mknod,truncate,socket")  # fmt: skip


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_it_writes_outbox_and_history_and_speaks_to_the_broker_and_nothing_else(
    tmp_path: Path, broker: Broker, subscriber: Subscriber, outbox: Outbox
) -> None:
    """Every file it writes and every address it speaks to, as the kernel saw them."""
    outbox.append(counts())
    record = tmp_path / "strace.txt"
    traced = ["strace", "-f", "-qq", "-e", f"trace={CALLS}", "-o", str(record)]
    process = spawn(traced + command(tmp_path, broker.port))
    wait_for(lambda: bool(subscriber.of("counts")), 20, "the window")
    child = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])
    os.kill(child, signal.SIGTERM)
    process.wait(20)
    written, spoken = set(), set()
    for line in record.read_text().splitlines():
        call = re.match(r"\d+\s+(\w+)\(", line)
        paths = re.findall(r'"([^"]+)"', line)
        if call is None or call[1] == "socket":
            continue
        if call[1] in ("connect", "bind"):
            port = re.search(r"sin6?_port=htons\((\d+)\)", line)
            spoken.add(f"port {port[1]}" if port else next(iter(paths), "netlink"))
        elif " = -1 E" not in line and (not call[1].startswith("open") or WRITING.search(line)):
            written.update(paths)
    names = [name + end for name in (FILE_NAME, HISTORY_NAME) for end in ENDS]
    state_files = {str(tmp_path / "state" / name) for name in names}
    sockets = {str(tmp_path / "run" / "publisher.sock")}
    harmless = {"/dev/null", str(tmp_path / "run"), str(tmp_path / "state" / "publisher.lock")}
    assert written <= state_files | sockets | harmless
    # Port 0: before it connects, a socket is bound to whatever port is free.
    assert spoken <= {f"port {broker.port}", "port 0"} | sockets
    assert f"port {broker.port}" in spoken
