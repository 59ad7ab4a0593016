"""Files that hold no graph to convert are told, by their kind, the line that exports one."""

from __future__ import annotations

import io
import pickle
import re
import shlex
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from converters.cli import main
from converters.errors import ConvertError
from converters.importers import foreign, readers
from tests.converters.import_files.templates import GENDER
from tests.converters.import_files.verbs import imported

SAFETENSORS = b'{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
NCNN = b"7767517\n2 2\nInput in0 0 1 in0\nReLU r 1 1 in0 out0\n"
OPENVINO = b'<?xml version="1.0"?>\n<net name="n" version="11"><layers/><edges/></net>\n'


def archive(*names: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name in names:
            made.writestr(name, b"x")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        ("net.pt", pickle.dumps([1]), "weights_only=True"),
        ("net.pth", archive("net/data.pkl", "net/data/0"), 'torch.load("net.pth"'),
        ("renamed.onnx", archive("net/data.pkl", "net/data/0"), "torch.onnx.export(model.eval()"),
        ("net.pt", archive("net/data.pkl", "net/code/__torch__.py"), 'torch.jit.load("net.pt")'),
        ("net.pt2", archive("net/models/model.json"), 'torch.export.load("net.pt2")'),
        ("net.safetensors", struct.pack("<Q", len(SAFETENSORS)) + SAFETENSORS + b"\0" * 4,
         'safetensors.torch.load_file("net.safetensors")'),
        ("net.xml", OPENVINO, "openvino2onnx net.xml, which writes net_o2o.onnx"),
        ("net.param", NCNN, "net_pnnx.export_onnx()"),
        ("net.ncnn.param", NCNN, "net_pnnx.export_onnx()"),
        ("any.txt", NCNN, "any_pnnx.export_onnx()"),
        ("net.mnn", b"\x18\0\0\0", "--MNNModel net.mnn"),
        ("net.mlmodel", b"\x08\x01", "coremltools.convert"),
        ("net.engine", b"ftrt", "--saveEngine=net.engine"),
        ("net.pdmodel", b"\x0a", "--params_filename net.pdiparams"),
    ],
)  # fmt: skip
def test_each_kind_is_told_its_own_line(name, content, line, tmp_path, capsys):
    """By what is in the file where that tells, else by its name; and nothing is run or written."""
    path = tmp_path / name
    path.write_bytes(content)
    out = tmp_path / "out"
    assert main(["import", str(path), "--as", "levi-hassner-age", "--unpinned", "--out", str(out)])
    said = capsys.readouterr().err
    assert line in said
    assert said.count("\n") == 1 and "Traceback" not in said
    assert not out.exists()


def test_a_pickle_is_never_opened(tmp_path):
    """Whatever it would run."""
    marker = tmp_path / "ran"

    class Bomb:
        def __reduce__(self):
            return Path.touch, (marker,)

    for name in ("net.pt", "net.pkl", "net.onnx"):
        path = tmp_path / name
        path.write_bytes(pickle.dumps(Bomb()))
        with pytest.raises(ConvertError, match="which is never opened"):
            readers.form(path)
    assert not marker.exists()


def test_every_ending_has_a_line():
    """And every line names a way that ends in ONNX, or the file that it was made from."""
    assert set(foreign.ENDINGS.values()) <= set(foreign.LINES)
    for kind, (what, line) in foreign.LINES.items():
        assert what.startswith(("a", "weights")), kind
        assert "onnx" in line.lower(), kind


def programs(line: str) -> list[str]:
    """The Python in an advice: what `python -c` is given, and what goes into one's own program."""
    found = re.findall(r"python -c '([^']*)'", line)
    rest = re.sub(r"python -c '[^']*'", "", line)
    found += re.findall(r"(?:^|: )((?:import |torch\.onnx)[^:]*\(.*\))", rest)
    return [each.partition("; or, ")[0].replace("HEIGHT, WIDTH", "32, 32") for each in found]


def shells(line: str) -> list[list[str]]:
    """The commands of a shell in an advice, word by word."""
    first = r"(?:pip|python|openvino2onnx|optimum-cli|paddle2onnx|trtexec|mnnconvert)"
    ends = r"(?=, which|; else|; from|; or|$)"
    return [
        shlex.split(command)
        for found in re.findall(rf"\b({first} .*?){ends}", line)
        for command in found.split(" && ")
    ]


@pytest.mark.parametrize("kind", foreign.LINES)
def test_every_line_that_is_told_parses(kind):
    """Its Python compiles, its shell commands split into words, and no name is left open."""
    told = foreign.advice(Path("net.one"), kind)
    assert "{name}" not in told and "{stem}" not in told
    code = programs(told.partition("; ")[2])
    for each in code:
        compile(each, kind, "exec")
    words = shells(told)
    assert code or words, kind
    assert all(command[0] and len(command) > 1 for command in words)


@pytest.mark.converters
@pytest.mark.parametrize(
    ("saved", "what"),
    [
        (lambda model: model.state_dict(), "a pickle of PyTorch,"),
        (lambda model: model, "a pickle of a whole PyTorch model"),
        (lambda model: {"epoch": 3, "state_dict": model.state_dict()}, "a PyTorch training"),
        (lambda model: {"model_state_dict": model.state_dict()}, "a PyTorch training"),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_the_line_for_a_pickle_makes_a_file_that_is_imported(saved, what, zipped, tmp_path, capsys):
    """Of weights, a model or a training's checkpoint: behind the model's class, word for word."""
    torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("onnxruntime", reason="needs the converters extra (ONNX Runtime)")
    made = (
        "from torch import nn\nmodel = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), "
        "nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2), nn.Softmax(1))\n"
    )
    space: dict[str, Any] = {}
    torch.manual_seed(0)
    exec(made, space)  # the program of the test itself
    torch.save(saved(space["model"]), tmp_path / "net.pt", _use_new_zipfile_serialization=zipped)
    assert imported(tmp_path, tmp_path / "net.pt", GENDER) == (1, None)
    said = capsys.readouterr().err.strip()
    assert what in said
    (code,) = programs(said.partition("; ")[2])
    program = [sys.executable, "-c", made + code]
    subprocess.run(program, cwd=tmp_path, check=True, capture_output=True)
    status, card = imported(tmp_path, tmp_path / "net.onnx", GENDER)
    assert status == 0
    assert card["evidence"]["parity"]["max_difference"] < 1e-5


@pytest.mark.converters
def test_the_line_for_torchscript_makes_a_file_that_is_imported(tmp_path, capsys):
    """Word for word, with the size that a person knows."""
    torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    pytest.importorskip("onnxruntime", reason="needs the converters extra (ONNX Runtime)")
    torch.manual_seed(0)
    nn = torch.nn
    model = nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1),
                          nn.Flatten(), nn.Linear(4, 2), nn.Softmax(1)).eval()  # fmt: skip
    path = tmp_path / "net.pt"
    torch.jit.trace(model, torch.zeros(1, 3, 32, 32)).save(str(path))
    assert imported(tmp_path, path, GENDER) == (1, None)
    _, _, line = capsys.readouterr().err.strip().partition("; ")
    words = shlex.split(line.replace("HEIGHT, WIDTH", "32, 32"))
    subprocess.run([sys.executable, *words[1:]], cwd=tmp_path, check=True, capture_output=True)
    status, card = imported(tmp_path, tmp_path / "net.onnx", GENDER)
    assert status == 0
    assert card["evidence"]["parity"]["max_difference"] < 1e-5


@pytest.mark.converters
def test_real_files_of_pytorch_are_told_apart(tmp_path):
    """Weights alone, a whole model, and a program."""
    torch = pytest.importorskip("torch", reason="needs the train extra (PyTorch)")
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(12, 2)).eval()
    path = tmp_path / "net.bin"
    torch.save(model.state_dict(), path)
    with pytest.raises(ConvertError, match="a pickle of PyTorch"):
        readers.form(path)
    torch.save(model, path, _use_new_zipfile_serialization=False)
    with pytest.raises(ConvertError, match="a pickle of a whole PyTorch model"):
        readers.form(path)
    program = tmp_path / "net.pt2"
    torch.export.save(torch.export.export(model, (torch.zeros(1, 3, 2, 2),)), program)
    with pytest.raises(ConvertError, match=r"a torch\.export program"):
        readers.form(program)
