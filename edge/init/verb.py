"""`agender-edge init`: asks, tries, writes, starts, looks."""

from __future__ import annotations

import argparse
import os
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from msgspec.structs import replace

from edge.config import read as settings
from edge.config.address import parsed as parsed_address
from edge.config.renamed import name_of_now
from edge.config.section import Table
from edge.config.seen import Source
from edge.config.tables import Config
from edge.errors import ConfigError, UserError
from edge.flash import secret
from edge.host.units import adopt_folders, of_instance
from edge.init import system
from edge.init.arguments import PLACES
from edge.init.places import Places
from edge.init.questions import Ask, asker, complete
from edge.init.second_try import answer_again
from edge.init.trial import TrialError, try_out
from edge.output import say
from edge.whole_files import keep, replacing

HEAD = (
    "# Written by `agender-edge init`: what differs from the defaults. `agender-edge config show`\n"
    "# prints every key with its meaning. After a change:\n"
    "# sudo systemctl restart {units}\n\n"
)
UNSET = "# Nothing is set yet"
"""How that file begins (packaging/deb/config.toml)."""

Overrides = Callable[[argparse.Namespace], list[str]]


def init(parsed: argparse.Namespace, overrides: Overrides, places: Places) -> int:
    """Nothing is written before all of it is known, and known to work."""
    places = places._replace(instance=parsed.instance or "")
    parsed.out = parsed.out or places.file
    if parsed.instance and _unnamed(parsed):
        parsed.device = parsed.instance
    _refuse_replacing(parsed.out, force=parsed.force)
    if parsed.services:
        system.require(places, parsed.out)
    ask = asker()
    typed = complete(parsed, ask, settings.load(_base(parsed), overrides(parsed)))
    return _until_it_works(parsed, overrides, places, ask, typed)


def _until_it_works(
    parsed: argparse.Namespace,
    overrides: Overrides,
    places: Places,
    ask: Ask | None,
    typed: list[str],
) -> int:
    """Try the answers; where somebody is there to be asked, anew as often as they want it."""
    password: str | None = None
    while True:
        config = configuration(parsed, overrides, typed)
        password = _password(parsed, config, ask) if password is None else password
        try:
            return _carry_out(parsed, config, password, places)
        except TrialError as error:
            if ask is None:
                raise
            typed, keeps_password = answer_again(parsed, ask, error, typed, config.mqtt)
            password = password if keeps_password else None


def _carry_out(parsed: argparse.Namespace, config: Config, password: str, places: Places) -> int:
    if parsed.services:
        status = _set_up(parsed, config, password, places)
    else:
        status = _write_alone(parsed, config, password)
    if places.instance:
        _compare_with_first(config)
    return status


def _compare_with_first(config: Config) -> None:
    """Say so where a further camera tells more of few people than the machine's first one."""
    first = settings.file_of(None)
    if first is None:
        return
    try:
        k = settings.load(first).privacy.k
    except ConfigError:
        return  # nothing can be said of it; whoever runs it is told
    if config.privacy.k < k:
        say(
            f"privacy.k is {config.privacy.k} for this camera and {k} for that of {first}: whoever "
            "passes both is told of as the weaker one allows"
        )


def _write_alone(parsed: argparse.Namespace, config: Config, password: str) -> int:
    try_out(config, password, untested=parsed.untested)
    with _written(config, parsed.out, for_services=False):
        pass
    if password:
        say("the password was tried and is stored nowhere: mqtt.password_file names its file")
    return 0


def _set_up(parsed: argparse.Namespace, config: Config, password: str, places: Places) -> int:
    with system.stopped(places):
        try_out(config, password, untested=parsed.untested, units=places.units)
        system.install_users(places)
        with _written(config, parsed.out, for_services=True):
            system.store_password(password, places)
            system.install_units(config, places)
    system.start(places, untested=parsed.untested)
    system.limit_memory(places)
    return _looked_at(parsed.out)


def configuration(
    parsed: argparse.Namespace, overrides: Overrides, typed: Sequence[str] = ()
) -> Config:
    """Place, flags and --set, the last being strongest; of no file but the one that is named.

    A file that tells less of few than the place does keeps its k.
    """
    user = [f"mqtt.username={parsed.username}"] if parsed.username else []
    given = settings.Given("the answers", typed)
    placed, bare = (
        settings.load(_base(parsed), [*place, *user, *overrides(parsed)], given)
        for place in (PLACES[parsed.place], ())
    )
    config = max(placed, bare, key=lambda config: config.privacy.k)
    return replace(config, source=_lasting(config.source))


def _base(parsed: argparse.Namespace) -> Path:
    # Without any file settings.load would read that of this machine's own installation.
    return parsed.config or Path(os.devnull)


def _lasting(source: Source) -> Source:
    """A path that means the same wherever the program is started."""
    address = parsed_address(source.uri)
    if address.kind != "path" or "://" in source.uri:
        return source
    return replace(source, uri=str(address.path.absolute()))


def _refuse_replacing(out: Path, *, force: bool) -> None:
    if out.is_dir():
        raise UserError(f"--out {out}: is a folder; name a file")
    if out.exists() and not force and _is_somebodys(out):
        raise UserError(
            f"{out} is there already: change it by hand, or let --force replace it (the old one "
            "is kept beside it)"
        )


def _head(out: Path) -> str:
    units = of_instance(settings.instance_of(out))
    return HEAD.format(units=" ".join(unit.removesuffix(".service") for unit in units))


def _is_somebodys(file: Path) -> bool:
    """Whether it is another than the one that Debian's package begins with."""
    try:
        text = file.read_text(encoding="utf-8")
        return not text.startswith(UNSET) or bool(tomllib.loads(text))
    except (OSError, ValueError):
        return True


def _unnamed(parsed: argparse.Namespace) -> bool:
    """Whether neither flag nor file names the device."""
    return (
        parsed.device is None and parsed.config is None
        and not any(one.startswith("device.name") for one in parsed.overrides)
    )  # fmt: skip


def _password(parsed: argparse.Namespace, config: Config, ask: Ask | None) -> str:
    """Of the user at the broker; a file, or typed without being shown."""
    user = config.mqtt.username
    if not user:
        if parsed.password_file:
            raise UserError("--username is missing: whose password is it at the broker?")
        return ""
    if parsed.password_file is None:
        unattended = ask is None and not parsed.services
        if config.mqtt.password_file or unattended:
            return ""
    return secret.read(
        parsed.password_file, "--password-file", f"the password of {user} at the broker"
    )


@contextmanager
def _written(config: Config, out: Path, *, for_services: bool) -> Iterator[None]:
    """The file, for root and the services alone where they are set up, once the block has ended.

    Where it fails what was there stays; else that is kept beside it.
    """
    text = settings.changed_as_toml(config)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with replacing(out) as fresh:
            fresh.chmod(0o600)
            fresh.write_text(_head(out) + text, encoding="utf-8")
            if for_services:
                system.give_to_services(fresh)
            yield
            old = keep(out) if out.exists() and _is_somebodys(out) else None
    except OSError as error:
        raise UserError(f"--out {out}: cannot be written: {error.strerror}") from error
    say(f"written: {out}")
    if old:
        say(f"the old one is kept as {old}{_not_taken_over(old, text)}")


def _not_taken_over(old: Path, text: str) -> str:
    """The keys that an old file sets and the new one does not: areas not to be looked at, too."""
    try:
        before = tomllib.loads(old.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return ""
    now = _keys(tomllib.loads(text))
    gone = [key for key in _keys(before) if name_of_now(key) not in now]
    return f"; no longer set: {', '.join(gone)} (--config FILE begins with a file)" if gone else ""


def _keys(tables: Table) -> list[str]:
    """Every `section.key` of a file's tables."""
    held = ((name, keys) for name, keys in tables.items() if isinstance(keys, dict))
    return [f"{name}.{key}" for name, keys in held for key in keys]


def _looked_at(out: Path) -> int:
    """What the doctor says of the device that runs now; 0, since it is set up all the same."""
    from edge.diagnostics.doctor import doctor  # noqa: PLC0415 - brings every stage, for this alone

    say("the services run; `agender-edge doctor` looks at them")
    adopt_folders(out)
    doctor(settings.load(out), as_json=False)
    return 0
