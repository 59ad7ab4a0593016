"""The configuration of requests over MQTT."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta

from edge.config.section import Section

Verb = Literal["pause", "resume", "window", "reload", "identify", "snapshot-health", "outbox"]
VERBS: tuple[Verb, ...] = get_args(Verb)
"""All requests there are."""


class Commands(Section, frozen=True):
    """Requests over MQTT. None of them can return a picture."""

    enabled: Annotated[
        bool, Meta(description="Listen on request/…; guard that topic with the broker's ACL.")
    ] = True
    verbs: Annotated[
        tuple[Verb, ...], Meta(description="The requests that are carried out; others are refused.")
    ] = VERBS
