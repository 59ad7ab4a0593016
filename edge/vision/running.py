"""The loop, run to its end: after each step tell, obey, keep cool, show life."""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from edge.config.tables import Config
from edge.host.governor import Governor
from edge.host.notify import Service
from edge.redact import shown
from edge.runtime.census.clock import system_synced
from edge.runtime.loop import Loop
from edge.vision.aiming import Aiming
from edge.vision.playing import Playing
from edge.vision.reporter import Reporter
from edge.vision.short_windows import ShortWindows

log = logging.getLogger("vision")


def run_to_end(
    config: Config,
    loop: Loop,
    windows: ShortWindows,
    telling: tuple[Reporter, Aiming],
    *,
    progress: bool,
) -> None:
    """Run the loop until its source ends or it is stopped, and show on a terminal how far it is.

    A camera's windows go on from those of an earlier process; all end with the loop.
    """
    _, aiming = telling
    service = Service()
    told = config.log.level in ("debug", "info")
    playing = Playing(_label(config), lambda: loop.played, shown=progress and told)
    if loop.live:
        windows.begin(synced=system_synced())
    with ExitStack() as ending:  # each of these whatever becomes of the others, the last first
        ending.callback(aiming.close)
        ending.callback(lambda: windows.end(live=loop.live))
        ending.callback(playing.end)
        with _out_of_collections():
            loop.run(_ticker(config, loop, telling, service, playing))
    service.stopping()
    log.info("ended after %d frames", loop.processed)


@contextmanager
def _out_of_collections() -> Iterator[None]:
    """What is there now stays: let no collection in the middle of a frame look through it again."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


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
