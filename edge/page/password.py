"""The page's password, and that there is one where other machines can reach the page."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from edge.config.credential import SEALED, secret
from edge.config.tables import Config
from edge.errors import ConfigError

CREDENTIAL = "page-password"
LETTERS_MIN = 8


def stores(instance: str) -> tuple[Path, Path]:
    """Where the unit takes it from; of one camera of several by its name, else empty."""
    owner = f"agender-edge@{instance}" if instance else "agender-edge"
    return (
        Path(f"/etc/credstore.encrypted/{owner}.{SEALED}{CREDENTIAL}"),
        Path(f"/etc/credstore/{owner}.{CREDENTIAL}"),
    )


def password_of(config: Config, instance: str = "") -> str | None:
    """The password; None where the page is for this machine alone and has none.

    ConfigError where it can't be read, is short, or is missing and has to be there; the advice is
    for this camera of several.
    """
    password = secret(CREDENTIAL, config.page.password_file, "page.password_file")
    if password is None:
        _require_none_needed(config, instance)
    elif len(password) < LETTERS_MIN:
        raise ConfigError(
            f"the page's password has {len(password)} letters; it should have {LETTERS_MIN} or more"
        )
    return password


def check(config: Config, instance: str) -> None:
    """ConfigError where a page that is switched on could not be started by its unit."""
    if not config.page.enabled:
        return
    if find_spec("waitress") is None:
        raise ConfigError(
            "page.enabled = true, but waitress is not installed: pip install 'agender-edge[page]'"
        )
    if not any(map(_may_be_there, stores(instance))):
        password_of(config, instance)


def _may_be_there(file: Path) -> bool:
    """Whether the unit will find it; where we may not look, it may."""
    folder = file.parent
    return file.exists() if os.access(folder, os.X_OK) else folder.is_dir()


def _require_none_needed(config: Config, instance: str) -> None:
    if config.page.beyond_loopback:
        raise ConfigError(
            f"page.address = {config.page.address} lets other machines reach the page, and there "
            "is no password: name a file with one by page.password_file, or store it as "
            f'{stores(instance)[1]}; or set page.address = "127.0.0.1"'
        )
