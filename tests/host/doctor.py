"""What the tests of the doctor share: a configuration, and what a check finds in it."""

from __future__ import annotations

from edge.config import read as settings


def config(**values):
    return settings.load(
        None, [f"{key.replace('__', '.')}={value}" for key, value in values.items()]
    )


def states(check, settings_in_force):
    return [finding.state for finding in check(settings_in_force)]
