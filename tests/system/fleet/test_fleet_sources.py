"""The same fleet, taking its packages from elsewhere: a package index, an apt repository."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.system.fleet.asking import VISION, counts, release
from tests.system.fleet.lab import Lab
from tests.system.fleet.serving import AT_DOOR, AT_HUB, index, repository, served

pytestmark = pytest.mark.slow

CACHE = "var/cache/agender-edge"


def test_a_device_is_installed_from_an_index(lab: Lab, tmp_path: Path):
    """It takes the named version and the locked set from the index that is named, and counts."""
    folder, before = tmp_path / "index", release(lab)
    asked = {"agender_edge_install_from": "index", "agender_edge_version": index(lab, folder),
             "agender_edge_index_url": f"{AT_DOOR}/simple",
             "agender_edge_journal_in_memory": False}  # fmt: skip
    shutil.rmtree(lab.door.root / CACHE)  # as on a device that has never had a checkout's
    # Raspberry Pi OS names an index of its own like this.
    lab.door.write("/etc/pip.conf", f"[global]\nextra-index-url={AT_DOOR}/elsewhere\n")
    with served(lab, folder) as requests:
        told = lab.play("upgrade.yml", "--limit", "door", "--check", **asked)
        assert told.status == 0, told.text
        assert release(lab) == before
        played = lab.play("upgrade.yml", "--limit", "door", **asked)
    assert played.status == 0, played.text
    assert release(lab).startswith(f"{asked['agender_edge_version']}-index-")
    assert counts(lab, 1)
    assert "/elsewhere/" not in requests.read_text()
    assert not (lab.door.root / "etc/systemd/journald.conf.d/agender-edge.conf").exists()


def test_a_version_that_the_index_lacks_disturbs_nobody(lab: Lab, tmp_path: Path):
    """The run ends with pip's sentence, which names it; the device counts on."""
    process, before = lab.door.show(VISION, "MainPID"), release(lab)
    (tmp_path / "empty").mkdir()
    with served(lab, tmp_path / "empty"):
        played = lab.play(
            "upgrade.yml", "--limit", "door", agender_edge_install_from="index",
            agender_edge_version="99.0", agender_edge_index_url=f"{AT_DOOR}/simple",
        )  # fmt: skip
    assert played.status != 0
    assert "Could not find a version that satisfies the requirement" in played.text
    assert release(lab) == before
    assert lab.door.show(VISION, "MainPID") == process


def test_the_checkout_s_wheels_come_after_an_index_s(lab: Lab):
    """A device that had only an index's gets every wheel when the checkout is asked for again."""
    releases = lab.door.root / "opt/agender-edge/releases"
    for other in releases.iterdir():
        if other.name != release(lab):
            shutil.rmtree(other)
    played = lab.play("upgrade.yml", "--limit", "door")
    assert played.status == 0, played.text
    assert "-index-" not in release(lab)
    (lab.door.root / "etc/pip.conf").unlink()


def test_grafana_is_installed_from_the_repository_that_is_named(lab: Lab, tmp_path: Path):
    """Key, repository, package, provisioned files and service; then nothing is left to change.

    In the same runs the ingestor is no longer wanted: it is stopped, and what it has stored stays.
    """
    folder = tmp_path / "apt"
    repository(folder, tmp_path)
    named = {"uris": AT_HUB, "signed_by": f"{AT_HUB}/key.asc"}
    asked = {"agender_hub_grafana": True, "agender_hub_grafana_apt": named,
             "agender_hub_ingestor": False}  # fmt: skip
    with served(lab, folder):
        for check in ([], ["--check"]):
            played = lab.play("site.yml", "--limit", "hub", *check, **asked)
            assert played.status == 0, played.text
    assert played.recap("hub")["changed"] == 0, played.text
    shown = lab.hub.show("grafana-server", "ActiveState", "UnitFileState", "Environment")
    assert shown == {
        "ActiveState": "active", "UnitFileState": "enabled",
        "Environment": "GF_SERVER_HTTP_ADDR=127.0.0.1 GF_SERVER_HTTP_PORT=3000",
    }  # fmt: skip
    for kind in ("datasources", "dashboards"):
        assert (lab.hub.root / f"etc/grafana/provisioning/{kind}/agender.yaml").is_file()
    shown = lab.hub.show("agender-hub", "ActiveState", "UnitFileState")
    assert shown == {"ActiveState": "inactive", "UnitFileState": "disabled"}
    assert (lab.hub.root / "var/lib/private/agender-hub/hub.sqlite3").is_file()
