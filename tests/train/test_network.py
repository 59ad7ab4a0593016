"""One description, two frameworks, the same numbers."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")

from converters.nets.spec import Network, Stage, multiplications, parameters
from converters.nets.torch_net import AgeGender
from converters.nets.widen import half_as_wide, widened
from converters.train.settings import DEFAULT_NETWORK

ODD = Network(28, (Stage(8), Stage(12, 1, middle=4), Stage(16, 2, stride=1)))
FACED = msgspec.structs.replace(ODD, face=True)
MOST_MULTIPLICATIONS = 30e6


def lived_in(network: Network) -> AgeGender:
    """A network whose normalization has seen data, so that folding has something to fold."""
    torch.manual_seed(0)
    made = AgeGender(network)
    for module in made.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.2)
    made.train()
    for _ in range(30):
        made(torch.rand(8, 3, network.size, network.size))
    return made.eval()


@pytest.mark.parametrize("network", [DEFAULT_NETWORK, ODD, FACED])
def test_the_counts_are_those_of_the_built_network(network):
    """Multiplications and parameters by formula equal those counted in PyTorch."""
    made, counted = AgeGender(network).eval(), []
    for module in made.modules():
        if isinstance(module, torch.nn.Conv2d | torch.nn.Linear):
            module.register_forward_hook(
                lambda m, _, out: counted.append(out[0].numel() * m.weight[0].numel())
            )
    made(torch.rand(1, 3, network.size, network.size))
    assert multiplications(network) == sum(counted)
    assert parameters(network) == sum(k.size + b.size for k, b in made.folded())


def test_the_default_network_keeps_its_budget():
    """Plain int8 convolutions make about 3.2 multiplications an instruction on a Cortex-A72."""
    assert multiplications(DEFAULT_NETWORK) <= MOST_MULTIPLICATIONS


@pytest.mark.converters
@pytest.mark.parametrize("network", [DEFAULT_NETWORK, ODD, FACED])
def test_the_float_file_answers_as_the_trained_network(network):
    """Folded, transposed, padded TensorFlow's way: logits agree to a ten-thousandth."""
    tflite_net = pytest.importorskip("converters.nets.tflite_net", reason="needs TensorFlow")
    made = lived_in(network)
    layers = [tflite_net.Layer(*pair) for pair in made.folded()]
    run = tflite_net.function(network, layers)
    size = network.size
    crops = np.random.default_rng(1).integers(0, 256, (5, size, size, 3)).astype(np.float32)
    found = run(crops)
    with torch.no_grad():
        said = made(torch.from_numpy(crops).permute(0, 3, 1, 2) / 255)
    assert found["age"].numpy() == pytest.approx(said.age.numpy(), abs=1e-4)
    assert found["gender"].numpy()[:, 0] == pytest.approx(said.gender.numpy(), abs=1e-4)
    assert ("face" in found) == network.face
    if network.face:
        assert found["face"].numpy()[:, 0] == pytest.approx(said.face.numpy(), abs=1e-4)


@pytest.mark.converters
def test_the_int8_file_is_integers_throughout_with_an_exact_input():
    """Input and outputs are int8, a pixel is itself less 128, and any batch is taken."""
    tflite_net = pytest.importorskip("converters.nets.tflite_net", reason="needs TensorFlow")
    from ai_edge_litert.interpreter import Interpreter

    made = lived_in(ODD)
    layers = [tflite_net.Layer(*pair) for pair in made.folded()]
    crops = np.random.default_rng(1).integers(0, 256, (20, 28, 28, 3)).astype(np.uint8)
    interpreter = Interpreter(model_content=tflite_net.convert(ODD, layers, crops))
    entry = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(entry["index"], (3, 28, 28, 3))
    interpreter.allocate_tensors()
    assert entry["quantization"] == (1.0, -128)
    kinds = {d["dtype"] for d in interpreter.get_tensor_details() if d["shape"].size}
    assert kinds <= {np.int8, np.int32}
    assert all(detail["dtype"] == np.int8 for detail in interpreter.get_output_details())


def pixels_of(crops: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(crops.astype(np.float32)).permute(0, 3, 1, 2) / 255


@pytest.mark.converters
@pytest.mark.parametrize(("integers", "apart"), [(False, 1e-4), (True, 0.02)])
def test_a_file_gives_the_network_back(integers, apart):
    """Float weights to the digit, int8 ones to their step; what is normal is measured anew."""
    tflite_net = pytest.importorskip("converters.nets.tflite_net", reason="needs TensorFlow")
    from converters.nets.tflite_weights import network_of

    made = lived_in(ODD)
    layers = [tflite_net.Layer(*pair) for pair in made.folded()]
    crops = np.random.default_rng(1).integers(0, 256, (40, 28, 28, 3)).astype(np.uint8)
    pixels = pixels_of(crops)
    content = tflite_net.convert(ODD, layers, crops if integers else None)
    found = network_of(content, ODD, pixels)
    with torch.no_grad():
        wanted, again = made(pixels), found(pixels)
        learning = found.train()(pixels)
    for want, have, learns in zip(wanted, again, learning, strict=True):
        assert have.numpy() == pytest.approx(want.numpy(), abs=apart)
        assert learns.numpy() == pytest.approx(have.numpy(), abs=1e-3)


@pytest.mark.converters
def test_a_network_goes_on_from_a_file_that_tells_no_faces():
    """It says what the file says, and of every crop alike that it may be a face or not."""
    tflite_net = pytest.importorskip("converters.nets.tflite_net", reason="needs TensorFlow")
    from converters.nets.tflite_weights import network_of

    made = lived_in(ODD)
    content = tflite_net.convert(ODD, [tflite_net.Layer(*pair) for pair in made.folded()], None)
    pixels = torch.rand(4, 3, 28, 28)
    with torch.no_grad():
        wanted, found = made(pixels), network_of(content, FACED, pixels)(pixels)
    assert found.age.numpy() == pytest.approx(wanted.age.numpy(), abs=1e-4)
    assert found.face.tolist() == [0.0] * 4
    with pytest.raises(ValueError, match="layers instead"):
        network_of(
            tflite_net.convert(
                FACED, [tflite_net.Layer(*pair) for pair in lived_in(FACED).folded()], None
            ),
            ODD,
            pixels,
        )


@pytest.mark.converters
def test_a_file_of_another_shape_is_refused():
    """Both another number of layers and other channels are told."""
    tflite_net = pytest.importorskip("converters.nets.tflite_net", reason="needs TensorFlow")
    from converters.nets.tflite_weights import network_of

    layers = [tflite_net.Layer(*pair) for pair in lived_in(ODD).folded()]
    content = tflite_net.convert(ODD, layers, None)
    for stages, told in ((ODD.stages[:2], "layers instead"), (None, "a layer of")):
        wider = tuple(msgspec.structs.replace(s, channels=2 * s.channels) for s in ODD.stages)
        other = msgspec.structs.replace(ODD, stages=stages or wider)
        with pytest.raises(ValueError, match=told):
            network_of(content, other, torch.rand(2, 3, 28, 28))


@pytest.mark.parametrize("network", [DEFAULT_NETWORK, ODD])
def test_a_widened_network_says_the_same(network):
    """Twice the channels, the same logits; the copies of a channel are weighed unequally."""
    narrow = lived_in(network)
    stages = tuple(
        msgspec.structs.replace(s, channels=2 * s.channels, middle=2 * s.middle)
        for s in network.stages
    )
    wide = msgspec.structs.replace(network, stages=stages)
    assert half_as_wide(wide) == network
    made = widened(narrow, wide).eval()
    pixels = torch.rand(4, 3, network.size, network.size)
    with torch.no_grad():
        for one, other in zip(narrow(pixels), made(pixels), strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), atol=1e-4)
    first, second = made.age.weight.detach().chunk(2, 1)
    assert float((first - second).abs().min()) > 0


def test_an_odd_number_of_channels_has_no_half():
    """Nothing is rounded in silence."""
    assert half_as_wide(Network(16, (Stage(8), Stage(5)))) is None
