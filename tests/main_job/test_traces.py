"""What the processes leave behind: outbox, history, messages to the broker; no more."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edge.host.readings import memory_mb
from tests.main_job.program import children_of, start, wait_for

VISION_MB = 160
PUBLISHER_MB = 45

# Never beyond the line's end: a call another thread interrupts has no closing bracket, and the
# next line's flags are another file's.
OPENED = re.compile(r'open(?:at2?)?\([^"\n]*"([^"\n]+)", [^)\n]*?(?:O_WRONLY|O_RDWR|O_CREAT)')
MADE = re.compile(
    r'\b(?:creat|mkdir|mkdirat|rename|renameat2?|link|symlink|mknod)\([^"\n]*"([^"\n]+)"'
)
SPOKEN_TO = re.compile(r"\b(?:connect|sendto|bind)\(\d+[^{\n]*(\{sa_family=[^}\n]+\})")


def run_traced(tmp_path: Path, clip: Path, port: int) -> str:
    """Run the whole product under strace against a broker; what it opened and where it spoke."""
    trace, state = tmp_path / "trace", tmp_path / "state"
    command = [
        "strace", "-f", "-qq", "-o", str(trace), "-s", "256", "-e", "trace=%file,%network",
        sys.executable, "-B", "-m", "edge", "run", "--until-end", "--source", str(clip),
        "--broker", f"127.0.0.1:{port}", "--window-s", "2", "--state-dir", str(state),
        "--set", f"paths.runtime={state}",
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return trace.read_text()


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed")
def test_nothing_is_written_but_outbox_and_history_and_nobody_reached_but_the_broker(
    tmp_path, demo_clip, mosquitto
):
    """A recording of every file opened for writing and every address spoken to."""
    trace = run_traced(tmp_path, demo_clip, mosquitto)
    state = tmp_path / "state"
    allowed = {
        str(state),
        *(
            f"{state}/{name}{end}"
            for name in ("outbox.sqlite", "history.sqlite3")
            for end in ("", "-wal", "-shm", "-journal")
        ),
        *(f"{state}/{name}" for name in ("pause", "pause.new", "publisher.lock")),
    }
    written = set(OPENED.findall(trace)) | set(MADE.findall(trace))
    written = {path for path in written if not path.startswith("/dev/")}
    assert f"{state}/outbox.sqlite" in written, "the trace recorded nothing"
    assert written <= allowed
    addresses = set(SPOKEN_TO.findall(trace))
    broker = f"sin_port=htons({mosquitto})"
    assert any(broker in address for address in addresses)
    strangers = [
        address for address in addresses
        if broker not in address
        and not re.search(rf'AF_UNIX, sun_path="{state}/(vision|publisher|aim)\.sock"', address)
        and "sin_port=htons(0)" not in address  # paho leaves its own port to the kernel
        and not any(word in address for word in ("AF_NETLINK", "nscd"))
    ]  # fmt: skip
    assert strangers == []


def test_an_interrupted_call_is_not_read_with_the_next_lines_flags():
    """Two threads in one recording: the first reads, the second writes."""
    recorded = (
        '7 openat(AT_FDCWD, "/lib/read.pyc", O_RDONLY|O_CLOEXEC <unfinished ...>\n'
        '8 openat(AT_FDCWD, "/state/outbox.sqlite", O_RDWR|O_CREAT, 0644 <unfinished ...>\n'
    )
    assert OPENED.findall(recorded) == ["/state/outbox.sqlite"]


def test_memory_stays_within_its_bounds(demo_clip, tmp_path, mosquitto):
    """Resident memory of both processes after seconds of work with faces in view."""
    process = start(
        "run", "--source", demo_clip, "--set", "source.repeat=1000", "--broker",
        f"127.0.0.1:{mosquitto}", "--window-s", 1, "--state-dir", tmp_path,
        "--set", f"paths.runtime={tmp_path}",
    )  # fmt: skip
    try:
        children = wait_for(lambda: len(found := children_of(process)) == 2 and found, "children")
        time.sleep(10)  # more than one pass over the clip: every bucket is allocated
        used = {verb: memory_mb(Path(f"/proc/{pid}/status")) for verb, pid in children.items()}
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
    assert 20 < used["vision"] <= VISION_MB
    assert 5 < used["publisher"] <= PUBLISHER_MB
