"""`make-artefact`, which gathers on the controller what devices install."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edge.flash.wheels import packed_files
from tests.fleet.rendered import ANSIBLE

GOOD = ("--suite", "trixie", "--arch", "arm64")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, with the standard library alone: a controller has just Ansible."""
    return subprocess.run(
        [sys.executable, "-I", "-S", ANSIBLE / "make-artefact", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((*GOOD, "--to", "file"), "file/trixie/arm64: Not a directory"),
        ((*GOOD, "--to", "new", "--source", "."), "pyproject.toml: No such file or directory"),
        ((*GOOD, "--to", "new", "--lock", "no.txt"), "no.txt: No such file or directory"),
    ],
)
def test_a_mistake_is_one_sentence(tmp_path: Path, arguments: tuple[str, ...], sentence: str):
    """It names the file, ends with 1 and leaves nothing."""
    (tmp_path / "file").write_text("")
    done = run(*arguments, folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("make-artefact: ")
    assert done.stderr.endswith(f"{sentence}\n")
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_packed_needs_no_more_than_a_checkout_has(tmp_path: Path):
    """What a run leaves behind is not packed, and models, units and locks are."""
    checkout = tmp_path / "checkout"
    for file in packed_files(ANSIBLE.parent):
        (checkout / file.relative_to(ANSIBLE.parent)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, checkout / file.relative_to(ANSIBLE.parent))
    for left in ("edge/__pycache__/cli.pyc", "build/lib/edge/old.py"):
        (checkout / left).parent.mkdir(parents=True)
        (checkout / left).write_text("")
    packed = {str(file.relative_to(checkout)) for file in packed_files(checkout)}
    assert not [name for name in packed if "__pycache__" in name or name.startswith("build/")]
    assert packed >= {
        "edge/cli/verbs.py", "models_tflite/agender_64.tflite", "systemd/agender-vision.service",
        "ansible/roles/agender_edge/files/lock-trixie.txt",
    }  # fmt: skip
