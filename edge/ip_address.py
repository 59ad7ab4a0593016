"""What is known of an address by its number alone."""

from __future__ import annotations

import ipaddress


def is_ip_address(host: str) -> bool:
    """Whether it is an address of IPv4 or IPv6, which no name server is asked for."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_this_machine(address: str) -> bool:
    """Whether what is sent to an address, with or without a scope, never leaves this machine.

    Loopback and the unspecified address, which Linux takes for it; of IPv4 written as IPv6 too.
    """
    number = ipaddress.ip_address(address.partition("%")[0])
    meant = getattr(number, "ipv4_mapped", None) or number
    return meant.is_loopback or meant.is_unspecified
