"""`agender-edge run`: checks the configuration once, then supervises vision and publisher."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from edge import log, settings
from edge.supervisor import supervise


def run(config: Path | None, overrides: Sequence[str], *, sink: str, until_end: bool) -> int:
    """Start both children with the same configuration; the status to exit with."""
    checked = settings.load(config, overrides)
    log.set_up(checked.log.level)
    with ExitStack() as stack:
        overrides = list(overrides)
        if sink == "stdout" and not any(o.startswith("paths.state=") for o in overrides):
            # Printing must not take windows that a service on this machine still has to deliver.
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="agender-edge-"))
            overrides += [f"paths.state={folder}", f"paths.runtime={folder}"]
        arguments = ["--config", str(config)] if config else []
        for override in overrides:
            arguments += ["--set", override]
        return supervise(
            arguments,
            [*arguments, "--sink", sink],
            until_end=until_end,
            drain_s=checked.mqtt.drain_s,
        )
