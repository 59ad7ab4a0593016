"""`config check`: whether a page that other machines reach has its password, its camera's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.cli.config_check import check
from edge.config.read import load
from edge.errors import ConfigError
from edge.page import password

OPEN = ["page.enabled=true", "page.address=0.0.0.0"]


@pytest.fixture
def stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine where only the camera yard has a page's password stored."""
    (tmp_path / "yard").touch()
    names = lambda instance: (tmp_path / (instance or "first"),) * 2  # noqa: E731
    monkeypatch.setattr(password, "stores", names)
    return tmp_path


def asked(files: list[Path]) -> None:
    """`config check` of a configuration whose page others reach."""
    check(load(Path("/dev/null"), OPEN), files)


def test_a_file_is_of_the_camera_that_it_is_called_after(stored: Path):
    """Another camera's password does not help it."""
    asked([Path("/etc/agender-edge/yard.toml")])
    with pytest.raises(ConfigError, match="there is no password"):
        asked([Path("/etc/agender-edge/config.toml")])


def test_one_that_comes_by_a_pipe_is_of_the_state_folder_s_camera(
    stored: Path, monkeypatch: pytest.MonkeyPatch
):
    """As the playbook asks before it places it; elsewhere it is the only camera's."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/agender-edge@yard")
    asked([Path("/dev/stdin")])
    for folder in ("/var/lib/agender-edge", "/home/me/.local/state/agender-edge"):
        monkeypatch.setenv("STATE_DIRECTORY", folder)
        with pytest.raises(ConfigError, match="there is no password"):
            asked([Path("/dev/stdin")])
