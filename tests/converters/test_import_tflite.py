"""A ready .tflite file, taken as it is, without what nobody reads."""

from __future__ import annotations

import numpy as np
import pytest

from converters.errors import ConvertError
from converters.importers import readers
from edge.runtime.estimate.estimate import open_estimator
from edge.runtime.frame import Box, Face
from edge.runtime.networks.card import read_card
from tests.converters.import_files.templates import AGE, GENDER
from tests.converters.import_files.verbs import imported

pytestmark = pytest.mark.converters
pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")

from converters.importers import tflite_file, tflite_metadata  # noqa: E402 - after the skip
from tests.converters.import_files.tflite_files import SIDE, net, with_metadata  # noqa: E402

PICTURE = np.random.default_rng(2).integers(0, 256, (64, 64, 3)).astype(np.uint8)
FACE = Face(Box(10.0, 10.0, 40.0, 40.0), 1.0, None)


def written(folder, content: bytes):
    path = folder / "net.tflite"
    path.write_bytes(content)
    return path


def answers(content: bytes, pictures: np.ndarray) -> dict[str, np.ndarray]:
    """What a file says of pictures, one by one, by the names of its signature."""
    from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415 - an extra's

    runner = Interpreter(model_content=content).get_signature_runner()
    said = [runner(image=picture[None].astype(np.float32)) for picture in pictures]
    return {name: np.concatenate([one[name] for one in said]) for name in said[0]}


def test_the_file_becomes_a_bundle_that_answers_as_it_did(tmp_path):
    """And the output that nobody reads is neither computed nor stored."""
    content = net()
    status, card = imported(tmp_path, written(tmp_path, content), AGE, GENDER)
    assert status == 0
    assert card["quantization"] == "float32"
    assert len(card["evidence"]["left_out"]) == 1
    kept = (tmp_path / "out" / "mine.tflite").read_bytes()[: card["bytes"]]
    pictures = np.random.default_rng(3).integers(0, 256, (4, SIDE, SIDE, 3))
    before, after = answers(content, pictures), answers(kept, pictures)
    assert set(after) == {"age", "gender"}
    for name, values in after.items():
        np.testing.assert_allclose(values, before[name], atol=1e-6)
    assert len(kept) < len(content)
    (answer,) = open_estimator(["mine"], tmp_path / "out", "").estimate(PICTURE, [FACE])
    assert 0 <= answer.age_years <= 100


def test_a_file_of_one_picture_at_a_time_serves_any_number_of_faces(tmp_path):
    """The card says so, and the runtime asks one by one."""
    status, card = imported(tmp_path, written(tmp_path, net(batch=1)), AGE, GENDER)
    assert status == 0
    assert card["input"]["batch_max"] == 1
    opened = open_estimator(["mine"], tmp_path / "out", "")
    opened.prepare(4)
    (one,) = opened.estimate(PICTURE, [FACE])
    assert opened.estimate(PICTURE, [FACE] * 5) == [one] * 5


@pytest.mark.parametrize("scheme", ["int8", "float16", "dynamic_int8"])
def test_how_its_weights_are_stored_is_found_out(tmp_path, scheme):
    """Integers in and out are fed and read as the file says."""
    status, card = imported(tmp_path, written(tmp_path, net(scheme=scheme)), AGE, GENDER)
    assert status == 0
    assert card["quantization"] == scheme
    (answer,) = open_estimator(["mine"], tmp_path / "out", "").estimate(PICTURE, [FACE])
    assert 0 <= answer.female <= 1


def test_a_grey_network_is_shown_grey_crops(tmp_path):
    """One channel, which a coloured crop is reduced to on the device."""
    content = net(channels=1, heads=(("age", 101),))
    spec = {"width": SIDE, "height": SIDE, "colour": "grey"}
    status, _ = imported(tmp_path, written(tmp_path, content), AGE, input=spec)
    assert status == 0
    assert read_card(tmp_path / "out" / "mine.json").input.channels == 1
    opened = open_estimator(["mine"], tmp_path / "out", "")
    grey = np.repeat(PICTURE.mean(2, keepdims=True).astype(np.uint8), 3, 2)
    (answer,) = opened.estimate(grey, [FACE])
    assert opened.estimate(grey, [FACE] * 3) == [answer] * 3
    assert answer.female is None


def test_a_grey_network_with_a_coloured_template_is_told_what_to_write(tmp_path, capsys):
    """The key and its value."""
    status, card = imported(tmp_path, written(tmp_path, net(channels=1)), AGE)
    assert (status, card) == (1, None)
    assert 'write colour = "grey"' in capsys.readouterr().err


def test_a_file_that_32_bit_boards_cannot_run_is_taken_and_said_to_be_so(tmp_path, capsys):
    """Dense weights with a scale for each output, as newer converters write them."""
    import tensorflow as tf  # noqa: PLC0415 - an extra's

    kernel = np.random.default_rng(1).normal(size=(SIDE * SIDE * 3, 101)).astype(np.float32) / 999

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.float32, name="image")])
    def run(image):
        return {"age": tf.nn.softmax(tf.reshape(image, (-1, SIDE * SIDE * 3)) @ kernel)}

    converter = tf.lite.TFLiteConverter.from_concrete_functions([run.get_concrete_function()])
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    status, card = imported(tmp_path, written(tmp_path, converter.convert()), AGE)
    said = capsys.readouterr().err
    if "not checked on tflite-runtime" in said:
        pytest.skip("the runtime of 32-bit boards can't be had here")
    assert status == 0
    assert "not for boards of 32 bits: tflite-runtime does not run the file" in said
    assert card["evidence"]["boards"].startswith("not for boards of 32 bits")


@pytest.mark.parametrize(
    ("fields", "flags", "message"),
    [
        ({"standardize": True}, (), "neither a mean picture nor `standardize`"),
        ({}, ("--scheme", "int8"), "leave --scheme away"),
    ],
)
def test_what_cannot_be_done_to_a_ready_file_is_refused(tmp_path, capsys, fields, flags, message):
    """Rather than left undone without a word."""
    status, card = imported(tmp_path, written(tmp_path, net()), AGE, flags=flags, **fields)
    assert (status, card) == (1, None)
    assert message in capsys.readouterr().err


def test_a_part_of_an_output_cannot_be_cut_out(tmp_path, capsys):
    """The network that it was made from can."""
    part = {"attribute": "gender", "kind": "softmax", "classes": 5, "count": 2}
    status, _ = imported(tmp_path, written(tmp_path, net()), part)
    assert status == 1
    assert "can't be cut out of a ready .tflite" in capsys.readouterr().err


def test_channels_first_are_told_how_to_be_exported(tmp_path):
    """As PyTorch's converter writes them where it is not asked for another order."""
    import tensorflow as tf  # noqa: PLC0415 - an extra's

    from converters import tflite  # noqa: PLC0415 - needs TensorFlow

    content = tflite.convert(lambda x: {"y": tf.reduce_mean(x, (2, 3))}, (1, 3, 48, 40), "float32")
    with pytest.raises(ConvertError, match=r"counts channels first .*to_channel_last_io"):
        tflite_file.read(written(tmp_path, content))


@pytest.mark.parametrize("cut", [8, 100, 1000, 3000])
def test_a_damaged_file_is_refused_and_writes_nothing(tmp_path, cut, capsys):
    """Whatever its length; a reader that aborts does so in a process of its own."""
    path = written(tmp_path, net()[:cut])
    status, card = imported(tmp_path, path, AGE)
    assert (status, card) == (1, None)
    assert "net.tflite" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


GENDERS, BANDS = ("male", "female"), ("0-2", "4-6", "8-12", "15-20")


def test_what_a_file_says_of_itself_is_read(tmp_path):
    """Normalization, texts and labels, as TensorFlow's own tools write them."""
    content = with_metadata(net(heads=(("a", 2), ("b", 4))), (GENDERS, BANDS))
    assert readers.form(written(tmp_path, content)) == "tflite"
    found = tflite_metadata.read(content)
    assert (found.mean, found.std) == ((127.5,), (127.5,))
    assert found.labels == (GENDERS, BANDS)
    assert (found.description, found.author, found.licence) == (
        "A net of faces",
        "Jane Doe",
        "Apache-2.0",
    )


def test_a_file_without_metadata_says_nothing():
    """Nor does one whose metadata is damaged, and it is no error."""
    plain = net()
    assert tflite_metadata.read(plain) == tflite_metadata.Metadata()
    whole = bytearray(with_metadata(plain, (GENDERS, BANDS, BANDS)))
    place = whole.find(b"M001")
    for length in range(4, 120, 4):
        spoilt = bytes(whole[:place]) + b"\xff" * length + bytes(whole[place + length :])
        assert isinstance(tflite_metadata.read(spoilt), tflite_metadata.Metadata)
