"""Write the card, copy the files, power on: counts arrive, whatever happens on the way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.flash.cloud import wifi_key
from tests.main_job.program import wait_for
from tests.system.firstboot import card
from tests.system.firstboot.card import SETUP, Device

pytestmark = pytest.mark.slow

BOOT = "/boot/firmware"
SELF = "/usr/local/lib/agender-edge/first-boot"
PATIENCE_S = 600
"""Longer than any step takes on a machine that has other work."""
VISION, PUBLISHER = "agender-vision.service", "agender-publisher.service"
LOGIN = ("-h", "127.0.0.1", "-u", "door", "-P", "correct horse")
SECRETS = ("correct horse", "open sesame", wifi_key("Café", "open sesame"))


@pytest.fixture(scope="module")
def flashed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A card with a fresh system and our kit on its boot partition."""
    folder = tmp_path_factory.mktemp("flashed")
    root = card.card(folder)
    done = card.flash(root, folder)
    assert done.returncode == 0, done.stderr
    return root


@pytest.fixture(scope="module")
def counting(flashed: Path) -> Iterator[Device]:
    """The device at its fourth start; what happened before is asserted on the way.

    At the first its package mirror is out of reach. At the second that is mended, and the power
    fails while the program is being installed. At the third what is installed cannot be run, until
    that is mended too; then it finishes.
    """
    folder = flashed.parent
    with card.powered(flashed, folder, "first") as device:
        wait_for(lambda: tried_again(device), "a second attempt", PATIENCE_S)
        assert "The package mirror cannot be reached" in device.status()
        card.mirror_found(flashed)
        card.power_cut(device)
    with card.powered(flashed, folder, "second") as device:
        wait_for(
            lambda: "Installing agender-edge" in device.status(), "packages from apt", PATIENCE_S
        )
        release = flashed / "opt" / "agender-edge" / "releases"
        wait_for(
            lambda: list(release.glob("*/lib/python*/site-packages/*")),
            "half a release",
            PATIENCE_S,
        )
        card.power_cut(device)
    assert not list(release.glob("*/complete"))
    broken = flashed / "usr/lib/python3/dist-packages/picamera2.py"
    broken.write_text("raise RuntimeError('as after a bad upgrade')\n")
    with card.powered(flashed, folder, "third") as device:
        wait_for(lambda: "cannot be run" in device.status(), "a program that fails", PATIENCE_S)
        (environment,) = release.glob("*/pyvenv.cfg")
        written = environment.stat().st_mtime_ns
        assert device.run("sh", SELF, timeout_s=PATIENCE_S).returncode == 1
        assert environment.stat().st_mtime_ns == written, "trying again must not wear the card out"
        broken.unlink()
        wait_for(lambda: "is counting" in device.status(), "the end of the first boot", PATIENCE_S)
    with card.powered(flashed, folder, "fourth") as device:
        wait_for(lambda: device.show(VISION, "ActiveState")["ActiveState"] == "active", "vision",
                 PATIENCE_S)  # fmt: skip
        yield device


def tried_again(device: Device) -> bool:
    """cloud-init tried and failed; so did our own unit, which waits for its next attempt."""
    shown = device.show(SETUP, "SubState", "Result")
    return shown == {"SubState": "auto-restart", "Result": "exit-code"}


def test_cloud_init_accepts_every_file(flashed: Path, tmp_path: Path):
    """Its own schemas, strictly: a key that it does not know is an error."""
    for kind, name in (("cloud-config", "user-data"), ("network-config", "network-config")):
        done = card.in_card(flashed, "cloud-init", "schema", "--schema-type", kind,
                            "--config-file", f"{BOOT}/{name}")  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Valid schema" in done.stdout
        assert "warning" not in (done.stdout + done.stderr).lower()


def test_counts_arrive_at_the_broker(counting: Device):
    """Without anybody having logged in: gapless windows of the topics that the kit names."""
    for name in ("door", "door-yard"):
        text = counting.ok("mosquitto_sub", *LOGIN, "-t", f"agender/v2/shop/{name}/counts", "-C",
                           "3", "-W", "40", timeout_s=50)  # fmt: skip
        numbers = [json.loads(line)["seq"] for line in text.splitlines()]
        assert numbers == list(range(numbers[0], numbers[0] + 3)), name


def test_both_services_run_and_come_back_at_every_start(counting: Device):
    """Enabled, active, and nothing else of the system failed."""
    for unit in (VISION, PUBLISHER):
        shown = counting.show(unit, "ActiveState", "UnitFileState")
        assert shown == {"ActiveState": "active", "UnitFileState": "enabled"}
    target = counting.show("agender-edge@yard.target", "ActiveState", "UnitFileState")
    assert target == {"ActiveState": "active", "UnitFileState": "enabled"}
    for unit in ("agender-vision@yard.service", "agender-publisher@yard.service"):
        assert counting.show(unit, "ActiveState")["ActiveState"] == "active"
    assert counting.run("systemctl", "--failed", "--no-legend").stdout == ""


def test_apts_numpy_is_the_one_in_use(counting: Device):
    """What picamera2 was built against is what the program computes with."""
    program = "import numpy, ai_edge_litert; print(numpy.__file__)"
    said = counting.ok("/opt/agender-edge/current/bin/python", "-c", program)
    assert said.startswith("/usr/lib/python3/dist-packages/numpy/")


def test_no_secret_is_left_on_the_boot_partition(counting: Device):
    """The card's readable part has the seed without keys, and the status; nothing of the kit."""
    boot = counting.root / BOOT.lstrip("/")
    left = {path.name: path for path in boot.iterdir()}
    assert set(left) == {"config.txt", "cmdline.txt", "user-data", "network-config", "meta-data",
                         "agender-edge-status.txt"}  # fmt: skip
    for path in left.values():
        assert not any(secret in path.read_text() for secret in SECRETS), path


def test_credentials_are_roots_alone(counting: Device):
    """Where systemd's LoadCredential= looks, and nowhere else."""
    shown = counting.ok("stat", "-c", "%a %U %n", "/etc/credstore", "/etc/credstore.encrypted",
                        "/etc/credstore.encrypted/agender-edge.sealed-mqtt-password",
                        "/etc/credstore.encrypted/agender-edge@yard.sealed-mqtt-password",
                        "/etc/credstore/agender-edge.mqtt-username")  # fmt: skip
    assert [line.split()[0] for line in shown.splitlines()] == ["700", "700", *["600"] * 3]
    for at in ("", "@yard"):
        assert not (counting.root / f"etc/credstore/agender-edge{at}.mqtt-password").exists()
    mode = counting.ok("stat", "-c", "%a %U:%G", "/etc/agender-edge/config.toml")
    assert mode.strip() == "640 root:agender"


def test_the_network_stays_configured_without_its_key_on_the_card(counting: Device):
    """cloud-init took it over at the first start, and does not take it back at a later one."""
    plan = (counting.root / "etc/netplan/50-cloud-init.yaml").read_text()
    assert wifi_key("Café", "open sesame") in plan
    assert counting.ok("hostname").strip() == "door"


def test_the_first_boot_is_over(counting: Device):
    """Its unit and script are gone; started again by hand it has nothing to do."""
    assert not (counting.root / SELF.lstrip("/")).exists()
    assert not (counting.root / f"etc/systemd/system/{SETUP}").exists()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("made-for", "bookworm arm64", "the kit is for bookworm arm64: write that image."),
        ("config.toml", None, "The kit on this card is damaged: write it again"),
    ],
)
def test_a_kit_that_cannot_work_is_told_and_not_tried_again(
    counting: Device, name: str, content: str | None, sentence: str
):
    """The wrong image, or a damaged card: status 2, one sentence on the card, nothing changed."""
    script = (card.REPOSITORY / "edge" / "flash" / "first-boot").read_text()
    counting.write(f"{BOOT}/agender-edge/first-boot", script)
    counting.write(f"{BOOT}/agender-edge/{name}", f"{content}\n")
    counting.ok(
        "sh", "-c", f"cd {BOOT}/agender-edge && sha256sum * > /tmp/s && mv /tmp/s SHA256SUMS"
    )
    if content is None:
        counting.write(f"{BOOT}/agender-edge/{name}", "rotten")
    try:
        done = counting.run("sh", f"{BOOT}/agender-edge/first-boot")
        assert done.returncode == 2, done.stdout + done.stderr
        assert sentence in counting.status()
        enabled = counting.run("systemctl", "is-enabled", SETUP).stdout.strip()
        assert enabled == "disabled"
    finally:
        counting.ok("rm", "-r", f"{BOOT}/agender-edge")
