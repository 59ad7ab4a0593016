"""The connection to a NATS cluster: a durable pull consumer on the stream of MQTT's messages.

A device's window of QoS 1 is in that stream before NATS sends its PUBACK. The stream keeps a
message for as long as a consumer has not acknowledged it; so what comes while no hub runs is kept
for the durable consumer, from the moment on in which it was first made. All ingestors of one client
id share it, and what one of them took and never acknowledged goes to another.

A connection that breaks is closed and made anew, at the next server; acknowledgements of messages
that came by an earlier one are not sent, for a stream that was made anew counts anew.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import suppress
from typing import Any

import nats
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import ConnectionClosedError, Error
from nats.js.api import AckPolicy, ConsumerConfig
from nats.js.client import JetStreamContext
from nats.js.errors import NotFoundError

from edge.messages.fields import SCHEMA
from hub.errors import BrokerError
from hub.ingest.retry import Retry
from hub.ingest.settings import Settings
from hub.ingest.source import Message, Take
from hub.message import KIND

log = logging.getLogger(__name__)

PREFIX = "$MQTT.msgs."
CONNECT_S = 5.0
LOOK_S = 5.0
MAX_ACK_PENDING = 20_000
"""Messages under way to all ingestors together."""
TROUBLES = (Error, OSError, TimeoutError)


class JetStreamSource:
    """Hands each message to `take`; keeps trying where the cluster is away."""

    def __init__(self, settings: Settings, take: Take) -> None:
        self._settings = settings
        self._take = take
        self._retry = Retry()
        self._loop = asyncio.new_event_loop()
        self._client: Client | None = None
        self._consumer: JetStreamContext.PullSubscription | None = None
        self._open: dict[int, Msg] = {}
        self._connection = 0
        self._looked_s = 0.0

    @property
    def listens(self) -> bool:
        """Whether there is a consumer, for which the stream keeps messages."""
        return self._consumer is not None

    def turn(self, timeout_s: float) -> None:
        """Fetch what there is; BrokerError where the cluster refuses the login."""
        if not self.listens and not self._retry.wait(timeout_s):
            return
        try:
            self._loop.run_until_complete(self._turned(timeout_s))
        except TROUBLES as error:
            self._loop.run_until_complete(self._closed())
            self._failed(error)

    def acknowledge(self, messages: list[Message]) -> None:
        """Tell the stream; where that fails they come again, and are known by their keys."""
        mine = [one.number for one in messages if one.connection == self._connection]
        found = [self._open.pop(number) for number in mine if number in self._open]
        try:
            self._loop.run_until_complete(_acknowledged(found))
        except TROUBLES as error:
            log.debug("not acknowledged: %s", error)

    def close(self) -> None:
        """Leave the cluster; acknowledgements go out before."""
        self._loop.run_until_complete(self._closed())
        self._loop.close()

    async def _turned(self, timeout_s: float) -> None:
        consumer = self._consumer or await self._made()
        if self._client is None or not self._client.is_connected:
            raise ConnectionClosedError
        if len(self._open) >= 2 * self._settings.batch_windows:
            await asyncio.sleep(timeout_s)  # the store is away: the rest stays in the stream
            return
        try:
            messages = await consumer.fetch(self._settings.batch_windows, timeout=timeout_s)
        except TimeoutError:  # nothing came: the library's own error, or asyncio's
            await self._look_after(consumer)
            return
        for message in messages:
            number = message.metadata.sequence.stream
            self._open[number] = message
            self._take(Message(topic_of(message.subject), message.data, self._connection, number))

    async def _look_after(self, consumer: JetStreamContext.PullSubscription) -> None:
        """Whether the consumer is still there: to ask one that is not looks like silence."""
        if time.monotonic() - self._looked_s >= LOOK_S:
            self._looked_s = time.monotonic()
            await consumer.consumer_info()

    async def _made(self) -> JetStreamContext.PullSubscription:
        """The durable consumer, made where missing."""
        settings = self._settings
        self._client = await asyncio.wait_for(self._connected(), CONNECT_S)
        consumer = await self._client.jetstream().pull_subscribe(
            f"{PREFIX}{settings.prefix}.v{SCHEMA}.*.*.{KIND}",
            durable=settings.client_id,
            stream=settings.stream,
            config=ConsumerConfig(
                ack_policy=AckPolicy.EXPLICIT,
                ack_wait=settings.ack_wait_s,
                max_ack_pending=MAX_ACK_PENDING,
            ),
        )
        log.info("NATS %s: listening to %s", settings.address, settings.topic)
        self._retry.reset()
        self._consumer = consumer
        return consumer

    async def _connected(self) -> Client:
        settings = self._settings
        more: dict[str, Any] = {}
        if settings.username:
            more |= {"user": settings.username, "password": settings.password()}
        if settings.tls:
            more["tls"] = settings.tls_context()
        return await nats.connect(
            settings.nats[self._connection % len(settings.nats)],
            name=settings.client_id,
            allow_reconnect=False,
            max_reconnect_attempts=1,
            reconnect_time_wait=0.1,
            error_cb=_told_elsewhere,
            **more,
        )

    async def _closed(self) -> None:
        """Let go of the connection; what has been written goes out before."""
        client, self._client, self._consumer = self._client, None, None
        self._open.clear()
        self._connection += 1
        if client is not None:
            with suppress(*TROUBLES):
                await client.flush(1)
            await client.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:  # the client leaves some behind
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _failed(self, error: Exception) -> None:
        if "authorization" in str(error).lower():
            raise BrokerError(
                f"NATS {self._settings.address} refuses: {error}; "
                "see --username and --password-file, and the user's rights"
            ) from error
        first = self._retry.later()
        if first and isinstance(error, NotFoundError):
            log.warning("NATS has no stream %s until a device connects", self._settings.stream)
        elif first:
            said = str(error) or "no answer"
            log.warning("NATS %s: %s; trying again", self._settings.address, said)


async def _told_elsewhere(_error: Exception) -> None:
    """Errors come to whoever waits, too; the client would log each with its traceback."""


async def _acknowledged(messages: list[Msg]) -> None:
    for message in messages:
        await message.ack()


def topic_of(subject: str) -> str:
    """A subject of the stream → the topic of MQTT; NATS writes a dot in a topic as two slashes."""
    levels = subject.removeprefix(PREFIX).replace("//", "\0").replace(".", "/")
    return levels.replace("\0", ".")
