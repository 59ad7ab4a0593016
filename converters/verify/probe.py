"""Run one .tflite file on a saved batch of inputs; a program of its own.

    python probe.py MODEL INPUTS.npy OUTPUTS.npz

A bad file can abort the interpreter's whole process, hence the separate one; and it runs in
environments that hold nothing but NumPy and a TFLite runtime, hence no import from this project.
Prints one JSON object; writes each output for batches of 1 and, where the file allows, of 8.
"""

from __future__ import annotations

import json
import resource
import sys
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 8


def main() -> None:
    """Load, run, save, report."""
    model, inputs, outputs = sys.argv[1:4]
    name, make = runtime()
    images = np.load(inputs)
    before = resident_kb()
    single, partitions, held = run(make, model, images, 1)
    report: dict[str, Any] = {"runtime": name, "xnnpack_partitions": partitions, "batches": [1]}
    report["memory_kb"] = held - before
    arrays = {f"b1_{index}": array for index, array in enumerate(single)}
    if dynamic(make, model):
        several, *_ = run(make, model, images, BATCH)
        arrays.update({f"b{BATCH}_{index}": array for index, array in enumerate(several)})
        report["batches"].append(BATCH)
    np.savez(outputs, **arrays)
    print(json.dumps(report))


def runtime() -> tuple[str, Any]:
    """The installed runtime's name with its version, and its Interpreter."""
    from importlib.metadata import version

    try:
        from ai_edge_litert.interpreter import Interpreter

        return f"ai-edge-litert {version('ai-edge-litert')}", Interpreter
    except ImportError:
        from tflite_runtime.interpreter import Interpreter

        return f"tflite-runtime {version('tflite-runtime')}", Interpreter


def resident_kb() -> int:
    """This process's resident memory, kilobytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def dynamic(make: Any, model: str) -> bool:
    """Whether the file takes any batch."""
    return bool(make(model_path=model).get_input_details()[0]["shape_signature"][0] == -1)


def run(make: Any, model: str, images: Any, batch: int) -> tuple[list[Any], int, int]:
    """All images in batches of `batch` → outputs, dequantized; the count of partitions; memory."""
    interpreter = make(model_path=model, num_threads=1)
    entry = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(entry["index"], (batch, *images.shape[1:]))
    interpreter.allocate_tensors()
    collected: list[list[Any]] = [[] for _ in interpreter.get_output_details()]
    held = 0
    for start in range(0, len(images) - len(images) % batch, batch):
        part = images[start : start + batch]
        interpreter.set_tensor(entry["index"], quantized(part, entry))
        interpreter.invoke()
        held = held or resident_kb()
        for index, detail in enumerate(interpreter.get_output_details()):
            values = interpreter.get_tensor(detail["index"])
            collected[index].append(dequantized(values, detail))
    # There is no public way to ask how much of a file the XNNPACK delegate took.
    kinds = [operation["op_name"] for operation in interpreter._get_ops_details()]
    outputs = [np.concatenate(rows) for rows in collected]
    return outputs, kinds.count("DELEGATE"), held


def quantized(images: Any, entry: Any) -> Any:
    """Float input values as the tensor's type."""
    if not np.issubdtype(entry["dtype"], np.integer):
        return images.astype(entry["dtype"])
    step, zero = entry["quantization"]
    limits = np.iinfo(entry["dtype"])
    values = np.rint(images / (step or 1)) + zero
    return np.clip(values, limits.min, limits.max).astype(entry["dtype"])


def dequantized(values: Any, entry: Any) -> Any:
    """An output tensor as float32."""
    if not np.issubdtype(values.dtype, np.integer):
        return values
    step, zero = entry["quantization"]
    if not step:  # indices, counts
        return values.astype(np.float32)
    return ((values.astype(np.float32) - zero) * step).astype(np.float32)


if __name__ == "__main__":
    main()
