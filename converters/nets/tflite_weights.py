"""The weights in a .tflite file of ours → the network in PyTorch, to go on training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from converters.nets.spec import Network
from converters.nets.torch_net import AgeGender, Convolution

Array = NDArray[np.float32]
WEIGHED = ("CONV_2D", "FULLY_CONNECTED")


def weights(content: bytes) -> list[tuple[Array, Array]]:
    """Kernels (out × 3 × 3 × in; out × in for the heads) and biases in the order of use.

    What is int8 in the file is multiplied by its step. ValueError where `content` is no network.
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=content,
        # XNNPACK would hide the layers' weights.
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    interpreter.allocate_tensors()
    details = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    return [
        (_real(interpreter, details[kernel]), _real(interpreter, details[bias]))
        for _, kernel, bias in _layers(interpreter._get_ops_details())
    ]


def _layers(operations: Sequence[dict[str, Any]]) -> Iterator[list[int]]:
    for operation in operations:
        if operation["op_name"] in WEIGHED:
            yield [int(place) for place in operation["inputs"]]


def _real(interpreter: Any, detail: dict[str, Any]) -> Array:
    """A constant of the file in float32; a step belongs to one output or to all."""
    stored = interpreter.get_tensor(detail["index"])
    steps = detail["quantization_parameters"]["scales"]
    if not len(steps):
        return np.asarray(stored, np.float32)
    shaped = np.reshape(steps, (-1,) + (1,) * (stored.ndim - 1))
    return np.asarray(stored * shaped, np.float32)


@torch.no_grad()
def network_of(content: bytes, shape: Network, pixels: Tensor) -> AgeGender:
    """The network in the file, of the given shape; ValueError where the file's is another.

    A file that does not tell faces from other things may be gone on from by a network that does:
    its head for that begins with nothing known. pixels: N × 3 × size × size, 0..1, of the kind it
    will be trained on; they show what is normal in each layer, which a file does not keep.
    """
    network = AgeGender(shape).eval()
    layers = [m for m in network.trunk.modules() if isinstance(m, Convolution)]
    found = weights(content)
    heads = network.linear[: max(len(found) - len(layers), 2)]
    if len(found) != len(layers) + len(heads):
        raise ValueError(f"{len(found)} layers instead of {len(layers) + len(network.linear)}")
    for layer, (kernel, bias) in zip(layers, found, strict=False):
        _fill(layer.kernel.weight, kernel.transpose(0, 3, 1, 2))
        _plain(layer.norm, bias)
    layers[0].kernel.weight *= 255
    for head, (kernel, bias) in zip(heads, found[len(layers) :], strict=True):
        _fill(head.weight, kernel)
        _fill(head.bias, bias)
    for head in network.linear[len(heads) :]:
        nn.init.zeros_(head.weight)
        nn.init.zeros_(head.bias)
    _normalize(network, layers, pixels)
    return network


def _fill(mine: Tensor, read: Array) -> None:
    if tuple(mine.shape) != read.shape:
        raise ValueError(f"a layer of {read.shape} instead of {tuple(mine.shape)}")
    mine.copy_(torch.from_numpy(np.ascontiguousarray(read)))


def _plain(norm: nn.BatchNorm2d, bias: Array) -> None:
    """A normalization that adds `bias` and nothing else."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    nn.init.ones_(norm.weight)
    _fill(norm.bias, bias)


def _normalize(network: AgeGender, layers: Sequence[Convolution], pixels: Tensor) -> None:
    """Give each layer's normalization the statistics of `pixels`; the answers stay the same.

    Without them the first training step, which normalizes by its own batch, would be another
    network's.
    """
    hooks = [layer.norm.register_forward_pre_hook(_measure) for layer in layers]
    network(pixels)
    for hook in hooks:
        hook.remove()


def _measure(norm: nn.Module, inputs: tuple[Tensor]) -> None:
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    variance, mean = torch.var_mean(inputs[0], (0, 2, 3), correction=0)
    norm.bias += mean
    norm.weight.copy_((variance + norm.eps).sqrt())
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)
