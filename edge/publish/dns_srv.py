"""Brokers that the network's DNS names: SRV records of its search domains (RFC 2782).

By dnspython (pure Python; Debian's `python3-dnspython` too): the system's resolver has no
call for SRV, and `resolvectl` would ask the system's bus. paho loads it where it is installed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from edge.broker_address import Endpoint
from edge.ip_address import is_ip_address
from edge.publish.mdns import Found

PLAIN, SECURE = "_mqtt._tcp", "_secure-mqtt._tcp"
ASK_S = 2.0
"""How long all domains may take together; each server of each domain has its share of it."""
MAX_DOMAINS = 3
MAX_SERVERS = 3
"""As many as the system's resolver takes from the list (MAXNS, resolv.conf(5))."""
MAX_ANSWERS = 8
RESOLV_CONF = "/etc/resolv.conf"
PORT = 53
HOST_NAME = re.compile(r"(?!.{254})[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


class Record(NamedTuple):
    """An SRV record: of the lowest priority first, and then by lot, the heavier the likelier."""

    priority: int
    weight: int
    port: int
    target: str


def brokers_in_dns(*, tls: bool, random: Random | None = None) -> list[Found]:
    """All that the search domains name, with or without TLS, in the order to try them.

    Empty where the network has no such records, no domain or no DNS; takes `ASK_S`, and what one
    answer takes to be read. Whoever answers, or hands out the search domain, chooses the names:
    see `auto_broker`.
    """
    kind, end_s = (SECURE if tls else PLAIN), time.monotonic() + ASK_S
    resolver = _resolver()
    found = []
    domains = search_domains(resolver) if resolver else []
    for left, domain in zip(range(len(domains), 0, -1), domains, strict=True):
        share_s = (end_s - time.monotonic()) / left
        if share_s <= 0:  # the library reads 60 kB, if need be for seconds, whatever the time is
            break
        records = usable(_asked(resolver, f"{kind}.{domain}.", share_s))
        for record in in_order(records, random or Random()):
            to = Endpoint(record.target, record.port, tls)
            found.append(Found(record.priority, to, (), f"DNS ({kind}.{domain})"))
    return found[:MAX_ANSWERS]


def _resolver() -> Any:
    """Asks the name servers of this machine; None where there are none."""
    # An extra.
    from dns.exception import DNSException  # noqa: PLC0415
    from dns.resolver import Resolver  # noqa: PLC0415

    try:
        resolver = Resolver(RESOLV_CONF)
    except (DNSException, OSError, ValueError):
        return None
    resolver.port = PORT
    resolver.nameservers = resolver.nameservers[:MAX_SERVERS]
    return resolver


def _asked(resolver: Any, name: str, within_s: float) -> list[Record]:
    """The records of a name; none where the answer says so, makes no sense, or does not come.

    A server that is dead has its share of the time, so that the next is asked too.
    """
    from dns.exception import DNSException  # noqa: PLC0415

    resolver.timeout = within_s / max(len(resolver.nameservers), 1)
    try:
        answer = resolver.resolve(name, "SRV", lifetime=within_s)
        return [_record(each) for each in answer]
    except (DNSException, OSError, ValueError):
        return []


def search_domains(resolver: Any) -> list[str]:
    """Those of resolv.conf, else this host's own; none of multicast DNS, and no top level."""
    texts = [name.to_text(omit_final_dot=True) for name in resolver.search or [resolver.domain]]
    known = dict.fromkeys(text.lower() for text in texts)
    right = [text for text in known if "." in text and HOST_NAME.fullmatch(text)]
    return [text for text in right if not text.endswith(".local")][:MAX_DOMAINS]


def usable(records: Sequence[Record]) -> list[Record]:
    """Those that name a host and a port; a target of "." says that there is no such service."""
    return sorted({r for r in records if r.port and is_host_name(r.target)})[:MAX_ANSWERS]


def is_host_name(text: str) -> bool:
    """Whether a target is a name; addresses are none (RFC 2782), whatever is made of them."""
    last = text.rpartition(".")[2]
    named = bool(HOST_NAME.fullmatch(text)) and not re.fullmatch(r"\d+|0x[0-9a-f]*", last)
    return named and not is_ip_address(text)


def in_order(records: Sequence[Record], random: Random) -> Iterator[Record]:
    """The order to try them in: RFC 2782, "Usage rules", weights of 0 at the beginning."""
    left = sorted(records)
    while left:
        same = [record for record in left if record.priority == left[0].priority]
        sums = list(accumulate(record.weight for record in same))
        at = random.randint(0, sums[-1])
        chosen = next(record for record, upto in zip(same, sums, strict=True) if upto >= at)
        left.remove(chosen)
        yield chosen


def _record(answer: Any) -> Record:
    target = answer.target.to_text(omit_final_dot=True).lower()
    return Record(answer.priority, answer.weight, answer.port, target)
