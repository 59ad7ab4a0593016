"""The command `agender-edge`: verbs, flags, and one sentence for each error."""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from edge import __version__
from edge.errors import STATUS_HELP, UserError

Run = Callable[[argparse.Namespace], int]
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

EXAMPLES = """examples:
  agender-edge demo                                    see it work: no camera, no broker needed
  agender-edge run --source video.mp4 --sink stdout --until-end
  agender-edge run --source picamera --broker hub.local --site shop
  agender-edge config show --config /etc/agender-edge/config.toml
  agender-edge doctor                                  what is missing on this machine?

"""

WATCH_EXAMPLES = """examples:
  agender-edge watch --broker hub.local
  agender-edge watch --broker hub.local --only shop/entrance
  agender-edge watch --broker hub.local:8883 --set mqtt.tls=true --set mqtt.username=viewer \\
      --set mqtt.password_file=$HOME/.mqtt-password --json | jq .message.people"""

FLAGS = {
    "source": ("source.uri", "URI", "picamera, /dev/video0, rtsp://…, a file or a folder"),
    "site": ("device.site", "NAME", "the place, first level of the topics"),
    "device": ("device.name", "NAME", "this device's name in the topics"),
    "detector": ("detector.model", "NAME", "near, far, or a model card's name"),
    "window-s": ("window.length_s", "SECONDS", "length of a window"),
    "state-dir": ("paths.state", "FOLDER", "where the outbox lies"),
    "models-dir": ("paths.models", "FOLDER", "where models and cards lie"),
    "log-level": ("log.level", "LEVEL", "debug, info, warning or error"),
}
"""Flag → the configuration key it overrides, its placeholder, its help."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one verb and exit with its status."""
    parsed = _parser().parse_args(arguments)
    run: Run = parsed.run
    try:
        status = run(parsed)
        sys.stdout.flush()
    except UserError as error:
        print(f"agender-edge: {error}", file=sys.stderr)
        status = error.status
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:
        # The reader of our output left; there is nobody to tell.
        sys.stderr.close()
        status = 0
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EIO) or error.filename is not None:
            raise
        print(f"agender-edge: the output cannot be written: {error.strerror}", file=sys.stderr)
        status = UserError.status
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more
    sys.exit(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="agender-edge",
        description="Counts people by age and gender in front of a camera, anonymously, over MQTT.",
        epilog=EXAMPLES + STATUS_HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"agender-edge {__version__}")
    verbs = parser.add_subparsers(title="verbs", metavar="VERB", required=True)
    for add in (
        _add_run,
        _add_vision,
        _add_publisher,
        _add_demo,
        _add_watch,
        _add_forget,
        _add_doctor,
        _add_bench,
        _add_config,
        _add_flash_kit,
    ):
        add(verbs)
    return parser


def _verb(
    verbs: Verbs, name: str, run: Run, help_text: str, epilog: str = ""
) -> argparse.ArgumentParser:
    parser = verbs.add_parser(
        name,
        help=help_text,
        description=help_text,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def _configured(parser: argparse.ArgumentParser) -> None:
    """Add the flags that choose and override the configuration."""
    group = parser.add_argument_group("configuration")
    for flag, (key, placeholder, text) in FLAGS.items():
        group.add_argument(f"--{flag}", metavar=placeholder, help=f"{text} ({key})")
    _connecting(group)


def _connecting(group: argparse._ArgumentGroup) -> None:
    """Add what any verb with a broker needs: the file, the broker, and any other key."""
    group.add_argument("--config", type=Path, metavar="FILE", help="a TOML file")
    group.add_argument("--broker", metavar="HOST[:PORT]", help="the broker (mqtt.host, mqtt.port)")
    group.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="any key of the configuration, e.g. --set privacy.k=5",
    )


def overrides(parsed: argparse.Namespace) -> list[str]:
    """The flags given, as `key=value`; `--set` comes last and so is strongest."""
    found = []
    for flag, (key, *_) in FLAGS.items():
        value = getattr(parsed, flag.replace("-", "_"), None)
        if value is not None:
            found.append(f"{key}={value}")
    if parsed.broker:
        found += broker_overrides(parsed.broker)
    return [*found, *parsed.overrides]


def broker_overrides(text: str) -> list[str]:
    """`host`, `host:port`, `[v6]:port` or a bare IPv6 address → overrides."""
    host, colon, port = text.rpartition(":")
    bare = not colon or text.endswith("]") or (":" in host and not host.endswith("]"))
    if bare:
        return [f"mqtt.host={text.strip('[]')}"]
    return [f"mqtt.host={host.strip('[]')}", f"mqtt.port={port}"]


def _add_run(verbs: Verbs) -> None:
    parser = _verb(verbs, "run", _run, "run vision and publisher until a signal", STATUS_HELP)
    _configured(parser)
    parser.add_argument("--sink", choices=("mqtt", "stdout"), default="mqtt",
                        help="where windows go; stdout: one JSON object a line")  # fmt: skip
    parser.add_argument("--until-end", action="store_true", help="end when the source ends")


def _run(parsed: argparse.Namespace) -> int:
    from edge.run import run

    return run(parsed.config, overrides(parsed), sink=parsed.sink, until_end=parsed.until_end)


def _add_vision(verbs: Verbs) -> None:
    parser = _verb(verbs, "vision", _vision, "camera and models: frames to outbox", STATUS_HELP)
    _configured(parser)


def _vision(parsed: argparse.Namespace) -> int:
    from edge.config import Config
    from edge.settings import load
    from edge.vision import vision

    def read() -> Config:
        return load(parsed.config, overrides(parsed))

    return vision(read(), read)


def _add_publisher(verbs: Verbs) -> None:
    parser = _verb(verbs, "publisher", _publisher, "outbox to broker", STATUS_HELP)
    _configured(parser)
    parser.add_argument("--sink", choices=("mqtt", "stdout"), default="mqtt",
                        help="where windows go; stdout: one JSON object a line")  # fmt: skip


def _publisher(parsed: argparse.Namespace) -> int:
    from edge.config import Config
    from edge.publish import publish
    from edge.settings import load

    def read() -> Config:
        return load(parsed.config, overrides(parsed))

    return publish(read(), sink=parsed.sink, reread=read)


def _add_demo(verbs: Verbs) -> None:
    parser = _verb(verbs, "demo", _demo, "see it work, without camera, broker or configuration")
    parser.add_argument("--json", action="store_true", help="JSON lines even on a terminal")


def _demo(parsed: argparse.Namespace) -> int:
    from edge.demo import demo

    return demo(as_json=parsed.json)


def _add_watch(verbs: Verbs) -> None:
    parser = _verb(verbs, "watch", _watch, "show devices live, from MQTT alone", WATCH_EXAMPLES)
    _connecting(parser.add_argument_group("configuration"))
    parser.add_argument("--only", metavar="SITE/DEVICE", help="one device instead of all")
    parser.add_argument("--json", action="store_true", help="a JSON object a message")


def _watch(parsed: argparse.Namespace) -> int:
    from edge.settings import load
    from edge.watch import watch

    return watch(load(parsed.config, overrides(parsed)), only=parsed.only, as_json=parsed.json)


def _add_forget(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "forget",
        _forget,
        "take this device's retained messages and its Home Assistant entities off the broker",
    )
    _configured(parser)


def _forget(parsed: argparse.Namespace) -> int:
    from edge.publish.forget import forget
    from edge.settings import load

    return forget(load(parsed.config, overrides(parsed)))


def _add_doctor(verbs: Verbs) -> None:
    parser = _verb(verbs, "doctor", _doctor, "say what is right on this machine and what is not")
    _configured(parser)
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def _doctor(parsed: argparse.Namespace) -> int:
    from edge.host.doctor import doctor
    from edge.host.units import adopt_folders
    from edge.settings import load

    adopt_folders()
    return doctor(load(parsed.config, overrides(parsed)), as_json=parsed.json)


def _add_bench(verbs: Verbs) -> None:
    parser = _verb(verbs, "bench", _bench, "measure this machine: time per stage, memory, start-up")
    _configured(parser)
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument("--frames", type=int, default=300, help="frames at most (default 300)")


def _bench(parsed: argparse.Namespace) -> int:
    from edge.host.bench import bench
    from edge.settings import load

    return bench(load(parsed.config, overrides(parsed)), parsed.frames, as_json=parsed.json)


def _add_config(verbs: Verbs) -> None:
    parser = _verb(verbs, "config", _config, "explain and check the configuration")
    parser.add_argument(
        "what",
        choices=("schema", "show", "check"),
        help="schema: every key as JSON Schema; show: the configuration in force as TOML; "
        "check: say whether it is right, and whether the models it names are there",
    )
    _configured(parser)


def _config(parsed: argparse.Namespace) -> int:
    import json

    from edge import settings

    if parsed.what == "schema":
        print(json.dumps(settings.schema(), indent=2, ensure_ascii=False))
        return 0
    config = settings.load(parsed.config, overrides(parsed))
    if parsed.what == "show":
        print(settings.as_toml(config), end="")
        return 0
    from edge.runtime.inventory import check_models

    check_models(config)
    print("the configuration is right, and its models are there")
    return 0


def _add_flash_kit(verbs: Verbs) -> None:
    from edge.flash import arguments

    parser = _verb(verbs, "flash-kit", _flash_kit, arguments.HELP, arguments.EXAMPLES)
    arguments.add(parser)
    _configured(parser)


def _flash_kit(parsed: argparse.Namespace) -> int:
    from edge.flash.verb import flash_kit

    return flash_kit(parsed, overrides)
