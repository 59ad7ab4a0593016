"""The loop, run to its end: after each step tell, obey, keep cool, show life."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from edge.config.tables import Config
from edge.host.governor import Governor
from edge.host.notify import Service
from edge.redact import shown
from edge.runtime.loop import Loop
from edge.vision.aiming import Aiming
from edge.vision.playing import Playing
from edge.vision.reporter import Reporter


def run_to_end(
    config: Config,
    loop: Loop,
    telling: tuple[Reporter, Aiming],
    service: Service,
    *,
    progress: bool,
) -> None:
    """Run the loop to its end, and show on a terminal how far it is."""
    told = config.log.level in ("debug", "info")
    playing = Playing(_label(config), lambda: loop.played, shown=progress and told)
    # What is there now stays: let no collection in the middle of a frame look through it again.
    gc.collect()
    gc.freeze()
    try:
        loop.run(_ticker(config, loop, telling, service, playing))
    finally:
        gc.unfreeze()
        playing.end()


def _ticker(
    config: Config,
    loop: Loop,
    telling: tuple[Reporter, Aiming],
    service: Service,
    playing: Playing,
) -> Callable[[], None]:
    """What is done after every step besides counting: tell, obey, keep cool, show life."""
    governor = Governor(config.governor, config.detector.looks_per_s)
    reporter, aiming = telling

    def tick() -> None:
        reporter.tick()
        aiming.tick()
        if loop.live:  # a recording waits until it is looked at
            loop.looks_per_s = governor.tick()
        else:
            playing.tick()
        service.tick(loop.processed or None, reporter.in_words, idle=loop.paused)

    return tick


def _label(config: Config) -> str:
    """The recording's name, as far as it may be shown."""
    return Path(shown(config.source.uri)).name
