"""A package's fields, files and modes; of a lock with one small wheel, all else is real."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from edge.flash import wheels
from edge.flash.release import RELEASES
from edge.init import verb
from edge.init.places import Places
from tests.shared import ROOT

MAKE = ROOT / "packaging/deb/make-deb"
RELEASE = "usr/lib/agender-edge/release"
SITE = f"{RELEASE}/lib/python3.11/site-packages"
ENVIRONMENT = {name: held for name, held in os.environ.items() if name != "SOURCE_DATE_EPOCH"}

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="needs dpkg-deb")


def make(*words: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it as `make deb` does, with additions to the environment."""
    return subprocess.run(
        [sys.executable, MAKE, *words], capture_output=True, text=True, check=False,
        env=ENVIRONMENT | environment,
    )  # fmt: skip


def pure(folder: Path) -> Path:
    """paho's entry of the lock, which is pure Python and small."""
    lock = wheels.lock_of(RELEASES["bookworm"]).read_text()
    (entry,) = re.findall(r"(?m)^paho-mqtt==\S+ \\\n    --hash=\S+\n", lock)
    small = folder / "lock.txt"
    small.write_text(entry)
    return small


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same package made twice, an hour of the clock and another umask between them."""
    folder = tmp_path_factory.mktemp("packages")
    words = ("--suite", "bookworm", "--arch", "arm64", "--lock", pure(folder), "--uncompressed",
             "--artefacts", folder / "artefacts", "--maintainer", "A B <a@b.example>")  # fmt: skip
    for name, umask in (("one", 0o022), ("two", 0o077)):
        done = subprocess.run(
            [sys.executable, MAKE, *words, "--to", folder / name], capture_output=True, text=True,
            check=False, umask=umask,
            env=ENVIRONMENT | {"SOURCE_DATE_EPOCH": "1700000000", "LANG": name},
        )  # fmt: skip
        if "pip" in done.stderr:
            pytest.skip(f"the package index is needed: {done.stderr.strip()[-300:]}")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def package(folder: Path) -> Path:
    (made,) = (folder / "one").glob("*.deb")
    return made


@pytest.fixture(scope="module")
def members(package: Path) -> dict[str, tarfile.TarInfo]:
    """Every file of it by its path."""
    packed = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True
    )
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as tar:
        return {member.name.removeprefix("./"): member for member in tar}


def field(package: Path, name: str) -> str:
    done = subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return done.stdout.strip()


def text_of(package: Path, path: str) -> str:
    packed = subprocess.run(
        ["dpkg-deb", "--fsys-tarfile", package], capture_output=True, check=True
    )
    with tarfile.open(fileobj=BytesIO(packed.stdout)) as tar:
        file = tar.extractfile(f"./{path}")
        assert file is not None
        return file.read().decode()


def test_made_twice_it_is_the_same_byte_for_byte(folder: Path):
    """Whatever the umask and the locale; nothing else is left beside it."""
    one, two = (list((folder / name).iterdir()) for name in ("one", "two"))
    assert [path.name for path in one] == ["agender-edge_0.1.0-1~deb12_arm64.deb"]
    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (*one, *two)}
    assert len(digests) == 1


def test_it_needs_the_python_of_its_wheels_and_apts_numpy(package: Path):
    """Bookworm's package can't be installed on Trixie; picamera2 is wanted where there is one."""
    needed = field(package, "Depends")
    assert set(needed.split(", ")) >= {
        "python3.11", "python3 (>= 3.11~)", "python3 (<< 3.12~)", "python3-numpy (>= 1:1.24)",
        "libc6 (>= 2.36)", "systemd",
    }  # fmt: skip
    assert field(package, "Recommends") == "python3-picamera2"
    assert field(package, "Architecture") == "arm64"
    assert field(package, "Version") == "0.1.0-1~deb12"
    assert field(package, "Maintainer") == "A B <a@b.example>"


def test_every_file_is_roots_and_none_but_programs_can_be_run(members):
    """In the places that Debian has for each; nothing in /opt or /usr/local, no bytecode."""
    assert {(one.uname, one.gname) for one in members.values()} == {("root", "root")}
    assert {one.mtime for one in members.values()} == {1700000000}
    programs = {name for name, one in members.items() if one.isfile() and one.mode != 0o644}
    assert programs == {f"{RELEASE}/bin/agender-edge"}
    assert {one.mode for one in members.values() if one.isdir()} == {0o755}
    tops = {"/".join(name.split("/")[:2]) for name in members if name.count("/") > 1}
    assert tops == {"etc/agender-edge", "usr/bin", "usr/lib", "usr/share"}
    assert not [name for name in members if "__pycache__" in name or "/numpy/" in name]
    assert (
        members["usr/bin/agender-edge"].linkname == "../lib/agender-edge/release/bin/agender-edge"
    )


def test_it_holds_program_models_units_users_folders_and_documents(members):
    """As the other ways of installing bring them."""
    units = "usr/lib/systemd/system"
    assert {name for name in members if name.startswith(f"{units}/")} == {
        f"{units}/{name}" for name in (
            "agender-vision.service", "agender-publisher.service", "agender-page.service",
            "agender-vision@.service", "agender-publisher@.service", "agender-page@.service",
            "agender-edge@.target", "agender-edge-folders@.service",
        )
    }  # fmt: skip
    assert set(members) >= {
        f"{SITE}/edge/cli/verbs.py", f"{SITE}/models_tflite/agender_64.tflite",
        f"{SITE}/paho/__init__.py",
        f"{RELEASE}/share/agender-edge/try-release", f"{RELEASE}/pyvenv.cfg",
        "usr/lib/systemd/user/agender-edge.service",
        "usr/lib/sysusers.d/agender-edge.conf", "usr/lib/tmpfiles.d/agender-edge.conf",
        "usr/share/man/man1/agender-edge.1.gz", "usr/share/doc/agender-edge/copyright",
        "usr/share/bash-completion/completions/agender-edge",
    }  # fmt: skip


def test_the_units_run_the_packages_program(package: Path):
    """And are the repository's in all else."""
    for name in ("agender-vision.service", "agender-publisher@.service"):
        ours = (ROOT / "systemd" / name).read_text()
        packed = text_of(package, f"usr/lib/systemd/system/{name}")
        assert packed == ours.replace("/opt/agender-edge/", "/usr/lib/agender-edge/")


def test_the_configuration_is_a_conffile_that_init_may_replace(package: Path, members):
    """dpkg keeps what a person wrote; as it comes it is nobody's."""
    done = subprocess.run(["dpkg-deb", "--info", package, "conffiles"], capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert done.stdout == "/etc/agender-edge/config.toml\n"
    assert text_of(package, str(Places().file).lstrip("/")).startswith(verb.UNSET)


def test_a_wheel_that_is_not_the_locked_one_is_refused(tmp_path: Path):
    """And nothing is left in the folder of packages."""
    lock = pure(tmp_path)
    lock.write_text(re.sub(r"sha256:\w+", f"sha256:{'0' * 64}", lock.read_text()))
    done = make("--suite", "bookworm", "--arch", "arm64", "--lock", lock, "--to", tmp_path / "out",
                SOURCE_DATE_EPOCH="1700000000")  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("make-deb: pip download failed: ")
    assert len(done.stderr.splitlines()) == 1
    assert list((tmp_path / "out").glob("*.deb")) == []


@pytest.mark.parametrize(
    ("words", "environment", "status", "sentence"),
    [
        (("--revision", "a b"), {}, 2, "'a b': a number such as 2, or 2.1"),
        (("--suite", "buster"), {}, 2, "invalid choice: 'buster'"),
        (("--to", "/dev/null/x"), {}, 1, "make-deb: /dev/null/x: Not a directory"),
        ((), {"SOURCE_DATE_EPOCH": "today"}, 1, "SOURCE_DATE_EPOCH is 'today': seconds since 1970"),
        (("--maintainer", "me\nX: y"), {}, 2, '"Name <address>"'),
    ],
)
def test_a_mistake_is_one_sentence(words, environment, status, sentence):
    """It names what is wrong, and what would be right."""
    done = make(*words, **environment)
    assert done.returncode == status
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
def test_the_packages_scripts_are_well_formed():
    """By shellcheck's eye; the first command that fails ends them."""
    scripts = sorted((ROOT / "packaging/deb/scripts").iterdir())
    assert [path.name for path in scripts] == ["postinst", "postrm", "preinst", "prerm"]
    subprocess.run(["shellcheck", *scripts], check=True)
    for path in scripts:
        assert "set -e" in path.read_text()


def test_every_override_of_lintians_gives_a_reason():
    """A comment stands above each group."""
    lines = (ROOT / "packaging/deb/lintian-overrides").read_text().splitlines()
    assert lines[0].startswith("# ")
    assert all(line.startswith(("# ", "agender-edge: ")) for line in lines)


@pytest.mark.skipif(shutil.which("lintian") is None, reason="needs lintian")
def test_lintian_finds_nothing_else(package: Path):
    """`make deb` looks at whole packages in the same way."""
    quick = "uses-no-compression-for-control-tarball,uses-no-compression-for-data-tarball"
    done = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "error,warning", "--suppress-tags", quick,
         package],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
