"""Formats that hold no graph to convert: how to export from what made them, line by line."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from converters.importers import pickled

PYTORCH = (
    'torch.onnx.export(model.eval(), torch.zeros(1, 3, HEIGHT, WIDTH), "net.onnx", '
    'input_names=["image"], dynamic_axes={"image": {0: "n"}}, dynamo=False)'
)
LINES = {
    "torchscript": (
        "a TorchScript file, which only PyTorch can run",
        f"python -c 'import torch; model = torch.jit.load(\"{{name}}\"); {PYTORCH}'",
    ),
    "exported program": (
        "a torch.export program, which only PyTorch can run",
        "pip install onnxscript && python -c 'import torch; "
        'torch.onnx.export(torch.export.load("{name}"), f="net.onnx", dynamo=True)\'',
    ),
    "pytorch": (
        "a pickle of PyTorch, which is never opened since it can run code",
        "in the program whose class the model is: import torch; "
        f'model.load_state_dict(torch.load("{{name}}", weights_only=True)); {PYTORCH}',
    ),
    "pytorch model": (
        "a pickle of a whole PyTorch model, which is never opened since it can run code",
        "where you trust its origin, in the program whose class the model is: import torch; "
        f'model = torch.load("{{name}}", map_location="cpu", weights_only=False); {PYTORCH}',
    ),
    **{
        f"checkpoint {part}": (
            "a pickle of a PyTorch training, which is never opened since it can run code",
            "in the program whose class the model is: import torch; model.load_state_dict("
            f'torch.load("{{name}}", weights_only=True)["{part}"]); {PYTORCH}',
        )
        for part in pickled.PARTS
    },
    "safetensors": (
        "weights alone, without the network",
        "in the program whose class the model is: import torch, safetensors.torch; "
        f'model.load_state_dict(safetensors.torch.load_file("{{name}}")); {PYTORCH}; or, of a '
        "folder of Hugging Face: optimum-cli export onnx --model FOLDER --task "
        "image-classification onnx/",
    ),
    "openvino": (
        "an OpenVINO network, which OpenVINO itself can't export",
        "in an environment of its own, for it needs an older onnx: pip install openvino2onnx "
        "'onnx<1.19' && openvino2onnx {name}, which writes {stem}_o2o.onnx",
    ),
    "ncnn": (
        "an NCNN network, which NCNN itself can't export",
        "where pnnx made it, in its folder: pip install torch onnxscript && "
        "python -c 'import {stem}_pnnx; {stem}_pnnx.export_onnx()', which writes "
        "{stem}_pnnx.py.onnx ({stem}.pnnx.onnx is none, though named so); else give the ONNX or "
        "PyTorch file that it was made from",
    ),
    "mnn": (
        "an MNN network, which MNN itself can't export",
        "give the file that it was made from: what stood behind --modelFile in mnnconvert -f ONNX "
        f"--modelFile net.onnx --MNNModel {{name}}; from PyTorch: {PYTORCH}",
    ),
    "coreml": (
        "a Core ML network, which runs on Apple's systems alone",
        "give the file that coremltools.convert(…) was given; from PyTorch: " + PYTORCH,
    ),
    "tensorrt": (
        "a TensorRT engine, made for one graphics card",
        "give the ONNX file that it was built from: trtexec --onnx=net.onnx --saveEngine={name}",
    ),
    "paddle": (
        "a PaddlePaddle network",
        "pip install paddle2onnx && paddle2onnx --model_dir . --model_filename {name} "
        "--params_filename {stem}.pdiparams --save_file net.onnx",
    ),
}
"""Form → what it is, and the line that makes a file of it which can be imported."""
ENDINGS = {
    ".pt": "pytorch", ".pth": "pytorch", ".pkl": "pytorch", ".pickle": "pytorch",
    ".pt2": "exported program", ".safetensors": "safetensors", ".xml": "openvino",
    ".param": "ncnn", ".mnn": "mnn", ".mlmodel": "coreml", ".mlpackage": "coreml",
    ".engine": "tensorrt", ".trt": "tensorrt", ".pdmodel": "paddle",
}  # fmt: skip
NCNN = b"7767517\n"
PICKLE = b"\x80"


def form(path: Path, head: bytes) -> str:
    """Which of these forms a file or folder has, by its content or its name; '' for none."""
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    if head.startswith(NCNN):
        return "ncnn"
    if head[:1] == PICKLE and head[1:2] in b"\x02\x03\x04\x05":
        return pickled.kind(path)
    if head[8:9] == b"{" and len(head) > 8 and path.suffix.lower() == ".safetensors":
        return "safetensors"
    return ENDINGS.get(path.suffix.lower(), "")


def _zipped(path: Path) -> str:
    """PyTorch's archives; Keras's and others' are none of these."""
    try:
        with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
            ends = {name.rpartition("/")[2] for name in archive.namelist()}
            scripted = any("/code/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return ENDINGS.get(path.suffix.lower(), "")
    if "serialized_exported_program.json" in ends or path.suffix.lower() == ".pt2":
        return "exported program"
    if "data.pkl" in ends:
        return "torchscript" if scripted else pickled.kind(path)
    return ENDINGS.get(path.suffix.lower(), "")


def advice(path: Path, kind: str) -> str:
    """The sentence for a file of one of these forms."""
    what, line = LINES[kind]
    for word, value in (("{name}", path.name), ("{stem}", path.name.split(".")[0])):
        line = line.replace(word, value)
    return f"{path.name} is {what}; {line}"
