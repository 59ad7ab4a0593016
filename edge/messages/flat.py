"""A record with a dictionary of named numbers ↔ one flat JSON object, and its JSON Schema."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def encode_flat(record: Struct, spread: str) -> bytes:
    """The record's JSON, with what the field `spread` holds laid beside the other keys."""
    flat = msgspec.structs.asdict(record)
    flat.update(flat.pop(spread))
    return msgspec.json.encode(flat)


def flat_schema(
    kind: type[Struct], spread: str, pattern: str, value: dict[str, Any]
) -> dict[str, Any]:
    """The JSON Schema of what `encode_flat` makes; keys beyond it match `pattern` only."""
    _, definitions = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    schema: dict[str, Any] = definitions[kind.__name__]
    del schema["properties"][spread]
    schema["$schema"] = DIALECT
    schema["required"] = sorted(schema["properties"])
    schema["patternProperties"] = {pattern: value}
    schema["additionalProperties"] = False
    return schema
