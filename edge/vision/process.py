"""The vision process: builds the stages from the configuration and runs the loop.

It owns the camera and the models and speaks to no network: windows go into the outbox, live
state and orders cross the Unix socket in the runtime directory.
"""

from __future__ import annotations

import logging
import secrets
import signal
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edge import log as logs
from edge.child import start_anew
from edge.config.tables import Config
from edge.errors import ConfigError, SourceLostError, StorageError, why
from edge.host.exposure import forbid_core_dumps
from edge.messages.aim_door import Door, aim_door
from edge.messages.live import VisionSocket
from edge.outbox.claim import claim_counting
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.outbox.starts import Starts, count_camera_lost, count_start
from edge.privacy.anonymise import Anonymiser
from edge.redact import shown
from edge.runtime.census.census import Census
from edge.runtime.frame import Window
from edge.runtime.loop import Loop, Stages
from edge.runtime.meter import Meter
from edge.runtime.networks.inventory import untold
from edge.vision.aiming import Aiming, take_places
from edge.vision.assembly import build_anonymiser, build_stages, load_models
from edge.vision.hello import hello
from edge.vision.orders import Orders, set_window
from edge.vision.pause import PauseRecord
from edge.vision.reporter import Disclosure, Reporter
from edge.vision.running import run_to_end
from edge.vision.short_windows import ShortWindows

log = logging.getLogger("vision")


def vision(config: Config, reread: Callable[[], Config], *, progress: bool = True) -> int:
    """Run until the source ends or a signal comes; 0 then.

    `progress`: show on a terminal how far a recording is. `reread` reads the configuration again,
    for the order `reload`. UserError names what the user can mend; what was counted until
    then is in the outbox.
    """
    logs.set_up(config.log.level)
    forbid_core_dumps()
    _warn(config)

    with ExitStack() as stack:
        claim_counting(Path(config.paths.state), stack)
        pause = PauseRecord(Path(config.paths.state))
        outbox = stack.enter_context(_outbox(config))
        started = count_start(outbox)
        live = stack.enter_context(_live(config))
        stack.enter_context(aim := aim_door(config.paths.runtime))
        try:
            orders = _run(config, reread, Kept(outbox, pause, started), (live, aim), progress)
        except SourceLostError:
            count_camera_lost(outbox)
            raise
        lost = outbox.give_up()
    trouble = StorageError(
        f"paths.state = {config.paths.state}: {lost} windows could not be stored and are lost; "
        "is the disk full, or read-only?"
    )
    if orders.restart:
        if lost:
            log.error("%s", trouble)
        log.info("starting again with the configuration read anew")
        start_anew()
    if lost:
        raise trouble
    return 0


class Kept(NamedTuple):
    """What outlives the process: windows, the pause, how often it was started."""

    outbox: Outbox
    pause: PauseRecord
    started: Starts


def _warn(config: Config) -> None:
    """Say what of the configuration is not as it seems."""
    if config.window_s > config.window.length_s:
        log.warning(
            "window.length_s = %g is raised to %g, since privacy.k is %d",
            config.window.length_s, config.window_s, config.privacy.k,
        )  # fmt: skip
    if config.privacy.k > 1 and (pair := config.space.overlapping):
        log.warning(
            "the zones %s and %s overlap: who is in one and not in the other may be told by "
            "subtraction, though fewer than %d", *pair, config.privacy.k,
        )  # fmt: skip


def _run(
    config: Config,
    reread: Callable[[], Config],
    kept: Kept,
    doors: tuple[VisionSocket, Door],
    progress: bool,
) -> Orders:
    """Build the stages and run the loop to its end; what was ordered meanwhile."""
    outbox, pause, started = kept
    live, door = doors
    meter = Meter()
    stages = build_stages(config, meter, closed=pause.now.paused)
    boot = secrets.token_hex(4)
    anonymiser = build_anonymiser(config, stages.estimator)

    def store(window: Window) -> None:
        pause.keep_up()
        outbox.append(anonymiser.counts(window, boot=boot))
        reporter.window_told(window)

    windows = ShortWindows(config.window_least_s, outbox, store)
    loop = Loop(stages, windows.take)
    orders = _orders(config, reread, loop, stages.census, kept)
    take = partial(take_places, reread, orders)
    aiming = Aiming(door, loop, stages.people, (config.privacy, config.tracking), take)
    disclosure = Disclosure(
        lambda: hello(config, boot, stages, aiming=aiming.tell()),
        config.privacy,
        started,
        _spent(config, anonymiser),
    )
    reporter = Reporter(live, disclosure, meter, stages.people, orders)
    _end_on_signals(orders)
    _say_what(config, stages, loop)
    run_to_end(config, loop, windows, (reporter, aiming), progress=progress)
    return orders


def _orders(
    config: Config, reread: Callable[[], Config], loop: Loop, census: Census, kept: Kept
) -> Orders:
    """What carries out the orders of the publisher."""

    def check() -> None:
        load_models(reread(), Meter())

    return Orders(loop, partial(set_window, config, census), check, kept.outbox, kept.pause)


def _end_on_signals(orders: Orders) -> None:
    def end(*_: object) -> None:
        orders.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _say_what(config: Config, stages: Stages, loop: Loop) -> None:
    """Say what is watched and with what, and what of it is not as it seems."""
    if missing := untold(stages.estimator.cards, config.estimator.models):
        log.warning("%s", missing)
    if loop.paused:
        log.warning("paused, as before the start; the request `resume` opens the camera")
    log.info(
        "watching %s with %s and %s",
        shown(config.source.uri), config.detector.model, stages.estimator.names,
    )  # fmt: skip


def _spent(config: Config, anonymiser: Anonymiser) -> Callable[[], float] | None:
    """How much of the day's privacy budget is spent, where there is one."""
    return (lambda: anonymiser.epsilon_spent) if config.privacy.epsilon else None


def _outbox(config: Config) -> Outbox:
    return Outbox(Path(config.paths.state) / FILE_NAME, max_windows=config.outbox.max_windows)


def _live(config: Config) -> VisionSocket:
    """The socket by which vision speaks to the publisher."""
    try:
        return VisionSocket(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {why(error)}") from error
