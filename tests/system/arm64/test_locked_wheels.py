"""What the role and flash-kit install, installed on Arm: same files, same answers as here."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from converters.profile.machine import PROCESSORS
from edge.errors import UserError
from edge.flash import wheels
from edge.flash.release import RELEASES, fitting
from tests.system import debian
from tests.system.arm64 import every_model
from tests.system.arm64.emulated import EMULATOR, Arm, permitted

pytestmark = pytest.mark.slow

PI_4, PI_5 = PROCESSORS
HERE = Path(every_model.__file__).parent
RELEASE = "/opt/agender-edge/releases/test"
PYTHON = f"{RELEASE}/bin/python"
TOLERANCE = {"agender_64": 0.05}
"""Share of an output's spread; agender_64 computes in 8 bits, where kernels round differently."""
FLOAT_TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def our_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the working tree, as flash-kit does."""
    debian.need(EMULATOR, "mmdebstrap")
    return wheels.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module", params=[("bookworm", PI_4), ("trixie", PI_5)],
                ids=["bookworm-pi4", "trixie-pi5"])  # fmt: skip
def arm(
    request: pytest.FixtureRequest, our_wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Arm]:
    """A Debian of the release on the processor of a Pi, with our release installed as on it."""
    suite, processor = request.param
    folder = tmp_path_factory.mktemp(suite)
    machine = Arm(suite, processor, folder)
    permitted(machine)
    install(machine, suite, our_wheel, folder / "wheels")
    return machine


def install(machine: Arm, suite: str, our_wheel: Path, folder: Path) -> None:
    """The steps of the first boot: an environment that sees apt's numpy, lock, program."""
    release = RELEASES[suite]
    folder.mkdir()
    (folder / "lock.txt").write_text(wheels.complete_lock(release, our_wheel))
    try:
        wheels.download(wheels.lock_of(release), folder, fitting(release, "aarch64"))
    except UserError as error:
        pytest.skip(f"the locked wheels can't be had: {error}")
    pip = next(folder.glob("pip-*.whl")).name
    machine.ok("/usr/bin/python3", "-m", "venv", "--without-pip", "--system-site-packages", RELEASE)
    machine.ok(
        PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "--no-index",
        "--no-compile", "--no-cache-dir", "--disable-pip-version-check", "--find-links=/wheels",
        "--find-links=/ours", "--requirement=/wheels/lock.txt",
        binds={folder: "/wheels", our_wheel.parent: "/ours"}, PYTHONPATH=f"/wheels/{pip}",
    )  # fmt: skip


def test_everything_can_be_imported_beside_apts_numpy(arm: Arm):
    """The check that the role and the first boot make before they use a release."""
    arm.ok(PYTHON, f"{RELEASE}/share/agender-edge/try-release")
    where = arm.ok(PYTHON, "-c", "import numpy; print(numpy.__version__, numpy.__file__)")
    assert "/usr/lib/python3/dist-packages/numpy" in where


def test_every_shipped_model_gives_the_same_answers_as_here(
    arm: Arm, our_wheel: Path, tmp_path: Path
):
    """The same pictures through every network, on Arm and on this machine, on XNNPACK both."""
    here, shipped = tmp_path / "here.npz", tmp_path / "shipped"
    with ZipFile(our_wheel) as wheel:
        wheel.extractall(shipped)
    ours = subprocess.run([sys.executable, "-B", HERE / "every_model.py", here], text=True,
                          env={"PYTHONPATH": str(shipped), "PATH": "/usr/bin:/bin"},
                          capture_output=True, check=True).stdout  # fmt: skip
    theirs = arm.ok(PYTHON, "/every/every_model.py", "/tmp/there.npz", binds={HERE: "/every"})
    assert theirs == ours
    cards = wheels.cards_in(our_wheel, tmp_path).glob("*.json")
    assert len(theirs.splitlines()) == len(list(cards))
    compare(np.load(here), np.load(arm.root / "tmp/there.npz"))


def compare(here: np.lib.npyio.NpzFile, there: np.lib.npyio.NpzFile) -> None:
    """Every output, element by element, within a share of its own spread."""
    assert set(here) == set(there)
    for name in here:
        spread = float(np.ptp(here[name])) or 1.0
        off = float(np.abs(here[name] - there[name]).max()) / spread
        model = name.split("/")[0]
        print(f"{name}: {off:.2e} of its spread")
        assert off <= TOLERANCE.get(model, FLOAT_TOLERANCE), (name, off)


def test_the_program_itself_runs(arm: Arm):
    """The command as a service starts it, with its configuration checked."""
    command = f"{RELEASE}/bin/agender-edge"
    assert arm.ok(PYTHON, command, "--version").startswith("agender-edge ")
    assert "the configuration is right" in arm.ok(PYTHON, command, "config", "check")


def test_what_runs_is_arm_code_on_the_processor_asked_for(arm: Arm):
    """A Pi 5's has 8-bit dot products, a Pi 4's has not; neither is this machine's."""
    said = arm.ok(PYTHON, "-c", "import platform, edge.runtime.networks.processor as p; "
                  "print(platform.machine(), p.processor_class())")  # fmt: skip
    assert said.split() == ["aarch64", "dot_product" if arm.processor is PI_5 else "plain"]
