"""The vision process: builds the rooms from the configuration and runs the loop.

It owns the camera and the models and speaks to no network: windows go into the outbox, live
state and orders cross the Unix socket in the runtime directory.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import secrets
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from edge import log as logs
from edge.anonymity import Anonymiser, in_view
from edge.child import start_anew
from edge.config import Config
from edge.errors import ConfigError, SourceError, SourceLostError, StorageError
from edge.host import readings
from edge.host.governor import Governor
from edge.host.notify import Service
from edge.live import Hello, VisionDoor
from edge.messages import ModelInfo
from edge.outbox import FILE_NAME, Outbox
from edge.redact import shown
from edge.reporter import PAUSED, Orders, Reporter, Voice
from edge.runtime.capture import Source, kind_of, open_source
from edge.runtime.card import Card, Confusion
from edge.runtime.census import Census
from edge.runtime.clock import LiveClock, MediaClock
from edge.runtime.detect import Detector, open_detector
from edge.runtime.estimate import Estimator, open_estimator
from edge.runtime.evidence import Limits
from edge.runtime.frame import Window
from edge.runtime.loop import Loop, Rooms
from edge.runtime.meter import WAITING, Meter
from edge.runtime.people import People
from edge.runtime.space import Space
from edge.starts import Starts, count_camera_lost, count_start

log = logging.getLogger("vision")


def vision(config: Config, reread: Callable[[], Config]) -> int:
    """Run until the source ends or a signal comes; 0 then.

    `reread` reads the configuration again, for the order `reload`. UserError names what the user
    can mend; what was counted until then is in the outbox.
    """
    logs.set_up(config.log.level)

    def check() -> None:
        _models(reread(), Meter())

    with ExitStack() as stack:
        _claim(Path(config.paths.state), stack)
        outbox = stack.enter_context(_outbox(config))
        started = count_start(outbox)
        door = stack.enter_context(_door(config))
        try:
            orders = _run(config, check, outbox, door, started)
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


def _run(
    config: Config, check: Callable[[], None], outbox: Outbox, door: VisionDoor, started: Starts
) -> Orders:
    """Build the rooms and run the loop to its end; what was ordered meanwhile."""
    meter = Meter()
    rooms = build_rooms(config, meter, closed=bool(outbox.kept(PAUSED)))
    boot = secrets.token_hex(4)
    anonymiser = _anonymiser(config, rooms.estimator)

    def emit(window: Window) -> None:
        outbox.append(anonymiser.counts(window, boot=boot))

    loop = Loop(rooms, emit)
    orders = Orders(loop, rooms.census.set_length, check, outbox)
    if loop.paused:
        log.warning("paused, as before the start; the request `resume` opens the camera")

    def hello() -> Hello:  # the detector's shape is known once there was a frame
        return _hello(config, boot, [rooms.detector.card, *rooms.estimator.cards])

    def end(*_: object) -> None:
        orders.restart = False
        loop.stop()

    voice = Voice(hello, partial(in_view, config.privacy), started, _spent(config, anonymiser))
    reporter = Reporter(door, voice, meter, rooms.people, orders)
    service = Service()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    log.info(
        "watching %s with %s and %s",
        shown(config.source.uri), config.detector.model, rooms.estimator.names,
    )  # fmt: skip
    loop.run(_ticker(config, loop, reporter, service))
    service.stopping()
    log.info("ended after %d frames", loop.processed)
    return orders


def _ticker(config: Config, loop: Loop, reporter: Reporter, service: Service) -> Callable[[], None]:
    """What is done after every step besides counting: tell, obey, keep cool, show life."""
    governor = Governor(config.governor, config.tracking.detect_fps_max)

    def tick() -> None:
        reporter.tick()
        if loop.live:  # a recording waits until it is looked at
            loop.detect_fps_max = governor.tick()
        service.tick(loop.processed or None, reporter.in_words, idle=loop.paused)

    return tick


def _models(config: Config, meter: Meter) -> tuple[Detector, Estimator]:
    folder, threads = Path(config.paths.models), config.detector.threads
    detector = open_detector(config.detector.model, folder, threads=threads, meter=meter)
    family = detector.card.detecting.family
    estimator = open_estimator(
        config.estimator.models,
        folder,
        family,
        threads=threads,
        meter=meter,
        force_heavy=config.estimator.force_heavy,
    )
    return detector, estimator


def build_rooms(config: Config, meter: Meter, *, closed: bool = False) -> Rooms:
    """Load the models, open the source (a camera not if `closed`), make everything between."""
    detector, estimator = _models(config, meter)
    estimator.prepare(config.tracking.estimates_per_frame)
    people = People(
        config.tracking,
        Space(config.space),
        _limits(config, estimator.cards),
        lambda frame, faces: estimator.estimate(frame.full(), faces),
        score_min=detector.card.detecting.score_min,
    )
    live = kind_of(config.source.uri) not in ("file", "folder")
    opener = partial(open_source, config.source, _pausing(meter))
    first = None if live and closed else opener()
    return Rooms(
        live=live,
        open_source=_reopening(first, opener),
        detector=detector,
        estimator=estimator,
        detect_fps_max=config.tracking.detect_fps_max,
        motion=config.motion,
        people=people,
        census=Census(config.window.length_s, LiveClock() if live else MediaClock()),
        meter=meter,
    )


def _pausing(meter: Meter) -> Callable[[float], None]:
    """Sleeps between the frames of a recording; that is waiting, and no part of their cost."""

    def pause(duration_s: float) -> None:
        with meter.stage(WAITING):
            time.sleep(duration_s)

    return pause


def _reopening(first: Source | None, opener: Callable[[], Source]) -> Callable[[], Source]:
    """Gives the source that was opened to see that it can be, and later fresh ones."""
    opened = [first]

    def reopen() -> Source:
        source = opened.pop() if opened else None
        if source is not None:
            return source
        try:
            return opener()
        except SourceError as error:
            # It is configured rightly, or was not to be opened before: trying again may help.
            raise SourceLostError(str(error)) from error

    return reopen


def _limits(config: Config, cards: Sequence[Card]) -> Limits:
    """When an answer is believed: the cards' thresholds."""
    by_attribute = {
        output.attribute: card.estimating for card in cards for output in card.estimating.outputs
    }
    limits = Limits(estimates_max=config.tracking.estimates_max)
    if gender := by_attribute.get("gender"):
        limits = replace(limits, gender_confidence_min=gender.gender_confidence_min)
    if age := by_attribute.get("age"):
        limits = replace(limits, age_spread_max_years=age.age_spread_max_years)
    return limits


def _anonymiser(config: Config, estimator: Estimator) -> Anonymiser:
    confusion: dict[str, Confusion] = {}
    for card in estimator.cards:
        confusion |= card.confusion
    return Anonymiser(
        config.privacy, confusion, model=estimator.names, places=Space(config.space).keys
    )


def _spent(config: Config, anonymiser: Anonymiser) -> Callable[[], float] | None:
    """How much of the day's privacy budget is spent, where there is one."""
    return (lambda: anonymiser.epsilon_spent) if config.privacy.epsilon else None


def _hello(config: Config, boot: str, cards: Sequence[Card]) -> Hello:
    """Who this vision is, for the `info` message."""
    models = [
        ModelInfo(name=card.name, task=card.task, sha256=card.sha256, licence=card.licence.weights)
        for card in cards
    ]
    return Hello(
        boot=boot,
        camera_kind=kind_of(config.source.uri),
        models=tuple(models),
        network=readings.has_network(),
    )


def _claim(folder: Path, stack: ExitStack) -> None:
    """Make the state folder this process' own; ConfigError where it can't be, or is another's.

    Two visions on one outbox would count everybody twice. The kernel ends the claim with us.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, "the folder cannot be written")
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, number)
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise ConfigError(
            f"paths.state = {folder}: another vision counts into this folder; "
            "end it, or choose another folder"
        ) from error
    except OSError as error:
        raise ConfigError(f"paths.state = {folder}: {error.strerror}") from error


def _outbox(config: Config) -> Outbox:
    return Outbox(Path(config.paths.state) / FILE_NAME, max_windows=config.outbox.max_windows)


def _door(config: Config) -> VisionDoor:
    try:
        return VisionDoor(config.paths.runtime)
    except (OSError, ValueError) as error:
        raise ConfigError(f"paths.runtime = {config.paths.runtime}: {error}") from error
