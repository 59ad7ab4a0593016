"""Ansible filter: the cameras of a host, each a device of its own at the broker."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

KEYS = ("site", "device", "username", "password")


def agender_cameras(host: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A host's variables, as the inventory has them → its first camera and the further ones.

    Each has `name` (the first's is empty), `at` (what its units and folders have behind theirs),
    `site`, `device`, `username`, `password`, and what else its entry says.
    """
    first = {key: host[f"agender_edge_{key}"] for key in KEYS}
    further = host.get("agender_edge_cameras") or []
    return [{"name": "", "at": "", **first}, *(_further(first, camera) for camera in further)]


def _further(first: Mapping[str, Any], camera: Mapping[str, Any]) -> dict[str, Any]:
    name, user = camera["name"], first["username"]
    return {
        "at": f"@{name}",
        "site": first["site"],
        "device": f"{first['device']}-{name}",
        "username": f"{user}-{name}" if user else "",
        "password": "",
        **dict(camera.items()),
    }


class FilterModule:
    """What Ansible asks for."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters by their names."""
        return {"agender_cameras": agender_cameras}
