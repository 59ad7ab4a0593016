"""A message of the broker → a window of a device, or the reason why it is none.

Nothing that a broker hands on is believed. A window is taken where its JSON fits the schema of
`counts` with no key more and none less, its sums agree under the rules that the device itself sends
by (`edge.messages.checking`), and nobody but the device that the topic names is named in it.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, NamedTuple

import msgspec

from edge.messages.checking import sendable
from edge.messages.counts import PLACE_PATTERN, Counts, CountsHead
from edge.messages.fields import SCHEMA, Name, sentence
from edge.messages.unreadable import UNREADABLE

KIND = "counts"
KEYS = frozenset(Counts.__struct_fields__) - {"places"}
"""What every window has; beyond it there are places only."""
NAMED = ("site", "device")
"""Keys by which a bridge between brokers may say again whose a window is."""

WINDOW_S_MAX = 7 * 86_400
"""Longest window taken. The schema's bound is so wide that sums of such would leave 64 bits."""
KEPT_BYTES = 16_384
"""What is kept of a message that is no window: as much as the longest window has."""

_PLACE = re.compile(PLACE_PATTERN)


class Window(NamedTuple):
    """One window and whose it is; (site, device, numbering, seq) is its key for ever."""

    site: str
    device: str
    counts: CountsHead


class Refused(NamedTuple):
    """A message that is no window: `payload` is its beginning, `size` how long all of it was."""

    topic: str
    payload: bytes
    size: int
    digest: str
    """SHA-256 of topic and whole payload, in hex: one that comes again is known by it."""
    reason: str


def read(topic: str, payload: bytes) -> Window | Refused:
    """The window in a message, else why there is none; raises nothing, whatever the bytes are."""
    try:
        site, device = owner(topic)
        return Window(site, device, _counts(payload, site, device))
    except (*UNREADABLE, ValueError, TypeError, OverflowError) as error:
        return refused(topic, payload, str(error))


def refused(topic: str, payload: bytes, reason: str) -> Refused:
    """What the side table keeps of a message; its texts are one line of ASCII each.

    So that a database of any encoding holds them.
    """
    digest = hashlib.sha256(topic.encode(errors="surrogatepass") + b"\0" + payload).hexdigest()
    kept = payload[:KEPT_BYTES]
    return Refused(_plain(topic), kept, len(payload), digest, _plain(reason) or "no reason")


def _plain(text: str) -> str:
    return sentence(text.encode("ascii", "backslashreplace").decode())


def owner(topic: str) -> tuple[str, str]:
    """`<prefix>/v2/<site>/<device>/counts` → site and device; ValueError for any other topic."""
    parts = topic.split("/")
    if len(parts) != 5 or parts[1] != f"v{SCHEMA}" or parts[4] != KIND:
        raise ValueError(f"the topic is not PREFIX/v{SCHEMA}/SITE/DEVICE/{KIND}")
    for level, name in zip(NAMED, parts[2:4], strict=True):
        if not is_name(name):
            raise ValueError(f"the {level} in the topic is no name")
    return parts[2], parts[3]


def is_name(text: str) -> bool:
    """Whether a text may name a site, a device or a group."""
    try:
        msgspec.convert(text, Name)
    except msgspec.ValidationError:
        return False
    return True


def _counts(payload: bytes, site: str, device: str) -> CountsHead:
    """The window in a payload; ValueError names the rule that it breaks."""
    flat = msgspec.json.decode(payload, type=dict[str, Any])
    for level, name in zip(NAMED, (site, device), strict=True):
        if flat.pop(level, name) != name:
            raise ValueError(f"the {level} in the payload is not the one in the topic")
    _require_keys(flat)
    places = {key: flat.pop(key) for key in list(flat) if key not in KEYS}
    counts = msgspec.convert(flat | {"places": places}, Counts)
    if refusal := sendable(counts, counts.places, counts.numbering).refusal:
        raise ValueError(refusal)
    if max(counts.window_s, counts.observed_s) > WINDOW_S_MAX:
        raise ValueError(f"the window is longer than {WINDOW_S_MAX} s")
    return counts


def _require_keys(flat: dict[str, Any]) -> None:
    """A stand-in for a missing key would make a number of what nobody told."""
    if missing := sorted(KEYS - flat.keys()):
        raise ValueError(f"a key is missing: {missing[0]}")
    if unknown := [key for key in flat.keys() - KEYS if not _PLACE.search(key)]:
        raise ValueError(f"a key is unknown: {min(unknown)[:40]}")
