"""The forms of ONNX files that people have: weights beside, int8, infinities, grey pictures."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from converters.errors import ConvertError
from edge.runtime.networks.card import read_card
from tests.converters.import_files.templates import GENDER
from tests.converters.import_files.verbs import imported

pytestmark = pytest.mark.converters
pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
onnx = pytest.importorskip("onnx", reason="needs the converters extra (ONNX)")
torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.importers import onnx_file  # noqa: E402 - needs ONNX

SIDE = 32


def model(channels: int = 3) -> Any:
    """A net of PyTorch with a softmax over two genders."""
    torch.manual_seed(0)
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 16, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 2), nn.Softmax(1),
    ).eval()  # fmt: skip


def exported(channels: int = 3) -> Any:
    """The model as ONNX's own structure."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model(channels), torch.zeros(1, channels, SIDE, SIDE), buffer, dynamo=False,
            input_names=["image"], output_names=["gender"], dynamic_axes={"image": {0: "n"}},
        )  # fmt: skip
    return onnx.load_from_string(buffer.getvalue())


def beside(folder: Path, location: str = "net.onnx.data") -> Path:
    """Saved as PyTorch's exporter does by default: the weights in a file of their own."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "net.onnx"
    onnx.save_model(
        exported(), path, save_as_external_data=True, location=location, size_threshold=0
    )
    return path


def test_weights_in_a_file_beside_are_read_from_anywhere(tmp_path, monkeypatch):
    """PyTorch's default, with the working directory elsewhere."""
    path = beside(tmp_path / "theirs")
    monkeypatch.chdir(tmp_path)
    status, card = imported(tmp_path, path, GENDER)
    assert status == 0
    assert card["evidence"]["parity"]["reference"].startswith("ONNX Runtime")
    assert card["evidence"]["parity"]["max_difference"] < 1e-5


def test_weights_that_are_not_beside_are_named_with_what_to_do(tmp_path, capsys):
    """The file that lacks, and how to have a single one."""
    path = beside(tmp_path / "theirs")
    (path.parent / "net.onnx.data").unlink()
    status, card = imported(tmp_path, path, GENDER)
    assert (status, card) == (1, None)
    said = capsys.readouterr().err
    assert "net.onnx keeps its weights in net.onnx.data, which must lie beside it" in said
    assert "external_data=False" in said


def test_weights_that_end_early_are_damage(tmp_path):
    """Whatever is left of them."""
    path = beside(tmp_path)
    data = path.with_name("net.onnx.data")
    whole = data.read_bytes()
    for length in (0, 10, len(whole) // 2):
        data.write_bytes(whole[:length])
        with pytest.raises(ConvertError, match=r"net\.onnx is not a readable ONNX network"):
            onnx_file.read(path.read_bytes(), path.name, path=path)


@pytest.mark.parametrize("place", ["/etc/passwd", "../secret", "a/../../secret"])
def test_no_file_outside_of_the_networks_folder_is_read(tmp_path, place):
    """Whatever the file says of where its weights are."""
    path = beside(tmp_path / "theirs")
    spoilt = onnx.load(path, load_external_data=False)
    for item in spoilt.graph.initializer:
        for entry in item.external_data:
            if entry.key == "location":
                entry.value = place
    with pytest.raises(ConvertError, match="outside of its folder"):
        onnx_file.read(spoilt.SerializeToString(), path.name, path=path)


def test_minus_infinity_round_a_picture_is_no_damage(tmp_path):
    """A maximum over a window that is padded with it, as some exporters write one."""
    made = exported()
    graph = made.graph
    graph.initializer.append(onnx.numpy_helper.from_array(np.float32(-np.inf), "low"))
    graph.initializer.append(
        onnx.numpy_helper.from_array(np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64), "pads")
    )
    first = graph.node[0]
    rest = [onnx.helper.make_node("Pad", [first.output[0], "pads", "low"], ["padded"]),
            onnx.helper.make_node("MaxPool", ["padded"], ["most"], kernel_shape=[3, 3],
                                  strides=[1, 1])]  # fmt: skip
    for node in graph.node[1:]:
        node.input[:] = ["most" if name == first.output[0] else name for name in node.input]
    nodes = [first, *rest, *graph.node[1:]]
    del graph.node[:]
    graph.node.extend(nodes)
    path = tmp_path / "net.onnx"
    onnx.save_model(made, path)
    status, card = imported(tmp_path, path, GENDER)
    assert status == 0
    assert card["evidence"]["parity"]["max_difference"] < 1e-5


def quantized(folder: Path, *, per_channel: bool = False, form: str = "QDQ") -> Path:
    """The net in int8, by ONNX Runtime's own tool and random pictures."""
    tools = pytest.importorskip("onnxruntime.quantization")
    onnx.save_model(exported(), folder / "float.onnx")
    random = np.random.default_rng(0)

    class Pictures(tools.CalibrationDataReader):
        left = 16

        def get_next(self):
            self.left -= 1
            picture = random.uniform(0, 255, (1, 3, SIDE, SIDE)).astype(np.float32)
            return {"image": picture} if self.left >= 0 else None

    path = folder / "net.onnx"
    tools.quantize_static(
        folder / "float.onnx", path, Pictures(), quant_format=tools.QuantFormat[form],
        per_channel=per_channel, weight_type=tools.QuantType.QInt8,
    )  # fmt: skip
    return path


@pytest.mark.parametrize("per_channel", [False, True])
def test_int8_in_qdq_form_becomes_floating_point_near_it(tmp_path, per_channel):
    """Its weights multiplied out; the difference from its own answers is in the card."""
    path = quantized(tmp_path, per_channel=per_channel)
    status, card = imported(tmp_path, path, GENDER)
    assert status == 0
    parity = card["evidence"]["parity"]
    assert parity["reference"].startswith("ONNX Runtime")
    assert 0 < parity["max_difference"] < 0.05
    pixels = np.random.default_rng(1).uniform(0, 255, (4, SIDE, SIDE, 3)).astype(np.float32)
    net = onnx_file.read(path.read_bytes(), path.name, path=path)
    said = net.make(["gender"])(pixels)["gender"]
    with torch.no_grad():
        expected = model()(torch.from_numpy(pixels.transpose(0, 3, 1, 2).copy())).numpy()
    np.testing.assert_allclose(said, expected, atol=0.05)


def test_int8_operation_by_operation_is_told_the_other_form(tmp_path, capsys):
    """And how to have it."""
    status, card = imported(tmp_path, quantized(tmp_path, form="QOperator"), GENDER)
    assert (status, card) == (1, None)
    assert "quant_format=QuantFormat.QDQ" in capsys.readouterr().err


def test_a_net_of_grey_pictures_has_a_grey_card(tmp_path, capsys):
    """One channel where the template says so; else the key that is wrong is named."""
    path = tmp_path / "net.onnx"
    onnx.save_model(exported(channels=1), path)
    assert imported(tmp_path, path, GENDER) == (1, None)
    assert 'write colour = "grey"' in capsys.readouterr().err
    spec = {"width": SIDE, "height": SIDE, "colour": "grey"}
    status, card = imported(tmp_path, path, GENDER, input=spec)
    assert status == 0
    assert read_card(tmp_path / "out" / "mine.json").input.channels == 1
    assert card["evidence"]["parity"]["max_difference"] < 1e-5
