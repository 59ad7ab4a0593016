"""libfacedetection's weights, read from a shared object and laid out as the device runs them."""

from __future__ import annotations

import importlib

import numpy as np
import pytest

from converters.detectors import libface
from converters.errors import ConvertError

pytestmark = pytest.mark.converters
WIDTHS = {0: (16, 16), 1: (16, 32), 2: (32, 64), 3: (64, 64), 4: (64, 64), 5: (64, 64)}


def weights() -> libface.Weights:
    """Arrays of the published shapes, with small random values."""
    random = np.random.default_rng(0)
    found: libface.Weights = {}

    def pair(key: str, before: int, after: int) -> None:
        for name, size in (("pw_weight", before * after), ("pw_bias", after)):
            found[f"{key}_{name}"] = random.normal(0, 0.1, size).astype(np.float32)
        for name, size in (("dw_weight", 9 * after), ("dw_bias", after)):
            found[f"{key}_{name}"] = random.normal(0, 0.1, size).astype(np.float32)

    found["backbone__model0_pw_weight"] = random.normal(0, 0.01, 16 * 32).astype(np.float32)
    found["backbone__model0_pw_bias"] = np.zeros(16, np.float32)
    pair("backbone__model0_dp", 16, 16)
    before = 16
    for number in range(1, 6):
        middle, after = WIDTHS[number][0], WIDTHS[number][1]
        pair(f"backbone__model{number}_dp1", before, middle)
        pair(f"backbone__model{number}_dp2", middle, after)
        before = after
    for level in range(3):
        pair(f"neck__lateral_convs__{level}", 64, 64)
        for name, channels in libface.HEADS.items():
            pair(f"bbox_head__multi_level_{name}__{level}", 64, channels)
    return found


def test_every_cell_of_every_stride_answers():
    """Also where a stride's grid is odd: 240 rows are 30, 15 and 8 cells."""
    tf = pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    said = libface.function(weights())(tf.zeros((1, 240, 320, 3)))
    cells = 30 * 40 + 15 * 20 + 8 * 10
    assert tuple(said["score"].shape) == (1, cells, 2)
    assert tuple(said["place"].shape) == (1, cells, 14)


def test_a_levels_heads_are_one_layer_that_says_the_same():
    """And the first layer, on pairs of pixels, is the 3 × 3 convolution that was published."""
    tf = pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    torch_net = importlib.import_module("converters.detect_train.torch_net")
    torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pixels = np.random.default_rng(1).integers(0, 256, (1, 48, 64, 3)).astype(np.float32)
    said = libface.function(weights())(tf.constant(pixels))
    apart = torch_net.Teacher(weights())(torch.from_numpy(pixels).permute(0, 3, 1, 2))
    cells = torch.cat([level.flatten(2) for level in apart.outputs], 2)[0].numpy().T
    scores = np.sqrt(said["score"][0].numpy().prod(1))
    np.testing.assert_allclose(scores, cells[:, 0], atol=1e-5)
    np.testing.assert_allclose(said["place"][0, :, :10].numpy(), cells[:, 1:11], atol=1e-4)


def test_doubling_repeats_each_cell():
    """The operators that XNNPACK takes do what resizing by nearest neighbours does."""
    tf = pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    x = tf.reshape(tf.range(2 * 3 * 4, dtype=tf.float32), (1, 2, 3, 4))
    like = tf.zeros((1, 4, 5, 4))
    expected = tf.image.resize(x, (4, 6), "nearest")[:, :, :5]
    np.testing.assert_array_equal(libface.doubled(x, like).numpy(), expected.numpy())


@pytest.mark.parametrize("content", [b"no shared object", b"\x7fELF and no more"])
def test_what_is_no_library_is_refused(content):
    """One sentence."""
    importlib.import_module("elftools.elf.elffile")
    with pytest.raises(ConvertError, match="libfacedetection's original"):
        libface.read_weights(content)
