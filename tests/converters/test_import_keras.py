"""Keras's files of every version are read layer by layer; nothing in them is ever run."""

from __future__ import annotations

import copy
import importlib
import json
import pickle
import zipfile

import numpy as np
import pytest

from converters.errors import ConvertError
from converters.importers.keras_net.config import Reference, described
from tests.converters.import_files import keras_files

RANDOM = np.random.default_rng(0)
PIXELS = RANDOM.normal(size=(2, 8, 8, 3)).astype(np.float32)
LAMBDA = {"class_name": "Lambda", "config": {
    "name": "evil", "function": ["4wEAAAA=", None, None], "function_type": "lambda",
    "batch_input_shape": [None, 8, 8, 3]}}  # fmt: skip


def read(content: bytes, structure: bytes = b"", architecture: str = ""):
    net = importlib.import_module("converters.importers.keras_net.net")
    return net.read(content, structure, architecture, "net.h5")


def softmax(rows: np.ndarray) -> np.ndarray:
    powers = np.exp(rows - rows.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def convolved(pixels: np.ndarray, kernel: np.ndarray, stride: int, before: int) -> np.ndarray:
    """A 3 × 3 convolution over zeros outside, in NumPy."""
    padded = np.pad(pixels, ((0, 0), (before, 2), (before, 2), (0, 0)))
    size = -(-pixels.shape[1] // stride)
    rows = [
        [
            np.einsum("nijc,ijco->no", padded[:, y : y + 3, x : x + 3], kernel)
            for x in range(0, size * stride, stride)
        ]
        for y in range(0, size * stride, stride)
    ]
    return np.array(rows).transpose(2, 0, 1, 3)


def test_a_description_of_keras_1_is_put_in_todays_words():
    """Kernel, stride, dropout, the head."""
    description, _ = keras_files.keras_1(RANDOM)
    found = described(description, "x")
    kinds = {step.name: (step.kind, step.arguments) for step in found.steps}
    assert found.picture == (8, 8, 3)
    assert kinds["convolution2d_1"] == (
        "Conv2D",
        {"filters": 4, "kernel_size": (3, 3), "strides": (1, 1), "padding": "same",
         "use_bias": True, "activation": "relu"},
    )  # fmt: skip
    assert kinds["dropout_1"] == ("Dropout", {"rate": 0.5})


def test_a_description_of_keras_2_keeps_models_inside_models():
    """With who feeds whom."""
    description, _ = keras_files.keras_2(RANDOM)
    found = described(description, "x")
    trunk = next(step for step in found.steps if step.name == "trunk")
    assert trunk.inner is not None and trunk.calls == ((Reference("in_2"),),)
    assert [reference.layer for reference in found.outputs] == ["gender", "age"]


def changed(path: list, value) -> dict:
    """Keras 1's description with one thing in it exchanged."""
    description = copy.deepcopy(keras_files.keras_1(RANDOM)[0])
    place = description
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return description


@pytest.mark.parametrize(
    ("description", "message"),
    [
        (changed(["config", 0], LAMBDA), r"holds Python code, in its Lambda layer 'evil'"),
        (changed(["config", 4, "config", "activation"], "os.system"), "none of Keras's own"),
        (changed(["config", 4, "config", "activation"], {"class_name": "function", "config": "f"}),
         "activation 'f', which is none of Keras's own"),
        (changed(["config", 4, "config", "output_dim"], {"class_name": "X"}), "is an object"),
        (changed(["config", 0, "config", "dim_ordering"], "th"), "counts channels first"),
        (changed(["config", 3, "class_name"], "LSTM"), "not supported: LSTM"),
        (changed(["config", 3, "class_name"], "TFOpLambda"), "save the model as a SavedModel"),
        (changed(["class_name"], "MyModel"), "class MyModel, whose code is not in the file"),
        (changed(["config", 4, "config"], 7), "cannot be read"),
        (changed(["config", 0, "config"], {}), "does not say the size of its input"),
    ],
)  # fmt: skip
def test_code_and_what_is_unknown_are_refused_by_the_layers_name(description, message):
    """Before a single object is built."""
    with pytest.raises(ConvertError, match=message):
        described(description, "net.h5")


@pytest.mark.converters
def test_a_whole_model_of_keras_1_answers_as_its_formula_does():
    """Convolution, pooling, dense layer, softmax, in NumPy."""
    description, layers = keras_files.keras_1(np.random.default_rng(1))
    net = read(keras_files.weights_file(layers, description))
    conv, head = layers["convolution2d_1"], layers["dense_1"]
    x = np.maximum(convolved(PIXELS, conv["W"], 1, 1) + conv["b"], 0)
    x = x.reshape(2, 4, 2, 4, 2, 4).max((2, 4)).reshape(2, -1)
    expected = softmax(x @ head["W"] + head["b"])
    (name,) = net.outputs
    np.testing.assert_allclose(net.reference(PIXELS, [name])[name], expected, atol=1e-5)


@pytest.mark.converters
@pytest.mark.parametrize("whole", [True, False], ids=["whole model", "weights and to_json()"])
def test_a_model_inside_a_model_of_keras_2_gets_its_weights_in_order(whole):
    """Though half of it was frozen, which changes the order."""
    description, layers = keras_files.keras_2(np.random.default_rng(2))
    content = keras_files.weights_file(layers, description if whole else None)
    net = read(content, b"" if whole else json.dumps(description).encode())
    trunk, head = layers["trunk"], layers["age"]
    x = convolved(PIXELS, trunk["conv/a/kernel:0"], 2, 0)
    factor = trunk["norm/gamma:0"] / np.sqrt(trunk["norm/moving_variance:0"] + 1e-3)
    x = np.maximum((x - trunk["norm/moving_mean:0"]) * factor + trunk["norm/beta:0"], 0)
    expected = softmax(x.mean((1, 2)) @ head["kernel:0"] + head["bias:0"])
    assert dict(net.outputs) == {"gender": 2, "age": 21}
    np.testing.assert_allclose(net.reference(PIXELS, ["age"])["age"], expected, atol=1e-5)


@pytest.mark.converters
@pytest.mark.parametrize("ending", [".h5", ".keras", ".weights.h5"])
def test_files_of_keras_3_answer_as_keras_does(ending, tmp_path):
    """Whole models in both forms, and weights with to_json()."""
    keras = importlib.import_module("keras")
    image = keras.Input((16, 16, 3))
    x = keras.layers.Rescaling(1 / 255)(image)
    x = keras.layers.SeparableConv2D(8, 3, strides=2, padding="same")(x)
    y = keras.layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
    x = keras.layers.PReLU(shared_axes=[1, 2])(keras.layers.Concatenate()([x, y]))
    x = keras.layers.LeakyReLU(0.2)(keras.layers.BatchNormalization()(x))
    x = keras.layers.GlobalMaxPooling2D()(x)
    heads = [keras.layers.Dense(n, activation="softmax", name=f"out{n}")(x) for n in (2, 101)]
    model = keras.Model(image, heads)
    path = tmp_path / f"net{ending}"
    weights_only = ending.startswith(".weights")
    model.save_weights(path) if weights_only else model.save(path)
    net = read(path.read_bytes(), model.to_json().encode() if weights_only else b"")
    pixels = np.random.default_rng(3).integers(0, 256, (2, 16, 16, 3)).astype(np.float32)
    tf = importlib.import_module("tensorflow")
    said = net.make(["out2", "out101"])(tf.constant(pixels))
    for name, expected in zip(("out2", "out101"), model.predict(pixels, verbose=0), strict=True):
        np.testing.assert_allclose(said[name], expected, atol=1e-6)


@pytest.mark.converters
def test_weights_alone_fit_a_known_architecture(tmp_path, monkeypatch):
    """A slim wide residual net and a slim VGG-Face, stored as Keras stores weights."""
    architectures = importlib.import_module("converters.importers.keras_net.architectures")
    known = {
        "wide": lambda: architectures.wide_resnet(10, 1),
        "vgg": lambda: architectures.vgg_face(101, width=1),
        "mobile": lambda: architectures.mobilenet(32, 0.25),
    }
    monkeypatch.setattr(architectures, "ARCHITECTURES", known)
    for name, (side, widths) in {
        "wide": (64, {2, 101}),
        "vgg": (224, {101}),
        "mobile": (32, {2, 21}),
    }.items():
        model = architectures.build(name)
        path = tmp_path / f"{name}.h5"
        model.save_weights(tmp_path / f"{name}.weights.h5")
        model.save(path)
        net = read(path.read_bytes())
        assert set(net.outputs.values()) == widths
        assert net.picture == (side, side, 3)
        pixels = np.ones((1, side, side, 3), np.float32)
        alone = read((tmp_path / f"{name}.weights.h5").read_bytes(), b"", name)
        for (_, a), (_, b) in zip(
            net.reference(pixels, list(net.outputs)).items(),
            alone.reference(pixels, list(alone.outputs)).items(),
            strict=True,
        ):
            np.testing.assert_allclose(a, b, atol=1e-6)


@pytest.mark.converters
@pytest.mark.parametrize(
    "content", [b"text", pickle.dumps([1]), b"\x89HDF\r\n\x1a\nrest", b"PK\x03\x04"]
)
def test_what_is_no_keras_file_is_refused(content):
    """Whatever the bytes; a pickle is never loaded."""
    with pytest.raises(ConvertError, match=r"no HDF5 file of Keras|no Keras file"):
        read(content)


@pytest.mark.converters
def test_damaged_foreign_and_misfitting_weights_are_refused(tmp_path):
    """Truncated, weights alone, another shape, NaN, a link out of the file."""
    h5py = pytest.importorskip("h5py")
    description, layers = keras_files.keras_1(np.random.default_rng(4))
    whole = keras_files.weights_file(layers, description)
    for length in (100, 2000, len(whole) // 2):
        with pytest.raises(ConvertError, match="truncated"):
            read(whole[:length])
    with pytest.raises(ConvertError, match="holds weights alone"):
        read(keras_files.weights_file(layers))
    other = {**layers, "dense_1": {"W": np.zeros((64, 6)), "b": np.zeros(6)}}
    with pytest.raises(ConvertError, match=r"weights do not fit its layers: .*dense_1"):
        read(keras_files.weights_file(other, description))
    nan = {**layers, "dense_1": {"W": np.full((64, 5), np.nan), "b": np.zeros(5)}}
    with pytest.raises(ConvertError, match=r"not numbers .*dense_1"):
        read(keras_files.weights_file(nan, description))
    path = tmp_path / "linked.h5"
    path.write_bytes(whole)
    with h5py.File(path, "r+") as file:
        file["model_weights/other"] = h5py.ExternalLink("/etc/passwd", "/x")
    with pytest.raises(ConvertError, match="points to another file"):
        read(path.read_bytes())


@pytest.mark.converters
def test_an_archive_of_keras_3_with_code_in_it_is_refused(tmp_path):
    """Its configuration is looked at, not loaded."""
    path = tmp_path / "net.keras"
    config = {"class_name": "Sequential", "config": {"name": "s", "layers": [LAMBDA]}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", b"")
    with pytest.raises(ConvertError, match="never run"):
        read(path.read_bytes())


@pytest.mark.converters
@pytest.mark.parametrize("ending", [".h5", ".keras"])
def test_a_sequential_inside_a_model_gets_its_weights(ending, tmp_path):
    """Keras 3's archives keep them under the name of the class."""
    keras = importlib.import_module("keras")
    layers = keras.layers
    row = keras.Sequential([layers.Conv2D(4, 3, input_shape=(16, 16, 3)), layers.ReLU()])
    image = keras.Input((16, 16, 3))
    head = layers.Dense(2, activation="softmax")(layers.GlobalMaxPooling2D()(row(image)))
    model = keras.Model(image, head)
    model.save(tmp_path / f"net{ending}")
    net = read((tmp_path / f"net{ending}").read_bytes())
    pixels = np.random.default_rng(3).normal(size=(2, 16, 16, 3)).astype(np.float32)
    (name,) = net.outputs
    expected = model.predict(pixels, verbose=0)
    np.testing.assert_allclose(net.reference(pixels, [name])[name], expected, atol=1e-6)


@pytest.mark.converters
def test_a_name_that_has_changed_its_meaning_means_what_it_did_when_the_file_was_written():
    """hard_sigmoid was 0.2 x + 0.5 until Keras 3 made it x / 6 + 0.5."""
    description, layers = keras_files.keras_1(np.random.default_rng(5))
    description = copy.deepcopy(description)
    description["config"][4]["config"]["activation"] = "hard_sigmoid"
    plain = copy.deepcopy(description)
    plain["config"][4]["config"]["activation"] = "linear"
    said = []
    for one in (description, plain):
        net = read(keras_files.weights_file(layers, one))
        (name,) = net.outputs
        said.append(net.reference(PIXELS, [name])[name])
    np.testing.assert_allclose(said[0], np.clip(0.2 * said[1] + 0.5, 0, 1), atol=1e-6)


@pytest.mark.converters
@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_an_archive_that_would_fill_memory_is_refused_before_it_is_unpacked(name, tmp_path):
    """A gigabyte of nothing is a megabyte packed."""
    path = tmp_path / "net.keras"
    config = {"class_name": "Sequential", "config": keras_files.keras_1(RANDOM)[0]["config"]}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        if name != "config.json":
            archive.writestr("config.json", json.dumps(config))
        with archive.open(name, "w", force_zip64=True) as member:
            for _ in range(1024):
                member.write(bytes(1 << 20))
    with pytest.raises(ConvertError, match=rf"{name} is too large \(1,073,741,824 bytes\)"):
        read(path.read_bytes())
