"""`config check`: whether a configuration is right, and what a user may want to know of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from edge.config import read as settings
from edge.config.tables import Config
from edge.host.units import instance_in
from edge.output import say
from edge.page import password
from edge.runtime.networks.inventory import check_models, not_told
from edge.runtime.networks.licences import named, not_commercial, require_commercial


def check(config: Config, files: Sequence[Path]) -> None:
    """Say that a configuration, read from `files`, is right; ModelError where its models are not.

    What nobody is told and what no shop may run are remarks, on standard error.
    """
    check_models(config)
    require_commercial(config)
    # One that comes by a pipe is that of the camera whose folder STATE_DIRECTORY= names.
    instance = settings.instance_of(files[0]) if files else ""
    password.check(config, instance or instance_in(config.paths.state))
    names = " and ".join(map(str, files))
    origin = f"read from {names}" if names else f"no file was read (no {settings.SYSTEM_FILE})"
    print(f"the configuration is right, and its models are there; {origin}")
    if missing := not_told(config):
        print(f"agender-edge: {missing}", file=sys.stderr)
    if cards := not_commercial(config):
        say(f"by their cards not free for commercial use: {named(cards)}")
