"""mxnet's files, written byte by byte: a symbol with its weights, and SSR-Net's port."""

from __future__ import annotations

import json
import struct

import numpy as np

V1, V2 = 0xF993FAC8, 0xF993FAC9
SHAPES = {
    "arg:c1_weight": (4, 3, 3, 3), "arg:bn_gamma": (4,), "arg:bn_beta": (4,),
    "aux:bn_moving_mean": (4,), "aux:bn_moving_var": (4,), "arg:pr_gamma": (4,),
    "arg:dw_weight": (4, 1, 3, 3), "arg:dw_bias": (4,), "arg:fc_weight": (7, 16),
    "arg:fc_bias": (7,),
}  # fmt: skip


def wave(shape: tuple[int, ...], start: int = 0) -> np.ndarray:
    """Numbers that any program makes alike."""
    return np.sin(np.arange(start, start + np.prod(shape)) * 0.7).astype(np.float32).reshape(shape)


def arrays() -> dict[str, np.ndarray]:
    """The small net's weights; a variance is positive."""
    made = {name: wave(shape, 5 * at) for at, (name, shape) in enumerate(SHAPES.items())}
    made["aux:bn_moving_var"] = np.abs(made["aux:bn_moving_var"]) + 0.5
    return made


def params(named: dict[str, np.ndarray], magic: int = V2) -> bytes:
    """A .params file."""
    out = struct.pack("<QQQ", 0x112, 0, len(named))
    for values in named.values():
        out += struct.pack("<I", magic) + (struct.pack("<i", 0) if magic == V2 else b"")
        out += struct.pack(f"<I{values.ndim}q", values.ndim, *values.shape)
        out += struct.pack("<iii", 1, 0, 0) + values.astype("<f4").tobytes()
    out += struct.pack("<Q", len(named))
    for name in named:
        out += struct.pack("<Q", len(name)) + name.encode()
    return out


def symbol(key: str = "attrs") -> bytes:
    """Convolution, normalization, PReLU, both poolings, a sum, two heads cut from one layer."""
    nodes: list[dict] = []

    def add(op: str, name: str, inputs: list[str], **said: str) -> None:
        known = {node["name"]: at for at, node in enumerate(nodes)}
        places = [[known[one], 0, 0] for one in inputs]
        nodes.append({"op": op, "name": name, key: said, "inputs": places})

    def layer(op: str, name: str, x: str, parts: tuple[str, ...], **said: str) -> None:
        for part in parts:
            add("null", f"{name}_{part}", [])
        add(op, name, [x, *(f"{name}_{part}" for part in parts)], **said)

    add("null", "data", [])
    layer("Convolution", "c1", "data", ("weight",), kernel="(3, 3)", num_filter="4",
          stride="(2, 2)", pad="(1, 1)", no_bias="True")  # fmt: skip
    layer("BatchNorm", "bn", "c1", ("gamma", "beta", "moving_mean", "moving_var"),
          eps="2e-05", fix_gamma="False")  # fmt: skip
    layer("LeakyReLU", "pr", "bn", ("gamma",), act_type="prelu")
    add("Pooling", "mp", ["pr"], kernel="(3, 3)", stride="(2, 2)", pool_type="max",
        pooling_convention="full")  # fmt: skip
    layer("Convolution", "dw", "mp", ("weight", "bias"), kernel="(3, 3)", num_filter="4",
          num_group="4", pad="(1, 1)")  # fmt: skip
    add("Activation", "act", ["dw"], act_type="tanh")
    add("_mul_scalar", "half", ["act"], scalar="0.5")
    add("elemwise_add", "sum", ["mp", "half"])
    add("Pooling", "ap", ["sum"], kernel="(3, 3)", stride="(2, 2)", pad="(1, 1)", pool_type="avg")
    layer("FullyConnected", "fc", "ap", ("weight", "bias"), num_hidden="7")
    add("slice_axis", "front", ["fc"], axis="1", begin="0", end="2")
    add("softmax", "gender", ["front"], axis="1")
    add("slice_axis", "back", ["fc"], axis="1", begin="2", end="None")
    add("softmax", "age", ["back"], axis="1")
    heads = [[at, 0, 0] for at, node in enumerate(nodes) if node["name"] in ("gender", "age")]
    free = [at for at, node in enumerate(nodes) if node["op"] == "null"]
    return json.dumps({"nodes": nodes, "arg_nodes": free, "heads": heads}).encode()


def ssrnet(side: int) -> dict[str, np.ndarray]:
    """SSR-Net's port with small generated weights, for pictures of `side` pixels."""
    random = np.random.default_rng(side)
    made: dict[str, np.ndarray] = {}

    def put(name: str, shape: tuple[int, ...]) -> None:
        spread = 0.5 / np.sqrt(np.prod(shape[1:]))
        made[f"arg:{name}_weight"] = random.normal(size=shape) * spread
        made[f"arg:{name}_bias"] = random.normal(size=shape[:1]) * 0.1

    sizes = [((((side - 2) // 2) - 2) // 2 - 2) // 2 - 2]
    sizes += [(((side - 2) // 2 - 2) // 2) // 4, ((side - 2) // 2) // 8]
    for number in range(8):
        put(f"convolution{number}", (16, 3 if number % 4 == 0 else 16, 3, 3))
        for part in ("gamma", "beta"):
            made[f"arg:batchnorm{number}_{part}"] = random.uniform(0.5, 1, 16)
        made[f"aux:batchnorm{number}_moving_mean"] = random.normal(size=16) * 0.1
        made[f"aux:batchnorm{number}_moving_var"] = random.uniform(0.5, 1, 16)
    for stage in (1, 2, 3):
        flat = 10 * sizes[stage - 1] ** 2
        for shift in (0, 1):
            put(f"convolution{6 + 2 * stage + shift}", (10, 16, 1, 1))
            put(f"fullyconnected{3 * stage - 3 + shift}", (3, flat))
        put(f"fullyconnected{3 * stage - 1}", (6, 3))
        put(f"delta_s{stage}", (1, flat))
        put(f"pred_age_stage{stage}" if stage != 2 else "pred_age_stag2", (3, 6))
        put(f"local_delta_stage{stage}", (3, 6))
    return {name: values.astype(np.float32) for name, values in made.items()}
