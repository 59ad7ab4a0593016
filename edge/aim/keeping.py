"""Places that were placed → the file beside the configuration, once vision has taken them."""

from __future__ import annotations

from pathlib import Path

from edge.config.people import Space
from edge.config.read import places_as_toml
from edge.config.space_file import fingerprint, written_space
from edge.errors import ConfigError, UserError
from edge.messages.aim import Applied, Apply, Refused
from edge.messages.aim_door import AimLine

APPLY_S = 60.0
"""Vision loads every model to check the configuration."""
AGAIN_S = 30.0
"""Within this it has started anew."""


def keep(space: Space, file: Path | None, runtime: str) -> Path:
    """Write the places; the file. Those of before come back where vision does not take these.

    ConfigError where there is no configuration `file`, or it can't be written beside it; UserError
    where vision refuses.
    """
    if file is None:
        raise ConfigError("there is no configuration file beside which they could be written")
    with written_space(places_as_toml(space), file) as written:
        with AimLine(runtime, Apply(places=fingerprint(space))) as line:
            told = line.receive(APPLY_S)
        if not isinstance(told, Applied):
            raise UserError(told.error if isinstance(told, Refused) else "vision does not answer")
    return written
