"""What the keys of a card are made of: their limits, and their words for the reference page."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Annotated, Any, Union

from msgspec import Meta, Struct

from edge.config.key_types import choices_of, keys_of

NAME = r"^[A-Za-z0-9][A-Za-z0-9_-]*\Z"
SHA256 = r"^[0-9a-f]{64}\Z"
# "$" would let a line end pass.
AGE_LEAST_YEARS, AGE_MOST_YEARS = -5.0, 120.0
"""No network's answer lies beyond: a regression may say a little less than 0 of a baby."""


def about(text: str, example: Any = None, unit: str = "", **limits: Any) -> Meta:
    """A key's meaning, an example and its unit, with the limits that `msgspec.Meta` knows."""
    examples = None if example is None else [example]
    return Meta(description=text, examples=examples, extra={"unit": unit}, **limits)


Name = Annotated[str, Meta(pattern=NAME, max_length=60)]
"""What a bundle may be called: the name is part of file names and of messages."""
Sha256 = Annotated[str, Meta(pattern=SHA256)]
Text = Annotated[str, Meta(max_length=4000)]
Word = Annotated[str, Meta(max_length=100)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Score = Annotated[float, Meta(gt=0, lt=1)]
Positive = Annotated[int, Meta(gt=0)]
Side = Annotated[int, Meta(gt=0, le=2048)]
Index = Annotated[int, Meta(ge=0, le=1023)]
Tensor = Annotated[int, Meta(ge=0, le=63)]
Margin = Annotated[float, Meta(ge=-0.4, le=3)]
Years = Annotated[float, Meta(ge=-1000, le=1000)]
Sharpness = Annotated[float, Meta(ge=0, le=100)]
Step = Annotated[int, Meta(gt=0, le=1024)]


class Part(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of the card's parts: immutable, finite, and an unknown key is an error."""

    def __post_init__(self) -> None:
        for name, value in _numbers(self):
            if not math.isfinite(value):
                raise ValueError(f"`{name}` is {value}, must be a finite number")


def _numbers(part: Struct) -> Iterator[tuple[str, float]]:
    """The floating-point numbers among a part's own keys, those in its lists and tables too."""
    for name in part.__struct_fields__:
        value = getattr(part, name)
        several = value.values() if isinstance(value, dict) else value
        for one in several if isinstance(several, tuple | type({}.values())) else (value,):
            if isinstance(one, float):
                yield name, one


PATTERNS = {
    NAME: "of letters, digits, - and _, the first a letter or a digit",
    SHA256: "of 64 digits and letters a to f",
}


def words(error: Exception, kind: Any = None) -> str:
    """msgspec's sentence, with words in place of patterns, and the choices that `kind` leaves."""
    said = str(error)
    for pattern, meaning in PATTERNS.items():
        said = said.replace(f"matching regex {pattern!r}", meaning)
    path = _CHOSEN.fullmatch(said)
    choices = ", ".join(repr(one) for one in choices_of(_type_at(kind, path[1]))) if path else ""
    return f"{said}, must be one of {choices}" if choices else said


_CHOSEN = re.compile(r"Invalid enum value .* - at `\$\.([^`]*)`", re.DOTALL)


def _type_at(kind: Any, path: str) -> Any:
    """The type of the key at a path such as `about.terms` or `outputs[...].kind`."""
    for step in path.split("."):
        name = step.split("[")[0]
        found = [key.type for key in keys_of(kind) if key.encode_name == name]
        kind = Union[tuple(found)] if found else None  # noqa: UP007 - of as many as there are
    return kind
