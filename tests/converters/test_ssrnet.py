"""SSR-Net's published files become one network, and what is no such file is refused."""

from __future__ import annotations

import importlib
import json
import pickle
import struct

import numpy as np
import pytest

from converters.cli import main
from converters.errors import ConvertError
from converters.ssrnet import keras_h5, mxnet_params, reference, tfjs
from converters.ssrnet.published import PUBLISHED
from converters.ssrnet.verb import identified
from converters.ssrnet.weights import Layer, SsrNet, fold, shapes
from tests.shared import SHARED

WEIGHTS = SHARED / "weights"
FILES = {
    "h5-age-imdb": "ssrnet/imdb.h5",
    "h5-age-wiki": "ssrnet/wiki.h5",
    "h5-age-morph2": "ssrnet/morph2.h5",
    "h5-age-megaage": "ssrnet/megaface_asian.h5",
    "h5-gender-imdb": "ssrnet/imdb_gender_models.h5",
    "h5-gender-wiki": "ssrnet/wiki_gender_models.h5",
    "h5-gender-morph": "ssrnet/morph_gender_models.h5",
    "mxnet-age-imdb": "ssrnet_mxnet/age_imdb.params",
    "mxnet-gender-imdb": "ssrnet_mxnet/gender_imdb.params",
}


def random_net(seed: int = 0) -> SsrNet:
    """A network of the right shapes with small random weights."""
    random = np.random.default_rng(seed)
    layers = {
        name: Layer(
            (random.normal(size=shape) * 0.3 / np.sqrt(np.prod(shape[:-1]))).astype(np.float32),
            (random.normal(size=shape[-1:]) * 0.1).astype(np.float32),
        )
        for name, shape in shapes().items()
    }
    return SsrNet(layers, 101.0)


def pictures(count: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (count, 64, 64, 3)).astype(np.float32)


def build_network():
    """The Keras build, which only the converters' environment can import."""
    return importlib.import_module("converters.ssrnet.network")


def published_file(name: str) -> bytes:
    path = WEIGHTS / FILES[name]
    if not path.is_file():
        pytest.skip(f"the published weights are not here: {path}")
    return path.read_bytes()


def test_folding_a_batch_norm_changes_nothing():
    """convolution, then BatchNorm, equals the folded convolution (here 1 × 1)."""
    random = np.random.default_rng(3)
    kernel, bias = random.normal(size=(1, 1, 4, 5)), random.normal(size=5)
    gamma, beta, mean = random.normal(size=(3, 5))
    variance = random.uniform(0.1, 2, 5)
    x = random.normal(size=(7, 4))
    plain = (x @ kernel[0, 0] + bias - mean) / np.sqrt(variance + 1e-3) * gamma + beta
    folded = fold(kernel, bias, (gamma, beta, mean, variance), 1e-3)
    np.testing.assert_allclose(x @ folded.kernel[0, 0] + folded.bias, plain, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda layers: layers.pop("x3"), "layers are missing: x3"),
        (lambda layers: layers.update(x3=layers["x1"]), "layer x3 has shape"),
        (
            lambda layers: layers["s2"].kernel.__setitem__((0, 0, 0, 0), np.nan),
            "layer s2 holds weights that are not numbers",
        ),
    ],
)
def test_incomplete_misshapen_and_nan_weights_are_refused(change, message):
    """The layer is named."""
    layers = dict(random_net().layers)
    change(layers)
    with pytest.raises(ConvertError, match=message):
        SsrNet(layers, 101.0)


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("mxnet")])
def test_mxnet_parameters_are_read_without_mxnet(name):
    """All 40,147 numbers of the folded network, and an answer in its range."""
    net = PUBLISHED[name].network([published_file(name)])
    assert net.parameters == 40147
    assert not net.stage1_relu
    answers = reference.evaluate(net, (pictures(2) - 127.5) / 128)
    assert (answers >= 0).all() and (answers <= net.value_range * 1.01).all()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just text, no weights",
        pickle.dumps({"weights": [1.0, 2.0]}),
        struct.pack("<QQQ", 0x112, 0, 5),
        struct.pack("<QQQ", 0x112, 0, 1) + struct.pack("<IiI", 0xF993FAC9, 0, 60000),
        struct.pack("<QQQ", 0x112, 0, 1)
        + struct.pack("<IiI", 0xF993FAC9, 0, 1)
        + struct.pack("<q", -5)
        + struct.pack("<iii", 1, 0, 0),
    ],
    ids=["empty", "text", "pickle", "no arrays", "too many dimensions", "negative size"],
)
def test_what_is_no_mxnet_file_is_refused(content):
    """One sentence, whatever the bytes; a pickle is never loaded."""
    with pytest.raises(ConvertError, match="mxnet"):
        mxnet_params.load(content, 101.0)


def test_truncated_mxnet_parameters_are_refused():
    """At any length."""
    whole = published_file("mxnet-age-imdb")
    for length in (10, 40, len(whole) // 2, len(whole) - 1):
        with pytest.raises(ConvertError):
            mxnet_params.load(whole[:length], 101.0)


@pytest.mark.parametrize("text", [b"", b"{}", b"not json", b'{"modelTopology": {}}'])
def test_what_is_no_tensorflow_js_model_is_refused(text):
    """One sentence."""
    with pytest.raises(ConvertError, match=r"TensorFlow\.js"):
        tfjs.load(text, b"", 101.0)


def test_a_truncated_tensorflow_js_weight_file_is_refused():
    """The weight at which the file ends is named."""
    entry = {"name": "kernel", "shape": [10], "dtype": "float32"}
    model = {"modelTopology": {"node": []}, "weightsManifest": [{"weights": [entry]}]}
    with pytest.raises(ConvertError, match="end early, in kernel"):
        tfjs.load(json.dumps(model).encode(), b"1234", 101.0)


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["nonsense"], 1, "'nonsense' is neither a file nor a network"),
        (["mxnet-age-imdb"], 1, "give its file with --source"),
        (["--unpinned"], 1, "--unpinned needs one network"),
    ],
)
def test_wrong_commands_end_with_a_sentence(arguments, status, message, tmp_path, capsys):
    """And an exit status, and nothing written."""
    assert main(["ssrnet", *arguments, "--out", str(tmp_path)]) == status
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"text", pickle.dumps([1]), b"\x89HDF\r\n\x1a\nrest"])
def test_another_file_than_the_published_is_refused(content, tmp_path, capsys):
    """By its hash, before anything reads it."""
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    out = tmp_path / "out"
    assert main(["ssrnet", "h5-age-imdb", "--source", str(path), "--out", str(out)]) == 1
    assert "not the expected file" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.converters
@pytest.mark.parametrize("name", FILES)
def test_keras_and_float64_agree_on_every_published_file(name):
    """To better than 1e-4 years (or 1e-4 of the share)."""
    net = PUBLISHED[name].network([published_file(name)])
    images = pictures(8) if name.startswith("h5") else (pictures(8) - 127.5) / 128
    said = build_network().build(net).predict(images.astype(np.float32), verbose=0)[:, 0]
    np.testing.assert_allclose(said, reference.evaluate(net, images), atol=1e-4)


@pytest.mark.converters
def test_the_integer_form_says_the_same_in_float():
    """Left-out dead branches and the exponential are the same function."""
    net = PUBLISHED["h5-age-imdb"].network([published_file("h5-age-imdb")])
    images = pictures(8)
    dead = build_network().dead_stages(net, images)
    assert set(dead) == {1, 2, 3}
    said = build_network().build(net, dead).predict(images, verbose=0)[:, 0]
    np.testing.assert_allclose(said, reference.evaluate(net, images), atol=1e-3)


@pytest.mark.converters
@pytest.mark.parametrize("cut", [100, 5000, 200000])
def test_truncated_h5_files_are_refused(cut):
    """At any length."""
    whole = published_file("h5-age-imdb")
    with pytest.raises(ConvertError, match="truncated"):
        keras_h5.load(whole[:cut], 101.0)


@pytest.mark.converters
def test_a_converted_network_runs_on_both_runtimes_and_repeats_byte_for_byte(tmp_path, capsys):
    """The whole verb, twice: two bundles, the same bytes, parity in the card."""
    published_file("h5-age-wiki")
    source = str(WEIGHTS / FILES["h5-age-wiki"])
    for folder in ("a", "b"):
        out = str(tmp_path / folder)
        assert main(["ssrnet", "h5-age-wiki", "--source", source, "--out", out]) == 0
    name = "ssrnet_h5_age_wiki"
    card = json.loads((tmp_path / "a" / f"{name}.json").read_text())
    assert card["evidence"]["parity"]["max_difference"] < 1e-4
    for ending in (".json", ".tflite"):
        first = (tmp_path / "a" / (name + ending)).read_bytes()
        assert first == (tmp_path / "b" / (name + ending)).read_bytes()


@pytest.mark.converters
def test_ones_own_nan_weights_are_refused(tmp_path, capsys):
    """A file of the right form with a NaN in it: the layer is named, nothing is written."""
    h5py = pytest.importorskip("h5py")
    path = tmp_path / "mine.h5"
    path.write_bytes(published_file("h5-age-imdb"))
    with h5py.File(path, "r+") as file:
        file["conv2d_2/conv2d_2/kernel:0"][0, 0, 0, 0] = np.nan
    out = tmp_path / "out"
    arguments = ["ssrnet", "h5-age-imdb", "--unpinned", "--source", str(path), "--out", str(out)]
    assert main(arguments) == 1
    assert "layer x2 holds weights that are not numbers" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("how", [[], ["--source"]])
@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1]), b"\x89HDF\r\n\x1a\nrest"])
def test_a_file_that_is_none_of_the_published_is_refused(how, content, tmp_path, capsys):
    """Given as the network or with --source: one sentence that says what it may be."""
    path = tmp_path / "weights.h5"
    path.write_bytes(content)
    assert main(["ssrnet", *how, str(path), "--out", str(tmp_path / "out")]) == 1
    assert "none of the published SSR-Net files" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_published_file_is_known_by_its_hash():
    """No name is needed."""
    published_file("mxnet-age-imdb")
    path = WEIGHTS / FILES["mxnet-age-imdb"]
    (found,) = identified(path)
    assert found is PUBLISHED["mxnet-age-imdb"]
