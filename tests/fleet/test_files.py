"""What the playbooks put in place, against the configuration, the topics and the metrics."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.config.read import load
from edge.config.tables import Config
from tests.fleet.rendered import (
    ANSIBLE,
    DEVICES,
    EXAMPLE,
    INTEGRATIONS,
    ROLES,
    defaults,
    example,
    text,
)


def test_every_yaml_file_can_be_read():
    """None of them is broken by an edit."""
    files = [*ANSIBLE.rglob("*.yml"), *INTEGRATIONS.glob("*.yaml")]
    assert len(files) > 20
    for file in files:
        if "artefacts" not in file.parts:
            assert yaml.safe_load(file.read_text()) is not None, file


def test_the_example_names_three_devices_and_a_hub():
    """Each host has its variables under its own name, and no file is for a host that is not."""
    groups = example("hosts.yml")["all"]["children"]
    assert list(groups["agender_hub"]["hosts"]) == ["hub"]
    assert tuple(groups["agender_devices"]["hosts"]) == DEVICES
    assert {file.stem for file in (EXAMPLE / "host_vars").iterdir()} == set(DEVICES)
    assert {file.stem for file in (EXAMPLE / "group_vars").iterdir()} == {"all", *groups}


@pytest.mark.parametrize("role", ROLES)
def test_every_variable_is_declared_with_its_type(role: str):
    """What has a default is in the argument specification, and the other way round."""
    spec = yaml.safe_load((ANSIBLE / f"roles/{role}/meta/argument_specs.yml").read_text())
    declared = spec["argument_specs"]["main"]["options"]
    elsewhere = {name for name in defaults(role) if re.search("_(verify|doctor|uninstall)_", name)}
    assert set(declared) == set(defaults(role)) - elsewhere


@pytest.mark.parametrize("role", ROLES)
def test_the_example_sets_no_unknown_variable(role: str):
    """A misspelt variable would be ignored without a word."""
    known = set(defaults(role)) | {"agender_secrets"}
    files = [*(EXAMPLE / "group_vars").iterdir(), *(EXAMPLE / "host_vars").iterdir()]
    used = {name for file in files for name in yaml.safe_load(file.read_text())}
    assert {name for name in used if name.startswith(role)} <= known


def tables(host: str) -> dict[str, Any]:
    """The tables of a device of the example, merged as the role merges them."""
    group, own = example("group_vars/agender_devices.yml"), example(f"host_vars/{host}.yml")
    merged: dict[str, Any] = {
        "device": {"site": group["agender_edge_site"], "name": host},
        "source": {"uri": own.get("agender_edge_source", "picamera")},
        "mqtt": {"host": group["agender_edge_broker"], "port": 8883, "username": host,
                 "tls": True, "ca_file": "/etc/agender-edge/ca.pem"},
    }  # fmt: skip
    for more in (group["agender_edge_config"], own.get("agender_edge_host_config", {})):
        for table, keys in more.items():
            merged[table] = merged.get(table, {}) | keys
    return merged


def configured(tmp_path: Path, wanted: dict[str, Any]) -> Config:
    """What the device reads from the rendered template."""
    file = tmp_path / "config.toml"
    file.write_text(text("agender_edge/templates/config.toml.j2", __agender_edge_tables=wanted))
    return load(file)


@pytest.mark.parametrize("host", DEVICES)
def test_the_configuration_of_each_device_is_right(tmp_path: Path, host: str):
    """`agender-edge config check` accepts it, and it says what the inventory says."""
    config = configured(tmp_path, tables(host))
    assert (config.device.site, config.device.name, config.mqtt.username) == ("shop", host, host)
    assert (config.privacy.k, config.health.every_s) == (5, 60)
    assert config.mqtt.tls
    if host == "door":
        assert [line.name for line in config.space.lines] == ["door"]
    command = [sys.executable, "-m", "edge", "config", "check", "--config",
               str(tmp_path / "config.toml")]  # fmt: skip
    assert subprocess.run(command, check=False, capture_output=True).returncode == 0


@pytest.mark.parametrize(
    "value", ['a "quoted" word', "C:\\path", "Füße & 🎥", "line\nbreak", "", "a=b # c"]
)
def test_any_text_reaches_the_device_unchanged(tmp_path: Path, value: str):
    """Text is written as TOML reads it."""
    assert configured(tmp_path, {"source": {"uri": value}}).source.uri == value


def test_numbers_lists_and_nothing_too(tmp_path: Path):
    """A list of numbers is one value; a key set to null is left to its default."""
    source = {"fps": 7.5, "realtime": True, "region": [0.1, 0.2, 0.5, 0.5], "gain": None}
    config = configured(tmp_path, {"source": source})
    assert config.source.fps == 7.5
    assert config.source.region == (0.1, 0.2, 0.5, 0.5)
    assert config.source.gain is None


def pinned(role: str, suite: str) -> set[str]:
    """The packages of a lock, each with hashes."""
    lock = (ANSIBLE / f"roles/{role}/files/lock-{suite}.txt").read_text()
    found = set(re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE))
    assert lock.count("--hash=") >= len(found)
    return found


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[A-Za-z0-9-]+", line)[0] for line in requirements}


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_locks_pin_what_the_project_asks_for(suite: str):
    """For a device every dependency but numpy, which is apt's; for a hub what it imports."""
    project = tomllib.loads((ANSIBLE.parent / "pyproject.toml").read_text())["project"]
    asked = [line for line in project["dependencies"] if "armv7l" not in line or "!=" in line]
    device, hub = pinned("agender_edge", suite), pinned("agender_hub", suite)
    assert names(asked) - {"numpy"} <= device
    assert "numpy" not in device | hub
    extra = names(project["optional-dependencies"]["hub"])
    assert {*extra, "psycopg-binary", "msgspec", "paho-mqtt", "pip"} <= hub
    assert not hub & {"opencv-python-headless", "ai-edge-litert", "av"}
