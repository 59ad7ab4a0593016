"""mxnet's files are read without mxnet, and answer as mxnet did."""

from __future__ import annotations

import importlib
import json
import pickle
import struct

import numpy as np
import pytest

from converters.errors import ConvertError
from converters.importers.mxnet_net import params
from tests.converters.import_files import mxnet_files
from tests.shared import SHARED

PIXELS = mxnet_files.wave((2, 3, 16, 16)).transpose(0, 2, 3, 1)
MXNET_SAID = {
    "gender": [[0.411795, 0.588205], [0.419512, 0.580488]],
    "age": [
        [0.280379, 0.599313, 0.095325, 0.011229, 0.013753],
        [0.274769, 0.601756, 0.098462, 0.011451, 0.013563],
    ],
}
"""What mxnet 1.9.1 itself makes of these files and this picture."""


def read(content: bytes, symbol: bytes = b"", architecture: str = "", side: int = 16):
    net = importlib.import_module("converters.importers.mxnet_net.net")
    return net.read(content, symbol, architecture, "net.params", (side, side))


@pytest.mark.parametrize("magic", [mxnet_files.V1, mxnet_files.V2])
def test_arrays_of_both_generations_are_read(magic):
    """With and without a storage type."""
    made = mxnet_files.arrays()
    found = params.read(mxnet_files.params(made, magic))
    assert found.keys() == made.keys()
    for name, values in made.items():
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize(
    "content", [b"", b"text", pickle.dumps([1]), struct.pack("<QQQ", 0x112, 0, 9)]
)
def test_what_is_no_parameter_file_is_refused(content):
    """Whatever the bytes."""
    with pytest.raises(ConvertError, match="mxnet"):
        params.read(content)


def test_parameters_truncated_anywhere_are_refused():
    """At any length."""
    whole = mxnet_files.params(mxnet_files.arrays())
    for length in range(0, len(whole), 97):
        with pytest.raises(ConvertError):
            params.read(whole[:length])


@pytest.mark.converters
@pytest.mark.parametrize("key", ["attrs", "attr", "param"])
def test_a_symbol_and_its_weights_answer_as_mxnet_did(key):
    """In each spelling of its settings; and ONNX Runtime, the reference for others, agrees."""
    tf = importlib.import_module("tensorflow")
    net = read(mxnet_files.params(mxnet_files.arrays()), mxnet_files.symbol(key))
    assert dict(net.outputs) == {"gender": 2, "age": 5}
    said = net.make(["gender", "age"])(tf.constant(PIXELS))
    reference = net.reference(PIXELS, ["gender", "age"])
    for name, expected in MXNET_SAID.items():
        np.testing.assert_allclose(said[name], expected, atol=2e-6)
        np.testing.assert_allclose(reference[name], expected, atol=2e-6)


@pytest.mark.converters
@pytest.mark.parametrize("attribute", ["age", "gender"])
def test_the_published_port_answers_as_its_formula_does(attribute):
    """The 64-pixel files, without a symbol, against the float64 evaluation."""
    path = SHARED / "weights" / "ssrnet_mxnet" / f"{attribute}_imdb.params"
    if not path.is_file():
        pytest.skip(f"the published weights are not here: {path}")
    reference = importlib.import_module("converters.ssrnet.reference")
    load = importlib.import_module("converters.ssrnet.mxnet_params").load
    tf = importlib.import_module("tensorflow")
    pixels = np.random.default_rng(0).uniform(-1, 1, (4, 64, 64, 3)).astype(np.float32)
    net = read(path.read_bytes(), b"", f"ssrnet_mxnet_{attribute}", 64)
    said = net.make(["answer"])(tf.constant(pixels))["answer"].numpy()[:, 0]
    top = 101.0 if attribute == "age" else 1.0
    expected = reference.evaluate(load(path.read_bytes(), top), pixels)
    np.testing.assert_allclose(said, expected, atol=1e-4)


@pytest.mark.converters
def test_the_port_at_112_pixels_has_layers_of_its_own_size():
    """Generated weights; TensorFlow and ONNX Runtime agree."""
    tf = importlib.import_module("tensorflow")
    content = mxnet_files.params(mxnet_files.ssrnet(112))
    pixels = np.random.default_rng(0).uniform(-1, 1, (2, 112, 112, 3)).astype(np.float32)
    net = read(content, b"", "ssrnet_mxnet_age", 112)
    said = net.make(["answer"])(tf.constant(pixels))["answer"]
    np.testing.assert_allclose(said, net.reference(pixels, ["answer"])["answer"], atol=1e-4)
    with pytest.raises(
        ConvertError,
        match=r"^net\.params, Gemm .*: its weights are for 1000 values, but it is given 160$",
    ):
        read(content, b"", "ssrnet_mxnet_age", 64)


def broken(change) -> bytes:
    table = json.loads(mxnet_files.symbol())
    change(table)
    return json.dumps(table).encode()


@pytest.mark.converters
@pytest.mark.parametrize(
    ("symbol", "message"),
    [
        (b"not json", "structure .* is damaged"),
        (b"{}", "structure .* is damaged"),
        (broken(lambda t: t["nodes"][2].update(op="Custom")), "not supported: Custom"),
        (broken(lambda t: t.update(heads=[[999, 0, 0]])), "structure .* is damaged"),
        (broken(lambda t: t["nodes"][1].update(name="c9_weight")), "the weights lack c9_weight"),
        (b"", "give its structure"),
    ],
)  # fmt: skip
def test_a_symbol_that_is_damaged_or_unknown_is_refused(symbol, message):
    """One sentence."""
    with pytest.raises(ConvertError, match=message):
        read(mxnet_files.params(mxnet_files.arrays()), symbol)
