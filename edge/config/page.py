"""The configuration of the page that the device serves itself."""

from __future__ import annotations

import ipaddress
from typing import Annotated

from msgspec import Meta

from edge.config.section import Section

HostName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,252})$(?!\n)")]


class Page(Section, frozen=True):
    """A page of the device's own, for a browser (needs the extra `page`). Its password is never a
    key here: it comes from the systemd credential `page-password`, or from `password_file`.
    """

    enabled: Annotated[
        bool, Meta(description="Serve it: figures, live state, pause and resume.")
    ] = False
    address: Annotated[
        str,
        Meta(
            description="Address of this machine to serve it on; beyond the loopback, as 0.0.0.0 "
            "or ::, there has to be a password."
        ),
    ] = "127.0.0.1"
    port: Annotated[int, Meta(ge=1, le=65_535, description="Port to serve it on.")] = 8088
    password_file: Annotated[
        str, Meta(description="File whose first line is the password; best mode 0600.")
    ] = ""
    hosts: Annotated[
        tuple[HostName, ...],
        Meta(
            description="Names, beside addresses, localhost and this machine's own, by which "
            "browsers reach it, as that of a proxy."
        ),
    ] = ()

    def __post_init__(self) -> None:
        try:
            ipaddress.ip_address(self.address)
        except ValueError:
            raise ValueError(
                "expected an address of this machine in numbers, such as 127.0.0.1, 0.0.0.0 or ::"
            ) from None

    @property
    def beyond_loopback(self) -> bool:
        """Whether other machines can reach it."""
        return not ipaddress.ip_address(self.address).is_loopback
