"""Reading the configuration: file, then flags, then the check; and explaining it to a person."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from edge.broker_address import PORT, implied_port
from edge.config.broker import check as check_broker
from edge.config.broker import with_port
from edge.config.people import Space
from edge.config.profiles import with_profile
from edge.config.refusal import explained, is_text, schema
from edge.config.renamed import name_of_now, with_new_names
from edge.config.section import SAFE_NAME, Table
from edge.config.space_file import require_space_alone, space_file_of
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.redact import holds_password

ADDRESSES = ("source.uri", "source.detect_uri")
PUBLIC = "operator."
"""What begins so is printed on a sign."""
SYSTEM_FILE = Path("/etc/agender-edge/config.toml")
"""Of the only camera; that of one of several has its name: /etc/agender-edge/NAME.toml."""


class Given(NamedTuple):
    """Overrides that are no part of the command line, and so may hold a password: a table's."""

    origin: str
    overrides: Sequence[str]


def file_of(path: Path | None) -> Path | None:
    """The file that is read: the one named, else the system's if there is one."""
    if path is None and os.path.isfile(SYSTEM_FILE):  # noqa: PTH113 - Path's raises if forbidden
        return SYSTEM_FILE
    return path


def instance_of(path: Path | None) -> str:
    """Which camera of several a file configures, by its name; empty: the only one."""
    if path is None or path == SYSTEM_FILE or path.parent != SYSTEM_FILE.parent:
        return ""
    return path.stem


def is_instance(name: str) -> bool:
    """Whether one camera of several can have this name: a unit's, a file's and a topic's."""
    return bool(re.match(SAFE_NAME, name)) and name != SYSTEM_FILE.stem


def load(
    path: Path | None = None,
    overrides: Sequence[str] = (),
    given: Given | None = None,
    *,
    privacy_of: Path | None = None,
) -> Config:
    """The configuration of a TOML file and `key=value` overrides, in that order of strength.

    `given` is stronger than both. Without `path` the system's file is read if there is one.
    `privacy_of` is another camera's file: what it says of privacy holds too, weaker than all.
    ConfigError names file, key, value and what would be right.
    """
    path = file_of(path)
    table = _file(path) if path else {}
    if privacy_of:
        table["privacy"] = _file(privacy_of).get("privacy", {}) | table.get("privacy", {})
    for override in overrides:
        _refuse_password(override)
        _checked(_set(table, override), "the command line")
    if given:
        for override in given.overrides:
            _checked(_set(table, override), given.origin)
    origin = str(path) if path else "the command line"
    _checked(table, origin)
    config = _checked(with_port(with_profile(table)), origin)
    check_broker(config.mqtt)
    return config


def files_of(path: Path | None) -> list[Path]:
    """The files that are read, the weaker one first."""
    found = file_of(path)
    if found is None:
        return []
    places = space_file_of(found)
    # Also one that can't be read: a mask must not go unseen.
    return [found, *([places] if places != found and os.path.lexists(places) else [])]


def _file(path: Path) -> Table:
    """The tables of the configuration, each file checked for itself."""
    table: Table = {}
    for file in files_of(path):
        held = _read(file)
        if file != path:
            require_space_alone(held, file)
        _checked(held, str(file))
        table |= held
    return table


def _read(path: Path) -> Table:
    try:
        # Editors of other systems begin a file with a byte order mark, which TOML has not.
        held = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError(
            f"{path}: is not text in UTF-8 (line {line}); save it as UTF-8"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error
    return with_new_names(held, str(path))


def _set(table: Table, override: str) -> Table:
    """Put `section.key=value` into `table` and return just that part, for its own check."""
    key, equals, text = override.partition("=")
    section, dot, name = name_of_now(key.strip()).partition(".")
    if not (equals and dot and name):
        # Not the text itself: what is wrong with it may be that it is a password.
        raise ConfigError("the command line: --set should read section.key=value")
    value = _value(text.strip())
    if not isinstance(value, str) and is_text(f"{section}.{name}"):
        value = text.strip()
    held = table.setdefault(section, {})
    if isinstance(held, dict):
        held[name] = value
    return {section: {name: value}}


def _refuse_password(override: str) -> None:
    """ConfigError where an override on the command line may name a password."""
    key, _, text = override.partition("=")
    if key.strip().startswith(PUBLIC):
        return
    key = key.strip()
    texts = re.findall("[\"']([^\"']*)", text) if key == "mqtt.fallback" else [text.strip()]
    named = any(holds_password(each) for each in texts if key in ADDRESSES or "://" in each)
    if named or (key == "mqtt.path" and "?" in text):
        raise ConfigError(
            f"the command line: {key} holds a password, which every user of this machine "
            "can read there; write it into the configuration file"
        )


def _value(text: str) -> Any:
    """A TOML value, or the text itself where it is none."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _checked(table: Table, origin: str) -> Config:
    try:
        return msgspec.convert(table, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin}: {explained(str(error), table)}") from error


def as_toml(config: Config) -> str:
    """The whole configuration in force, each key under its description."""
    return "\n".join(_lines(config)) + "\n"


def changed_as_toml(config: Config) -> str:
    """Only what differs from the defaults, for a file that a person reads; and whose it is."""
    tables = []
    defaults = msgspec.to_builtins(Config())
    mqtt = config.mqtt
    websockets = mqtt.transport == "websockets"
    if mqtt.port == PORT != implied_port(tls=mqtt.tls, websockets=websockets):
        del defaults["mqtt"]["port"]  # without it the file would mean another one
    for section, values in msgspec.to_builtins(config).items():
        changed = {
            key: value
            for key, value in values.items()
            if value is not None and (value != defaults[section].get(key) or section == "device")
        }
        if changed:
            lines = [f"{key} = {_toml(held)}\n" for key, held in changed.items()]
            tables.append(f"[{section}]\n{''.join(lines)}")
    return "\n".join(tables)


def places_as_toml(space: Space) -> str:
    """Zones and lines as lines of TOML below `[space]`, one a line."""
    parts = []
    for key, places in msgspec.to_builtins(space).items():
        rows = "".join(f"  {_toml(place)},\n" for place in places)
        parts.append(f"{key} = [\n{rows}]\n" if rows else f"{key} = []\n")
    return "".join(parts)


def _lines(config: Config) -> Iterator[str]:
    definitions = schema()["$defs"]
    for section, values in msgspec.to_builtins(config).items():
        described = definitions[type(getattr(config, section)).__name__]
        yield from _comment(described["description"])
        yield f"[{section}]"
        for key, value in values.items():
            yield from _comment(described["properties"][key].get("description", key))
            yield f"# {key} =" if value is None else f"{key} = {_toml(value)}"
        yield ""


def _comment(text: str) -> Iterator[str]:
    return (f"# {line.strip()}".rstrip() for line in text.splitlines())


def _toml(value: Any) -> str:
    """A value as TOML writes it in one line: as JSON does, but for tables; there is no null."""
    if isinstance(value, dict):
        pairs = (f"{key} = {_toml(held)}" for key, held in value.items() if held is not None)
        return f"{{ {', '.join(pairs)} }}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    # JSON's \u stands for half a character beyond U+FFFF, TOML's for a whole one; and TOML takes no
    # bare DEL.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
