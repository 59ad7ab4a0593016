"""The roles' templates, rendered with the few filters of Ansible that they use; their scripts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import yaml

ANSIBLE = Path(__file__).parents[2] / "ansible"
EXAMPLE = ANSIBLE / "inventory" / "example"
INTEGRATIONS = ANSIBLE.parent / "docs" / "integrations"
DEVICES = ("door", "till", "window")
FILTER = "filter_plugins/agender_cameras.py"
ROLES = ("agender_edge", "agender_hub", "agender_cluster", "agender_tls")


def agender_cameras(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The filter that Ansible finds beside the playbooks."""
    found: list[dict[str, Any]] = script(FILTER).agender_cameras(host)
    return found


def text(template: str, **variables: Any) -> str:
    """A template below roles/, as Ansible renders it (blocks trimmed, undefined is an error)."""
    environment = jinja2.Environment(
        trim_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined
    )
    environment.filters["to_json"] = json.dumps
    environment.filters["agender_cameras"] = agender_cameras
    environment.tests["mapping"] = lambda value: isinstance(value, dict)
    source = (ANSIBLE / "roles" / template).read_text()
    return environment.from_string(source).render(ansible_managed="Ansible", **variables)


def example(name: str) -> Any:
    """A file of the example's inventory."""
    return yaml.safe_load((EXAMPLE / name).read_text())


def defaults(role: str) -> dict[str, Any]:
    """A role's variables, unrendered."""
    found: dict[str, Any] = yaml.safe_load(
        (ANSIBLE / f"roles/{role}/defaults/main.yml").read_text()
    )
    return found


def script(path: str) -> ModuleType:
    """A program below ansible/, whatever its suffix, as a module; nothing is left beside it."""
    loader = SourceFileLoader(Path(path).stem, str(ANSIBLE / path))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    code = loader.source_to_code(loader.get_data(loader.path), loader.path)
    exec(code, module.__dict__)
    return module
