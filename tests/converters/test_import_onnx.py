"""ONNX files, and the whole verb: from a file and a template to a bundle with evidence."""

from __future__ import annotations

import importlib
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
    with pytest.raises(ConvertError, match=r"weights in another file|damaged"):
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
    estimate = importlib.import_module("edge.runtime.estimate")
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
