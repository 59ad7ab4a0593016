"""The brokers in order of preference, and what is known of each."""

from __future__ import annotations

from random import Random

from edge.broker_address import Endpoint
from edge.config.broker import Mqtt
from edge.publish.abilities import Abilities
from edge.publish.connection_failure import ConnectionFailure
from edge.publish.packet_limit import PacketLimit
from edge.publish.versions import Versions


class Peer:
    """One broker: what it can, how it failed, and from when on it may be tried again."""

    def __init__(self, to: Endpoint, settings: Mqtt, client_id: str, random: Random) -> None:
        self.to = to
        self.versions = Versions(settings.protocol)
        self.abilities = Abilities(settings)
        self.packet_limit = PacketLimit()
        self.failure = ConnectionFailure(settings, client_id, random, to)
        self.due_s = 0.0


class Brokers:
    """Chooses which is tried next: the first, in order, whose time has come."""

    def __init__(self, settings: Mqtt, client_id: str, random: Random) -> None:
        self.all = [Peer(to, settings, client_id, random) for to in settings.endpoints]
        self.current = self.all[0]
        self._again = False

    def failed(self, due_s: float, *, another_way: bool) -> None:
        """The current one took us not; `another_way`: it does at the next attempt, maybe."""
        self.current.due_s, self._again = due_s, another_way

    def choose(self, now_s: float) -> bool:
        """Make that one the current; false where all still have to wait."""
        due = [peer for peer in self._candidates if now_s >= peer.due_s]
        if due:
            self.current = due[0]
        return bool(due)

    @property
    def due_s(self) -> float:
        """When the next attempt may begin."""
        return min(peer.due_s for peer in self._candidates)

    @property
    def _candidates(self) -> list[Peer]:
        return [self.current] if self._again else self.all

    @property
    def preferred(self) -> list[Peer]:
        """Those before the current one."""
        return self.all[: self.all.index(self.current)]

    def back_to(self, better: Peer, now_s: float, others_s: float) -> None:
        """Let `better` be tried next, then the current one again, and the others later."""
        for peer in self.preferred:
            peer.due_s = now_s + others_s
        better.due_s = self.current.due_s = now_s
        self._again = False


class BrokerInUse:
    """What is known of the broker in use, or last tried; the base of a connection."""

    def __init__(self, brokers: Brokers) -> None:
        self._brokers = brokers

    @property
    def packet_limit(self) -> PacketLimit:
        """The longest packet of the broker in use."""
        return self._brokers.current.packet_limit

    @property
    def abilities(self) -> Abilities:
        """What the broker in use can."""
        return self._brokers.current.abilities

    @property
    def where(self) -> str:
        """The broker in use, or last tried."""
        return self._failure.where

    @property
    def first_choice(self) -> bool:
        """Whether that is the first of the brokers."""
        return not self._brokers.preferred

    @property
    def failure(self) -> str:
        """Why there is no connection, as last said; empty while there is one."""
        return self._failure.said

    @property
    def _failure(self) -> ConnectionFailure:
        return self._brokers.current.failure

    @property
    def _versions(self) -> Versions:
        return self._brokers.current.versions

    @property
    def _due_s(self) -> float:
        return self._brokers.due_s

    @property
    def manner(self) -> tuple[str, bool, int]:
        """How the next attempt goes about it: version of MQTT, whether to retain, QoS."""
        return self._versions.name, self.abilities.retain, self.abilities.qos

    @property
    def explained(self) -> bool:
        """Whether the last attempt ended with a reason, rather than in silence."""
        return self._failure.explained
