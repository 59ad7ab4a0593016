"""What a frame costs on Arm stays what the committed reference says."""

from __future__ import annotations

import copy
import json
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks import arm
from benchmarks.arm_table import BUDGETS, INSTRUCTIONS_PER_CYCLE, in_markdown, in_text, in_units
from converters.profile.machine import PROCESSORS, Machine
from tests.shared import ROOT


@pytest.fixture
def reference() -> dict:
    return json.loads(arm.REFERENCE.read_text())


def test_the_reference_is_what_the_benchmark_counts(reference):
    """Two processors, every scene, with the wheels that are pinned."""
    assert reference["wheels"] == list(arm.WHEELS)
    assert list(reference["processors"]) == [one.name for one in arm.PROCESSORS]
    for one in reference["processors"].values():
        assert list(one["scenes"]) == [scene.name for scene in arm.SCENES]


def test_a_figure_that_changed_by_more_than_three_percent_is_told(reference):
    """In both directions; less is no matter, nor are a few instructions."""
    assert not list(arm.differences(reference, reference))
    now = copy.deepcopy(reference)
    detect = now["processors"]["cortex-a72"]["scenes"]["0 faces"]["stages"]["detect"]
    network = detect["network"]
    detect["network"] = round(network * 1.02)
    assert not list(arm.differences(now, reference))
    for factor in (0.9, 1.1):
        detect["network"] = round(network * factor)
        told = list(arm.differences(now, reference))
        assert any("0 faces, detect" in line for line in told)
        assert any("0 faces, frame" in line for line in told)
        assert not any("4 faces" in line for line in told)


def test_a_stage_that_is_new_or_gone_is_told(reference):
    """It cannot hide behind having had no figure."""
    now = copy.deepcopy(reference)
    stages = now["processors"]["cortex-a76"]["scenes"]["4 faces"]["stages"]
    stages["surprise"] = {"python": 1_000_000}
    told = list(arm.differences(now, reference))
    assert any("cortex-a76, 4 faces, surprise" in line for line in told)
    del stages["surprise"], stages["estimate"]
    assert any("4 faces, estimate" in line for line in arm.differences(now, reference))


def test_the_tables_show_each_figure_beside_its_budget(reference):
    """On a terminal and as the documentation shows it."""
    text, markdown = in_text(reference), in_markdown(reference)
    for name in BUDGETS:
        assert name in text
        assert f"| {name} |" in markdown


def test_the_documentation_shows_the_reference(reference):
    """What stands in docs/performance.md is what was counted, figures over budget included."""
    assert in_markdown(reference) in (ROOT / "docs/performance.md").read_text()


def test_the_readme_shows_the_reference_in_a_persons_units(reference):
    """Percent of a core, by an assumption that stands beside it."""
    readme = (ROOT / "README.md").read_text()
    assert in_units(reference) in readme
    assert INSTRUCTIONS_PER_CYCLE == 1
    assert "at one a cycle (an assumption" in readme


def test_a_figure_over_its_budget_is_marked(reference):
    """Nobody has to compare two columns by eye."""
    dear = copy.deepcopy(reference)
    for one in dear["processors"].values():
        one["scenes"]["empty"]["stages"]["gate"] = {"python": 9_000_000}
    (row,) = [line for line in in_text(dear).splitlines() if line.startswith("empty static")]
    assert row.count("!") == 2


def test_scenes_counted_at_once_share_a_processors_files(tmp_path):
    """The first two find the processor's root missing together; both get the one that is made."""
    (tmp_path / "root" / "usr").mkdir(parents=True)
    machine = Machine(tmp_path / "qemu", tmp_path / "plugin", tmp_path / "root")
    together = threading.Barrier(8)

    def seen(_: int) -> Path:
        together.wait()
        return machine._seen_by(PROCESSORS[0])

    with ThreadPoolExecutor(8) as pool:
        (view,) = set(pool.map(seen, range(8)))
    assert "0xd08" in (view / "proc/cpuinfo").read_text()
    assert {path.name for path in tmp_path.iterdir()} == {"root", PROCESSORS[0].name}


@pytest.mark.slow
def test_no_figure_left_the_reference():
    """Counted anew under emulation; the Arm machine is put together where there is none yet."""
    for tool in ("apt-get", "dpkg-deb", "cc"):
        if shutil.which(tool) is None:
            pytest.skip(f"an Arm machine is put together with {tool}, which is not here")
    done = subprocess.run([sys.executable, "-m", "benchmarks.arm", "--check"], cwd=ROOT,
                          capture_output=True, text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
