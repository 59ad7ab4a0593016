"""Brokers that announce themselves on this network: multicast DNS and DNS-SD (RFC 6762, 6763).

By python-zeroconf, which is Debian's `python3-zeroconf` too, and is loaded only where it is asked
for (15 MB): `avahi-browse` would ask the system's bus from within the unit's sandbox, and
`resolvectl` browses nothing.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from edge.broker_address import Endpoint
from edge.config.broker import Mqtt
from edge.publish.peer_error import NoWayError

PLAIN, SECURE = "_mqtt._tcp.local.", "_secure-mqtt._tcp.local."
BROWSE_S = 2.0
"""How long answers are waited for; they come within 120 ms, and a lost question is repeated after
a second (RFC 6762, sections 5.2 and 6)."""
MAX_ANSWERS = 16


class Found(NamedTuple):
    """A broker; sorted as they are preferred, by the announced priority and then by name."""

    priority: int
    endpoint: Endpoint
    addresses: tuple[str, ...]
    """Empty where they are to be looked up."""
    how: str = "multicast DNS"


def brokers_nearby(*, tls: bool) -> list[Found]:
    """All that announce themselves, with or without TLS; waits `BROWSE_S`.

    Anybody on the network can answer. Only names of this network count (.local), for which no
    public authority issues a certificate: with TLS an impostor would need one of ours.
    """
    # 15 MB and a thread, for this alone.
    from zeroconf import Error, ServiceBrowser, Zeroconf  # noqa: PLC0415

    kind = SECURE if tls else PLAIN
    listener: Any = _Listener()  # the library's base class would have to be loaded for it
    network = Zeroconf()
    try:
        ServiceBrowser(network, [kind], listener)
        time.sleep(BROWSE_S)
        names = sorted(listener.names)[:MAX_ANSWERS]
        answers = (_asked(network, kind, name) for name in names)
        return sorted(found for found in (_found(each, tls=tls) for each in answers) if found)
    except Error as error:
        raise NoWayError(f"this network can't be asked for brokers: {error}") from error
    finally:
        network.close()


class _Listener:
    """The names of services, as they are announced."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def add_service(self, _network: Any, _kind: str, name: str) -> None:
        if len(self.names) < MAX_ANSWERS:
            self.names.add(name)

    def update_service(self, _network: Any, _kind: str, _name: str) -> None:
        """The records of a service are asked for later."""

    def remove_service(self, _network: Any, _kind: str, name: str) -> None:
        self.names.discard(name)


def _asked(network: Any, kind: str, name: str) -> Any:
    """A service's records; None for what is no service's name, which anybody can announce."""
    from zeroconf import BadTypeInNameException  # noqa: PLC0415

    try:
        return network.get_service_info(kind, name, timeout=500)
    except BadTypeInNameException:
        return None


def _found(info: Any, *, tls: bool) -> Found | None:
    """A service's records → a broker; None where they are not all there, or not of this network."""
    host = (info.server or "").rstrip(".").lower() if info else ""
    right = Mqtt.is_host(host) and host.endswith(".local") and info.port
    addresses = tuple(info.parsed_scoped_addresses()) if right else ()
    return Found(info.priority, Endpoint(host, info.port, tls), addresses) if addresses else None
