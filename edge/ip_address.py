"""Whether a host is given by its number."""

from __future__ import annotations

import ipaddress


def is_ip_address(host: str) -> bool:
    """Whether it is an address of IPv4 or IPv6, which no name server is asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
