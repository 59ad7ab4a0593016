"""ONNX files, and the whole verb: from a file and a template to a bundle with evidence."""

from __future__ import annotations

import importlib
import io
import json
import pickle

import msgspec
import numpy as np
import pytest

from converters.cli import main
from converters.errors import ConvertError
from tests.converters.import_files.templates import AGE, GENDER, template

pytestmark = pytest.mark.converters
SIDE = 32
PIXELS = np.random.default_rng(0).normal(size=(2, SIDE, SIDE, 3)).astype(np.float32)


def read(content: bytes):
    return importlib.import_module("converters.importers.onnx_file").read(content, "net.onnx")


def three_heads(race: str = "Softmax") -> bytes:
    """A small net with heads for age, gender and race, as files of this kind have."""
    onnx = importlib.import_module("onnx")
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    random = np.random.default_rng(1)
    weights = {"k": (random.normal(size=(6, 3, 3, 3)) * 0.2).astype(np.float32)}
    nodes = [
        helper.make_node("Conv", ["picture", "k"], ["c"], strides=[2, 2], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
        helper.make_node("Flatten", ["p"], ["f"]),
    ]
    outputs = []
    for name, width, last in (("age", 101, "Softmax"), ("gender", 2, "Softmax"), ("race", 5, race)):
        kernel = random.normal(size=(width, 6 * 8 * 8)) * 0.2
        weights[f"{name}_w"] = kernel.astype(np.float32)
        weights[f"{name}_b"] = random.normal(size=width).astype(np.float32)
        parts = ["f", f"{name}_w", f"{name}_b"]
        nodes.append(helper.make_node("Gemm", parts, [f"{name}_logits"], transB=1))
        nodes.append(helper.make_node(last, [f"{name}_logits"], [name]))
        outputs.append(helper.make_tensor_value_info(name, 1, ["N", width]))
    graph = helper.make_graph(
        nodes,
        "net",
        [helper.make_tensor_value_info("picture", 1, ["N", 3, SIDE, SIDE])],
        outputs,
        [numpy_helper.from_array(values, name) for name, values in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    return model.SerializeToString()


def test_nets_of_pytorch_answer_as_pytorch_does(tmp_path):
    """Groups, gates, both poolings, a flattening that reads the batch's size, two heads."""
    torch = pytest.importorskip("torch")
    nn = torch.nn

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.Hardswish()
            )
            self.depth = nn.Sequential(nn.Conv2d(8, 8, 5, 1, 2, groups=8), nn.PReLU(8))
            self.groups = nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=2)
            self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Hardsigmoid())
            self.pools = nn.Sequential(nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.AvgPool2d(3, 2, 1))
            self.head = nn.Linear(8 * 5 * 5, 9)

        def forward(self, x):
            x = self.stem(x)
            x = torch.nn.functional.leaky_relu(self.groups(self.depth(x)) + x, 0.1)
            x = self.pools(x * self.gate(x))
            y = self.head(x.view(x.size(0), -1))
            return torch.softmax(y[:, 2:], 1), torch.clamp(y[:, :2], -1, 1)

    torch.manual_seed(0)
    model = Net().eval()
    path = tmp_path / "net.onnx"
    torch.onnx.export(
        model, torch.zeros(1, 3, SIDE, SIDE), str(path), dynamo=False,
        input_names=["x"], output_names=["age", "gender"], dynamic_axes={"x": {0: "N"}},
    )  # fmt: skip
    with torch.no_grad():
        expected = model(torch.from_numpy(PIXELS.transpose(0, 3, 1, 2).copy()))
    tf = importlib.import_module("tensorflow")
    net = read(path.read_bytes())
    said = tf.function(net.make(["age", "gender"]))(tf.constant(PIXELS))
    for name, values in zip(("age", "gender"), expected, strict=True):
        np.testing.assert_allclose(said[name], values.numpy(), atol=1e-5)


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1])])
def test_what_is_no_onnx_file_is_refused(content):
    """Whatever the bytes."""
    with pytest.raises(ConvertError, match="not a readable ONNX network"):
        read(content)


def test_truncated_foreign_and_spoilt_files_are_refused():
    """At any length; with weights elsewhere; with numbers that are none."""
    onnx = importlib.import_module("onnx")
    whole = three_heads()
    for length in range(50, len(whole), len(whole) // 15):
        with pytest.raises(ConvertError):
            read(whole[:length])
    model = onnx.load_from_string(whole)
    model.graph.initializer[0].raw_data = np.full(162, np.nan, np.float32).tobytes()
    with pytest.raises(ConvertError, match=r"not numbers .* in k"):
        read(model.SerializeToString())
    model = onnx.load_from_string(whole)
    model.graph.initializer[0].data_location = 1
    with pytest.raises(ConvertError, match=r"which must lie beside it|damaged"):
        read(model.SerializeToString())


def test_an_operation_that_only_an_unread_output_needs_is_no_hindrance():
    """It is refused when it is asked for, and left out otherwise."""
    net = read(three_heads(race="Hardmax"))
    assert dict(net.outputs) == {"age": 101, "gender": 2}
    with pytest.raises(ConvertError, match="not supported: Hardmax"):
        net.make(["race"])


def imported(tmp_path, content: bytes, **fields) -> tuple[int, dict | None]:
    """Run the verb on `content`; status and card."""
    (tmp_path / "net.onnx").write_bytes(content)
    said = template(AGE, GENDER, side=SIDE, **fields)
    (tmp_path / "card.json").write_bytes(msgspec.json.encode(said))
    out = tmp_path / "out"
    status = main(["import", str(tmp_path / "net.onnx"), "--card", str(tmp_path / "card.json"),
                   "--out", str(out)])  # fmt: skip
    path = out / "mine.json"
    return status, json.loads(path.read_text()) if path.exists() else None


def test_a_file_and_a_template_become_a_bundle_that_never_computes_what_is_not_read(tmp_path):
    """Parity with ONNX Runtime, cost and what was left out are in the card; the bundle runs."""
    status, card = imported(tmp_path, three_heads(), standardize=True)
    assert status == 0
    assert card["evidence"]["left_out"] == ["race"]
    assert card["evidence"]["parity"]["reference"].startswith("ONNX Runtime")
    assert card["evidence"]["parity"]["max_difference"] < 1e-5
    assert card["multiply_adds"] == 16 * 16 * 6 * 27 + (101 + 2) * 6 * 8 * 8
    assert "standardizes each picture" in card["input"]["within"]
    content = (tmp_path / "out" / "mine.tflite").read_bytes()[: card["bytes"]]
    assert b"race" not in content
    estimate = importlib.import_module("edge.runtime.estimate.estimate")
    frame = importlib.import_module("edge.runtime.frame")
    opened = estimate.open_estimator(["mine"], tmp_path / "out", "")
    face = frame.Face(frame.Box(10.0, 10.0, 40.0, 40.0), 1.0, None)
    picture = np.random.default_rng(2).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    (answer,) = opened.estimate(picture, [face])
    assert 0 <= answer.age_years <= 100 and 0 <= answer.female <= 1


def test_a_damaged_file_writes_nothing(tmp_path, capsys):
    """One sentence, an exit status."""
    status, card = imported(tmp_path, three_heads()[:5000])
    assert (status, card) == (1, None)
    assert "net.onnx is not a readable ONNX network" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def exported(model, opset: int = 14, *, open_batch: bool = True) -> tuple[bytes, list]:
    """The ONNX file of a PyTorch model, and what PyTorch says of PIXELS."""
    torch = importlib.import_module("torch")
    buffer = io.BytesIO()
    torch.onnx.export(
        model.eval(), torch.zeros(1, 3, SIDE, SIDE), buffer, dynamo=False, opset_version=opset,
        input_names=["x"], dynamic_axes={"x": {0: "N"}} if open_batch else {},
    )  # fmt: skip
    with torch.no_grad():
        said = model(torch.from_numpy(PIXELS.transpose(0, 3, 1, 2).copy()))
    return buffer.getvalue(), [one.numpy() for one in (said if isinstance(said, tuple) else [said])]


def agree(content: bytes, expected: list) -> None:
    """Ours says what PyTorch said, and TFLite takes it."""
    tf = importlib.import_module("tensorflow")
    tflite = importlib.import_module("converters.tflite")
    net = read(content)
    run = net.make(list(net.outputs))
    specification = [tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32)]
    said = tf.function(run, input_signature=specification, autograph=False)(tf.constant(PIXELS))
    assert len(said) == len(expected)
    for found, values in zip(said.values(), expected, strict=True):
        np.testing.assert_allclose(found, values, atol=1e-5, rtol=1e-4)
    assert tflite.convert(run, (None, SIDE, SIDE, 3), "float32")


def torch_net(kind: str):
    """Small nets of what PyTorch's exporter writes in its own ways."""
    torch = importlib.import_module("torch")
    nn, functional = torch.nn, torch.nn.functional

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.first = nn.Conv2d(3, 16, 8, 8)
            self.cls, self.place = (nn.Parameter(torch.randn(1, n, 16)) for n in (1, 17))
            self.encoder = nn.TransformerEncoderLayer(16, 4, 32, batch_first=True, activation=kind_)
            self.group, self.layer = nn.GroupNorm(4, 16), nn.LayerNorm(16)
            self.head = nn.Linear(16, 9)

        def forward(self, x):
            return getattr(self, kind)(self.first(x))

        def attention(self, x):
            """A transformer with a token of its own, as in ViT."""
            x = x.flatten(2).transpose(1, 2)
            x = torch.cat([self.cls.expand(x.shape[0], -1, -1), x], 1) + self.place
            return self.head(self.encoder(x)[:, 0])

        def normal(self, x):
            """Groups of channels, rows, a shuffle of channels by sizes read from the picture."""
            b, c, h, w = x.size()
            x = self.group(x).view(b, 2, c // 2, h, w).transpose(1, 2).reshape(b, c, h, w)
            ages = functional.softmax(self.head(self.layer(x.flatten(2).mean(2))), -1)
            return (ages * torch.arange(9).float()).sum(1, keepdim=True), ages.log()

        def neighbours(self, x):
            """Normalization over channels, which becomes a pooling in three dimensions."""
            x = functional.local_response_norm(x, 5, 0.5)
            x = torch.where(x > 0, x, 0.1 * x) + functional.interpolate(x, (4, 4), mode="nearest")
            return self.head(x.mean((2, 3)))

    kind_ = "gelu"
    return Net()


@pytest.mark.parametrize("opset", [14, 17])
@pytest.mark.parametrize("kind", ["attention", "normal", "neighbours"])
def test_what_pytorch_writes_by_several_operations_answers_as_pytorch_does(kind, opset):
    """Sizes read from the picture, branches by them, products of what comes from the picture."""
    pytest.importorskip("torch")
    agree(*exported(torch_net(kind), opset))


@pytest.mark.parametrize("opset", [9, 11, 17])
def test_a_file_written_for_one_picture_takes_any_number(opset):
    """Its shapes say 1 where the batch is."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.head = torch.nn.Conv2d(3, 4, 3, 2, 1), torch.nn.Linear(1024, 5)

        def forward(self, x):
            x = self.conv(x)
            x = x.view(x.shape[0], 2, 2, 16, 16).transpose(1, 2)
            return self.head(x.reshape(x.shape[0], -1))

    agree(*exported(Net(), opset, open_batch=False))


def test_normalization_is_taken_into_the_convolution_before_it_only_where_nobody_else_reads_it():
    """A second reader gets what it got before."""
    torch = pytest.importorskip("torch")

    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.conv, self.norm = torch.nn.Conv2d(3, 4, 3, bias=False), torch.nn.BatchNorm2d(4)
            self.norm.running_mean.normal_()
            self.again = torch.nn.BatchNorm2d(4)

        def forward(self, x):
            x = self.conv(self.conv(x)[:, :3])
            return (self.norm(x) + x).mean((2, 3)), self.again(self.conv(x[:, :3])).amax((2, 3))

    net = Net().eval()
    content, expected = exported(net)
    agree(content, expected)


def test_a_branch_by_what_is_in_the_picture_is_refused():
    """One that shapes decide is not: PyTorch writes those."""
    onnx = importlib.import_module("onnx")
    helper = onnx.helper
    branches = {
        f"{name}_branch": helper.make_graph(
            [helper.make_node(kind, ["picture"], [name])], name, [],
            [helper.make_tensor_value_info(name, 1, ["N", 3, SIDE, SIDE])],
        )
        for name, kind in (("then", "Relu"), ("else", "Abs"))
    }  # fmt: skip
    nodes = [
        helper.make_node("ReduceMax", ["picture"], ["top"], keepdims=0),
        helper.make_node("Cast", ["top"], ["yes"], to=9),
        helper.make_node("If", ["yes"], ["out"], **branches),
    ]
    graph = helper.make_graph(
        nodes, "net", [helper.make_tensor_value_info("picture", 1, ["N", 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("out", 1, ["N", 3, SIDE, SIDE])],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with pytest.raises(ConvertError, match="branches by what is in the picture"):
        read(model.SerializeToString())
