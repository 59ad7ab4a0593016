"""Every message a consumer sees, as types: JSON, its schema and its validation come from here.

Numbers are plain JSON numbers; times are RFC 3339 in UTC with milliseconds; every key is always
present (null = not known), so that a consumer never has to guess.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta, Struct

from edge.bands import AGE_BANDS

SCHEMA: Literal[1] = 1
"""Version of the message contract; it is also the `v1` of the topics."""

Whole = Annotated[int, Meta(ge=0)]
Amount = Annotated[float, Meta(ge=0)]
Name = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]
Timestamp = Annotated[str, Meta(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
PlaceKey = Annotated[str, Meta(pattern=r"^(zone|line)_[a-z0-9_]{1,32}_(people|in|out)$")]

CELLS = tuple(
    f"{gender}_{age}" for gender in ("female", "male") for age in (*AGE_BANDS, "age_unknown")
)
AGE_TOTALS = tuple(f"age_{age}" for age in (*AGE_BANDS, "unknown"))
ESTIMATED = ("female", "male", *(f"age_{age}" for age in AGE_BANDS))


def timestamp(wall_s: float) -> str:
    """Seconds since 1970 → "2026-01-31T12:00:00.000Z"."""
    return datetime.fromtimestamp(wall_s, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


class CountsHead(Struct, frozen=True, kw_only=True):
    """One window: who was counted between `start` and `end`. Cells follow as further keys.

    `seq` has no gaps for a device, across restarts. `people` = female + male + gender_unknown =
    the sum over age_… (after folding under the privacy threshold too). `observed_s` tells how
    much of the window the camera really looked.
    """

    schema: Literal[1] = SCHEMA
    seq: Whole
    boot: Name
    start: Timestamp
    end: Timestamp
    window_s: Amount
    observed_s: Amount
    frames_seen: Whole = 0
    frames_skipped: Whole = 0
    clock_synced: bool
    people: Whole
    female: Whole
    male: Whole
    gender_unknown: Whole
    present_max: Whole | None = 0
    present_mean: Amount | None = 0.0
    dwell_s_mean: Amount | None = None
    attention_s_mean: Amount | None = None
    suppressed: Whole = 0
    model: Name
    places: dict[PlaceKey, Whole | None] = {}
    """Zones and lines; `encode_counts` lays them flat beside the other keys. null = some, but
    fewer than the privacy threshold."""


def _define_counts() -> type[CountsHead]:
    whole = [(name, Whole, 0) for name in (*AGE_TOTALS, *CELLS)]
    estimates: list[tuple[str, Any, Any]] = [
        (f"est_{name}{bound}", Amount | None, None)
        for name in ESTIMATED
        for bound in ("", "_low", "_high")
    ]
    counts = msgspec.defstruct(
        "Counts",
        [*whole, *estimates],
        bases=(CountsHead,),
        frozen=True,
        kw_only=True,
        module=__name__,
        namespace={"__doc__": CountsHead.__doc__},
    )
    return cast(type[CountsHead], counts)


Counts = _define_counts()
"""The `counts` message: `CountsHead` plus the totals and cells named in the tables above."""


class State(Struct, frozen=True, kw_only=True):
    """Who is in view right now; `paused` = the camera is closed on request.

    `present` is null for fewer people than the privacy threshold, nobody included, and `attending`
    where it would tell of so few that they face the camera or do not.
    """

    schema: Literal[1] = SCHEMA
    time: Timestamp
    present: Whole | None
    attending: Whole | None
    paused: bool = False


class Health(Struct, frozen=True, kw_only=True):
    """How the device is. `stage_…_ms` are means per processed frame since the last message.

    The publisher adds what only it knows: its own memory, the outbox, and whether vision is heard.
    """

    schema: Literal[1] = SCHEMA
    time: Timestamp
    uptime_s: Amount
    vision_running: bool = True
    camera_ok: bool
    camera_restarts: Whole = 0
    """The camera was closed and opened anew because it gave no frames, since vision started."""
    camera_lost: Whole = 0
    """Vision ended because that did not help, since the outbox was made; so are the next two."""
    vision_starts: Whole = 0
    machine_starts: Whole = 0
    fps_camera: Amount
    fps_processed: Amount
    fps_limit: Amount | None = None
    """Detections a second allowed now; lower than configured while the device is hot or busy."""
    frames_skipped: Whole
    """Frames that came while another was being processed."""
    frames_gated: Whole = 0
    """Frames processed without looking for faces, since nothing moved. They were observed."""
    stage_capture_ms: Amount
    stage_detect_ms: Amount
    stage_people_ms: Amount
    stage_estimate_ms: Amount
    temperature_celsius: float | None
    throttled: bool | None
    vision_memory_mb: Amount
    publisher_memory_mb: Amount = 0.0
    outbox_depth: Whole = 0
    outbox_in_memory: Whole = 0
    """Windows that the disk refuses and that wait in vision's memory."""
    outbox_dropped: Whole = 0
    """Windows dropped by the bound or the disk since the outbox was made."""
    outbox_set_aside: Whole = 0
    """Corrupt outbox files set aside."""
    requests_refused: Whole = 0
    """Requests answered with an error or, in a flood, not at all."""
    clock_synced: bool


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model in use: `task` is detect, age or gender; `sha256` is the .tflite file's."""

    name: Name
    task: str
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
    licence: str = ""


class Guarantees(Struct, frozen=True, kw_only=True):
    """What of a person can leave this device, as configured and as far as it can be told.

    `pictures_leave` is false by construction: there is no code, message or column for it.
    `vision_without_network` is what systemd enforces; false for a network camera, null where
    it can't be told. `k` is the least count of people a cell is published with (1 = any).
    `epsilon` is each window's privacy loss where noise is on, and `epsilon_spent` the sum over
    the UTC day's windows since vision started; both null without noise.
    """

    pictures_leave: Literal[False] = False
    identities_leave: Literal[False] = False
    vision_without_network: bool | None = None
    broker_encrypted: bool
    k: Whole
    epsilon: Amount | None = None
    epsilon_spent: Amount | None = None


class Info(Struct, frozen=True, kw_only=True):
    """What this device is: published retained on every connect and on every change."""

    schema: Literal[1] = SCHEMA
    time: Timestamp
    site: Name
    device: Name
    version: str
    python: str
    boot: str | None
    camera_kind: str | None
    models: tuple[ModelInfo, ...]
    commands: bool
    guarantees: Guarantees
    config: dict[str, Any]
    config_schema: dict[str, Any]
    counts_schema: dict[str, Any]


Transaction = Annotated[str, Meta(max_length=64, pattern=r"^[\x20-\x7e]*$")]


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command on `request/<verb>`; `transaction` comes back in the response."""

    transaction: Transaction | None = None


class WindowRequest(Request, frozen=True):
    """`request/window`: change the window's length until vision restarts or reloads."""

    length_s: Annotated[float, Meta(ge=1, le=86_400)]


class Response(Struct, frozen=True, kw_only=True):
    """The answer on `response/<verb>`: `error` is one sentence where `status` is "error"."""

    schema: Literal[1] = SCHEMA
    time: Timestamp
    transaction: Transaction | None
    status: Literal["ok", "error"]
    error: str | None = None
    result: dict[str, Any] | None = None


def encode_counts(counts: CountsHead) -> bytes:
    """The flat JSON object that a consumer receives."""
    flat = msgspec.structs.asdict(counts)
    flat.update(flat.pop("places"))
    return msgspec.json.encode(flat)


def counts_schema() -> dict[str, Any]:
    """The JSON Schema of `counts`; keys beyond it are places (`zone_…`, `line_…`) only."""
    _, definitions = msgspec.json.schema_components([Counts], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = definitions["Counts"]
    del schema["properties"]["places"]
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["required"] = sorted(schema["properties"])
    schema["patternProperties"] = {
        r"^(zone|line)_[a-z0-9_]{1,32}_(people|in|out)$": {
            "type": ["integer", "null"],
            "minimum": 0,
        }
    }
    schema["additionalProperties"] = False
    return schema
