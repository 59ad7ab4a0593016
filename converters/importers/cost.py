"""How many multiplications a network takes: counted from the shapes in its file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WEIGHTED = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV")


def multiply_adds(model: Path) -> int:
    """Multiplications and additions of one invocation on one picture of a float32 file."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_path=str(model),
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    entry = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(entry["index"], [1, *entry["shape"][1:]])
    interpreter.allocate_tensors()
    shapes = {detail["index"]: detail["shape"] for detail in interpreter.get_tensor_details()}
    # There is no public way to ask for the operations and their shapes.
    return sum(_of(operation, shapes) for operation in interpreter._get_ops_details())


def _of(operation: dict[str, Any], shapes: dict[int, Any]) -> int:
    kind = operation["op_name"]
    if kind not in WEIGHTED:
        return 0
    made = int(np.prod(shapes[operation["outputs"][0]]))
    kernel = [int(size) for size in shapes[operation["inputs"][1]]]
    if kind == "FULLY_CONNECTED":
        return made * kernel[1]
    if kind == "DEPTHWISE_CONV_2D":
        return made * kernel[1] * kernel[2]
    if kind == "TRANSPOSE_CONV":  # each number of the input meets the whole kernel
        return int(np.prod(shapes[operation["inputs"][2]])) * kernel[0] * kernel[1] * kernel[2]
    return made * kernel[1] * kernel[2] * kernel[3]
