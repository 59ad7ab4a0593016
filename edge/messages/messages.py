"""What a device says of itself, and what it is asked: the message types beside `counts`.

Numbers are plain JSON numbers; times are RFC 3339 in UTC with milliseconds; every key is always
present (null = not known, or not told), so that a consumer never has to guess.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from edge.messages.fields import SCHEMA, Amount, Day, Name, People, Sentence, Timestamp, Whole

PauseReason = Literal["request", "unreadable"]
"""Why the camera is closed: it was asked for, or whether it was could not be read."""


class State(Struct, frozen=True, kw_only=True):
    """Who is in view right now; `paused` = the camera is closed.

    `present` is null for fewer people than the privacy threshold, nobody included, and `attending`
    where it would tell of so few that they face the camera or do not.
    """

    schema: Literal[2] = SCHEMA
    time: Timestamp
    present: People | None
    attending: People | None
    paused: bool = False


class Health(Struct, frozen=True, kw_only=True):
    """How the device is. `stage_…_ms` are means per processed frame since the last message.

    While k > 1 whatever rises and falls with the people in view is told once a window, of the
    whole window, and not during a pause: the stages' times of one with at least k people (else
    null), rates, temperature, `throttled` (at any time of it) and memory of any; frames that were
    not searched are not told. `view_…` is what is wrong with the camera's view, null where it is
    not known; with k > 1 those that take a face to be told are null. The publisher adds what only
    it knows: its own memory, the outbox, and whether vision is heard.
    """

    schema: Literal[2] = SCHEMA
    time: Timestamp
    uptime_s: Amount
    vision_running: bool = True
    paused: bool = False
    pause_reason: PauseReason | None = None
    camera_ok: bool
    camera_restarts: Whole = 0
    """The camera was closed and opened anew because it gave no frames, since vision started."""
    camera_lost: Whole = 0
    """Vision ended because that did not help, since the outbox was made; so are the next two."""
    vision_starts: Whole = 0
    machine_starts: Whole = 0
    fps_camera: Amount | None = None
    fps_processed: Amount | None = None
    fps_limit: Amount | None = None
    """Detections a second allowed now; lower than configured while the device is hot or busy."""
    frames_skipped: Whole | None = None
    """Frames that came while another was being processed."""
    frames_gated: Whole | None = None
    """Frames processed without looking for faces, since nothing moved. They were observed."""
    stage_capture_ms: Amount | None = None
    stage_detect_ms: Amount | None = None
    stage_people_ms: Amount | None = None
    stage_estimate_ms: Amount | None = None
    temperature_celsius: Annotated[float, Meta(ge=-100, le=200)] | None
    throttled: bool | None
    vision_memory_mb: Amount | None
    publisher_memory_mb: Amount = 0.0
    outbox_depth: Whole | None = None
    """Windows that wait for the broker; as all of the outbox null while it can't be read."""
    outbox_in_memory: Whole = 0
    """Windows that the disk refuses and that wait in vision's memory."""
    outbox_dropped: Whole | None = None
    """Windows dropped by the bound or the disk since the outbox was made."""
    outbox_set_aside: Whole | None = None
    """Corrupt outbox files set aside."""
    windows_refused: Whole | None = None
    """Windows that broke the rules of the message and were sent empty, as `lost`."""
    requests_refused: Whole = 0
    """Requests answered with an error or, in a flood, not at all."""
    view_dark: bool | None = None
    view_covered: bool | None = None
    view_frozen: bool | None = None
    view_blurred: bool | None = None
    view_moved: bool | None = None
    view_faces_too_small: bool | None = None
    view_faces_cut: bool | None = None
    clock_synced: bool


Says = Literal["allowed", "forbidden", "not stated"]
"""What a text says of commercial use."""


class ModelInfo(Struct, frozen=True, kw_only=True):
    """A model in use: `task` is detect, age or gender; `sha256` is the .tflite file's.

    `licence` is that of its weights; what it says of commercial use is told apart from what the
    terms of the data say that the model learned from.
    """

    name: Name
    task: Name
    sha256: Annotated[str, Meta(max_length=64, pattern=r"^[0-9a-f]{64}$(?!\n)")]
    licence: Annotated[str, Meta(max_length=96, pattern=r"^[\x20-\x7e]*$(?!\n)")] = ""
    weights_commercial: Says = "not stated"
    training_data_commercial: Says = "not stated"


AlwaysFalse = Annotated[bool, Meta(extra_json_schema={"enum": [False]})]
"""False; no `Literal[False]`, since msgspec 0.19 decodes none."""


class Guarantees(Struct, frozen=True, kw_only=True):
    """What of a person can leave this device, as configured and as far as it can be told.

    `pictures_leave` is false by construction: there is no code, message or column for it.
    `vision_…` is what vision found of its own process, null where it can't tell: whether it has no
    network (systemd's doing; false for a network camera), reaches no other program's socket, may
    not dump its memory, can't have its frames swapped to a disk, and has a limit on its memory.
    `k` is the least count of people a cell is published with (1 = any), `window_min_s` the
    shortest window, `profile` the set of rules chosen.
    `epsilon` is each window's privacy loss where noise is on, and `epsilon_spent` the sum over
    the UTC day's windows since vision started; both null without noise.
    """

    pictures_leave: AlwaysFalse = False
    identities_leave: AlwaysFalse = False
    vision_without_network: bool | None = None
    vision_without_sockets: bool | None = None
    vision_without_core_dumps: bool | None = None
    vision_without_swap: bool | None = None
    vision_memory_limited: bool | None = None
    broker_encrypted: bool
    k: Whole
    window_min_s: Amount | None = None
    profile: Name = "none"
    epsilon: Amount | None = None
    epsilon_spent: Amount | None = None

    def __post_init__(self) -> None:
        """ValueError, which decoding makes a ValidationError, where a picture or person leaves."""
        if self.pictures_leave or self.identities_leave:
            raise ValueError("no picture and no identity leaves a device")


class Audited(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The last count by hand that this device was held against (`agender-edge audit`).

    `verdict`: whether its people were within `margin` (0.05: 5 %) of the tally's. `time`: when
    that was found; `first_day` and `last_day`: of the bins that were compared, by local time, null
    where there were none. No number of people is told.
    """

    verdict: Literal["passes", "fails", "not enough seen"]
    margin: Annotated[float, Meta(gt=0, le=1)]
    time: Timestamp
    first_day: Day | None
    last_day: Day | None


CameraKind = Annotated[str, Meta(max_length=16, pattern=r"^[a-z0-9+]*$(?!\n)")]
"""What the camera's address begins with."""


class Info(Struct, frozen=True, kw_only=True):
    """What this device is: published retained on every connect and on every change.

    `given_up` names what this broker does not allow for: keys of this message that are null since
    it takes no packet as long, `discovery` where that is too long for it, `retain` where nothing is
    retained, and `qos_1` where nothing is acknowledged (then windows are kept, or some get lost).
    `aiming`: somebody on the device is being shown where faces are (`agender-edge aim`).
    `audit`: null without one, and while `audit.publish` is off.
    """

    schema: Literal[2] = SCHEMA
    time: Timestamp
    site: Name
    device: Name
    version: Name
    python: Name
    boot: Name | None
    camera_kind: CameraKind | None
    models: Annotated[tuple[ModelInfo, ...], Meta(max_length=16)]
    commands: bool
    guarantees: Guarantees
    aiming: bool
    audit: Audited | None = None
    config: dict[str, Any] | None
    config_schema: dict[str, Any] | None
    counts_schema: dict[str, Any] | None
    given_up: Annotated[tuple[Name, ...], Meta(max_length=16)]


Transaction = Annotated[str, Meta(max_length=64, pattern=r"^[\x20-\x7e]*$(?!\n)")]


class Request(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A command on `request/<verb>`; `transaction` comes back in the response."""

    transaction: Transaction | None = None


class WindowRequest(Request, frozen=True):
    """`request/window`: change the window's length until vision restarts or reloads."""

    length_s: Annotated[float, Meta(ge=1, le=86_400)]


class Response(Struct, frozen=True, kw_only=True):
    """The answer on `response/<verb>`: `error` is one sentence where `status` is "error"."""

    schema: Literal[2] = SCHEMA
    time: Timestamp
    transaction: Transaction | None
    status: Literal["ok", "error"]
    error: Sentence | None = None
    result: dict[str, Any] | None = None
