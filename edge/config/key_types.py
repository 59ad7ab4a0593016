"""What a type that is written as TOML or JSON leaves open: its keys, and their choices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from msgspec import Struct
from msgspec.structs import FieldInfo, fields


def keys_of(kind: Any) -> tuple[FieldInfo, ...]:
    """The keys of a table's type, also where it is wrapped: Annotated, tuple, optional."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        return fields(kind)
    return tuple(key for inner in get_args(kind) for key in keys_of(inner))


def choices_of(kind: Any) -> Iterator[Any]:
    """The values of a type that allows some only: a Literal, also where it is wrapped."""
    if get_origin(kind) is Literal:
        yield from get_args(kind)
    else:
        for inner in get_args(kind):
            yield from choices_of(inner)
