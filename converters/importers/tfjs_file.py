"""A model.json of TensorFlow.js → a network: of layers (Keras) or as a graph (TensorFlow)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from converters.errors import ConvertError
from converters.importers import tfjs_weights
from converters.importers.network import Network
from converters.importers.template import Template

LARGEST_BYTES = 64 << 20


def read(path: Path, template: Template, size: tuple[int, int]) -> Network:
    """The network in model.json and the files beside it; `size` where it leaves that open."""
    described = _described(path)
    topology = described["modelTopology"]
    weights = tfjs_weights.arrays(path, described["weightsManifest"])
    if isinstance(topology, dict) and "node" in topology:
        return _of_graph(path, topology, weights, template, size)
    return _of_layers(path, topology, weights)


def _described(path: Path) -> dict[str, Any]:
    try:
        content = path.read_bytes()
        found = json.loads(content) if len(content) <= LARGEST_BYTES else None
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConvertError(f"{path.name} is no model.json: its JSON is damaged") from error
    if not isinstance(found, dict) or not {"modelTopology", "weightsManifest"} <= set(found):
        raise ConvertError(
            f"{path.name} is no model.json of TensorFlow.js: it lacks modelTopology or "
            "weightsManifest"
        )
    return found


def _of_layers(path: Path, topology: Any, weights: tfjs_weights.Arrays) -> Network:
    from converters.importers.keras_net import net as keras_net

    config = topology.get("model_config", topology) if isinstance(topology, dict) else None
    if not isinstance(config, dict) or "class_name" not in config:
        raise ConvertError(f"{path.name} describes neither a graph nor layers of Keras")
    version = topology.get("keras_version", "2")
    return keras_net.of_arrays({**config, "keras_version": version}, weights, path.name)


def _of_graph(
    path: Path, topology: Any, weights: tfjs_weights.Arrays, template: Template, size: Any
) -> Network:
    from converters.importers.tensorflow_net import net as tensorflow_net
    from converters.importers.tensorflow_net import tfjs_graph

    nodes = tfjs_graph.nodes_of(topology, weights, path.name)
    wanted: Sequence[str] = [one.output for one in template.outputs if one.output in nodes]
    return tensorflow_net.of_nodes(
        nodes, path.name, input_tensor=template.input_tensor, wanted=wanted, size=size
    )
