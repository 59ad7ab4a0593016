"""The converted file against the framework that the original was written for."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from converters.errors import ConvertError
from converters.importers.request import Done
from converters.importers.template import Template
from converters.verify import check
from edge.runtime.estimate.decode import decode

LIMIT = 5e-4
"""The most that a value may differ from the original framework's, as a part of the largest."""
QUANTIZED_LIMIT = 0.15
"""The same of an original that rounds its activations to 8 bits, which the converted does not."""


def measured(
    template: Template, done: Done, float32: bytes, some: NDArray[np.float32], folder: Path
) -> dict[str, Any]:
    """How far the float32 file's answers to `some` are from those in `folder`/reference.npz.

    ConvertError where they disagree.
    """
    if done.reason:
        print(f"agender-convert: not compared: {done.reason}", file=sys.stderr)
        return {"reference": None, "reason": done.reason}
    said = check.runs(float32, some, old=False)["ai-edge-litert"].outputs[1]
    with np.load(folder / "reference.npz") as arrays:
        expected = {name: arrays[name] for name in arrays.files}
    found: dict[str, Any] = {"reference": done.framework, "images": len(some)}
    limit, gaps = QUANTIZED_LIMIT if done.quantized else LIMIT, [0.0]
    for output in template.outputs:
        values = said[done.positions[output.attribute][1]]
        (original,) = (v for name, v in expected.items() if output.attribute in name.split("_"))
        gap = float(np.abs(values.reshape(original.shape) - original).max())
        if not gap <= limit * max(1.0, float(np.abs(original).max())):
            raise ConvertError(
                f"refused: the conversion differs from {done.framework} by {gap:.2g} in its output "
                f"for {output.attribute}"
            )
        gaps.append(gap)
        apart = np.abs(decode(values, output) - decode(original, output)).max()
        unit = "age_years" if output.attribute == "age" else "gender_probability"
        found[f"{unit}_max_difference"] = float(f"{apart:.2g}")
    return {**found, "max_difference": float(f"{max(gaps):.2g}")}
