"""The demo's clip: rendered once by the workstation side, then kept in the user's cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from edge.child import die_with_parent
from edge.errors import SourceError


def clip() -> Path:
    """The clip's path; SourceError where it is not there and cannot be made."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(cache) / "agender-edge" / "demo.avi"
    if not path.is_file():
        print("rendering the demo's clip (once) ...", file=sys.stderr)
        if _rendered(path):
            raise SourceError(
                f"the demo's clip {path} could not be made (see above); it needs the package "
                "index once; or run your own: agender-edge run --source CLIP --sink stdout"
            )
    return path


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
