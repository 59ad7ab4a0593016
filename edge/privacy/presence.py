"""Who is in view, and how the device is → what of it may be told of the moment.

Vision tells no more than this, and the publisher, which believes nothing that it hears, passes on
no more: whoever has taken vision over can't make the device tell of few.
"""

from __future__ import annotations

import msgspec

from edge.config.told import Privacy
from edge.messages.messages import Health, State

OF_FACES = ("view_faces_too_small", "view_faces_cut")
"""Of `health`: what of the view takes a face to be known."""
OF_THE_MOMENT = (*OF_FACES, "frames_gated")
"""Of `health`: what is never told where few are not."""


def in_view(privacy: Privacy, present: int, attending: int) -> tuple[int | None, int | None]:
    """`present` and `attending` as the live state may tell them; None = not told.

    Fewer than k in view are not told, not even whether there is anybody: second by second that
    would be the very stay of each of them. Nor is it told of few that they face the camera, or
    that they do not; of exactly k in view the withholding itself would tell that.
    """
    if privacy.k == 1 or privacy.state == "exact":
        return present, attending
    few = range(1, privacy.k)
    hidden = present <= privacy.k or attending in few or present - attending in few
    return present if present >= privacy.k else None, None if hidden else attending


def state_told(privacy: Privacy, heard: State) -> State | None:
    """What of a state that was heard may be passed on; None where there is none to be told."""
    if not privacy.live:
        return None
    present, attending = heard.present, heard.attending
    if present is None:
        attending = None
    elif attending is None:
        present, _ = in_view(privacy, present, 0)
    else:
        present, attending = in_view(privacy, present, attending)
    return msgspec.structs.replace(heard, present=present, attending=attending)


def health_told(privacy: Privacy, heard: Health) -> Health:
    """The same of a health record."""
    if privacy.k == 1 and privacy.epsilon is None:
        return heard
    return msgspec.structs.replace(heard, **dict.fromkeys(OF_THE_MOMENT))
