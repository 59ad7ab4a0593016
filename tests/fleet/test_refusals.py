"""Which systems the device's role refuses, and with which sentence."""

from __future__ import annotations

import re
from typing import Any

import jinja2
import pytest
import yaml

from tests.fleet.rendered import ANSIBLE, agender_cameras

ROLE = ANSIBLE / "roles" / "agender_edge"
PI = {
    "userspace_bits": "64", "architecture": "aarch64", "os_family": "Debian",
    "distribution": "Debian", "distribution_version": "12.11", "distribution_release": "bookworm",
}  # fmt: skip
SET = {
    "agender_edge_broker": "hub.local", "agender_edge_install_from": "checkout",
    "agender_edge_version": "", "agender_edge_username": "door", "agender_edge_password": "x",
    "agender_edge_site": "shop", "agender_edge_device": "door", "agender_edge_cameras": [],
}  # fmt: skip
YARD = {"name": "yard", "source": "usb:1", "password": "x"}


def refusal(
    facts: dict[str, str],
    *,
    packaged: bool = False,
    ports: tuple[int, ...] = (),
    sources: tuple[str, ...] = (),
    **variables: Any,
) -> str:
    """The sentence of the first assertion that does not hold; empty where all do.

    `ports` are those of the pages, `sources` what the cameras look at.
    """
    known: dict[str, Any] = yaml.safe_load((ROLE / "vars/main.yml").read_text()) | SET | variables
    known |= {"ansible_facts": PI | facts, "inventory_hostname": "door"}
    known["agender_edge_packaged"] = {"stat": {"exists": packaged}}
    cameras = agender_cameras(known)
    known["agender_edge_sources"] = dict(enumerate(sources))
    known |= {"__agender_edge_cameras": cameras, "__agender_edge_ports": ports,
              "__agender_edge_names": [camera["name"] for camera in cameras]}  # fmt: skip
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)
    environment.tests["search"] = lambda name, pattern: bool(re.search(pattern, name))
    for task in yaml.safe_load((ROLE / "tasks/check.yml").read_text()):
        if (check := task.get("ansible.builtin.assert")) is None:
            continue
        conditions = check["that"] if isinstance(check["that"], list) else [check["that"]]
        if not all(environment.compile_expression(that)(**known) for that in conditions):
            return environment.from_string(check["fail_msg"]).render(**known)
    return ""


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
@pytest.mark.parametrize("architecture", ["aarch64", "x86_64"])
def test_both_releases_and_both_architectures_are_taken(release: str, architecture: str):
    """Raspberry Pi OS calls itself Debian, with Debian's names for its releases."""
    assert not refusal({"distribution_release": release, "architecture": architecture})


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"userspace_bits": "32"}, "runs a 32-bit system (aarch64)"),  # 64-bit kernel, 32-bit rest
        ({"userspace_bits": "32", "architecture": "armv7l"}, "Write the 64-bit image to the card"),
        ({"distribution_release": "bullseye", "distribution_version": "11.9"}, "Debian 11.9"),
        ({"os_family": "RedHat", "distribution": "Fedora"}, "needs Raspberry Pi OS or Debian"),
    ],
)
def test_other_systems_are_refused_with_a_sentence(facts: dict[str, str], sentence: str):
    """It names what the machine runs, and what it should."""
    assert sentence in refusal(facts)


@pytest.mark.parametrize(
    "variables",
    [
        {"agender_edge_broker": ""},
        {"agender_edge_password": ""},
        {"agender_edge_install_from": "index"},
    ],
)
def test_what_only_the_user_can_know_is_asked_for(variables: dict[str, str]):
    """A device without a broker, a password or a version is not half installed."""
    assert "set agender_edge_broker to the hub's name" in refusal({}, **variables)


def test_a_device_of_debians_package_is_left_to_apt():
    """Two installations would fight for the camera."""
    assert "take it off first (apt remove agender-edge)" in refusal({}, packaged=True)


def test_a_further_camera_with_all_that_it_needs_is_taken():
    """Where nobody has a user at the broker it needs no password."""
    garden = {"name": "garden", "source": "usb:2", "password": "x"}
    sources = ("picamera", "usb:1", "usb:2")
    cameras = [YARD, garden]
    assert not refusal({}, agender_edge_cameras=cameras, ports=(8088, 8089), sources=sources)
    plain = {"name": "yard", "source": "usb:1"}
    assert not refusal({}, agender_edge_cameras=[plain], agender_edge_username="")


@pytest.mark.parametrize(
    "cameras",
    [
        [{"name": "yard", "source": "usb:1"}],
        [{"name": "yard", "password": "x"}],
        [YARD, YARD],
        [YARD | {"device": "door"}],
        [YARD | {"name": "config"}],
        [YARD | {"name": ""}],
        [YARD | {"name": "../yard"}],
        [YARD | {"name": "yard\n"}],
    ],
)
def test_a_further_camera_that_is_not_told_from_another_is_refused(cameras: list[dict[str, str]]):
    """By its name, which files and units have, or at the broker."""
    assert "each of agender_edge_cameras needs a name" in refusal({}, agender_edge_cameras=cameras)


def test_two_pages_on_one_port_are_refused():
    """Only one of them could be served."""
    assert "give each a page.port" in refusal({}, ports=(8088, 8088))


def test_two_cameras_with_one_source_are_refused():
    """Only one of them could open it; the sentence shows no address, which may hold a password."""
    sentence = refusal({}, sources=("picamera", "rtsp://a:secret@b/c", "rtsp://a:secret@b/c"))
    assert "have the same source" in sentence
    assert "secret" not in sentence
