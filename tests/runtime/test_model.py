"""Networks run in batches of any size, and only the bytes that their card describes."""

from __future__ import annotations

import shutil

import msgspec
import numpy as np
import pytest

from edge.errors import ModelError
from edge.runtime.networks import model
from edge.runtime.networks.card import Input, read_card
from edge.runtime.networks.model import load, value_table


@pytest.fixture
def folder(tmp_path, models):
    """A copy of one shipped network that a test may spoil."""
    for suffix in ("json", "tflite"):
        shutil.copy(models / f"ssrnet_age_imdb.{suffix}", tmp_path)
    return tmp_path


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_a_batch_of_any_size_gives_what_single_crops_give(models, count):
    """Buckets change the cost, not the answers; rows stay in order."""
    network = load("ssrnet_age_imdb", models)
    crops = np.random.default_rng(1).integers(0, 256, (count, 64, 64, 3), np.uint8)
    together = network.run(crops)[0]
    alone = np.concatenate([network.run(crop[None])[0] for crop in crops])
    np.testing.assert_allclose(together, alone, atol=1e-3)


def test_a_changed_file_is_refused(folder):
    """One flipped byte is enough, and the sentence names the file and the cure."""
    path = folder / "ssrnet_age_imdb.tflite"
    content = bytearray(path.read_bytes())
    content[1000] ^= 1
    path.write_bytes(content)
    with pytest.raises(ModelError, match=r"ssrnet_age_imdb\.tflite is not the one .*install it"):
        load("ssrnet_age_imdb", folder)


@pytest.mark.parametrize("keep", [0, 100, 100_000])
def test_a_truncated_file_is_refused(folder, keep):
    """A half-copied model never reaches the runtime, which could abort the process."""
    path = folder / "ssrnet_age_imdb.tflite"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ModelError, match="is not the one its card describes"):
        load("ssrnet_age_imdb", folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"task": "guess"}, r"Invalid enum value 'guess' - at `\$.task`"),
        ({"colour": "bgr"}, "unknown field `colour`"),
        ({"estimator": None}, "needs its `estimator` part"),
        ({"bytes": -1}, r"at `\$.bytes`"),
    ],
)
def test_a_wrong_card_is_refused_with_the_key(folder, change, message):
    """The sentence names the card's file and the key."""
    path = folder / "ssrnet_age_imdb.json"
    card = msgspec.json.decode(path.read_bytes()) | change
    path.write_bytes(msgspec.json.encode(card))
    with pytest.raises(ModelError, match=message):
        load("ssrnet_age_imdb", folder)


def test_a_card_that_is_no_json_is_refused(folder):
    """A text file in a card's place is named as such."""
    (folder / "ssrnet_age_imdb.json").write_text("hello")
    with pytest.raises(ModelError, match=r"the model card .*ssrnet_age_imdb\.json is not valid"):
        read_card(folder / "ssrnet_age_imdb.json")


@pytest.mark.parametrize(
    ("spec", "dtype", "quantization", "expected"),
    [
        (Input(8, 8, "bgr"), np.float32, (0.0, 0), [0, 128, 255]),
        (Input(8, 8, "rgb", (127.5,) * 3, (1 / 127.5,) * 3), np.float32, (0, 0), [-1, 1 / 255, 1]),
        (Input(8, 8, "bgr"), np.int8, (1.0, -128), [-128, 0, 127]),
        (Input(8, 8, "bgr", scale=(1 / 255,) * 3), np.uint8, (1 / 255, 0), [0, 128, 255]),
    ],
)  # fmt: skip
def test_pixels_become_tensor_values_as_the_card_says(spec, dtype, quantization, expected):
    """(pixel - mean) x scale, then the tensor's own quantization."""
    table = value_table(spec, dtype, quantization)
    assert table.dtype == dtype
    assert table[0, [0, 128, 255], 0] == pytest.approx(expected, abs=1e-6)


def test_tflite_runtime_beside_numpy_2_is_refused_before_it_kills_us(monkeypatch):
    """That combination imports and then ends the process at the first Interpreter()."""
    fake = type("module", (), {"Interpreter": object})
    monkeypatch.setitem(__import__("sys").modules, "ai_edge_litert.interpreter", None)
    monkeypatch.setitem(__import__("sys").modules, "tflite_runtime", fake)
    monkeypatch.setitem(__import__("sys").modules, "tflite_runtime.interpreter", fake)
    monkeypatch.setattr(np, "__version__", "2.1.0")
    model.runtime.cache_clear()
    try:
        with pytest.raises(ModelError, match=r"needs numpy<2, but numpy 2\.1\.0 is installed"):
            model.runtime()
    finally:
        model.runtime.cache_clear()
