"""The vision process: builds the stages from the configuration and runs the loop.

It owns the camera and the models and speaks to no network: windows go into the outbox, live
state and orders cross the Unix socket in the runtime directory.
"""

from __future__ import annotations

import gc
import logging
import secrets
import signal
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import lru_cache, partial
from pathlib import Path
from typing import NamedTuple

from edge import log as logs
from edge.child import start_anew
from edge.config.space_file import fingerprint
from edge.config.tables import Config
from edge.errors import ConfigError, SourceLostError, StorageError
from edge.host import exposure, readings
from edge.host.exposure import forbid_core_dumps
from edge.host.governor import Governor
from edge.host.notify import Service
from edge.messages.aim_door import Door, aim_door
from edge.messages.live import Exposure, Hello, VisionSocket
from edge.messages.messages import ModelInfo
from edge.outbox.claim import claim_counting
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.outbox.starts import Starts, count_camera_lost, count_start
from edge.privacy.anonymise import Anonymiser
from edge.redact import shown
from edge.runtime.capture import kind_of
from edge.runtime.census.census import Census
from edge.runtime.census.clock import system_synced
from edge.runtime.frame import Window
from edge.runtime.loop import Loop, Stages
from edge.runtime.meter import Meter
from edge.runtime.networks.card import Card
from edge.runtime.networks.inventory import untold
from edge.vision.aiming import Aiming
from edge.vision.assembly import build_anonymiser, build_stages, load_models
from edge.vision.orders import Orders
from edge.vision.pause import PauseRecord
from edge.vision.playing import Playing
from edge.vision.reporter import Disclosure, Reporter
from edge.vision.short_windows import ShortWindows

log = logging.getLogger("vision")

EXPOSURE_S = 60.0
"""How often it is looked at what this process could give away."""


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
    meter = Meter()
    stages = build_stages(config, meter, closed=pause.now.paused)
    if missing := untold(stages.estimator.cards, config.estimator.models):
        log.warning("%s", missing)
    boot = secrets.token_hex(4)
    anonymiser = build_anonymiser(config, stages.estimator)

    def store(window: Window) -> None:
        pause.keep_up()
        outbox.append(anonymiser.counts(window, boot=boot))
        if window.is_shut:
            reporter.window_rested(window.window_s)
        else:
            reporter.window_ended(window.timed)

    windows = ShortWindows(_least_s(config), outbox, store)
    loop = Loop(stages, windows.take)

    def check() -> None:
        load_models(reread(), Meter())

    orders = Orders(loop, partial(_set_window, config, stages.census), check, outbox, pause)
    if loop.paused:
        log.warning("paused, as before the start; the request `resume` opens the camera")
    take = partial(_take_places, reread, orders)
    live, door = doors
    aiming = Aiming(door, loop, stages.people, (config.privacy, config.tracking), take)
    hello = partial(_hello, config, boot, stages, aiming)
    disclosure = Disclosure(hello, config.privacy, started, _spent(config, anonymiser))
    reporter = Reporter(live, disclosure, meter, stages.people, orders)
    service = Service()
    _end_on_signals(orders)
    _say_what(config, stages)
    if stages.live:
        windows.begin(synced=system_synced())
    try:
        _play(config, loop, (reporter, aiming), service, progress=progress)
    finally:
        windows.end(live=stages.live)
        aiming.close()
    service.stopping()
    log.info("ended after %d frames", loop.processed)
    return orders


def _take_places(reread: Callable[[], Config], orders: Orders, places: str) -> None:
    """Start anew with places that were written; ConfigError where others would be in force."""
    if fingerprint(reread().space) != places:
        raise ConfigError(
            "vision reads other zones and lines than these: it was started with another --config, "
            "or with --set space...; aim with the same --config, and without that --set"
        )
    orders.reload()


def _end_on_signals(orders: Orders) -> None:
    def end(*_: object) -> None:
        orders.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def _say_what(config: Config, stages: Stages) -> None:
    log.info(
        "watching %s with %s and %s",
        shown(config.source.uri), config.detector.model, stages.estimator.names,
    )  # fmt: skip


def _play(
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


def _least_s(config: Config) -> float:
    """The length below which no window is told."""
    return config.privacy.window_min_s if config.privacy.k > 1 else 0.0


def _set_window(config: Config, census: Census, length_s: float) -> None:
    least_s = _least_s(config)
    if length_s < least_s:
        raise ConfigError(
            f"length_s = {length_s:g}: while privacy.k is {config.privacy.k} a window is at least "
            f"{least_s:g} s long (privacy.window_min_s)"
        )
    census.set_length(length_s)


def _label(config: Config) -> str:
    """The recording's name, as far as it may be shown."""
    return Path(shown(config.source.uri)).name


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


def _spent(config: Config, anonymiser: Anonymiser) -> Callable[[], float] | None:
    """How much of the day's privacy budget is spent, where there is one."""
    return (lambda: anonymiser.epsilon_spent) if config.privacy.epsilon else None


def _model(card: Card) -> ModelInfo:
    """What `info` tells of a network."""
    licence = card.licence
    return ModelInfo(
        name=card.name,
        task=card.task,
        sha256=card.sha256,
        licence=licence.weights,
        weights_commercial=licence.weights_commercial,
        training_data_commercial=licence.training_data_commercial,
    )


def _hello(config: Config, boot: str, stages: Stages, aiming: Aiming) -> Hello:
    """Who this vision is, for the `info` message."""
    # The detector's shape is known once there was a frame.
    cards: list[Card] = [stages.detector.card, *stages.estimator.cards]
    return Hello(
        boot=boot,
        camera_kind=kind_of(config.source.uri),
        models=tuple(map(_model, cards)),
        exposure=_exposure(config.paths.runtime, int(time.monotonic() // EXPOSURE_S)),
        aiming=aiming.tell(),
        places=fingerprint(config.space),
    )


@lru_cache(maxsize=1)
def _exposure(runtime: str, _period: int) -> Exposure:
    """What this process could give away by ways of the system, as found once a period."""
    return Exposure(
        network=readings.has_network(),
        sockets=bool(exposure.foreign_sockets(Path(runtime).resolve())),
        core_dumps=exposure.dumps_core(),
        swap=exposure.may_be_swapped(),
        memory_limited=exposure.memory_limited(),
    )


def _outbox(config: Config) -> Outbox:
    return Outbox(Path(config.paths.state) / FILE_NAME, max_windows=config.outbox.max_windows)


def _live(config: Config) -> VisionSocket:
    """The socket by which vision speaks to the publisher."""
    try:
        return VisionSocket(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {error}") from error
