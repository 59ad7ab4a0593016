"""Further cameras of a host: who they are at the broker, and how each was called before."""

from __future__ import annotations

import json
import re
import tarfile
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from edge.config.section import SAFE_NAME
from edge.init.places import Places
from tests.fleet.rendered import ANSIBLE, agender_cameras, script, text

HOST = {
    "agender_edge_site": "shop", "agender_edge_device": "till", "agender_edge_username": "till-1",
    "agender_edge_password": "a", "agender_edge_source": "picamera",
}  # fmt: skip
YARD = {"name": "yard", "source": "usb:1", "password": "b"}
ROLE = yaml.safe_load((ANSIBLE / "roles/agender_edge/vars/main.yml").read_text())


def test_a_host_without_further_cameras_is_one_device():
    """The variable may be missing: the hub does not know the defaults of the device's role."""
    (only,) = agender_cameras(HOST)
    assert (only["device"], only["username"], only["password"]) == ("till", "till-1", "a")
    assert agender_cameras(HOST | {"agender_edge_cameras": []}) == [only]


def test_a_further_camera_is_called_after_the_first_and_its_own_name():
    """So that those of two hosts are told from each other; what its entry says wins."""
    first, yard = agender_cameras(HOST | {"agender_edge_cameras": [YARD]})
    assert (first["at"], yard["at"]) == ("", "@yard")
    assert (yard["site"], yard["device"], yard["username"]) == ("shop", "till-yard", "till-1-yard")
    named = YARD | {"device": "yard", "username": "someone"}
    (_, other) = agender_cameras(HOST | {"agender_edge_cameras": [named]})
    assert (other["device"], other["username"]) == ("yard", "someone")
    (_, nobody) = agender_cameras(
        HOST | {"agender_edge_username": "", "agender_edge_cameras": [YARD]}
    )
    assert nobody["username"] == ""


def test_the_role_places_each_unit_that_an_instance_needs():
    """Those that `init --instance` would."""
    kinds = [f"{kind}{end}" for kind in ROLE["__agender_edge_kinds"] for end in (".", "@.")]
    placed = {f"{kind}service" for kind in kinds}
    more = {"agender-edge-folders@.service", "agender-edge@.target"}
    assert all(name in ROLE["__agender_edge_unit_files"] for name in more)
    assert placed | more == {*Places().shipped, *Places(instance="yard").shipped}


def test_a_camera_may_have_the_names_that_the_program_takes():
    """One pattern for all: a file, a unit and a topic have it."""
    as_role = ROLE["__agender_edge_safe_name"]
    assert as_role.replace(r"\Z", "$") == SAFE_NAME.removesuffix(r"(?!\n)")


@pytest.fixture
def former(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, whose files lie below a folder of ours."""
    module = script("roles/agender_edge/files/former")
    (tmp_path / "etc/agender-edge").mkdir(parents=True)
    monkeypatch.setattr(module, "CONFIGURATIONS", tmp_path / "etc/agender-edge")
    monkeypatch.setattr(module, "KEPT", tmp_path / "files.tar")
    return module


def configured(former: ModuleType, file: str, **device: str) -> Path:
    """A configuration as the role places it."""
    wanted: dict[str, Any] = {"device": device, "source": {"uri": "rtsp://a:secret@b/c"}}
    path: Path = former.CONFIGURATIONS / file
    path.write_text(text("agender_edge/templates/config.toml.j2", __agender_edge_tables=wanted))
    return path


def printed(former: ModuleType, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """What the script prints, which holds no secret."""
    former.main()
    text = capsys.readouterr().out
    assert "secret" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def said(former: ModuleType, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """The cameras that it knows, where it could read all files."""
    found = printed(former, capsys)
    assert found["unread"] == []
    cameras: dict[str, Any] = found["cameras"]
    return cameras


def test_the_names_are_those_under_which_each_camera_was_last_seen_to_count(former, capsys):
    """What it retained lies there, whatever the file in place says by now."""
    files = [configured(former, "config.toml", site="shop", name="till"),
             configured(former, "yard.toml", site="shop", name="till-yard")]  # fmt: skip
    with tarfile.open(former.KEPT, "w") as archive:
        for file in files:
            archive.add(file, str(file).lstrip("/"))
    configured(former, "config.toml", site="mall", name="till")
    configured(former, "garden.toml", site="mall", name="till-garden")
    files[1].unlink()
    found = said(former, capsys)
    names = {camera: (it["called"]["site"], it["kept"]) for camera, it in found.items()}
    assert names == {"": ("shop", True), "yard": ("shop", True), "garden": ("mall", False)}
    assert found["yard"]["called"] == {"site": "shop", "name": "till-yard", "prefix": "agender"}


def test_a_camera_that_was_set_up_by_hand_is_none_of_the_playbook_s(former, capsys):
    """The role takes away what it has made alone."""
    (former.CONFIGURATIONS / "attic.toml").write_text('[device]\nsite = "shop"\nname = "attic"\n')
    assert said(former, capsys) == {}


def test_a_name_that_is_no_part_of_a_topic_is_not_told(former, capsys):
    """It becomes part of an access list, and of a command."""
    configured(former, "yard.toml", site="shop", name="a/#")
    assert said(former, capsys)["yard"]["called"]["name"] == ""


@pytest.mark.parametrize(
    "text",
    [b"source = [\n", b'[source]\nuri = "rtsp://a:secret@\xff/"\n', b'device = "secret"\n',
     b"[device]\nsite = 7\n"],
)  # fmt: skip
@pytest.mark.parametrize("file", ["config.toml", "yard.toml"])
def test_a_file_that_makes_no_sense_hides_no_other_camera(former, capsys, file: str, text: bytes):
    """It is named; its camera is known as one of the playbook's, by no name to be forgotten."""
    for name in ("config.toml", "yard.toml", "garden.toml"):
        configured(former, name, site="shop", name="till")
    (former.CONFIGURATIONS / file).write_bytes(former.MARK.encode() + text)
    found = printed(former, capsys)
    (unread,) = found["unread"]
    assert unread.startswith(f"{former.CONFIGURATIONS / file} (")
    names = {camera: it["called"]["name"] for camera, it in found["cameras"].items()}
    damaged = "" if file == "config.toml" else "yard"
    assert names == dict.fromkeys(("", "yard", "garden"), "till") | {damaged: ""}


def test_a_damaged_memory_of_what_worked_hides_no_camera(former, capsys):
    """What is in place is told; so is the name of the file that is damaged."""
    configured(former, "yard.toml", site="shop", name="till-yard")
    former.KEPT.write_text("no archive")
    found = printed(former, capsys)
    assert found["cameras"]["yard"]["called"]["name"] == "till-yard"
    assert found["unread"] == [f"{former.KEPT} (ReadError)"]


def included(file: str) -> set[str]:
    """The files of tasks of the role that one can lead to, itself too."""
    text = (ANSIBLE / "roles/agender_edge/tasks" / file).read_text()
    further = re.findall(r"(?:include|import)_tasks: (\S+)", text)
    return {file}.union(*map(included, further))


def test_what_a_camera_has_counted_goes_only_once_nothing_brings_it_back():
    """Until the others were seen to count the device may go back to what worked, this one too."""
    assert "take_away.yml" in included("activate.yml")
    for file in included("activate.yml"):
        tasks = (ANSIBLE / "roles/agender_edge/tasks" / file).read_text()
        assert "/var/lib/agender-edge{{" not in tasks, file
    main = yaml.safe_load((ANSIBLE / "roles/agender_edge/tasks/main.yml").read_text())
    order = [task.get("ansible.builtin.import_tasks") or task["ansible.builtin.include_tasks"]
             for task in main]  # fmt: skip
    assert order.index("remove_data.yml") > order.index("activate.yml")
    assert "remove_data.yml" in included("uninstall.yml")
