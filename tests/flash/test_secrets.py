"""Secrets of a kit: where they are, who may read them, and that they go."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from edge.flash import erase, target
from edge.flash.kit import FIRST_BOOT, FOLDER, Login
from tests.flash.kits import CAMERA, WIFI, kit


def test_secrets_are_in_the_files_that_the_first_boot_removes_and_nowhere_else():
    """The password in one file of the kit's folder, the network's key in network-config."""
    files = kit().files()
    read = {
        name: held if isinstance(held, bytes) else held.read_bytes() for name, held in files.items()
    }
    holding = {name for name, content in read.items() if b"correct horse" in content}
    assert holding == {f"{FOLDER}/mqtt-password"}
    assert WIFI.key.encode() not in bytes(files[f"{FOLDER}/network-config.after"])


@pytest.mark.parametrize("secret", [WIFI, Login(username="door", password="correct horse")])
def test_secrets_do_not_show_in_tracebacks(secret: object):
    """A repr without the key, without the password."""
    assert WIFI.key not in repr(secret)
    assert "correct horse" not in repr(secret)


def modes(folder: Path) -> set[str]:
    return {f"{path.stat().st_mode & 0o777:o}" for path in folder.rglob("*") if path.is_file()}


def test_a_kit_is_its_owners_alone(tmp_path: Path):
    """Files 0600, folders 0700: it holds passwords that came from files of mode 0600."""
    out = tmp_path / "kit"
    target.write(out, kit().files())
    assert modes(out) == {"600"}
    folders = [out, *(path for path in out.rglob("*") if path.is_dir())]
    assert {f"{path.stat().st_mode & 0o777:o}" for path in folders} == {"700"}


def test_a_kit_written_over_another_leaves_nothing_of_that_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The old password, camera and network key are overwritten before their files go."""
    wiped: list[bytes] = []
    real = erase.wipe

    def watching(path: Path) -> None:
        if path.is_file():
            wiped.append(path.read_bytes())
        real(path)

    monkeypatch.setattr(erase, "wipe", watching)
    monkeypatch.setattr(target, "wipe", watching)
    out = tmp_path / "kit"
    seen = replace(CAMERA, config="[source]\nuri = 'rtsp://a:hunter2@cam'\n")
    target.write(out, kit(camera=seen).files())
    target.write(out, kit(camera=replace(CAMERA, login=Login()), wifi=None).files())
    together = b"".join(wiped)
    for secret in (b"correct horse", b"hunter2", WIFI.key.encode()):
        assert secret in together
        assert not any(secret in path.read_bytes() for path in out.rglob("*") if path.is_file())


def test_a_wiped_file_is_overwritten_where_it_lies(tmp_path: Path):
    """Another name of the same file shows what became of its contents."""
    secret, other = tmp_path / "mqtt-password", tmp_path / "same"
    secret.write_bytes(b"correct horse" * 10_000)
    other.hardlink_to(secret)
    erase.wipe(secret)
    assert not secret.exists()
    assert set(other.read_bytes()) == {0}
    assert other.stat().st_size == 130_000
    erase.wipe(tmp_path / "none")


def test_the_first_boot_wipes_what_held_secrets(tmp_path: Path):
    """By the same check: the file's blocks are overwritten, not just given up."""
    secret, other = tmp_path / "mqtt-password", tmp_path / "same"
    secret.write_bytes(b"correct horse\n")
    other.hardlink_to(secret)
    script = FIRST_BOOT.read_text()
    function = script[script.index("wipe() {") : script.index("start() {")]
    subprocess.run(["sh", "-euc", f"{function}\nwipe {secret} {tmp_path}/none"], check=True)
    assert not secret.exists()
    assert b"correct horse" not in other.read_bytes()
