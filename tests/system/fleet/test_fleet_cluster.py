"""A booted machine as a node of a cluster, by the playbook alone; and one as hub and device."""

from __future__ import annotations

import json

import pytest

from tests.main_job.program import wait_for
from tests.system.fleet.lab import Lab

pytestmark = pytest.mark.slow

NODE = ("cluster.yml", "--limit", "hub")
AT = ("-h", "hub.local", "-p", "8884", "--cafile", "/etc/agender-cluster/ca.pem", "-V", "mqttv311")


def test_check_mode_changes_nothing(lab: Lab):
    """On a machine that has none of it yet."""
    played = lab.play(*NODE, "--check")
    assert played.status == 0, played.text
    assert not (lab.hub.root / "etc/agender-cluster").exists()
    assert not (lab.hub.root / "usr/sbin/nats-server").exists()


def test_the_second_run_changes_nothing(lab: Lab):
    """The first one starts the node, which serves and is seen to."""
    first = lab.play(*NODE)
    assert first.status == 0, first.text
    second = lab.play(*NODE)
    assert second.status == 0, second.text
    assert second.recap("hub")["changed"] == 0, second.text
    assert lab.hub.show("nats-server.service", "ActiveState")["ActiveState"] == "active"


def test_secrets_are_the_server_s_alone(lab: Lab):
    """Passwords and key are no other user's, and no run prints them."""
    found = lab.hub.ok("stat", "-c", "%n %a %U:%G", *(
        f"/etc/agender-cluster/{name}" for name in ("users.conf", "nats-server.conf", "node.key")
    ))  # fmt: skip
    assert [line.split(" ", 1)[1] for line in found.splitlines()] == ["640 root:nats"] * 3
    played = lab.play(*NODE, "--diff", "-vv")
    for user in ("door", "door-yard", "viewer"):
        assert lab.password(user) not in played.text


def test_a_device_is_heard_under_its_own_name_alone(lab: Lab):
    """With the password that the device has; what it says under another's reaches nobody."""
    door = ("mosquitto_pub", *AT, "-u", "door", "-P", lab.password("door"), "-q", "1", "-r")
    for device in ("till", "door"):
        lab.hub.ok(*door, "-t", f"agender/v2/shop/{device}/availability", "-m", f"as {device}")
    heard = lab.hub.ok("mosquitto_sub", *AT, "-u", "viewer", "-P", lab.password("viewer"), "-q",
                       "1", "-t", "agender/v2/#", "-C", "1", "-W", "10", "-v")  # fmt: skip
    assert heard == "agender/v2/shop/door/availability as door\n"


def test_one_machine_is_hub_and_device(lab: Lab):
    """Its own windows lie in its own store, beside the others'; the second run changes nothing."""
    door = json.loads((lab.inventory / "lab.yml").read_text())["agender_devices"]["hosts"]["door"]
    del door["agender_edge_cameras"]
    both = lab.inventory / "both.yml"
    both.write_text(json.dumps({"agender_devices": {"hosts": {"hub": door}}}))
    try:
        for last in (False, True):
            played = lab.play("site.yml", "--limit", "hub")
            assert played.status == 0, played.text
            if not last:
                wait_for(lambda: "hub" in devices(lab), "its window in its store", 60)
        assert played.recap("hub")["changed"] == 0, played.text
        assert devices(lab) >= {"door", "hub"}
    finally:
        both.unlink()


def devices(lab: Lab) -> set[str]:
    """Of whom the hub's store has windows."""
    store = ("--store", "/var/lib/agender-hub/hub.sqlite3")
    text = lab.hub.ok("/opt/agender-hub/bin/agender-hub", "report", *store, "--json")
    return {row["device"] for row in json.loads(text)["rows"]}
