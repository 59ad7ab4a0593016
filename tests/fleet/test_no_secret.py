"""No task of a role shows a secret, neither with --diff nor where it fails."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.fleet.rendered import (
    ANSIBLE,
    ROLES,
)


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
    r"|__agender_(edge|hub)_(own|entry|cameras)\b"
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
