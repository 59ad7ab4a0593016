"""The demo's clip: rendered once by the workstation side, then kept in the user's cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from edge.child import die_with_parent
from edge.config.home import user_folder
from edge.errors import SourceError
from edge.output import say


def clip(scratch: Path) -> Path:
    """The clip's path; SourceError where it is not there and cannot be made.

    It is made in the user's cache, or in the folder `scratch` where that can't be written.
    """
    cache = user_folder("XDG_CACHE_HOME", ".cache")
    path = (cache or scratch) / "agender-edge" / "demo.avi"
    if path.is_file():
        return path
    kept = cache is not None and _writable(path.parent)
    if not kept:
        path = scratch / "agender-edge" / "demo.avi"
    say(f"rendering the demo's clip ({'once' if kept else 'not kept'}) ...")
    if _rendered(path):
        raise SourceError(
            f"the demo's clip {path} could not be made (see above); "
            "or run your own: agender-edge run --source CLIP --sink stdout"
        )
    return path


def _writable(folder: Path) -> bool:
    """Whether a folder is there, or can be made, and takes files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


def _rendered(path: Path) -> int:
    """Have the workstation side make the clip; its exit status.

    Another process, since the device package holds no code that writes a picture; in a group of
    its own, so that Ctrl-C reaches it as our request to end, which it obeys without a word.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "converters.footage", str(path)],
        stdout=sys.stderr,
        process_group=0,
        preexec_fn=die_with_parent,  # noqa: PLW1509 - there are no threads yet
    )
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
