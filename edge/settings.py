"""Reading the configuration: file, then flags, then the check; and explaining it to a person."""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec
from msgspec import Struct

from edge.config import Config
from edge.errors import ConfigError
from edge.redact import holds_password

SYSTEM_FILE = Path("/etc/agender-edge/config.toml")
Table = dict[str, Any]


def load(path: Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a TOML file and `key=value` overrides, in that order of strength.

    Without `path` the system's file is read if there is one. ConfigError names file, key, value
    and what would be right.
    """
    if path is None and os.path.isfile(SYSTEM_FILE):  # noqa: PTH113 - Path's raises if forbidden
        path = SYSTEM_FILE
    table = _read(path) if path else {}
    if path:
        _checked(table, str(path))
    for override in overrides:
        _checked(_set(table, override), "the command line")
    return _checked(table, str(path) if path else "the command line")


def _read(path: Path) -> Table:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: is not valid TOML: {error}") from error


def _set(table: Table, override: str) -> Table:
    """Put `section.key=value` into `table` and return just that part, for its own check."""
    key, equals, text = override.partition("=")
    section, dot, name = key.strip().partition(".")
    if not (equals and dot and name):
        raise ConfigError(f"the command line: {override!r} should read section.key=value")
    if holds_password(text):
        raise ConfigError(
            f"the command line: {key.strip()} holds a password, which every user of this machine "
            "can read there; write it into the configuration file"
        )
    value = _value(text.strip())
    if not isinstance(value, str) and _is_text(f"{section}.{name}"):
        value = text.strip()
    held = table.setdefault(section, {})
    if isinstance(held, dict):
        held[name] = value
    return {section: {name: value}}


def _is_text(path: str) -> bool:
    """Whether a key holds text, so that a device may be called 7."""
    return _key_schema(path).get("type") == "string"


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
        raise ConfigError(f"{origin}: {_explained(str(error), table)}") from error


_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")


def _explained(message: str, table: Table) -> str:
    """msgspec's sentence → key, value, and what would be right."""
    match = _WHERE.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    unknown = _UNKNOWN.search(what)
    if unknown:
        return _unknown(path, unknown["name"])
    expected = what.replace("`", "").replace("Expected ", "expected ", 1)
    meaning = f" ({_description(path)})" if _description(path) else ""
    return f"{path} = {json.dumps(_at(table, path), default=str)}: {expected}{meaning}"


def _description(path: str) -> str:
    """What the key at `path` means; empty inside a list of tables."""
    return str(_key_schema(path).get("description", ""))


def _key_schema(path: str) -> Table:
    """The JSON Schema of the key at `section.key`; empty where there is none."""
    section, _, key = path.partition(".")
    name = type(getattr(Config(), section, None)).__name__
    properties: Table = schema()["$defs"].get(name, {}).get("properties", {})
    found: Table = properties.get(key.split("[")[0], {})
    return found


def _unknown(path: str, name: str) -> str:
    known = [field.name for field in _nested(_at_type(path))]
    near = difflib.get_close_matches(name, known, 1)
    advice = f"did you mean {near[0]}?" if near else f"known keys: {', '.join(known)}"
    return f"{'.'.join(filter(None, (path, name)))}: there is no such key; {advice}"


def _steps(path: str) -> list[str | int]:
    parts = re.findall(r"[^.\[\]]+", path)
    return [int(part) if part.isdigit() else part for part in parts]


def _at(table: Any, path: str) -> Any:
    for step in _steps(path):
        try:
            table = table[step]
        except (KeyError, IndexError, TypeError):
            return None
    return table


def _at_type(path: str) -> Any:
    """The type of the table at `path`, or of the tables in the list there."""
    kind: Any = Config
    for step in _steps(path):
        for field in _nested(kind):
            if field.name == step:
                kind = field.type
    return kind


def _nested(kind: Any) -> tuple[msgspec.structs.FieldInfo, ...]:
    """The keys of a table's type, also where it is wrapped: Annotated, tuple, optional."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return msgspec.structs.fields(kind)
    return tuple(field for inner in get_args(kind) for field in _nested(inner))


def schema() -> Table:
    """The configuration's JSON Schema, with every description, limit and default."""
    return msgspec.json.schema(Config)


def as_toml(config: Config) -> str:
    """The whole configuration in force, each key under its description."""
    return "\n".join(_lines(config)) + "\n"


def changed_as_toml(config: Config) -> str:
    """Only what differs from the defaults, for a file that a person reads; and whose it is."""
    lines = []
    defaults = msgspec.to_builtins(Config())
    for section, values in msgspec.to_builtins(config).items():
        changed = {
            key: value
            for key, value in values.items()
            if value is not None and (value != defaults[section][key] or section == "device")
        }
        if changed:
            lines += [f"[{section}]", *(f"{key} = {_toml(held)}" for key, held in changed.items())]
    return "\n".join(lines) + "\n"


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
    return json.dumps(value)
