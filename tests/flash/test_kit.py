"""What a kit holds and how it is put onto a card."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from edge.errors import UserError
from edge.flash import target, wheels
from edge.flash.kit import FIRST_BOOT, FOLDER
from edge.flash.release import RELEASES
from tests.flash.kits import boot_partition, kit
from tests.shared import ROOT


def test_user_data_is_cloud_config_that_starts_the_first_boot_last(tmp_path: Path):
    """YAML behind its marker; host name, a user without password, the first boot last."""
    text = bytes(kit().files()["user-data"]).decode()
    assert text.startswith("#cloud-config\n")
    content = yaml.safe_load(text)
    assert content["runcmd"][-1] == ["sh", "/boot/firmware/agender-edge/first-boot"]
    assert content["hostname"] == "door"
    assert content["users"][0]["lock_passwd"] is True
    assert content["users"][0]["ssh_authorized_keys"] == ["ssh-ed25519 AAAA me"]


def test_the_files_that_start_a_card_come_last():
    """A card pulled out while it is written starts as it would have without the kit."""
    assert list(kit().files())[-1] == "user-data"


def test_every_kit_is_a_new_device_to_cloud_init():
    """So that a card that was started before takes the new kit."""
    first, second = (json.loads(bytes(kit().files()["meta-data"])) for _ in range(2))
    assert first["instance-id"] != second["instance-id"]


def test_without_a_key_nobody_can_log_in():
    """No SSH server, no key, no sudo; and no password in any case."""
    files = kit(ssh_keys=()).files()
    assert "ssh" not in files
    assert "sudo:" not in str(yaml.safe_load(bytes(files["user-data"]))["users"])


def test_damage_on_the_card_can_be_told(tmp_path: Path):
    """The sums in the kit are those that sha256sum checks, of every file but themselves."""
    target.write(tmp_path / "card", kit().files())
    folder = tmp_path / "card" / FOLDER
    check = ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"]
    assert subprocess.run(check, cwd=folder, check=False).returncode == 0
    listed = {line.split("  ")[1] for line in (folder / "SHA256SUMS").read_text().splitlines()}
    assert listed == {path.name for path in folder.iterdir()} - {"SHA256SUMS"}
    (folder / "config.toml").write_text("rotten")
    done = subprocess.run(check, cwd=folder, check=False, capture_output=True)
    assert done.returncode == 1


def test_what_the_image_had_is_kept(tmp_path: Path):
    """Beside ours, until the device has started; a second kit does not lose it."""
    boot = boot_partition(tmp_path / "boot")
    for _ in range(2):
        target.check(boot, several=False)
        target.write(boot, kit().files())
    assert (boot / "user-data.orig").read_text() == "# the image's user-data\n"
    assert (boot / "user-data").read_bytes() == kit().files()["user-data"]


def test_a_kit_that_cannot_be_written_changes_nothing(tmp_path: Path):
    """Half of it is never seen: the card is as it was."""
    boot = boot_partition(tmp_path / "boot")
    before = {path.name: path.read_bytes() for path in boot.iterdir()}
    with pytest.raises(UserError, match="cannot be written: No such file"):
        target.write(boot, kit().files() | {f"{FOLDER}/wheel": tmp_path / "gone"})
    assert {path.name: path.read_bytes() for path in boot.iterdir()} == before


def test_a_kit_may_be_written_again_over_itself(tmp_path: Path):
    """A folder that holds a kit and nothing else is one; with anything else it is not."""
    out = tmp_path / "kit"
    target.write(out, kit().files())
    target.check(out, several=False)
    (out / "holiday.jpg").touch()
    with pytest.raises(UserError, match=re.escape("holds other files (holiday.jpg)")):
        target.check(out, several=False)


@pytest.mark.parametrize("release", RELEASES.values(), ids=tuple(RELEASES))
def test_a_lock_holds_what_the_project_requires(release):
    """Every requirement that holds on 64-bit Arm, in a version that fits, with hashes; no numpy."""
    text = wheels.lock_of(release).read_text()
    entry = r"^([a-z0-9-]+)==(\S+) \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+"
    pins = dict(re.findall(entry, text, re.MULTILINE))
    assert len(pins) == sum("==" in line and line[0] != "#" for line in text.splitlines())
    arm = {"platform_machine": "aarch64", "python_version": release.python}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    for requirement in map(Requirement, project["dependencies"]):
        if requirement.name == "numpy" or not (
            requirement.marker is None or requirement.marker.evaluate(arm)
        ):
            continue
        version = pins[canonicalize_name(requirement.name)]
        assert requirement.specifier.contains(version), (requirement, version)
    assert "numpy" not in pins
    assert "pip" in pins


def test_one_entry_of_a_lock_is_taken_with_all_its_hashes():
    """So that pip alone can be fetched, as surely as all of it."""
    wanted = "pip==2 \\\n    --hash=sha256:2 \\\n    --hash=sha256:3\n"
    assert wheels._entry(f"a==1 \\\n    --hash=sha256:1\n{wanted}z==4\n", "pip") == wanted


def test_the_first_boot_is_a_script_that_every_shell_reads():
    """As POSIX's sh, and as shellcheck sees it where that is installed."""
    assert subprocess.run(["sh", "-n", FIRST_BOOT], check=False).returncode == 0
    if shutil.which("shellcheck"):
        done = subprocess.run(
            ["shellcheck", FIRST_BOOT], check=False, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("console=serial0 root=PARTUUID=1-2 rootwait\n",
         "console=serial0 root=PARTUUID=1-2 rootwait cgroup_enable=memory\n"),
        ("root=PARTUUID=1-2", "root=PARTUUID=1-2 cgroup_enable=memory"),
        ("a cgroup_enable=memory b\n", "a cgroup_enable=memory b\n"),
    ],
)  # fmt: skip
def test_a_card_starts_with_the_memory_controller_on(tmp_path: Path, before: str, after: str):
    """Else no limit of a unit holds on Raspberry Pi OS; twice is not once more."""
    boot = boot_partition(tmp_path / "boot")
    (boot / "cmdline.txt").write_text(before)
    for _ in range(2):
        target.write(boot, kit().files())
        assert (boot / "cmdline.txt").read_text() == after


@pytest.mark.parametrize("text", ["root=x rootwait\n", "root=x rootwait", "root=x\nmore\n"])
def test_a_kit_that_is_copied_turns_it_on_at_its_first_boot(tmp_path: Path, text: str):
    """The same line, by the script."""
    (tmp_path / "cmdline.txt").write_text(text)
    script = FIRST_BOOT.read_text()
    function = script[script.index("enable_memory_controller() {") : script.index("# Overwritten")]
    program = f"BOOT={tmp_path}; restart=\n{function}\nenable_memory_controller; echo $restart"
    hidden = program.replace("/sys/fs/cgroup/cgroup.controllers", "/dev/null")
    done = subprocess.run(["sh", "-euc", hidden], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "1"
    assert (tmp_path / "cmdline.txt").read_text().split("\n")[0].endswith(" cgroup_enable=memory")
    assert not list(tmp_path.glob("*.new"))
    again = subprocess.run(["sh", "-euc", hidden], check=True, capture_output=True, text=True)
    assert again.stdout.strip() == ""
