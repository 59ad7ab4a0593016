"""`mqtt.host = "auto"`: the brokers to try, by multicast DNS and then by the network's DNS.

Multicast first: what is announced on the same wire is nearest, and a device that has found its
broker so keeps it when somebody gives the network a record.
"""

from __future__ import annotations

from contextlib import suppress
from importlib.util import find_spec

from edge.broker_address import AUTO
from edge.config.broker import Mqtt
from edge.errors import ConfigError
from edge.publish import dns_srv, mdns
from edge.publish.mdns import Found
from edge.publish.peer_error import NoWayError

LOWEST_PORT = 1_024
"""Of a broker that nothing proves: below it other services listen, at which a stranger's record
could aim the device."""
LIBRARIES = {"zeroconf": "python3-zeroconf", "dns": "python3-dnspython"}
"""Module → Debian's package. Either will do: the first hears multicast DNS, the second asks the
network's."""


def require(settings: Mqtt) -> None:
    """ConfigError where a broker is to be found, and there is no library for it."""
    wanted = any(to.host == AUTO for to in settings.endpoints)
    if wanted and not any(find_spec(name) for name in LIBRARIES):
        raise ConfigError(
            f"mqtt.host = {AUTO} needs python3-zeroconf (multicast DNS) or python3-dnspython (the "
            f"network's DNS): sudo apt install {' '.join(LIBRARIES.values())}, or pip install "
            "'agender-edge[mdns,srv]'; or name the broker"
        )


def may_ask_dns(settings: Mqtt, *, tls: bool) -> bool:
    """Whether a name out of DNS can be believed as far as the settings ask for.

    Whoever runs the network, or poses as its DNS, can name a host of his own, for which a public
    authority gives him a certificate: so with TLS the authority has to be ours, or the key known.
    """
    return not tls or bool(settings.ca_file or settings.pins)


def locate(*, tls: bool, ask_dns: bool) -> list[Found]:
    """The brokers to try, in order; NoWayError where none is found that is to be taken."""
    found = brokers(tls=tls, ask_dns=ask_dns)
    if not found:
        kind = (mdns.SECURE if tls else mdns.PLAIN).removesuffix(".local.")
        nor = ", nor does its DNS name one" if ask_dns and find_spec("dns") else ""
        raise NoWayError(
            f"no broker announces itself on this network ({kind}){nor}; let it, or name it in "
            "mqtt.host"
        )
    taken = [each for each in found if tls or each.endpoint.port >= LOWEST_PORT]
    if not taken:
        raise NoWayError(
            f"this network names {found[0].endpoint} as the broker, a port below {LOWEST_PORT}, "
            "where without TLS none is taken; name it in mqtt.host if it is meant"
        )
    return taken


def brokers(*, tls: bool, ask_dns: bool) -> list[Found]:
    """All that are found, each once; multicast DNS is waited for (`mdns.BROWSE_S`).

    NoWayError where the network can't be asked in either way.
    """
    named = dns_srv.brokers_in_dns(tls=tls) if ask_dns and find_spec("dns") else []
    heard: list[Found] = []
    if find_spec("zeroconf"):
        with suppress(*((NoWayError, OSError) if named else ())):
            heard = mdns.brokers_nearby(tls=tls)
    known = {found.endpoint for found in heard}
    return heard + [found for found in named if found.endpoint not in known]
