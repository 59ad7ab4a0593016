"""The JSON Schemas of every message, as files beside this module and as values.

`python -m edge.messages.schemas` writes the files anew from the message types; a test compares
them.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import msgspec

from edge.messages import counts, messages, totals
from edge.messages.flat import DIALECT

FOLDER = Path(__file__).parent
Schema = dict[str, Any]


def message_schemas() -> dict[str, Schema]:
    """File stem → JSON Schema (draft 2020-12), for all that is published or asked."""
    schemas = {
        "availability": {"$schema": DIALECT, "enum": ["online", "offline", "stopped"]},
        "info": _sent(messages.Info),
        "counts": counts.counts_schema(),
        "totals": totals.totals_schema(),
        "state": _sent(messages.State),
        "health": _sent(messages.Health),
        "response": _sent(messages.Response),
        "request": _asked(messages.Request),
        "request_window": _asked(messages.WindowRequest),
    }
    return {name: _tidy(schema) for name, schema in schemas.items()}


def _tidy(part: Any) -> Any:
    """Descriptions without their source's indentation, which Python 3.13 takes off and 3.11 not."""
    if isinstance(part, dict):
        return {
            key: inspect.cleandoc(value)
            if key == "description" and isinstance(value, str)
            else _tidy(value)
            for key, value in part.items()
        }
    return part


def _sent(kind: type[msgspec.Struct]) -> Schema:
    """Of what the device publishes: every key is always present, and no other."""
    schema = _asked(kind)
    for part in (schema, *schema.get("$defs", {}).values()):
        part["required"] = sorted(part["properties"])
        part["additionalProperties"] = False
    return schema


def _asked(kind: type[msgspec.Struct]) -> Schema:
    name = kind.__name__
    _, definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema: Schema = {"$schema": DIALECT, **definitions.pop(name)}
    return schema | ({"$defs": definitions} if definitions else {})


def write(folder: Path = FOLDER) -> None:
    """Write one file a schema."""
    for name, schema in message_schemas().items():
        text = msgspec.json.format(msgspec.json.encode(schema), indent=2).decode()
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
