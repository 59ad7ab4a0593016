"""A /metrics page for Prometheus, off unless a port is configured."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import msgspec

from edge.config.tables import Metrics
from edge.errors import ConfigError, why

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from edge.publish.publisher import Publisher

log = logging.getLogger("metrics")


def serve(publisher: Publisher, settings: Metrics) -> Callable[[], None]:
    """Serve the page from a thread of its own; returns what ends it.

    ConfigError where the port can't be had or prometheus-client is not installed.
    """
    try:
        # Here, not above: the page is off by default and the library costs memory.
        from prometheus_client import CollectorRegistry, start_http_server  # noqa: PLC0415
    except ImportError as error:
        raise ConfigError(
            "metrics.port is set, but prometheus-client is not installed: "
            "pip install 'agender-edge[metrics]'"
        ) from error
    registry = CollectorRegistry()
    registry.register(_Page(publisher))
    try:
        server, thread = start_http_server(settings.port, settings.address, registry)
    except OSError as error:
        where = f"metrics.port = {settings.port}, metrics.address = {settings.address}"
        raise ConfigError(f"{where}: {why(error)}") from error
    log.info("metrics on http://%s:%d/metrics", settings.address, settings.port)

    def end() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return end


class _Page:
    """Read on each scrape; only values that the publisher holds in memory anyway."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        from prometheus_client.core import (  # noqa: PLC0415
            CounterMetricFamily,
            GaugeMetricFamily,
        )

        people = CounterMetricFamily(
            "agender_people", "People counted and delivered since the start.",
            labels=["gender", "age"],
        )  # fmt: skip
        for (gender, age), total in list(self._publisher.delivered.people.items()):
            people.add_metric([gender, age], total)
        yield people
        yield GaugeMetricFamily("agender_connected", "1 while the broker is reached.",
                                value=float(self._publisher.connection.up))  # fmt: skip
        for name, value in self._live().items():
            if isinstance(value, (int, float)):  # None: not known, and so not shown
                yield GaugeMetricFamily(f"agender_{name}", f"As in the message: {name}.",
                                        value=float(value))  # fmt: skip

    def _live(self) -> dict[str, object]:
        """The last health and state published."""
        live: dict[str, object] = {}
        for record in (self._publisher.last_health, self._publisher.live_state.state):
            if record is not None:
                live |= msgspec.structs.asdict(record)
        live.pop("schema", None)
        return live
