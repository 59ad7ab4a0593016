"""What the playbooks put in place, against the configuration, the topics and the metrics."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml

from edge.config.broker import Mqtt
from edge.config.read import load
from edge.config.tables import Config, Device
from edge.publish import discovery
from edge.publish.topics import Topics
from hub.ingest.settings import Settings
from tests.fleet.rendered import ANSIBLE, EXAMPLE, defaults, example, text

INTEGRATIONS = ANSIBLE.parent / "docs" / "integrations"
DEVICES = ("door", "till", "window")
ROLES = ("agender_edge", "agender_hub", "agender_cluster", "agender_tls")
DOOR = Topics(Config(device=Device(site="shop", name="door")))


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


INGESTOR = {"name": "ingestor", "access": "counts"}


def access_list(**former: dict[str, str]) -> dict[str, list[tuple[str, str]]]:
    """The rendered access list: user → (access, topic); `former` are the names of before."""
    group = example("group_vars/agender_devices.yml")
    hosts = {
        host: {"agender_edge_site": group["agender_edge_site"], "agender_edge_device": host,
               "agender_edge_username": host, "agender_edge_former": former.get(host, {})}
        for host in DEVICES
    }  # fmt: skip
    lines = text(
        "agender_hub/templates/mosquitto.acl.j2", hostvars=hosts, agender_hub_devices=DEVICES,
        __agender_hub_everybody=[*defaults("agender_hub")["agender_hub_users"], INGESTOR],
        agender_hub_discovery_prefix="homeassistant", agender_hub_topic_prefix="agender",
    ).splitlines()  # fmt: skip
    return parsed(lines)


def parsed(lines: list[str]) -> dict[str, list[tuple[str, str]]]:
    rights: dict[str, list[tuple[str, str]]] = {}
    for line in lines:
        words = line.split()
        if words[:1] == ["user"]:
            mine = rights.setdefault(words[1], [])
        elif words[:1] == ["topic"]:
            both = ("read", "write") if words[1] == "readwrite" else (words[1],)
            mine += [(access, words[2]) for access in both]
    return rights


def test_the_access_list_is_the_documented_one():
    """For a device it is docs/integrations/mosquitto.acl to the letter."""
    shipped = parsed((INTEGRATIONS / "mosquitto.acl").read_text().splitlines())
    made = access_list()
    assert {user: made[user] for user in shipped} == shipped
    assert set(made) == {*DEVICES, "viewer", "operator", "recorder", "ingestor"}


def test_the_ingestor_reads_what_it_subscribes_to_and_nothing_else():
    """Windows of every device; neither health nor requests, and it writes nothing."""
    topic = Settings(share="hub").topic.removeprefix("$share/hub/")
    assert access_list()["ingestor"] == [("read", topic)]


def covers(pattern: str, topic: str) -> bool:
    """Whether an MQTT topic filter takes a topic."""
    words = re.escape(pattern).replace(r"\+", "[^/]+").replace("\\#", "#").replace("/#", "(/.*)?")
    return re.fullmatch(words, topic) is not None


def allowed(user: str, access: str, topic: str) -> bool:
    return any(a == access and covers(t, topic) for a, t in access_list()[user])


def test_a_renamed_device_may_clear_what_it_left_and_nothing_of_others():
    """For one run it writes its former retained topics, but for a name that another has now."""
    was = {"site": "old", "name": "entrance_2", "prefix": "before"}
    mine = set(access_list(door=was)["door"]) - set(access_list()["door"])
    left = Topics(Config(device=Device(site="old", name="entrance_2"), mqtt=Mqtt(prefix="before")))
    entities = "homeassistant/device/agender_old_entrance__2/config"
    assert {topic for access, topic in mine if access == "write"} == {*left.retained, entities}
    stolen = {"site": DOOR.base.split("/")[2], "name": "till", "prefix": "agender"}
    assert access_list(door=stolen) == access_list()
    assert access_list(door={"site": "", "name": "", "prefix": "agender"}) == access_list()


OWN = (*DOOR.retained, DOOR.counts, DOOR.response("pause"))


@pytest.mark.parametrize("topic", OWN)
def test_a_device_writes_its_own_topics_and_nobody_else_s(topic: str):
    """All that docs/mqtt.md lists; another device may neither write nor read it."""
    assert allowed("door", "write", topic)
    for other in ("till", "window"):
        assert not allowed(other, "write", topic)
        assert not allowed(other, "read", topic)
    for user in ("viewer", "operator", "recorder"):
        assert allowed(user, "read", topic)
        assert not allowed(user, "write", topic)


@pytest.mark.parametrize("topic", DOOR.schema_1_retained)
def test_a_device_may_take_back_what_it_retained_under_schema_1(topic: str):
    """Its own alone, and nobody else may."""
    assert [user for user in access_list() if allowed(user, "write", topic)] == ["door"]


def test_only_the_operator_commands():
    """Requests are written by the operator and heard by the device they are for."""
    request = DOOR.requests.replace("+", "pause")
    assert allowed("door", "read", request)
    assert not allowed("till", "read", request)
    writers = [user for user in access_list() if allowed(user, "write", request)]
    assert writers == ["operator"]


def test_a_device_may_announce_itself():
    """Home Assistant's discovery, under the topic that the publisher really uses."""
    config = load(None, ["device.site=shop", "device.name=door"])
    assert allowed("door", "write", discovery.topic(config))
    assert not allowed("till", "write", discovery.topic(config))


@pytest.mark.parametrize("prefix", ["agender", "city/cameras"])
def test_the_hub_s_exporter_listens_below_the_hub_s_prefix(prefix: str):
    """By default as the documented file does; with another prefix to that."""
    tasks = yaml.safe_load((ANSIBLE / "roles/agender_hub/tasks/metrics.yml").read_text())
    made = tasks[0]["vars"]["__agender_hub_mqtt"]
    shipped = yaml.safe_load((INTEGRATIONS / "prometheus-mqtt-exporter.yaml").read_text())["mqtt"]
    for key in ("topic_path", "device_id_regex"):
        rendered = jinja2.Template(made[key]).render(agender_hub_topic_prefix=prefix)
        assert rendered == shipped[key].replace("agender/", f"{prefix}/")


def exposed() -> set[str]:
    """The metrics that the exporter's file names."""
    exporter = yaml.safe_load((INTEGRATIONS / "prometheus-mqtt-exporter.yaml").read_text())
    return {metric["prom_name"] for metric in exporter["metrics"]}


def test_dashboard_and_alarms_ask_for_metrics_that_are_there():
    """Every name in a query of Grafana's or Prometheus' is one that the exporter exposes."""
    dashboard = json.loads((INTEGRATIONS / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    queries += [item["query"]["query"] for item in dashboard["templating"]["list"]]
    rules = yaml.safe_load((INTEGRATIONS / "prometheus-rules.yaml").read_text())
    queries += [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    asked = {name for query in queries for name in re.findall(r"\bagender_\w+", query)}
    assert len(asked) > 15
    assert asked <= exposed()


def test_the_dashboard_shows_every_age_band():
    """A band that is added to the messages must not be missing in the picture."""
    dashboard = (INTEGRATIONS / "grafana-dashboard.json").read_text()
    for metric in exposed():
        if metric.startswith("agender_age_"):
            assert metric in dashboard


def test_no_panel_of_truths_has_a_unit():
    """What is 1 or 0 is no number of seconds."""
    dashboard = json.loads((INTEGRATIONS / "grafana-dashboard.json").read_text())
    truths = [
        (panel["fieldConfig"]["defaults"]["unit"], panel["description"] != "")
        for panel in dashboard["panels"]
        if any("agender_view_" in target["expr"] for target in panel["targets"])
    ]
    assert truths == [("none", True)]


def test_grafana_s_files_fit_together():
    """The dashboard names the source that is provisioned, and lies where the provider looks."""
    source = yaml.safe_load((INTEGRATIONS / "grafana-datasource.yaml").read_text())
    dashboard = json.loads((INTEGRATIONS / "grafana-dashboard.json").read_text())
    uid = source["datasources"][0]["uid"]
    assert {panel["datasource"]["uid"] for panel in dashboard["panels"]} == {uid}
    provider = yaml.safe_load((INTEGRATIONS / "grafana-dashboards.yaml").read_text())
    path = provider["providers"][0]["options"]["path"]
    assert path in (ANSIBLE / "roles/agender_hub/tasks/grafana.yml").read_text()
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in dashboard["panels"]]
    assert len(set(places)) == len(places)


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


def tasks_of(file: Path) -> list[dict[str, Any]]:
    """Every task of a file, those in blocks too."""
    waiting, found = list(yaml.safe_load(file.read_text())), []
    while waiting:
        task = waiting.pop()
        found.append(task)
        for part in ("block", "rescue", "always"):
            waiting += task.get(part, [])
    return found


SECRETIVE = re.compile(
    r"agender_edge_\w*password|__agender_edge_value|agender_edge_known|__agender_edge_tables"
    r"|\.password"
    r"|agender_hub_(ingestor|reader)_password|__agender_hub_everybody.*password"
    r"|agender_cluster_route_password"
)


def holds_secret(task: dict[str, Any], role: Path) -> bool:
    """Whether a task, or the template that it renders, is given a secret."""
    action = {key: value for key, value in task.items() if "." in key}
    text = json.dumps(action)
    templates = re.findall(r"[\w.-]+\.j2", text)
    texts = [text, *((role / "templates" / name).read_text() for name in templates)]
    # Whether there is a password is no secret.
    return any(SECRETIVE.search(re.sub(r"\w+ \| length", "", part)) for part in texts)


@pytest.mark.parametrize("role", [role for role in ROLES if role != "agender_tls"])
def test_no_task_shows_a_secret(role: str):
    """Neither with --diff nor when it fails: no_log, and no difference of files."""
    folder = ANSIBLE / "roles" / role
    secretive = [
        (file.name, task)
        for file in sorted((folder / "tasks").glob("*.yml"))
        for task in tasks_of(file)
        if holds_secret(task, folder)
    ]
    assert len(secretive) >= 2
    for name, task in secretive:
        if "ansible.builtin.assert" in task or "ansible.builtin.include_tasks" in task:
            continue
        assert task.get("no_log") is True, f"{name}: {task['name']}"
        if {"ansible.builtin.template", "ansible.builtin.copy"} & set(task):
            assert task.get("diff") is False, f"{name}: {task['name']}"
