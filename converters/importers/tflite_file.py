"""A ready .tflite file → taken as it is, without what nobody reads of it.

It is neither converted nor quantized anew; only the outputs that are asked for stay, and the
operations and weights that they need, so that a device computes nothing else of a face.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from converters import bundle
from converters.errors import ConvertError
from converters.importers.request import Done, Job
from converters.importers.template import Taken, check_size, take

NAMES = {np.int8: "int8", np.uint8: "uint8", np.int16: "int16x8", np.float32: "float32"}
PICTURE_AXES = 4


@dataclass(frozen=True, slots=True)
class Ready:
    """One file. outputs: name → its place and how many values a face gets."""

    flatbuffer: bytes
    picture: tuple[int | None, ...]
    dtype: type
    any_batch: bool
    outputs: dict[str, tuple[int, int]]

    @property
    def widths(self) -> dict[str, int]:
        """Output → values a face."""
        return {name: width for name, (_, width) in self.outputs.items()}


def read(path: Path) -> Ready:
    """The file, looked at; ConvertError where it does not take one picture, channels last."""
    flatbuffer = bundle.network(path.read_bytes(), path.name)
    entries, outputs = _details(flatbuffer, path.name)
    if len(entries) != 1:
        names = ", ".join(entry["name"] for entry in entries)
        raise ConvertError(f"{path.name} should have one input, the picture; it has: {names}")
    (entry,) = entries
    shape = [None if size < 0 else int(size) for size in entry["shape_signature"]]
    if len(shape) != PICTURE_AXES:
        raise ConvertError(
            f"{path.name} does not take pictures: its input has {len(shape)} axes, not 4"
        )
    if shape[3] not in (1, 3, None) and shape[1] in (1, 3):
        raise ConvertError(
            f"{path.name} counts channels first ({shape[1:]}), which a device can't feed: export "
            "it again with them last: ai_edge_torch.to_channel_last_io(model, args=[0]) before "
            "ai_edge_torch.convert(…), or onnx2tf -i net.onnx"
        )
    if entry["dtype"] not in NAMES:
        raise ConvertError(f"{path.name} takes {entry['dtype'].__name__}, not float32 or 8 bits")
    found: dict[str, tuple[int, int]] = {}
    for place, one in enumerate(outputs):
        name = str(one["name"]) or "output"
        found[f"{name}:{place}" if name in found else name] = (place, _width(one))
    return Ready(flatbuffer, tuple(shape[1:]), entry["dtype"], shape[0] is None, found)


def _details(flatbuffer: bytes, origin: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from ai_edge_litert.interpreter import Interpreter

    try:
        interpreter = Interpreter(model_content=flatbuffer)
    except (RuntimeError, ValueError) as error:
        said = str(error).strip().splitlines()[0] if str(error).strip() else "no reason given"
        raise ConvertError(f"{origin} can't be opened by LiteRT: {said}") from error
    return interpreter.get_input_details(), interpreter.get_output_details()


def _width(entry: dict[str, Any]) -> int:
    sizes = [int(size) for size in entry["shape_signature"]][1:]
    return -1 if -1 in sizes else int(np.prod(sizes))


def work(job: Job, folder: Path) -> Done:
    """Write scheme.tflite, and the same as float32.tflite, into `folder`."""
    path = Path(job.file)
    ready = read(path)
    _fed_alone(job, path.name)
    check_size(ready.picture, job.template, path.name)
    taken = take(job.template, ready.widths, path.name)
    _whole(taken, ready, path.name)
    places = [ready.outputs[one.output][0] for one in taken]
    kept = pruned(ready.flatbuffer, places)
    for name in ("scheme", "float32"):
        (folder / f"{name}.tflite").write_bytes(kept)
    return Done(
        kind="TFLite",
        framework="LiteRT",
        positions={name: (at, at) for at, one in enumerate(taken) for name in one.attributes},
        left_out=tuple(sorted(set(ready.outputs) - {one.output for one in taken})),
        reason="a .tflite file is taken as it is",
        scheme=scheme_of(ready),
        batch_max=8 if ready.any_batch else 1,
    )


def _fed_alone(job: Job, origin: str) -> None:
    if job.template.standardize or job.template.mean_picture or job.mean:
        raise ConvertError(
            f"{origin}: nothing can be put before the first operation of a ready .tflite file, "
            "neither a mean picture nor `standardize`: import the network that it was made from"
        )


def _whole(taken: tuple[Taken, ...], ready: Ready, origin: str) -> None:
    for one in taken:
        if (one.first, one.count) != (0, ready.widths[one.output]):
            raise ConvertError(
                f"{origin}: a part of its output {one.output!r} can't be cut out of a ready "
                ".tflite file: import the network that it was made from"
            )


def scheme_of(ready: Ready) -> str:
    """How its weights are stored, as a card says it."""
    if ready.dtype is not np.float32:
        return NAMES[ready.dtype]
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(ready.flatbuffer, 0))
    kinds = {tensor.type for tensor in model.subgraphs[0].tensors
             if model.buffers[tensor.buffer].data is not None}  # fmt: skip
    if schema.TensorType.INT8 in kinds:
        return "dynamic_int8"
    return "float16" if schema.TensorType.FLOAT16 in kinds else "float32"


def pruned(flatbuffer: bytes, places: list[int]) -> bytes:
    """The file with these of its outputs, in this order, and what they need; unchanged for all."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(flatbuffer, 0))
    graph = model.subgraphs[0]
    outputs = [int(graph.outputs[place]) for place in places]
    if outputs == [int(index) for index in graph.outputs]:
        return flatbuffer
    if len(model.subgraphs) > 1:
        raise ConvertError(
            "a .tflite file with branches can't be freed of what nobody reads: import the network "
            "that it was made from"
        )
    graph.outputs = outputs
    graph.operators = _needed(graph.operators, outputs)
    _without_weights(model, graph)
    for signature in model.signatureDefs or []:
        signature.outputs = [one for one in signature.outputs if one.tensorIndex in outputs]
    builder = flatbuffers.Builder(len(flatbuffer))
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _needed(operators: list[Any], outputs: list[int]) -> list[Any]:
    wanted, kept = set(outputs), []
    for operator in reversed(operators):
        if wanted & {int(index) for index in operator.outputs}:
            kept.append(operator)
            wanted |= {int(index) for index in operator.inputs}
    return kept[::-1]


def _without_weights(model: Any, graph: Any) -> None:
    """Empty the buffers of what no operation reads any more."""
    read = {int(i) for one in graph.operators for i in (*one.inputs, *one.outputs) if i >= 0}
    read |= {int(index) for index in (*graph.inputs, *graph.outputs)}
    used = {graph.tensors[index].buffer for index in read}
    used |= {one.buffer for one in model.metadata or []}
    for number, buffer in enumerate(model.buffers):
        if number not in used:
            buffer.data = None
