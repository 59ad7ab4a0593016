"""Whether vision can reach a network is read from the kernel, not from the configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.host.readings import has_network

HEAD = "Inter-|   Receive\n face |bytes    packets\n"


@pytest.mark.parametrize(
    ("devices", "network"),
    [("    lo:  0 0\n", False), ("", False), ("    lo: 0 0\n  eth0: 5 5\n", True)],
)
def test_the_loopback_alone_is_no_network(tmp_path: Path, devices: str, network: bool) -> None:
    """Behind PrivateNetwork= only `lo` is left."""
    (tmp_path / "dev").write_text(HEAD + devices)
    assert has_network(tmp_path / "dev") is network


def test_what_can_t_be_told_is_not_claimed(tmp_path: Path) -> None:
    """Without the kernel's list, neither yes nor no."""
    assert has_network(tmp_path / "missing") is None
