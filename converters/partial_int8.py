"""Part of a float32 .tflite file → int8, the rest left in float32.

Ranges are the least and greatest values over the calibration images. (The quantizer's own
calibration smooths them over the images, which cuts the extremes off.)
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from converters.tflite import Images, with_extremes

Ranges = dict[str, tuple[float, float]]
OPERATIONS = ("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D", "TANH", "ADD")
BITS = 8


def quantize(flatbuffer: bytes, layers: str, calibration: Images) -> bytes:
    """Make the operations whose output's name matches the pattern `layers` int8.

    Weights get a scale per channel, activations one per tensor.
    """
    from ai_edge_quantizer import qtyping, quantizer

    images = with_extremes(calibration)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "float32.tflite"
        path.write_bytes(flatbuffer)
        maker = quantizer.Quantizer(str(path))
        for name in OPERATIONS:
            maker.add_static_config(layers, qtyping.TFLOperationName[name], BITS, BITS)
        # It reports on standard output, which belongs to the command's answer.
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            shaped = maker.calibrate({"serving_default": [{"image": images[:1]}]})
            filled = _filled(shaped, ranges(flatbuffer, images))
            return bytes(maker.quantize(filled).quantized_model)


def ranges(flatbuffer: bytes, images: Images) -> Ranges:
    """Each tensor's least and greatest value over the images."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(
        model_content=flatbuffer,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    entry = interpreter.get_input_details()[0]
    interpreter.allocate_tensors()
    found: Ranges = {}
    for image in images:
        interpreter.set_tensor(entry["index"], image[None])
        interpreter.invoke()
        for detail in interpreter.get_tensor_details():
            if detail["dtype"] == np.float32 and detail["name"]:
                with contextlib.suppress(ValueError):  # a tensor that was optimized away
                    _widen(found, detail["name"], interpreter.get_tensor(detail["index"]))
    return found


def _widen(found: Ranges, name: str, values: Any) -> None:
    low, high = found.get(name, (np.inf, -np.inf))
    found[name] = (min(low, float(values.min())), max(high, float(values.max())))


def _filled(shaped: Any, found: Ranges) -> Any:
    """The quantizer's own calibration result with our ranges in it."""
    return {
        name: {
            "min": np.full_like(entry["min"], found[name][0]),
            "max": np.full_like(entry["max"], found[name][1]),
        }
        for name, entry in shaped.items()
    }
