"""What is wrong with a configuration, in a sentence: the key, its value, what would be right."""

from __future__ import annotations

import difflib
import json
import re
from functools import cache
from typing import Any

import msgspec

from edge.config.broker import FINGERPRINT
from edge.config.key_types import choices_of, keys_of
from edge.config.section import SAFE_NAME, Table
from edge.config.tables import Config

SECRETIVE = ("source", "mqtt")
"""Tables of which no text is ever repeated."""


PATTERNS = {
    SAFE_NAME: "1 to 40 letters from A to Z, digits, - and _, beginning with a letter or digit",
    FINGERPRINT: "the 64 hexadecimal digits of a SHA-256, with colons or without",
}
"""What a person may not read → what it means."""


@cache
def schema() -> Table:
    """The configuration's JSON Schema, with every description, limit and default.

    Made once, since each key that is set on a command line is looked up in it: not to be changed.
    """
    return msgspec.json.schema(Config)


def is_text(path: str) -> bool:
    """Whether a key holds text, so that a device may be called 7, and mqtt.protocol be 5."""
    found = _key_schema(path)
    choices = found.get("enum", [])
    return found.get("type") == "string" or (
        bool(choices) and all(isinstance(choice, str) for choice in choices)
    )


_WHERE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>[^`]*)`)?$", re.DOTALL)
_UNKNOWN = re.compile(r"unknown field `(?P<name>[^`]*)`")


def explained(message: str, table: Table) -> str:
    """msgspec's sentence → key, value, and what would be right."""
    match = _WHERE.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    unknown = _UNKNOWN.search(what)
    if unknown:
        return _unknown(path, unknown["name"])
    choices = ", ".join(json.dumps(choice) for choice in choices_of(_at_type(path)))
    expected = what.replace("`", "").replace("Expected ", "expected ", 1)
    if choices and "array" not in what:
        expected = f"expected one of {choices}"
    for pattern, meaning in PATTERNS.items():
        expected = expected.replace(f"str matching regex {pattern!r}", meaning)
    described = _description(path)
    meaning = f" ({described})" if described else ""
    held = _at(table, path)
    value = f" = {json.dumps(held, default=str)}" if _may_be_told(path, held) else ""
    return f"{path}{value}: {expected}{meaning}"


def _may_be_told(path: str, value: Any) -> bool:
    """Whether a wrong value may be repeated: not where anybody might have written a password.

    That is any text of the tables that know cameras and brokers, whole tables, and what no key is.
    """
    section, dot, _ = path.partition(".")
    number = isinstance(value, bool | int | float)
    if section in SECRETIVE:
        return number and bool(dot) and not is_text(path)
    return section in Config.__struct_fields__ and (number or bool(dot))


def _description(path: str) -> str:
    """What the key at `path` means; inside a list of tables, what the list does."""
    return str(_key_schema(path).get("description", ""))


def _key_schema(path: str) -> Table:
    """The JSON Schema of the key at `section.key`; empty where there is none."""
    section, _, key = path.partition(".")
    name = type(getattr(Config(), section, None)).__name__
    properties: Table = schema()["$defs"].get(name, {}).get("properties", {})
    found: Table = properties.get(key.split("[")[0], {})
    return found


def _unknown(path: str, name: str) -> str:
    known = [field.name for field in keys_of(_at_type(path))]
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
        for field in keys_of(kind):
            if field.name == step:
                kind = field.type
    return kind
