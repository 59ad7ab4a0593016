"""The hub's access list: a device says and hears what is its own."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from edge.config.broker import Mqtt
from edge.config.read import load
from edge.config.tables import Config, Device
from edge.publish import discovery
from edge.publish.topics import Topics
from hub.ingest.settings import Settings
from tests.fleet.rendered import (
    DEVICES,
    INTEGRATIONS,
    defaults,
    example,
    text,
)

DOOR = Topics(Config(device=Device(site="shop", name="door")))

ALLOWED = re.compile(
    r'\{allow, \{username, "(\w+)"\}, (publish|subscribe), \[(.*?)\]\}\.', re.DOTALL
)
"""A rule of EMQX: who, what, where."""
INGESTOR = {"name": "ingestor", "access": "counts"}


def access_list(
    cameras: Mapping[str, list[dict[str, str]]] = MappingProxyType({}), **former: dict[str, str]
) -> dict[str, list[tuple[str, str]]]:
    """The rendered access list: user → (access, topic).

    `cameras` are the further ones of a host; `former` are the names that a first one had before.
    """
    group = example("group_vars/agender_devices.yml")
    hosts = {
        host: {"agender_edge_site": group["agender_edge_site"], "agender_edge_device": host,
               "agender_edge_username": host, "agender_edge_password": "x",
               "agender_edge_cameras": cameras.get(host, []),
               "agender_edge_former": {"": {"called": former[host]}} if host in former else {}}
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


def test_the_access_list_of_emqx_grants_the_same():
    """Each user of mosquitto's list and the ingestor; whoever is not named gets nothing."""
    written = (INTEGRATIONS / "emqx-acl.conf").read_text()
    granted: dict[str, list[tuple[str, str]]] = {}
    for user, action, topics in ALLOWED.findall(written):
        access = {"publish": "write", "subscribe": "read"}[action]
        granted.setdefault(user, []).extend((access, t) for t in re.findall(r'"([^"]+)"', topics))
    wanted = parsed((INTEGRATIONS / "mosquitto.acl").read_text().splitlines())
    wanted["ingestor"] = access_list()["ingestor"]
    assert {user: sorted(rights) for user, rights in granted.items()} == {
        user: sorted(rights) for user, rights in wanted.items()
    }
    terms = [line for line in written.splitlines() if line.startswith("{")]
    assert len(terms) == len(ALLOWED.findall(written)) + 1
    assert terms[-1] == "{deny, all}."


def test_emqx_can_read_its_access_list():
    """They are Erlang's terms, which its own reader takes."""
    erl = shutil.which("erl")
    if erl is None:
        pytest.skip("Erlang is not installed (apt install rabbitmq-server brings it)")
    read = f'{{ok, [_ | _]}} = file:consult("{INTEGRATIONS / "emqx-acl.conf"}"), halt(0).'
    done = subprocess.run([erl, "-noshell", "-eval", read], timeout=60, check=False)
    assert done.returncode == 0


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


YARD = {"till": [{"name": "yard", "source": "usb:1", "password": "x"}]}


def test_a_further_camera_is_a_device_with_rights_of_its_own():
    """Those of any device, under its own topics; the first camera of its host has none there."""
    made = access_list(YARD)
    shop = "agender/v2/shop"
    as_till = [(access, topic.replace("till-yard", "till")) for access, topic in made["till-yard"]]
    assert as_till == made["till"] == access_list()["till"]
    assert ("write", f"{shop}/till-yard/counts") in made["till-yard"]
    assert not [topic for _, topic in made["till"] if "yard" in topic]


def test_what_a_camera_that_is_gone_retained_its_host_may_clear():
    """For that one run; neither where a camera has that name now, nor one of another host."""
    gone = {"site": "shop", "name": "door-yard", "prefix": "agender"}
    may = {access for access, topic in access_list(door=gone)["door"] if "door-yard" in topic}
    assert may == {"read", "write"}
    again = {"door": [{"name": "yard", "source": "usb:1", "password": "x"}]}
    elsewhere = {"till": [{**again["door"][0], "device": "door-yard"}]}
    for now in (again, elsewhere):
        assert access_list(now, door=gone) == access_list(now)
