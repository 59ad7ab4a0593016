"""Read a file, convert it, ask the original framework: a program of its own.

    python -m converters.importers.worker FOLDER

A native reader may abort on a damaged file, hence the separate process. FOLDER holds `job.json`
and, where there are pictures, `inputs.npy`; what is made goes there as well. A refusal is one
sentence in `refused.txt`. A job that only looks leaves `shown.json`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from converters.errors import ConvertError
from converters.importers import readers, tflite_file
from converters.importers.network import Floats, Network
from converters.importers.request import Done, Job, Shown
from converters.importers.template import Taken, check_size, take
from converters.schemes import CALIBRATED

REFUSED = 3


def main() -> int:
    """Do the job in the folder; 3 = refused, with the sentence in refused.txt."""
    folder = Path(sys.argv[1])
    try:
        job = msgspec.json.decode((folder / "job.json").read_bytes(), type=Job)
        if job.look:
            (folder / "shown.json").write_bytes(msgspec.json.encode(look(job)))
            return 0
        done = work(job, folder)
    except ConvertError as error:
        (folder / "refused.txt").write_text(str(error), encoding="utf-8")
        return REFUSED
    except MemoryError:
        (folder / "refused.txt").write_text("there is not enough memory for this network")
        return REFUSED
    (folder / "done.json").write_bytes(msgspec.json.encode(done))
    return 0


def look(job: Job) -> Shown:
    """What the file shows of itself."""
    if readers.form(Path(job.file), job.template.form) == "tflite":
        ready = tflite_file.read(Path(job.file))
        return Shown(picture=ready.picture, outputs=ready.widths)
    network = readers.read(job)
    return Shown(picture=network.picture, outputs=dict(network.outputs))


def work(job: Job, folder: Path) -> Done:
    """Write float32.tflite, scheme.tflite and reference.npz into `folder`."""
    from converters import tflite

    if readers.form(Path(job.file), job.template.form) == "tflite":
        return tflite_file.work(job, folder)
    network = readers.read(job)
    template, origin = job.template, Path(job.file).name
    check_size(network.picture, template, origin)
    taken = take(template, dict(network.outputs), origin)
    inputs = np.load(folder / "inputs.npy", mmap_mode="r")
    before = preparation(job)
    run = function(network, taken, before)
    spec = template.input
    shape = (None, spec.height, spec.width, spec.channels)
    for name, scheme in (("float32", "float32"), ("scheme", job.scheme)):
        calibration = np.asarray(inputs[: job.calibration_images]) if scheme in CALIBRATED else None
        if name == "scheme" and scheme == "float32":
            content = (folder / "float32.tflite").read_bytes()
        else:
            content = tflite.convert(run, shape, scheme, calibration)
        (folder / f"{name}.tflite").write_bytes(content)
    reason = _reference(network, taken, before, np.asarray(inputs[: job.reference_images]), folder)
    return Done(
        kind=network.kind,
        framework=network.framework,
        positions=_positions(taken, folder),
        left_out=tuple(sorted(set(network.outputs) - {one.output for one in taken})),
        reason=reason,
        quantized=network.quantized,
    )


def _positions(taken: tuple[Taken, ...], folder: Path) -> dict[str, tuple[int, int]]:
    from converters import tflite

    new, plain = (
        tflite.output_positions((folder / f"{name}.tflite").read_bytes())
        for name in ("scheme", "float32")
    )
    return {
        attribute: (new[one.name], plain[one.name]) for one in taken for attribute in one.attributes
    }


def preparation(job: Job) -> Callable[[Any], Any]:
    """What happens to the card's tensor before the file's first layer."""
    import tensorflow as tf

    mean = readers.mean_picture(job)

    def run(image: Any) -> Any:
        if mean is not None:
            image = image - mean[None]
        if job.template.standardize:
            # As tf.image.per_image_standardization, in operations that every runtime has.
            count = float(np.prod(image.shape[1:]))
            middle = tf.reduce_mean(image, [1, 2, 3], keepdims=True)
            centred = image - middle
            spread = tf.sqrt(tf.reduce_mean(centred * centred, [1, 2, 3], keepdims=True))
            image = centred / tf.maximum(spread, np.float32(1 / np.sqrt(count)))
        return image

    return run


def function(
    network: Network, taken: tuple[Taken, ...], before: Callable[[Any], Any]
) -> Callable[[Any], dict[str, Any]]:
    """Card's tensor → the parts of the outputs that are read, N × values, by name."""
    import tensorflow as tf

    run = network.make(tuple(dict.fromkeys(one.output for one in taken)))

    def whole(image: Any) -> dict[str, Any]:
        results = run(before(image))
        made = {}
        for one in taken:
            rows = tf.reshape(results[one.output], (-1, network.outputs[one.output]))
            made[one.name] = rows[:, one.first : one.first + one.count]
        return made

    return whole


def _reference(
    network: Network,
    taken: tuple[Taken, ...],
    before: Callable[[Any], Any],
    inputs: Floats,
    folder: Path,
) -> str:
    """Write the original framework's answers; why there are none, where there are none."""
    if network.reference is None:
        return f"{network.framework} is not here"
    wanted = tuple(dict.fromkeys(one.output for one in taken))
    try:
        said = network.reference(np.asarray(before(inputs), np.float32), wanted)
    except Exception as error:  # whatever a framework raises, it has not answered
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return f"{network.framework} does not run the file: {first[:160]}"
    rows = {one.name: said[one.output][:, one.first : one.first + one.count] for one in taken}
    np.savez(folder / "reference.npz", **rows)
    return ""


if __name__ == "__main__":
    sys.exit(main())
