"""The live records → what is so right now: who is in view, what the camera sees, how the device is.

Nothing is shown here that `state`, `health` and `info` do not tell.
"""

from __future__ import annotations

from collections.abc import Iterator

from edge.config.tables import Config
from edge.messages.messages import Health, State
from edge.messages.page import Told
from edge.page.frame import Visit, form
from edge.page.html import Element, add, table
from edge.page.words import Words
from edge.report.columns import NOTHING

VIEW = ("dark", "covered", "frozen", "blurred", "moved", "faces_too_small", "faces_cut")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def now_section(parent: Element, config: Config, visit: Visit, told: Told | None) -> None:
    """Who is in view, what is wrong, and the button that closes the camera or opens it."""
    words = visit.words
    health, state = (told.health, told.state) if told else (None, None)
    add(parent, "h2", words("now"))
    _presence(parent, config, words, told)
    troubles = list(_troubles(words, told))
    if troubles:
        found = add(parent, "ul", class_="troubles")
        for text in troubles:
            add(found, "li", text)
    else:
        add(parent, "p", words("all_well" if _is_watched(health) else "looks"), class_="well")
    _orders(parent, config, visit, paused=_is_paused(state, health))


def _presence(parent: Element, config: Config, words: Words, told: Told | None) -> None:
    if not config.privacy.live:
        add(parent, "p", words("live_off"))
        return
    seen = _seen(told)
    present = NOTHING if seen is None or seen.present is None else str(seen.present)
    attending = NOTHING if seen is None or seen.attending is None else str(seen.attending)
    numbers = add(parent, "dl", class_="numbers")
    for key, value in (("present", present), ("attending", attending)):
        pair = add(numbers, "div")
        add(pair, "dt", words(key))
        add(pair, "dd", value)
    if config.privacy.k > 1 and config.privacy.state == "folded":
        add(parent, "p", words("live_folded", k=config.privacy.k), class_="remark")


def _seen(told: Told | None) -> State | None:
    """The state where it holds: vision is heard and its camera open."""
    if told is None or told.health is None or not told.health.vision_running:
        return None
    return told.state if told.state and not told.state.paused else None


def _is_watched(health: Health | None) -> bool:
    """Whether it is known at all how the view is."""
    return health is not None and any(getattr(health, f"view_{flag}") is False for flag in VIEW)


def _is_paused(state: State | None, health: Health | None) -> bool:
    return bool((state and state.paused) or (health and health.paused))


def _troubles(words: Words, told: Told | None) -> Iterator[str]:
    if told is None:
        yield words("publisher_silent")
        return
    if not told.connected:
        yield words("broker_away")
    health = told.health
    if health is None or not health.vision_running:
        yield words("vision_silent")
        return
    if _is_paused(told.state, health):
        yield words("paused_unreadable" if health.pause_reason == "unreadable" else "paused")
        return
    if not health.camera_ok:
        yield words("camera_silent")
    for flag in VIEW:
        if getattr(health, f"view_{flag}"):
            yield words(f"view_{flag}")
    if not health.clock_synced:
        yield words("clock_wrong")
    if health.throttled:
        yield words("throttled")


def _orders(parent: Element, config: Config, visit: Visit, *, paused: bool) -> None:
    verb = "resume" if paused else "pause"
    if verb in config.commands.verbs:
        form(parent, visit, f"/{verb}", visit.words(f"do_{verb}"))


def device_section(parent: Element, visit: Visit, told: Told | None) -> None:
    """How the device is, as `health` and `info` tell."""
    words = visit.words
    add(parent, "h2", words("device"))
    if told is None or told.health is None:
        add(parent, "p", words("publisher_silent"))
        return
    rows = [[words(key), text] for key, text in _facts(words, told, told.health)]
    table(parent, words("device"), ["", words("value")], rows)


def _facts(words: Words, told: Told, health: Health) -> Iterator[tuple[str, str]]:
    yield "broker", words("reached" if told.connected else "away")
    yield "uptime", _duration(health.uptime_s)
    yield "frames", words.number(health.fps_processed, ".1f")
    yield "temperature", f"{words.number(health.temperature_celsius, '.0f')}\N{NO-BREAK SPACE}°C"
    for key in ("vision_memory", "publisher_memory"):
        yield key, f"{words.number(getattr(health, f'{key}_mb'), '.0f')}\N{NO-BREAK SPACE}MB"
    yield "waiting_windows", words.number(health.outbox_depth, "d")
    yield "dropped_windows", words.number(health.outbox_dropped, "d")
    yield "camera_restarts", str(health.camera_restarts)
    yield "networks", ", ".join(dict.fromkeys(model.name for model in told.models)) or NOTHING
    if told.guarantees is not None:
        yield "threshold", str(told.guarantees.k)
        yield "no_network", _yes(words, told.guarantees.vision_without_network)
        yield "no_swap", _yes(words, told.guarantees.vision_without_swap)


def _yes(words: Words, fact: bool | None) -> str:
    return words("unknown" if fact is None else "yes" if fact else "no")


def _duration(seconds: float) -> str:
    """Whole days, hours, minutes or seconds: the greatest of them."""
    size, symbol = next((unit for unit in UNITS if seconds >= unit[0]), UNITS[-1])
    return f"{seconds // size:.0f}\N{NO-BREAK SPACE}{symbol}"
