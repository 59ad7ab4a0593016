"""Which reader a file is for, told by its first bytes, its name, or the template."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from converters.errors import ConvertError
from converters.importers import foreign
from converters.importers.network import Network
from converters.importers.request import Job

HDF5 = b"\x89HDF\r\n\x1a\n"
ZIP = b"PK\x03\x04"
MXNET = (0x112).to_bytes(8, "little")
STARTS = ((HDF5, "keras"), (ZIP, "keras"), (MXNET, "mxnet"))
TFLITE = b"TFL3"
"""After the first four bytes."""
ENDINGS = {
    ".onnx": "onnx", ".caffemodel": "caffe", ".h5": "keras", ".hdf5": "keras", ".keras": "keras",
    ".pb": "tensorflow", ".meta": "tensorflow", ".index": "tensorflow", ".ckpt": "tensorflow",
    ".params": "mxnet", ".tflite": "tflite", ".json": "tfjs",
}  # fmt: skip


def form(path: Path, said: str = "") -> str:
    """The file's form: by its content where that tells, else by its name."""
    if path.is_dir() and path.suffix.lower() not in foreign.ENDINGS:
        return "tensorflow"
    try:
        with path.open("rb") as stream:
            head = stream.read(16)
    except IsADirectoryError:
        head = b""
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error
    if other := foreign.form(path, head):
        raise ConvertError(foreign.advice(path, other))
    for start, name in STARTS:
        if head.startswith(start):
            return name
    if head[4:8] == TFLITE:
        return "tflite"
    if head.lstrip()[:1] == b"{":
        return "tfjs"
    found = ENDINGS.get(path.suffix.lower()) or said
    if not found:
        raise ConvertError(
            f"{path.name} is of no known form: it should end in {', '.join(ENDINGS)} "
            "or be a SavedModel's folder"
        )
    return found


def read(job: Job) -> Network:
    """The network in the job's file."""
    path, structure = Path(job.file), Path(job.structure) if job.structure else None
    kind = form(path, job.template.form)
    described = _bytes(structure) if structure is not None and structure.is_file() else b""
    size = (job.template.input.height, job.template.input.width)
    if kind == "onnx":
        from converters.importers import onnx_file

        return onnx_file.read(_bytes(path), path.name, size, path)
    if kind == "keras":
        from converters.importers.keras_net import net as keras_net

        return keras_net.read(_bytes(path), described, job.template.architecture, path.name)
    if kind == "tfjs":
        from converters.importers import tfjs_file

        return tfjs_file.read(path, job.template, size)
    if kind == "caffe":
        return _caffe(path, described)
    if kind == "mxnet":
        return _mxnet(path, described, job)
    from converters.importers.tensorflow_net import net as tensorflow_net

    wanted = [output.output for output in job.template.outputs if output.output]
    return tensorflow_net.read(path, job.template.input_tensor, wanted, size)


def _caffe(path: Path, described: bytes) -> Network:
    from converters.importers.caffe import net as caffe

    if not described:
        raise ConvertError(
            f"{path.name} holds weights alone: give its deploy.prototxt with --structure"
        )
    return caffe.read(described, _bytes(path), path.name)


def _mxnet(path: Path, described: bytes, job: Job) -> Network:
    from converters.importers.mxnet_net import net as mxnet_net

    size = (job.template.input.height, job.template.input.width)
    return mxnet_net.read(_bytes(path), described, job.template.architecture, path.name, size)


def mean_picture(job: Job) -> Any:
    """The mean picture to subtract, cut to the middle of it as Caffe does; None without one."""
    if not job.mean:
        return None
    from converters.importers.caffe import weights

    path = Path(job.mean)
    mean = weights.mean_picture(_bytes(path), path.name)
    height, width = job.template.input.height, job.template.input.width
    top, left = (mean.shape[0] - height) // 2, (mean.shape[1] - width) // 2
    if top < 0 or left < 0:
        raise ConvertError(
            f"{path.name} is {mean.shape[1]} × {mean.shape[0]} pixels, smaller than the network's "
            f"input, {width} × {height}"
        )
    return mean[top : top + height, left : left + width]


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error
