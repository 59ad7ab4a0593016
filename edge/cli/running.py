"""The verbs that run the product: all of it, a part, or the demo."""

from __future__ import annotations

import argparse
import os
from functools import partial
from pathlib import Path

from edge.broker_address import host_and_port
from edge.cli.flags import (
    add_configuration,
    add_loudness,
    overrides,
)
from edge.cli.verb import Verbs, configured, verb
from edge.config.home import require_state
from edge.errors import STATUS_HELP


def _add_sink(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sink",
        choices=("mqtt", "stdout"),
        default="mqtt",
        help="where windows go; stdout: one JSON object a line (default: mqtt)",
    )


def _add_progress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-progress",
        dest="progress",
        action="store_false",
        help="do not show on the terminal how far a recording is",
    )


def _add_run(verbs: Verbs) -> None:
    parser = verb(verbs, "run", _run, "run vision and publisher until a signal", STATUS_HELP)
    add_configuration(parser, recordings=True)
    _add_sink(parser)
    parser.add_argument("--until-end", action="store_true", help="end when the source ends")
    _add_progress(parser)


def _run(parsed: argparse.Namespace) -> int:
    from edge.supervisor import run

    return run(
        parsed.config,
        overrides(parsed),
        sink=parsed.sink,
        until_end=parsed.until_end,
        progress=parsed.progress,
    )


def _add_vision(verbs: Verbs) -> None:
    parser = verb(verbs, "vision", _vision, "camera and models: frames to outbox", STATUS_HELP)
    add_configuration(parser, recordings=True)
    _add_progress(parser)


def _vision(parsed: argparse.Namespace) -> int:
    from edge.vision.process import vision

    read = partial(configured, parsed)
    config = read()
    require_state(config.paths.state)
    return vision(config, read, progress=parsed.progress)


def _add_publisher(verbs: Verbs) -> None:
    parser = verb(verbs, "publisher", _publisher, "outbox to broker", STATUS_HELP)
    add_configuration(parser)
    _add_sink(parser)


def _publisher(parsed: argparse.Namespace) -> int:
    from edge.publish import publish

    read = partial(configured, parsed)
    config = read()
    require_state(config.paths.state)
    return publish(config, sink=parsed.sink, reread=read)


def _add_page(verbs: Verbs) -> None:
    parser = verb(
        verbs, "page", _page, "a page of figures and live state, for a browser", STATUS_HELP
    )
    parser.add_argument(
        "--is-enabled",
        action="store_true",
        help="say by the exit status, 0 or 1, whether page.enabled is true, and end",
    )
    add_configuration(parser)


def _page(parsed: argparse.Namespace) -> int:
    from edge.errors import ConfigError

    config = configured(parsed)
    if parsed.is_enabled:
        return 0 if config.page.enabled else 1
    require_state(config.paths.state)
    try:
        from edge.page.serve import serve
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("waitress"):
            raise
        raise ConfigError("waitress is not installed: pip install 'agender-edge[page]'") from error
    return serve(config)


def _add_demo(verbs: Verbs) -> None:
    parser = verb(verbs, "demo", _demo, "see it work, without camera, broker or configuration")
    parser.add_argument("--json", action="store_true", help="JSON lines even on a terminal")
    parser.add_argument(
        "--broker",
        metavar="HOST[:PORT]",
        help="publish to a broker that runs already, for others to hear, such as agender-hub "
        "(default: one of the demo's own)",
    )
    add_loudness(parser, logs=False)


def _demo(parsed: argparse.Namespace) -> int:
    from edge.config.read import load
    from edge.demo import demo

    if parsed.broker is None:
        return demo(as_json=parsed.json)
    host, port = host_and_port(parsed.broker)
    given = [f"mqtt.host={host}", *([f"mqtt.port={port}"] if port else [])]
    mqtt = load(Path(os.devnull), given).mqtt
    return demo(as_json=parsed.json, there=(mqtt.host, mqtt.port))


VERBS = (
    _add_run,
    _add_vision,
    _add_publisher,
    _add_page,
    _add_demo,
)
"""In the order of the help."""
