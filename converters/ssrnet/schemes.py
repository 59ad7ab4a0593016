"""An SsrNet → the bytes of a .tflite file, by scheme."""

from __future__ import annotations

from converters import partial_int8, schemes, tflite
from converters.errors import ConvertError
from converters.ssrnet import network
from converters.ssrnet.weights import INPUT_PX, SsrNet

PARTIAL = {
    "int8_trunk": r".*/[xs]\d_1/.*|.*pooling2d.*|.*/stage_\d_[sx]_conv.*",
    "int8_relu_trunk": r".*/x\d_1/.*|.*average_pooling2d.*|.*/stage_\d_x_conv.*",
}
"""Scheme → the layers it makes int8. The tanh trunk is where 8 bits cost most."""
SCHEMES = (*schemes.SCHEMES, *PARTIAL)
SHAPE = (None, INPUT_PX, INPUT_PX, 3)


def convert(
    net: SsrNet, attribute: str, scheme: str, calibration: tflite.Images | None = None
) -> bytes:
    """The network as a flatbuffer; ConvertError where the scheme needs calibration images."""
    if scheme not in SCHEMES:
        raise ConvertError(f"the scheme must be one of {', '.join(SCHEMES)}, not {scheme!r}")
    if scheme in PARTIAL:
        if calibration is None:
            raise ConvertError(f"{scheme} takes its ranges from real pictures: give --data")
        whole = convert(net, attribute, "float32")
        return partial_int8.quantize(whole, PARTIAL[scheme], calibration)
    dead = None
    if scheme in schemes.CALIBRATED and calibration is not None:
        dead = network.dead_stages(net, calibration)
    model = network.build(net, dead)
    return tflite.convert(lambda image: {attribute: model(image)}, SHAPE, scheme, calibration)
