"""Where the configuration, the credentials and the units of a device lie."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from edge.config.read import SYSTEM_FILE
from edge.host.units import of_instance, page_of

SEALED = "sealed-mqtt-password"
TARGET = "agender-edge@.target"
"""Vision and publisher of one camera of several, for systemctl."""
FOLDERS = "agender-edge-folders@.service"
"""What makes theirs."""


class Places(NamedTuple):
    """Where things lie, below the root of a system; of one camera of several, or the only one."""

    root: Path = Path("/")
    instance: str = ""

    @property
    def file(self) -> Path:
        """What the services read."""
        name = self.instance or SYSTEM_FILE.stem
        return SYSTEM_FILE.with_name(f"{name}.toml")

    @property
    def program(self) -> Path:
        """What the units run."""
        return self.root / "opt/agender-edge/current/bin/agender-edge"

    @property
    def plain(self) -> Path:
        """The password, for root alone; where it cannot be encrypted."""
        return self.root / "etc/credstore" / f"{self._owner}.mqtt-password"

    @property
    def user(self) -> Path:
        """The user as a credential, which the publisher takes before the configuration's."""
        return self.root / "etc/credstore" / f"{self._owner}.mqtt-username"

    @property
    def sealed(self) -> Path:
        """The password, encrypted for this machine."""
        return self.root / "etc/credstore.encrypted" / f"{self._owner}.{SEALED}"

    @property
    def units(self) -> tuple[str, str]:
        """Vision's and publisher's."""
        return of_instance(self.instance)

    @property
    def page(self) -> str:
        """The page's, which does nothing unless `page.enabled`."""
        return page_of(self.instance)

    @property
    def shipped(self) -> tuple[str, ...]:
        """The files that these units are, as they come with the program."""
        if not self.instance:
            return *self.units, self.page
        plain = (*of_instance(""), page_of(""))
        return *(unit.replace(".", "@.", 1) for unit in plain), TARGET, FOLDERS

    @property
    def enabled(self) -> tuple[str, ...]:
        """What starts them at boot."""
        return (TARGET.replace("@", f"@{self.instance}"),) if self.instance else self.shipped

    @property
    def _owner(self) -> str:
        return f"agender-edge@{self.instance}" if self.instance else "agender-edge"
