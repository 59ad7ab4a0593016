"""The configuration → everything that the loop wires: models, source, people, census."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path

from edge.config.tables import Config
from edge.config.zone import ahead_in, moment_s
from edge.errors import ConfigError, SourceError, SourceLostError
from edge.messages.bands import SCHEMES
from edge.privacy.anonymise import Anonymiser, Form
from edge.runtime.capture import Source, check_source, kind_of, open_source, require_camera
from edge.runtime.capture.view_health import ViewWatch
from edge.runtime.census.census import Census
from edge.runtime.census.clock import Clock, LiveClock, MediaClock
from edge.runtime.detect import Detector, open_detector, open_rescorer
from edge.runtime.estimate.estimate import Estimator, open_estimator
from edge.runtime.estimate.second_look import SecondLook
from edge.runtime.frame import Estimate, Face, Frame
from edge.runtime.loop import Stages
from edge.runtime.meter import WAITING, Meter
from edge.runtime.networks.card import Card, Confusion
from edge.runtime.networks.licences import require_commercial
from edge.runtime.people.evidence import Limits
from edge.runtime.people.people import Estimating, People
from edge.runtime.people.space import Space


def load_models(config: Config, meter: Meter) -> tuple[Detector, Estimator]:
    """The configured detector and estimator, checked against their cards; ModelError."""
    require_commercial(config)
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


def build_stages(config: Config, meter: Meter, *, closed: bool = False) -> Stages:
    """Load the models, open the source (a camera not if `closed`), make everything between.

    A recording is opened first, so that what is wrong with it is told at once; a camera last, lest
    its frames pile up while models are loaded. That there is none is told before.
    """
    check_source(config.source)
    live = kind_of(config.source.uri) not in ("file", "folder")
    if live and not closed:
        require_camera(config.source)
    opener = partial(open_source, config.source, _pausing(meter))
    with ExitStack() as opened:
        first = None if live else opened.enter_context(opener())
        stages = _stages(config, meter, first, opener, closed=closed)
        opened.pop_all()
    return stages


def clock_of(config: Config, *, live: bool) -> Clock:
    """By what windows are stamped: the wall clock, for a recording from its beginning on.

    Where a person says when that was, the machine's clock does not matter. ConfigError where a
    camera has such a beginning, or it can't be.
    """
    said = config.source.recorded_at
    if not said:
        return LiveClock() if live else MediaClock()
    if live:
        raise ConfigError("source.recorded_at is for recordings, and source.uri is a camera")
    try:
        start_s = moment_s(said, ahead_in(config.window.timezone))
    except (ValueError, OverflowError) as error:
        raise ConfigError(f"source.recorded_at: {error}") from error
    if not 0 <= start_s <= time.time():
        raise ConfigError(f"source.recorded_at: {said} is not between 1970 and now")
    return MediaClock(lambda: start_s, lambda: True)


def _stages(
    config: Config,
    meter: Meter,
    first: Source | None,
    opener: Callable[[], Source],
    *,
    closed: bool,
) -> Stages:
    """The stages; `first` is the recording that was opened, None for a camera."""
    live = first is None
    clock = clock_of(config, live=live)
    detector, estimator = load_models(config, meter)
    estimator.prepare(config.tracking.estimates_per_frame)
    people = People(
        config.tracking,
        Space(config.space),
        _limits(config, detector.card, estimator.cards),
        _estimating(config, detector, estimator, meter),
        score_min=detector.card.detecting.score_min,
    )
    if live and not closed:
        first = opener()
    return Stages(
        live=live,
        open_source=_reopening(first, opener),
        detector=detector,
        estimator=estimator,
        looks_per_s=config.detector.looks_per_s,
        motion=config.motion,
        people=people,
        census=Census(
            config.window_s,
            clock,
            bands=SCHEMES[config.window.bands],
            ahead=ahead_in(config.window.timezone),
        ),
        meter=meter,
        view=ViewWatch,
        cut_unknown=config.privacy.k > 1,
    )


def _estimating(
    config: Config, detector: Detector, estimator: Estimator, meter: Meter
) -> Estimating:
    """What is done with a face that is looked at closely: estimates, and a second look."""
    rules = detector.card.detecting.second_look
    folder, threads = Path(config.paths.models), config.detector.threads
    rescorer = open_rescorer(detector.card, folder, threads=threads)
    if rules is None or rescorer is None:
        return lambda frame, faces, _doubtful: estimator.estimate(frame.full(), faces)
    second = SecondLook(rules, rescorer.input, rescorer.score, meter)

    def estimate(frame: Frame, faces: Sequence[Face], doubtful: Sequence[bool]) -> list[Estimate]:
        estimates = estimator.estimate(frame.full(), faces)
        asked = [index for index, doubt in enumerate(doubtful) if doubt]
        scores = second.scores(frame, [faces[index] for index in asked])
        for index, score in zip(asked, scores, strict=True):
            estimates[index] = replace(estimates[index], face=score)
        return estimates

    return estimate


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


def _limits(config: Config, detector: Card, cards: Sequence[Card]) -> Limits:
    """When an answer is believed: the cards' thresholds."""
    by_attribute = {
        output.attribute: card.estimating for card in cards for output in card.estimating.outputs
    }
    limits = Limits(
        estimates_max=config.tracking.estimates_max, score_low=detector.detecting.score_low
    )
    if gender := by_attribute.get("gender"):
        limits = replace(limits, gender_confidence_min=gender.gender_confidence_min)
    if age := by_attribute.get("age"):
        limits = replace(limits, age_spread_max_years=age.age_spread_max_years)
    if face := by_attribute.get("face"):
        limits = replace(limits, face_chance_min=face.face_min)
    if second := detector.detecting.second_look:
        limits = replace(limits, face_min=second.score_min, face_mean_min=second.mean_min)
    return limits


def build_anonymiser(config: Config, estimator: Estimator) -> Anonymiser:
    """What makes messages of windows, with the confusion matrices of the cards."""
    confusion: dict[str, Confusion] = {}
    for card in estimator.cards:
        confusion |= card.confusion
    ahead = ahead_in(config.window.timezone)
    form = Form(estimator.names, config.space.keys, config.window.bands, ahead)
    return Anonymiser(config.privacy, confusion, form)
