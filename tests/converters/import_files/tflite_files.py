"""Ready .tflite files: nets of TensorFlow's own making, and metadata as its tools write it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import numpy as np

SIDE = 32


HEADS = (("age", 101), ("gender", 2), ("race", 5))


def net(
    *,
    channels: int = 3,
    batch: int | None = None,
    scheme: str = "float32",
    heads: Sequence[tuple[str, int]] = HEADS,
) -> bytes:
    """A small net with softmax heads, its weights by a seed."""
    import tensorflow as tf  # noqa: PLC0415 - the light environment has none

    from converters import tflite  # noqa: PLC0415 - needs TensorFlow

    random = np.random.default_rng(1)
    kernel = (random.normal(size=(3, 3, channels, 64)) * 0.2).astype(np.float32)
    dense = {n: (random.normal(size=(64, w)) * 0.2).astype(np.float32) for n, w in heads}

    def run(image):
        features = tf.reduce_mean(tf.nn.relu(tf.nn.conv2d(image / 255, kernel, 2, "SAME")), (1, 2))
        return {name: tf.nn.softmax(features @ dense[name]) for name, _ in heads}

    pictures = random.uniform(0, 255, (16, SIDE, SIDE, channels)).astype(np.float32)
    calibration = pictures if scheme == "int8" else None
    return tflite.convert(run, (batch, SIDE, SIDE, channels), scheme, calibration)


def with_metadata(content: bytes, labels: Sequence[Sequence[str]]) -> bytes:
    """The file with TensorFlow Lite Metadata: a normalization, texts, and label files behind it."""
    import flatbuffers  # noqa: PLC0415 - comes with TensorFlow
    from ai_edge_litert import schema_py_generated as schema  # noqa: PLC0415

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content, 0))
    buffer = schema.BufferT()
    buffer.data = np.frombuffer(_metadata(len(labels)), np.uint8)
    model.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers) - 1
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder(len(content))
    builder.Finish(model.Pack(builder), b"TFL3")
    whole = io.BytesIO(bytes(builder.Output()))
    with zipfile.ZipFile(whole, "a") as archive:
        for number, lines in enumerate(labels):
            archive.writestr(f"labels_{number}.txt", "\n".join(lines) + "\n")
    return whole.getvalue()


def _metadata(outputs: int) -> bytes:
    """By the schema's field numbers: ModelMetadata > SubGraphMetadata > TensorMetadata > …"""
    import flatbuffers  # noqa: PLC0415 - comes with TensorFlow

    b = flatbuffers.Builder(0)
    texts = {t: b.CreateString(t) for t in ("A net of faces", "Jane Doe", "Apache-2.0", "head")}
    files = [b.CreateString(f"labels_{n}.txt") for n in range(outputs)]
    mean, std = _floats(b, [127.5]), _floats(b, [127.5])
    options = _table(b, 2, {0: mean, 1: std})
    b.StartObject(2)
    b.PrependUint8Slot(0, 1, 0)
    b.PrependUOffsetTRelativeSlot(1, options, 0)
    unit = b.EndObject()
    picture = _table(b, 7, {4: _tables(b, [unit])})
    heads = [_table(b, 7, {0: texts["head"], 6: _tables(b, [_table(b, 3, {0: file})])})
             for file in files]  # fmt: skip
    graph = _table(b, 8, {2: _tables(b, [picture]), 3: _tables(b, heads)})
    said = {1: texts["A net of faces"], 3: _tables(b, [graph]), 4: texts["Jane Doe"],
            5: texts["Apache-2.0"]}  # fmt: skip
    b.Finish(_table(b, 8, said), b"M001")
    return bytes(b.Output())


def _table(b, fields: int, offsets: dict[int, int]) -> int:
    b.StartObject(fields)
    for field, offset in offsets.items():
        b.PrependUOffsetTRelativeSlot(field, offset, 0)
    return b.EndObject()


def _tables(b, offsets: Sequence[int]) -> int:
    b.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        b.PrependUOffsetTRelative(offset)
    return b.EndVector()


def _floats(b, values: Sequence[float]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependFloat32(value)
    return b.EndVector()
