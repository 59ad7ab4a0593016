"""`agender-edge init`: asks, tries, writes, starts, looks."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from edge.config import read as settings
from edge.config.tables import Config
from edge.errors import UserError
from edge.flash import secret
from edge.init import system
from edge.init.arguments import PLACES
from edge.init.questions import Ask, asker, complete
from edge.init.trial import try_out
from edge.output import say
from edge.whole_files import replacing

HEAD = (
    "# Written by `agender-edge init`: what differs from the defaults. `agender-edge config show`\n"
    "# prints every key with its meaning. After a change:\n"
    "# sudo systemctl restart agender-vision agender-publisher\n\n"
)

Overrides = Callable[[argparse.Namespace], list[str]]


def init(parsed: argparse.Namespace, overrides: Overrides, places: system.Places) -> int:
    """Nothing is written before all of it is known, and known to work."""
    _refuse_replacing(parsed.out, force=parsed.force)
    if parsed.services:
        system.require(places, parsed.out)
    ask = asker()
    complete(parsed, ask)
    config = configuration(parsed, overrides)
    password = _password(parsed, ask)
    if not parsed.services:
        try_out(config, password, untested=parsed.untested)
        _write(config, parsed.out, for_services=False)
        return 0
    with system.stopped():
        try_out(config, password, untested=parsed.untested)
        system.install_units(config, places)
        _write(config, parsed.out, for_services=True)
        system.store_password(password, places)
    system.turn_memory_controller_on(places)
    system.start()
    return _looked_at(parsed.out)


def configuration(parsed: argparse.Namespace, overrides: Overrides) -> Config:
    """Place, flags and --set, the last being strongest; of no file but the one that is named."""
    keys = list(PLACES[parsed.place])
    keys += [f"mqtt.username={parsed.username}"] if parsed.username else []
    return settings.load(parsed.config or Path(os.devnull), [*keys, *overrides(parsed)])


def _refuse_replacing(out: Path, *, force: bool) -> None:
    if out.exists() and not force:
        raise UserError(
            f"{out} is there already: change it by hand, or let --force replace it (the old one "
            "is kept beside it)"
        )


def _password(parsed: argparse.Namespace, ask: Ask | None) -> str:
    """Of the user at the broker; a file, or typed without being shown."""
    if not parsed.username:
        if parsed.password_file:
            raise UserError("--username is missing: whose password is it at the broker?")
        return ""
    if parsed.password_file is None and ask is None and not parsed.services:
        return ""
    what = f"the password of {parsed.username} at the broker"
    return secret.read(parsed.password_file, "--password-file", what)


def _write(config: Config, out: Path, *, for_services: bool) -> None:
    """The file, for root and the services alone where they are set up; an old one is kept."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as fresh:
            fresh.chmod(0o600)
            fresh.write_text(HEAD + settings.changed_as_toml(config), encoding="utf-8")
            if for_services:
                system.give_to_services(fresh)
            if out.exists():
                out.replace(out.with_name(f"{out.name}.old"))
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror}") from error
    say(f"written: {out}")


def _looked_at(out: Path) -> int:
    """What the doctor says of the device that runs now; 0, since it is set up all the same."""
    from edge.diagnostics.doctor import doctor  # noqa: PLC0415 - brings every stage, for this alone

    say("the services run; `agender-edge doctor` looks at them")
    doctor(settings.load(out), as_json=False)
    return 0
