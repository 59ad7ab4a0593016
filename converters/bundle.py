"""A network and its card → `NAME.tflite` and `NAME.json`, the same bytes for the same input.

The card is in the .tflite as well: a ZIP archive appended to the flatbuffer, as TensorFlow Lite
Metadata does with its associated files. Interpreters read the flatbuffer from the front and do
not notice; `zipfile` reads the archive from the end. `bytes` and `sha256` in the card describe
the flatbuffer alone, since a card cannot hold the hash of a file that holds the card.
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import msgspec

from converters.errors import ConvertError
from edge.runtime.networks.card import Card, parse_card
from edge.runtime.networks.model import Network

FLATBUFFER_MARK = b"TFL3"
CARD_MEMBER = "card.json"
LINE = 100
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The one time stamp every archive member gets, so that the same input gives the same bytes."""


def network(content: bytes, origin: str) -> bytes:
    """The flatbuffer in the .tflite file `content`, without an archive that may follow it."""
    if content[4:8] != FLATBUFFER_MARK:
        raise ConvertError(f"{origin} is not a TFLite network")
    if not zipfile.is_zipfile(io.BytesIO(content)):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        start = min((item.header_offset for item in archive.infolist()), default=len(content))
    return content[:start]


def fingerprint(flatbuffer: bytes) -> dict[str, Any]:
    """The card's `bytes` and `sha256` of a flatbuffer."""
    return {"bytes": len(flatbuffer), "sha256": hashlib.sha256(flatbuffer).hexdigest()}


def write(folder: Path, flatbuffer: bytes, card: Card) -> Path:
    """Write the bundle into `folder`, both files or neither; → the card's path.

    The card is checked as the device checks it; ModelError where it does not describe the network.
    """
    try:
        return _written(folder, flatbuffer, card)
    except OSError as error:
        raise ConvertError(f"cannot write {card.name} into {folder}: {error.strerror}") from error


def _written(folder: Path, flatbuffer: bytes, card: Card) -> Path:
    described = msgspec.structs.replace(card, **fingerprint(flatbuffer))
    text = render(described)
    _checked(text, flatbuffer, card.name)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{card.name}.json"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fresh_model = Path(scratch) / "model"
        fresh_card = Path(scratch) / "card"
        fresh_model.write_bytes(_with_archive(flatbuffer, text))
        fresh_card.write_bytes(text)
        for fresh in (fresh_model, fresh_card):
            fresh.chmod(0o644)
        fresh_model.replace(path.with_suffix(".tflite"))
        fresh_card.replace(path)
    return path


def _checked(text: bytes, flatbuffer: bytes, name: str) -> None:
    card = parse_card(text, name)
    if card.task == "estimate":
        Network(card, flatbuffer).trial()


def rewrite(path: Path, card: Card) -> None:
    """Exchange the card of the bundle at `path` (NAME.json), in both of its places."""
    if card.name != path.stem:
        raise ConvertError(
            f"{path} is the card of {card.name!r}: name the files {card.name}.json and "
            f"{card.name}.tflite again"
        )
    model = path.with_suffix(".tflite")
    write(path.parent, network(model.read_bytes(), str(model)), card)


def embedded_card(content: bytes) -> bytes:
    """The card inside a .tflite file, as JSON; ConvertError where it has none."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return archive.read(CARD_MEMBER)
    except (zipfile.BadZipFile, KeyError) as error:
        raise ConvertError(f"the network holds no {CARD_MEMBER}") from error


def render(card: Card) -> bytes:
    """The card as JSON for a person to read: two spaces, a line end at the end.

    What holds no table and fits into a line is in one, as it takes the least room in the .tflite.
    A figure that could not be measured (NaN) is null.
    """
    return (_lines(_known(msgspec.to_builtins(card))) + "\n").encode()


def _lines(value: Any, depth: int = 0) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    inner = _inner(value)
    simple = not any(isinstance(one, dict) or any(map(_inner, _inner(one))) for one in inner)
    if not inner or (simple and len(flat) + depth <= LINE):
        return flat
    beginnings = [""] * len(inner)
    if isinstance(value, dict):
        beginnings = [f"{json.dumps(key, ensure_ascii=False)}: " for key in value]
    deeper = " " * (depth + 2)
    parts = (
        f"{deeper}{begins}{_lines(one, depth + 2)}"
        for begins, one in zip(beginnings, inner, strict=True)
    )
    between = ",\n".join(parts)
    return f"{flat[0]}\n{between}\n{' ' * depth}{flat[-1]}"


def _inner(value: Any) -> list[Any]:
    """What a table or a list holds; nothing of anything else."""
    if isinstance(value, dict):
        return list(value.values())
    return list(value) if isinstance(value, list) else []


def _known(value: Any) -> Any:
    """The value with null for every number that is none, all the way down."""
    if isinstance(value, dict):
        return {key: _known(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_known(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _with_archive(flatbuffer: bytes, text: bytes) -> bytes:
    """The flatbuffer and, after it, an archive that holds the card."""
    buffer = io.BytesIO()
    buffer.write(flatbuffer)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_STORED) as archive:
        archive.writestr(zipfile.ZipInfo(CARD_MEMBER, EPOCH), text)
    return buffer.getvalue()
