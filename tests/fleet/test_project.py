"""What the project carries for those who work on it: it is there, and what it says is so."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml

from tests.shared import ROOT

PAGES = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")


def recipe(target: str) -> list[str]:
    """The commands that make runs for a target, with the default environment."""
    text = (ROOT / "Makefile").read_text()
    found = re.search(rf"^{target}:.*\n((?:\t.*\n)+)", text, re.MULTILINE)
    assert found, target
    return [line.strip().replace("$(BIN)", ".venv/bin") for line in found[1].splitlines()]


def test_what_runs_before_a_commit_is_what_make_lint_runs():
    """Command by command, from this machine's own environment and not from elsewhere."""
    (source,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert source["repo"] == "local"
    assert [hook["entry"] for hook in source["hooks"]] == recipe("lint")
    assert all(hook["language"] == "system" for hook in source["hooks"])
    assert not any(hook["pass_filenames"] for hook in source["hooks"])


def test_the_workflow_runs_what_any_debian_machine_can():
    """One command, in a privileged container of each release, within an hour."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/ci.yml").read_text())
    (job,) = workflow["jobs"].values()
    command = job["steps"][-1]["run"]
    assert command.endswith("debian:${{ matrix.debian }} .ci/run")
    assert "--privileged" in command
    assert job["strategy"]["matrix"]["debian"] == ["bookworm", "trixie"]
    assert job["timeout-minutes"] <= 60
    assert os.access(ROOT / ".ci/run", os.X_OK)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_only_files_that_are_there(page):
    """Links, and paths of the repository in code; NAME, KIND and FAMILY stand for one's own."""
    text = (ROOT / page).read_text()
    linked = re.findall(r"\]\(([^)#:]+)\)", text)
    named = re.findall(r"`((?:edge|converters|tests|docs|systemd|benchmarks|ansible|models_tflite)/"
                       r"[\w./*-]+)`", text)  # fmt: skip
    for path in {*linked, *named}:
        if not re.search(r"NAME|KIND|FAMILY|ndi", path):
            assert list(ROOT.glob(path.rstrip("/"))), path


def test_the_guide_to_contributing_names_what_is_in_the_code():
    """The functions and tables that its steps send people to."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    for module, names in {
        "edge/config/address.py": ("Kind", "parsed", "KINDS", "needs_network"),
        "edge/runtime/capture/source.py": ("Source", "framed"),
        "edge/runtime/capture/__init__.py": ("_camera", "Watched"),
        "edge/runtime/capture/recorded.py": ("Recorded", "period_s", "frames_announced", "play"),
        "edge/runtime/detect/__init__.py": ("FAMILIES",),
        "edge/runtime/networks/presets.py": ("PRESETS", "RECIPES"),
        "converters/detectors/verb.py": ("RECIPES",),
        "converters/detectors/recipe.py": ("Recipe",),
        "converters/importers/readers.py": ("form", "read"),
        "converters/importers/network.py": ("Network", "make", "reference"),
    }.items():
        code = (ROOT / module).read_text()
        for name in names:
            assert f"`{name}`" in text, name
            assert re.search(rf"\b{name}\b", code), (module, name)


def test_every_target_that_a_page_names_is_one():
    """`make …` in the pages is a rule of the Makefile, and `make help` tells of each."""
    rules = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for page in PAGES:
        for target in re.findall(r"`make ([a-z0-9-]+)", (ROOT / page).read_text()):
            assert target in rules, (page, target)
    shown = "\n".join(recipe("help"))
    assert {rule for rule in rules if f"make {rule}" not in shown} <= {"help", "setup", "clean"}


def test_the_project_gives_no_address_that_is_made_up():
    """[project.urls] is empty or leads to places that are the project's own."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert not [url for url in project.get("urls", {}).values() if "example" in url]


@pytest.mark.slow
def test_the_list_of_parts_names_all_that_is_locked():
    """`make sbom`: CycloneDX, each package of the lock by its coordinates with its hashes."""
    if not shutil.which("make"):
        pytest.skip("make is not installed")
    subprocess.run(["make", "sbom"], cwd=ROOT, check=True, capture_output=True)
    for release in ("bookworm", "trixie"):
        parts = json.loads((ROOT / f"build/sbom-{release}.cdx.json").read_text())
        assert parts["bomFormat"] == "CycloneDX"
        assert parts["metadata"]["component"]["name"] == "agender-edge"
        lock = (ROOT / f"ansible/roles/agender_edge/files/lock-{release}.txt").read_text()
        pins = re.findall(r"^([a-z0-9-]+)==(\S+)", lock, re.MULTILINE)
        assert {one["purl"] for one in parts["components"]} == {
            f"pkg:pypi/{name}@{version}" for name, version in pins
        }
        assert set(re.findall(r"sha256:([0-9a-f]{64})", lock)) == {
            digest["content"]
            for one in parts["components"]
            for place in one["externalReferences"]
            for digest in place.get("hashes", [])
        }
