"""What the guarantees can't say, with any msgspec that the package allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest

from edge.messages.counts import Counts
from edge.messages.live import FromPublisher, FromVision
from edge.messages.messages import Guarantees, Health, Info, Response, State
from edge.messages.page import Ask, Told, ToPage
from edge.messages.schemas import message_schemas
from edge.messages.totals import Totals
from edge.publish.outgoing import Outgoing

LEAVES = ("pictures_leave", "identities_leave")
RIGHT: dict[str, Any] = {"broker_encrypted": True, "k": 5}


@pytest.mark.parametrize("key", LEAVES)
@pytest.mark.parametrize("codec", [msgspec.json, msgspec.msgpack])
@pytest.mark.parametrize("value", [True, 1, None, "false"])
def test_nobody_can_be_told_that_a_picture_leaves(key: str, codec: Any, value: object) -> None:
    """Whatever is not false is refused, and false is read."""
    told = codec.decode(codec.encode({**RIGHT, key: False}), type=Guarantees)
    assert not told.pictures_leave and not told.identities_leave
    with pytest.raises(msgspec.ValidationError):
        codec.decode(codec.encode({**RIGHT, key: value}), type=Guarantees)


@pytest.mark.parametrize("key", LEAVES)
def test_none_is_made_that_says_so(key: str) -> None:
    """Nor can the publisher itself say it, in `info` or to the page."""
    with pytest.raises(ValueError, match="leaves a device"):
        Guarantees(**{**RIGHT, key: True})
    forged = Guarantees(**RIGHT)
    msgspec.structs.force_setattr(forged, key, True)
    assert Outgoing().encode(Told(guarantees=forged)) is None


@pytest.mark.parametrize("key", LEAVES)
def test_the_schema_refuses_it_too(key: str) -> None:
    """Who reads the contract alone sees that it is never true."""
    schemas = message_schemas()["info"]
    parts = schemas["$defs"]["Guarantees"]["properties"][key]
    jsonschema.validate(False, parts)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(True, parts)


def test_no_message_needs_a_literal_that_old_libraries_cannot_read() -> None:
    """Before msgspec 0.20 a Literal is of texts, whole numbers and None, not of truth values."""
    kinds = (Counts, Health, Info, State, Totals, Response, FromVision, FromPublisher, Ask, ToPage)
    values = [value for kind in kinds for value in _literals(msgspec.inspect.type_info(kind))]
    assert values
    assert {type(value) for value in values} <= {str, int, type(None)}


def _literals(part: Any, seen: frozenset[Any] = frozenset()) -> Iterator[Any]:
    """The values of every Literal in a type, however deep."""
    if isinstance(part, msgspec.inspect.LiteralType):
        yield from part.values
    names = getattr(part, "__struct_fields__", ())
    kind = getattr(part, "cls", None)
    if kind in seen:
        return
    for below in (getattr(part, name) for name in names):
        for each in below if isinstance(below, tuple) else (below,):
            if isinstance(each, msgspec.Struct):
                yield from _literals(each, seen | ({kind} if kind else set()))
