"""A graph as an ONNX file, so that ONNX Runtime can answer for what has no runtime of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from converters.importers.graph.model import Graph
from converters.importers.network import Floats

OPSET = 11
"""The last in which axes are attributes and poolings round up, as in these graphs."""


def encode(graph: Graph, wanted: Sequence[str]) -> bytes:
    """The graph with the outputs `wanted`, N × C × H × W, as ONNX's bytes."""
    from onnx import TensorProto, helper, numpy_helper

    nodes = []
    weights = dict(graph.weights)
    for number, node in enumerate(graph.needed(wanted)):
        attributes = dict(node.attributes)
        inputs = list(node.inputs)
        if node.kind == "Reshape" and "shape" in attributes:
            weights[f"shape/{number}"] = np.array(attributes.pop("shape"), np.int64)
            inputs.append(f"shape/{number}")
        if node.kind == "MaxPool":
            attributes.pop("count_include_pad", None)
        nodes.append(helper.make_node(node.kind, inputs, node.outputs, **attributes))
    read = {name for node in nodes for name in node.input}
    shape = [size or "N" for size in graph.shape]
    made = helper.make_graph(
        nodes,
        "graph",
        [helper.make_tensor_value_info(graph.input, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in wanted],
        [numpy_helper.from_array(v, name) for name, v in weights.items() if name in read],
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)])
    model.ir_version = 6
    return bytes(model.SerializeToString())


def options() -> Any:
    """One thread, no messages, and the graph as it is: an answer to compare with."""
    import onnxruntime

    made = onnxruntime.SessionOptions()
    made.intra_op_num_threads = 1
    made.log_severity_level = 4
    # Its optimizer drops a division by which several products are made (1.31).
    made.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return made


def runner(graph: Graph) -> tuple[str, Any]:
    """The framework's name, and what answers N × H × W × C pictures."""
    try:
        import onnxruntime
    except ImportError:
        return "ONNX Runtime (not installed)", None

    def run(images: Floats, wanted: Sequence[str]) -> dict[str, Floats]:
        session = onnxruntime.InferenceSession(
            encode(graph, wanted), options(), ["CPUExecutionProvider"]
        )
        answers = session.run(list(wanted), {graph.input: images.transpose(0, 3, 1, 2)})
        return {
            name: np.asarray(values, np.float32).reshape(len(images), -1)
            for name, values in zip(wanted, answers, strict=True)
        }

    return f"the same graph on ONNX Runtime {onnxruntime.__version__}", run
