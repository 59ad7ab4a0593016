"""Caffe's files are read without Caffe, and answer as OpenCV's importer does."""

from __future__ import annotations

import importlib
import pickle

import numpy as np
import pytest

from converters.errors import ConvertError
from converters.importers.caffe import net as caffe
from converters.importers.caffe import prototxt, weights
from tests.converters.import_files import caffe_files
from tests.converters.import_files.caffe_files import Net, blob, caffemodel


def small() -> Net:
    """A net of every layer that the published ones have, for 33 × 33 pixels."""
    net = Net(33)
    x = net.norm("norm", net.pool("pool", net.conv("conv", "data", 8, 5, stride=2), 3, 2))
    x = net.concat("both", [net.conv("a", x, 4, 1), net.conv("b", x, 6, 3, pad=1, group=2)])
    net.layer("prob", "Softmax", [net.dense("fc", x, 5)], "prob")
    return net


def pictures(side: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, side, side, 3)).astype(np.float32)


def answers(net: Net, content: bytes, outputs: list[str]) -> tuple[dict, dict]:
    """What our graph says and what OpenCV says."""
    tf = importlib.import_module("tensorflow")
    read = caffe.read(net.text.encode(), content, "net.caffemodel")
    images = pictures(net.side)
    said = read.make(outputs)(tf.constant(images))
    return {k: v.numpy().reshape(2, -1) for k, v in said.items()}, read.reference(images, outputs)


def test_a_structure_is_read_with_comments_lists_and_both_kinds_of_brackets():
    """Whatever protobuf's text form allows."""
    text = b"""# a comment
    name: "net"; input_dim: [1, 3] layer < type: 'ReLU' top: "a" param { lr_mult: 1e-3 } >
    layer { include { phase: TRAIN } flag: true }"""
    assert prototxt.parse(text, "x") == {
        "name": ["net"],
        "input_dim": [1, 3],
        "layer": [
            {"type": ["ReLU"], "top": ["a"], "param": [{"lr_mult": [0.001]}]},
            {"include": [{"phase": ["TRAIN"]}], "flag": [True]},
        ],
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'layer { name: "a"', "ends before a '}'"),
        (b'layer {\n name "a" }\n}', "line 3: a key was expected, not '}'"),
        (b"layer { name: }", "a value was expected, not '}'"),
        (b'layer { name: "a }', "not protobuf text"),
        (b"\x89HDF\r\n", "no text file"),
        (b"layer {" * 60 + b"}" * 60, "nested too deeply"),
        (b"name:", "in the middle of an entry"),
    ],
)
def test_a_damaged_structure_is_refused_with_its_line(text, message):
    """One sentence that says where."""
    with pytest.raises(ConvertError, match=message):
        prototxt.parse(text, "deploy.prototxt")


@pytest.mark.parametrize(("old", "packed"), [(False, True), (True, True), (False, False)])
def test_weights_are_read_in_every_form_that_was_ever_written(old, packed):
    """Both generations of layers, and numbers packed or one by one."""
    made = {"conv": [np.arange(24.0).reshape(2, 3, 2, 2), np.array([1.0, -1])]}
    found = weights.read(caffemodel(made, old=old, packed=packed), "x")
    np.testing.assert_array_equal(found["conv"][0], made["conv"][0])
    np.testing.assert_array_equal(found["conv"][1].ravel(), made["conv"][1])


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1]), b"\x00" * 40])
def test_what_is_no_weight_file_is_refused(content):
    """Whatever the bytes."""
    with pytest.raises(ConvertError, match="no weight file of Caffe"):
        weights.read(content, "x.caffemodel")


def test_a_weight_file_truncated_anywhere_is_refused_by_the_weights_or_by_the_structure():
    """It may end between two layers: then a layer of the structure lacks its weights."""
    net = small()
    whole = caffemodel(net.weights)
    for length in range(0, len(whole), len(whole) // 41):
        with pytest.raises(ConvertError):
            caffe.load_graph(net.text.encode(), whole[:length], "x")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('type: "Softmax"', 'type: "Mystery"', "not supported: Mystery"),
        ("num_output: 8", "num_output: 9", r"'conv': the structure says \(9, 5, 5\)"),
        ("num_output: 5", "num_output: 6", "'fc': the structure says 6 outputs, the weights 5"),
        ('name: "fc"', 'name: "fc9"', "'fc9': the weight file has 0 arrays for it instead of 2"),
        ("input_dim", "unknown_dim", "one input with four sizes"),
        ('type: "LRN"', 'type: "Data"', "structure for training"),
        ("pool: MAX", "pool: STOCHASTIC", "stochastic pooling"),
        ("layer {", "layers { layer { } ", "Caffe's oldest form"),
    ],
)
def test_a_structure_that_is_not_the_weights_own_is_refused_by_its_layer(old, new, message):
    """The layer is named, and what does not fit."""
    net = small()
    with pytest.raises(ConvertError, match=message):
        caffe.load_graph(net.text.replace(old, new).encode(), caffemodel(net.weights), "x")


def test_weights_that_are_not_numbers_are_refused():
    """The layer is named."""
    net = small()
    net.weights["a"][0][0] = np.nan
    with pytest.raises(ConvertError, match=r"not numbers .*, in a/w"):
        caffe.load_graph(net.text.encode(), caffemodel(net.weights), "x")


def test_a_mean_picture_is_read_with_its_channels_last():
    """Three channels, the file's order."""
    mean = np.arange(3 * 4 * 5.0).reshape(1, 3, 4, 5)
    found = weights.mean_picture(blob(mean, old=True), "mean.binaryproto")
    np.testing.assert_array_equal(found, mean[0].transpose(1, 2, 0))
    with pytest.raises(ConvertError, match="no mean picture"):
        weights.mean_picture(b"text, no blob", "mean.binaryproto")


@pytest.mark.converters
@pytest.mark.parametrize(
    ("maker", "classes", "old"),
    [
        (caffe_files.levi_hassner, 8, False),
        (caffe_files.googlenet, 2, True),
    ],
)
def test_the_published_nets_answer_as_opencv_does(maker, classes, old):
    """Of their true shapes, before and after the softmax."""
    net = maker(classes)
    last = "fc8" if maker is caffe_files.levi_hassner else "loss3/classifier"
    ours, theirs = answers(net, caffemodel(net.weights, old=old), [last, "prob"])
    scale = np.abs(theirs[last]).max()
    np.testing.assert_allclose(ours[last], theirs[last], atol=1e-4 * scale)
    np.testing.assert_allclose(ours["prob"], theirs["prob"], atol=1e-4)


LAYERS = {
    "max, rounded up": "pooling_param { pool: MAX kernel_size: 3 stride: 2 }",
    "mean, rounded up": "pooling_param { pool: AVE kernel_size: 3 stride: 2 }",
    "mean with a border": "pooling_param { pool: AVE kernel_size: 3 stride: 2 pad: 1 }",
    "mean, wide window": "pooling_param { pool: AVE kernel_size: 5 stride: 3 pad: 2 }",
    "max with a border": "pooling_param { pool: MAX kernel_size: 2 stride: 2 pad: 1 }",
    "max, high and wide": "pooling_param { pool: MAX kernel_h: 2 kernel_w: 3 stride: 2 }",
    "global": "pooling_param { pool: AVE global_pooling: true }",
}


@pytest.mark.converters
@pytest.mark.parametrize("said", LAYERS.values(), ids=LAYERS)
@pytest.mark.parametrize("side", [16, 17])
def test_pooling_takes_the_windows_that_caffe_takes(said, side):
    """Rounded up, with and without a border, on even and odd sizes."""
    net = Net(side)
    x = net.conv("conv", "data", 4, 3, pad=1)
    net.layer("pool", "Pooling", [x], "pool", said)
    ours, theirs = answers(net, caffemodel(net.weights), ["pool"])
    np.testing.assert_allclose(ours["pool"], theirs["pool"], atol=1e-4)


OTHERS = {
    "within a channel": ("LRN", "lrn_param { local_size: 3 alpha: 2 norm_region: WITHIN_CHANNEL }"),
    "leaky": ("ReLU", "relu_param { negative_slope: 0.1 }"),
    "power": ("Power", "power_param { power: 2 scale: 0.5 shift: 1 }"),
    "sum": ("Eltwise", "eltwise_param { operation: SUM coeff: 2 coeff: -1 }"),
    "product": ("Eltwise", "eltwise_param { operation: PROD }"),
    "logistic": ("Sigmoid", ""),
    "hyperbolic": ("TanH", ""),
    "elu": ("ELU", ""),
}  # fmt: skip


@pytest.mark.converters
@pytest.mark.parametrize(("kind", "said"), OTHERS.values(), ids=OTHERS)
def test_other_layers_answer_as_opencv_does(kind, said):
    """One each."""
    net = Net(9)
    x = net.conv("conv", "data", 4, 3)
    below = [x, net.conv("other", "data", 4, 3)] if kind == "Eltwise" else [x]
    net.layer("last", kind, below, "last", said)
    ours, theirs = answers(net, caffemodel(net.weights), ["last"])
    np.testing.assert_allclose(ours["last"], theirs["last"], atol=1e-4)


@pytest.mark.converters
def test_normalization_with_a_scale_after_it_answers_as_opencv_does():
    """BatchNorm's sums with their count, Scale's factor and shift, PReLU's slopes."""
    net = Net(9)
    x = net.conv("conv", "data", 4, 3)
    net.weights["bn"] = [np.full(4, 3.0), np.arange(4.0) + 2, np.array([2.0])]
    net.weights["scale"] = [np.arange(4.0), np.ones(4)]
    net.weights["slope"] = [np.array([0.1, 0.2, 0.3, 0.4])]
    net.layer("bn", "BatchNorm", [x], "bn")
    net.layer("scale", "Scale", ["bn"], "bn", "scale_param { bias_term: true }")
    net.layer("slope", "PReLU", ["bn"], "bn")
    ours, theirs = answers(net, caffemodel(net.weights), ["bn"])
    np.testing.assert_allclose(ours["bn"], theirs["bn"], atol=1e-4)


@pytest.mark.converters
def test_a_layer_that_reads_what_only_a_later_one_makes_is_refused():
    """By the name of what it reads."""
    net = small()
    text = net.text.replace('bottom: "conv"', 'bottom: "later"', 1)
    assert text != net.text
    with pytest.raises(ConvertError, match="'later'"):
        caffe.read(text.encode(), caffemodel(net.weights), "x").make(["prob"])
