"""How many values each output of a graph gives a face."""

from __future__ import annotations

import numpy as np

from converters.errors import ConvertError
from converters.importers.graph.model import Graph


def of(graph: Graph, size: tuple[int, int] | None = None) -> dict[str, int]:
    """Output → values a face, found by tracing; `size` (height, width) where the file has none.

    An output that can't be traced (it holds an operation that is not supported) is left out, and
    refused by its operation when it is asked for; where none can be, that is said at once.
    """
    import tensorflow as tf

    from converters.importers.graph import execute

    height, width, channels = graph.picture
    if size is not None:
        height, width = height or size[0], width or size[1]
    specification = tf.TensorSpec((None, height, width, channels or 3), tf.float32)
    found: dict[str, int] = {}
    refused: ConvertError | None = None
    for name in graph.outputs:
        try:
            # Autograph would wrap what a function raises in paragraphs of its own.
            traced = tf.function(
                execute.function(graph, [name]), input_signature=[specification], autograph=False
            )
            shape = traced.get_concrete_function().structured_outputs[name].shape
        except ConvertError as error:
            refused = error
            continue
        sizes = list(shape[1:])
        found[name] = -1 if None in sizes else int(np.prod(sizes))
    if not found and refused is not None:
        raise refused
    return found
