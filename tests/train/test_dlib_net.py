"""Reading dlib's own file into PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.errors import ConvertError
from converters.nets.dlib_net import EMBEDDING, FEATURES, PARTS, Convolution, FaceTrunk
from tests.train import dlib_file


def test_every_layer_gets_its_weights_with_the_affine_layer_folded_in(tmp_path):
    """kernel × scale and bias × scale + shift, in dlib's order, whatever lies between."""
    written = dlib_file.write(tmp_path / "net.dat")
    trunk = FaceTrunk()
    last = trunk.load(tmp_path / "net.dat")
    assert last.shape == (FEATURES, EMBEDDING)
    layers = [m.kernel for m in trunk.modules() if isinstance(m, Convolution)]
    assert len(layers) == len(written) == 29
    for layer, (values, affine) in zip(layers, written, strict=True):
        scale, shift = np.split(affine, 2)
        kernel, bias = np.split(values, [layer.weight.numel()])
        expected = kernel.reshape(layer.weight.shape) * scale[:, None, None, None]
        np.testing.assert_allclose(layer.weight.detach().numpy(), expected, atol=1e-5)
        np.testing.assert_allclose(layer.bias.detach().numpy(), bias * scale + shift, atol=1e-5)


def test_the_halves_together_are_the_whole(tmp_path):
    """150 pixels → 17 × 17 parts in 64 channels → 256 features, none of which is negative."""
    dlib_file.write(tmp_path / "net.dat")
    trunk = FaceTrunk()
    trunk.load(tmp_path / "net.dat")
    with torch.no_grad():
        pixels = torch.rand(2, 3, 150, 150)
        parts = trunk.lower(pixels)
        assert parts.shape == (2, PARTS[2], *PARTS[:2])
        features = trunk(pixels)
    assert features.shape == (2, FEATURES)
    assert torch.equal(features, trunk.upper(parts))
    assert float(features.min()) >= 0


@pytest.mark.parametrize("content", [b"", b"\x01\x02" * 1000, b"not dlib's", None])
def test_another_file_is_refused(tmp_path, content):
    """Empty, wrong, cut short or missing: one sentence names the file."""
    path = tmp_path / "net.dat"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConvertError, match=r"net\.dat"):
        FaceTrunk().load(path)


def test_a_file_cut_short_is_refused(tmp_path):
    """A broken download is no network."""
    path = tmp_path / "net.dat"
    dlib_file.write(path)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ConvertError, match="is not dlib's face recognition network"):
        FaceTrunk().load(path)
