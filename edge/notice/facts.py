"""What a notice may say of a device: read from its configuration and its networks' cards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from edge.config.address import KINDS, Address, needs_network, parsed
from edge.config.operator import Operator
from edge.config.tables import Config
from edge.errors import ConfigError
from edge.privacy.matrices import MATRICES
from edge.runtime.networks.card import Card, card_of

Camera = Literal["own", "network", "recording"]

REQUIRED = ("name", "contact", "purpose")
"""Without these nobody would be informed: Article 13(1)(a) and (c) of the GDPR."""
LOCAL = ("localhost", "127.0.0.1", "::1")
ENCRYPTED = ("rtsps", "https")
"""Schemes whose pictures are encrypted on the way: FFmpeg takes rtsps over TLS alone."""
WHOLE = (0.0, 0.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Facts:
    """A configuration and the cards of its estimators, asked what is so."""

    config: Config
    cards: Sequence[Card]

    @property
    def operator(self) -> Operator:
        """Who answers for it."""
        return self.config.operator

    @property
    def estimated(self) -> frozenset[str]:
        """Of age and gender, what the networks estimate."""
        return frozenset(o.attribute for card in self.cards for o in card.estimating.outputs)

    @property
    def published_here(self) -> bool:
        """Whether the page's address is one that means another machine to whoever asks for it."""
        return urlsplit(self.operator.notice_url).hostname in LOCAL

    @property
    def _uris(self) -> tuple[str, ...]:
        source = self.config.source
        return tuple(uri for uri in (source.uri, source.detect_uri) if uri)

    @property
    def streams(self) -> tuple[Address, ...]:
        """The addresses that pictures are taken from."""
        return tuple(map(parsed, self._uris))

    @property
    def camera(self) -> Camera:
        """How pictures reach the device; whatever needs a network comes over one."""
        if any(map(needs_network, self._uris)):
            return "network"
        return "recording" if "path" in {address.kind for address in self.streams} else "own"

    @property
    def encrypted(self) -> bool:
        """Whether all pictures are encrypted on their way."""
        return all(address.scheme in ENCRYPTED for address in self.streams)

    @property
    def noise(self) -> bool:
        """Whether nothing exact is told."""
        return self.config.privacy.epsilon is not None

    @property
    def k(self) -> int:
        """The least group that is told of; 1: any."""
        return self.config.privacy.k

    @property
    def folded(self) -> bool:
        """Whether groups of fewer than k are hidden by rounding."""
        return self.k > 1 and not self.noise

    @property
    def exact(self) -> bool:
        """Whether a single person's group may be told."""
        return self.k == 1 and not self.noise

    @property
    def corrected(self) -> bool:
        """Whether a card tells how its network errs in what is counted, so that it is corrected."""
        known = {name for card in self.cards for name in card.confusion}
        return not self.noise and not known.isdisjoint(MATRICES[self.config.window.bands].values())

    @property
    def live_exact(self) -> bool:
        """Whether it is told at any time how many are in view, be it one."""
        return self.config.privacy.live and (
            self.k == 1 or self.config.privacy.state == "exact"
        )  # fmt: skip

    @property
    def live_folded(self) -> bool:
        """Whether that is told from k on."""
        return self.config.privacy.live and not self.live_exact

    @property
    def local_broker(self) -> bool:
        """Whether the broker runs on the device, and no other is ever used."""
        return all(to.host in LOCAL for to in self.config.mqtt.endpoints)

    @property
    def brokers(self) -> str:
        """The hosts of all brokers, in order."""
        hosts = dict.fromkeys(to.host for to in self.config.mqtt.endpoints)
        return ", ".join(f"`{host}`" for host in hosts)

    @property
    def load_live(self) -> bool:
        """Whether `health` tells at once how long the networks worked: whether anybody is there."""
        return self.exact

    @property
    def serves_page(self) -> bool:
        """Whether the device serves a page of figures, be it for itself alone."""
        return self.config.metrics.port > 0 or self.config.page.enabled

    @property
    def page_reachable(self) -> bool:
        """Whether such a page is served to other machines; none is ever encrypted."""
        metrics = self.config.metrics
        return (metrics.port > 0 and metrics.address not in LOCAL) or self._own_page_reachable

    @property
    def _own_page_reachable(self) -> bool:
        return self.config.page.enabled and self.config.page.beyond_loopback

    @property
    def lines(self) -> tuple[str, ...]:
        """The names of the counting lines."""
        return tuple(line.name for line in self.config.space.lines)

    def zones(self, use: str) -> tuple[str, ...]:
        """The names of the areas of a use: count, include, exclude."""
        return tuple(zone.name for zone in self.config.space.zones if zone.use == use)

    @property
    def partial(self) -> bool:
        """Whether a part of the picture is cut away before anything is looked for."""
        return self.config.source.region != WHOLE

    @property
    def requests(self) -> tuple[str, ...]:
        """What the device does when asked over the network: by the broker, or on its page."""
        commands = self.config.commands
        if commands.enabled:
            return commands.verbs
        on_page = ("pause", "resume") if self._own_page_reachable else ()
        return tuple(verb for verb in commands.verbs if verb in on_page)

    @property
    def history(self) -> bool:
        """Whether the device keeps sums of what it told, by hour and day."""
        return self.config.history.enabled

    @property
    def held_s(self) -> float:
        """How long a face is held after it was last seen."""
        return max(self.config.tracking.patience_s, self.config.tracking.resume_s)


def facts_of(config: Config) -> Facts:
    """ConfigError where the operator is not named, or the source is of no known kind."""
    missing = [f"operator.{key}" for key in REQUIRED if not getattr(config.operator, key).strip()]
    if missing:
        are = "is" if len(missing) == 1 else "are"
        raise ConfigError(
            f"{', '.join(missing)} {are} empty: a notice names who is responsible, how to reach "
            "them and what for; write it into the table [operator] of the configuration file"
        )
    folder = Path(config.paths.models)
    facts = Facts(config, [card_of(name, folder)[0] for name in config.estimator.models])
    if any(address.kind == "unknown" for address in facts.streams):
        raise ConfigError(f"source.uri is of no known kind; right are {KINDS}")
    return facts
