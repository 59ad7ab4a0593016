"""The reference page of the card, from the structures that read it: docs/card.md.

python -m converters.card_page > docs/card.md
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import inspect

from edge.runtime.networks.card import Card
from edge.runtime.networks.card_keys import PATTERNS

BEGINNING = """# The model card, key by key

<!-- Made by `python -m converters.card_page > docs/card.md`; a test compares it with the code. -->

`NAME.json` beside `NAME.tflite` says everything that the runtime must know of a network; the same
JSON is in the `.tflite`. Device and workstation read it with the same code, which checks each key
by the limits below, the card against its file and, by an answer to a picture of noise, the file's
outputs against their decoder. An unknown key is an error. `agender-convert card NAME.json` checks
a bundle; `agender-convert import FILE --skeleton` begins the template of a new one.
"""
SIMPLE = {
    inspect.StrType: "text",
    inspect.BoolType: "true or false",
    inspect.IntType: "whole number",
    inspect.FloatType: "number",
    inspect.AnyType: "anything",
}


def page() -> str:
    """The page, as Markdown."""
    parts = [BEGINNING.rstrip()]
    for structure in structures(inspect.type_info(Card)):
        parts.append("\n".join(section(structure)))
    return "\n\n".join(parts) + "\n"


def structures(kind: Any) -> Iterator[inspect.StructType]:
    """The structure and those inside it, each once, in the order in which they are met."""
    found: dict[type, inspect.StructType] = {}
    waiting = [kind]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, inspect.StructType) and one.cls not in found:
            found[one.cls] = one
            waiting += [field.type for field in one.fields]
        else:
            waiting += inner(one)
    yield from found.values()


def inner(kind: Any) -> list[Any]:
    """The types that a type is made of."""
    if isinstance(kind, inspect.Metadata):
        return [kind.type]
    if isinstance(kind, inspect.UnionType):
        return list(kind.types)
    if isinstance(kind, inspect.VarTupleType):
        return [kind.item_type]
    if isinstance(kind, inspect.TupleType):
        return list(kind.item_types)
    if isinstance(kind, inspect.DictType):
        return [kind.key_type, kind.value_type]
    return []


def section(structure: inspect.StructType) -> Iterator[str]:
    """One structure: what it is, and a table of its keys."""
    name = structure.cls.__name__
    text = " ".join((structure.cls.__doc__ or "").split("\n\n")[0].split())
    yield f"## {name}"
    yield ""
    yield text.replace(" See the module's docstring for `bytes` and `sha256`.", "")
    yield ""
    yield "| key | what it says | what it may be | unit | default | example |"
    yield "|---|---|---|---|---|---|"
    for field in structure.fields:
        yield row(field)


def row(field: inspect.Field) -> str:
    """One key."""
    said = described(field.type)
    examples = said.get("examples")
    cells = (
        f"`{field.encode_name}`",
        said["description"],
        words(field.type),
        said.get("unit", ""),
        default(field),
        f"`{plain(examples[0])}`" if examples else "",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def described(kind: Any) -> dict[str, Any]:
    """Description, examples and unit of a key's type."""
    if not isinstance(kind, inspect.Metadata):
        return {}
    return {**described(kind.type), **(kind.extra_json_schema or {}), **(kind.extra or {})}


def default(field: inspect.Field) -> str:
    """What stands for a key that is not there."""
    if field.required:
        return "needed"
    value = field.default
    if value is msgspec.NODEFAULT:
        value = field.default_factory()
    if value is None:
        return "unset"
    return f"`{plain(value)}`"


def plain(value: Any) -> str:
    """A value as JSON."""
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def words(kind: Any) -> str:
    """What a value may be."""
    if isinstance(kind, inspect.StructType):
        return f"[{kind.cls.__name__}](#{kind.cls.__name__.lower()})"
    if isinstance(kind, inspect.LiteralType):
        return " or ".join(f"`{plain(value)}`" for value in kind.values)
    if type(kind) in SIMPLE:
        return SIMPLE[type(kind)] + limits(kind)
    parts = [words(one) for one in inner(kind) if not isinstance(one, inspect.NoneType)]
    if isinstance(kind, inspect.VarTupleType):
        return f"list{length(kind)} of: {parts[0]}"
    if isinstance(kind, inspect.TupleType):
        return f"list of {len(parts)}: {parts[0]}"
    joint = " → " if isinstance(kind, inspect.DictType) else " or "
    return (f"table{length(kind)}: " if joint == " → " else "") + joint.join(parts)


def limits(kind: Any) -> str:
    """The limits of a number or a text."""
    if isinstance(kind, inspect.StrType):
        return f"{length(kind)}{pattern(kind)}"
    found = [(word, getattr(kind, key, None)) for key, word in
             (("ge", "≥"), ("gt", ">"), ("le", "≤"), ("lt", "<"))]  # fmt: skip
    said = [
        f"{word} {value if isinstance(value, int) else f'{value:g}'}"
        for word, value in found
        if value is not None
    ]
    return f" {', '.join(said)}" if said else ""


def number(value: float) -> str:
    """A limit in as few digits as say it."""
    return str(value) if isinstance(value, int) else f"{value:g}"


def length(kind: Any) -> str:
    """How many letters or entries it may have."""
    said = [f"{word} {value}" for word, value in
            (("≥", kind.min_length), ("≤", kind.max_length)) if value is not None]  # fmt: skip
    return f" ({', '.join(said)} long)" if said else ""


def pattern(kind: inspect.StrType) -> str:
    """What a text is made of."""
    return f" {PATTERNS[kind.pattern]}" if kind.pattern else ""


if __name__ == "__main__":
    print(page(), end="")
