"""The hub keeps the fleet's windows in a store: both stores, back-ups, releases that fail."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hub.store import migrations
from tests.main_job.program import wait_for
from tests.system.fleet.asking import COUNTS, HUB
from tests.system.fleet.lab import Lab

pytestmark = pytest.mark.slow

UNIT = "agender-hub.service"
PROGRAM = "/opt/agender-hub/bin/agender-hub"
EMBEDDED = ("--store", "/var/lib/agender-hub/hub.sqlite3")
DATABASE = ("--store", "postgresql:///agender?host=/run/postgresql")


def missing(lab: Lab) -> int:
    """How many windows never came."""
    text = lab.hub.ok(PROGRAM, "report", *EMBEDDED, "--json")
    return sum(row["missing"] for row in json.loads(text)["rows"])


def counted(lab: Lab) -> int:
    """How many windows are in the embedded store, whatever release it is of."""
    path = "file:/var/lib/private/agender-hub/hub.sqlite3?mode=ro"
    return int(lab.hub.ok("sqlite3", path, "SELECT count(*) FROM windows"))


def stored(lab: Lab, *, database: bool = False) -> int:
    """How many windows the hub's own report tells of."""
    as_whom = ("runuser", "-u", "postgres", "--") if database else ()
    where = DATABASE if database else EMBEDDED
    text = lab.hub.ok(*as_whom, PROGRAM, "report", *where, "--json")
    return sum(row["windows"] for row in json.loads(text)["rows"])


def test_a_device_s_windows_end_in_the_embedded_store(lab: Lab):
    """From the device over the broker into the file, by the release that site.yml has installed."""
    wait_for(lambda: stored(lab) >= 2, "windows in the store", 60)


def test_the_ingestor_may_read_counts_and_nothing_else(lab: Lab):
    """Its user at the broker; its password lies encrypted, and in no unit nor environment."""
    login = (*HUB, "-u", "ingestor", "-P", lab.password("ingestor"))
    assert lab.hub.ok("mosquitto_sub", *login, "-t", COUNTS, "-C", "1", "-W", "20")
    topic = COUNTS.replace("counts", "availability")
    heard = lab.hub.run("mosquitto_sub", *login, "-t", topic, "-C", "1", "-W", "2")
    assert heard.stdout == ""
    sealed = "/etc/credstore.encrypted/agender-hub.sealed-mqtt-password"
    listed = lab.hub.ok("stat", "-c", "%a %U", sealed, "/etc/agender-hub/environment")
    assert listed.splitlines() == ["600 root"] * 2
    assert not (lab.hub.root / "etc/credstore/agender-hub.mqtt-password").exists()
    assert lab.password("ingestor") not in lab.hub.ok("systemctl", "cat", UNIT)


def copy(lab: Lab) -> str:
    """A back-up, made as the timer makes it; its path on the hub."""
    lab.hub.ok("systemctl", "start", "agender-hub-backup.service")
    copies = sorted((lab.hub.root / "var/backups/agender-hub").iterdir())
    return f"/var/backups/agender-hub/{copies[-1].name}"


def test_the_embedded_store_comes_back_from_its_back_up(lab: Lab):
    """The file is lost while the ingestor runs; the copy has what there was, and it goes on."""
    before, kept = stored(lab), copy(lab)
    assert lab.hub.show("agender-hub-backup.timer", "ActiveState")["ActiveState"] == "active"
    lab.hub.ok("sh", "-c", "rm /var/lib/agender-hub/hub.sqlite3*")
    told = lab.hub.ok("/usr/local/sbin/agender-hub-restore", kept)
    assert f"The store is {kept}" in told
    wait_for(lambda: stored(lab) > before, "what was there, and new windows", 60)
    spoilt = f"{kept}.spoilt"
    lab.hub.ok("sh", "-c", f"head -c 5000 {kept} > {spoilt}")
    refused = lab.hub.run("/usr/local/sbin/agender-hub-restore", spoilt)
    assert refused.returncode == 1
    assert "is no whole copy of a store" in refused.stderr
    assert lab.hub.show(UNIT, "ActiveState")["ActiveState"] == "active"


NEWEST = "NEWEST = STEPS[-1].version"


def later(lab: Lab, folder: Path, ends: str = "") -> Path:
    """A checkout whose ingestor changes the tables, and ends with an error where one is named."""
    shutil.copytree(lab.checkout, folder, ignore=shutil.ignore_patterns("artefacts", "secrets"))
    file = folder / "hub/store/migrations.py"
    text = file.read_text()
    assert NEWEST in text
    version = migrations.NEWEST + 1
    step = f'STEPS = (*STEPS, Step({version}, "later", common=True))'
    file.write_text(text.replace(NEWEST, f"{step}\n{NEWEST}"))
    sql = folder / f"hub/store/sql/common/{version:04d}_later.sql"
    sql.write_text("CREATE TABLE later (number integer);\n")
    run = folder / "hub/ingest/ingest.py"
    run.write_text(run.read_text() + (f"\n\nraise RuntimeError({ends!r})\n" if ends else ""))
    return folder


def test_a_release_that_does_not_start_is_taken_back(lab: Lab, tmp_path: Path):
    """The old one runs again, on the store as it was before the new one changed its tables."""
    before = (lab.hub.root / "opt/agender-hub/current").readlink()
    windows = stored(lab)
    bad = str(later(lab, tmp_path / "broken", "this release is broken"))
    played = lab.play("upgrade.yml", "--limit", "hub", agender_hub_checkout=bad)
    assert played.status != 0
    assert "The hub is back at what worked before, and listens." in played.text, played.text
    assert "this release is broken" in played.text
    assert (lab.hub.root / "opt/agender-hub/current").readlink() == before
    wait_for(lambda: stored(lab) > windows, "a new window in the old store", 60)


def test_an_upgrade_that_is_interrupted_is_made_good_by_the_next(lab: Lab, tmp_path: Path):
    """The controller is gone once the new release is in place. Tables change; no window is lost."""
    current = lab.hub.root / "opt/agender-hub/current"
    before, windows = current.readlink(), stored(lab)
    lost = missing(lab)  # came between the back-up that was put back and the loss of the file
    new = str(later(lab, tmp_path / "new"))
    upgrade = ("upgrade.yml", "--limit", "hub")
    lab.play_until(lambda: current.readlink() != before, *upgrade, agender_hub_checkout=new)
    # The old release goes on; the new one's report cannot read its tables yet.
    wait_for(lambda: counted(lab) > windows, "windows meanwhile", 60)
    played = lab.play(*upgrade, agender_hub_checkout=new)
    assert played.status == 0, played.text
    assert current.readlink() != before
    after = stored(lab)
    wait_for(lambda: stored(lab) > after, "windows in the new tables", 60)
    assert missing(lab) == lost
    lab.hub.ok("systemctl", "stop", UNIT)  # for the next tests: this release can't read the store
    lab.hub.ok("sh", "-c", "rm /var/lib/agender-hub/hub.sqlite3*")
    assert lab.play(*upgrade).status == 0


def test_a_device_s_windows_end_in_postgresql(lab: Lab):
    """Debian's, on the hub: heard by nobody else, and the second run changes nothing."""
    for last in (False, True):
        played = lab.play("site.yml", "--limit", "hub", agender_hub_store="postgresql")
        assert played.status == 0, played.text
        if not last:
            wait_for(lambda: stored(lab, database=True) >= 2, "windows in the database", 60)
    assert played.recap("hub")["changed"] == 0, played.text
    listening = lab.hub.ok("sh", "-c", "cat /etc/postgresql/*/main/conf.d/agender.conf")
    assert "listen_addresses = 'localhost'" in listening


def test_the_reader_reads_views_alone(lab: Lab):
    """By its password, over TCP."""
    login = f"postgresql://page:{lab.password_of('postgresql-page')}@127.0.0.1/agender"

    def ask(query: str):
        return lab.hub.run("psql", "-X", "-A", "-t", login, "-c", query)

    assert ask("SELECT count(*) > 0 FROM agender.by_day").stdout == "t\n"
    assert "permission denied" in ask("SELECT * FROM agender.windows").stderr
    assert "permission denied" in ask("DELETE FROM agender.device_groups").stderr


def test_the_database_comes_back_from_its_back_up(lab: Lab):
    """All windows are lost; the copy has what was stored before, and the ingestor goes on."""
    before, kept = stored(lab, database=True), copy(lab)
    assert kept.endswith(".dump")
    empty = "TRUNCATE agender.windows, agender.window_keys, agender.numberings"
    lab.hub.ok("runuser", "-u", "postgres", "--", "psql", "-d", "agender", "-c", empty)
    assert stored(lab, database=True) < before
    lab.hub.ok("/usr/local/sbin/agender-hub-restore", kept)
    wait_for(lambda: stored(lab, database=True) > before, "what was there, and new windows", 60)
