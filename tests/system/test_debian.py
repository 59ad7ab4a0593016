"""What test runs make once and keep: made by one of them, whoever else asks at the same time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.debian import made_once

ASKING = """
import sys, time
from pathlib import Path
from tests.system.debian import made_once

def make(folder):
    folder.mkdir()
    with Path(sys.argv[2]).open("a") as told:
        told.write("made\\n")
    time.sleep(0.5)  # long enough for the others to ask meanwhile
    (folder / "all").touch()

assert [path.name for path in made_once(Path(sys.argv[1]), make).iterdir()] == ["all"]
"""


def test_one_makes_it_and_the_others_wait_for_it(tmp_path: Path) -> None:
    told = tmp_path / "told"
    command = [sys.executable, "-c", ASKING, tmp_path / "system", told]
    root = Path(__file__).parents[2]
    asking = [subprocess.Popen(command, cwd=root, env={"PYTHONPATH": str(root)}) for _ in range(4)]
    assert [one.wait(60) for one in asking] == [0, 0, 0, 0]
    assert told.read_text() == "made\n"


def test_what_failed_leaves_nothing_and_is_made_by_the_next(tmp_path: Path) -> None:
    """A system that is half there would be taken for one; so would one of a run that was killed."""
    made = tmp_path / "system"

    def fail(folder: Path) -> None:
        folder.mkdir()
        raise OSError

    with pytest.raises(OSError):
        made_once(made, fail)
    assert [path.name for path in tmp_path.iterdir()] == ["system.lock"]
    (tmp_path / "system.making").mkdir()
    made_once(made, Path.mkdir)
    assert made.is_dir()
