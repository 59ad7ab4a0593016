"""The verbs that set a device up, look it over and take it off again."""

from __future__ import annotations

import argparse

from edge.cli.flags import (
    add_configuration,
    overrides,
)
from edge.cli.verb import Verbs, configured, verb


def _add_forget(verbs: Verbs) -> None:
    parser = verb(
        verbs,
        "forget",
        _forget,
        "take this device's retained messages and its Home Assistant entities off the broker",
    )
    add_configuration(parser)


def _forget(parsed: argparse.Namespace) -> int:
    from edge.publish.forget import forget

    return forget(configured(parsed))


def _add_init(verbs: Verbs) -> None:
    from edge.init import arguments

    parser = verb(verbs, "init", _init, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _init(parsed: argparse.Namespace) -> int:
    from edge.init.places import Places
    from edge.init.verb import init

    return init(parsed, overrides, Places())


def _add_doctor(verbs: Verbs) -> None:
    parser = verb(verbs, "doctor", _doctor, "say what is right on this machine and what is not")
    add_configuration(parser)
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def _doctor(parsed: argparse.Namespace) -> int:
    from edge.diagnostics.doctor import doctor
    from edge.host.units import adopt_folders

    adopt_folders(parsed.config)
    return doctor(configured(parsed), as_json=parsed.json)


def _add_bench(verbs: Verbs) -> None:
    parser = verb(verbs, "bench", _bench, "measure this machine: time per stage, memory, start-up")
    add_configuration(parser)
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument(
        "--frames", type=int, default=300, metavar="NUMBER", help="frames at most (default: 300)"
    )


def _bench(parsed: argparse.Namespace) -> int:
    from edge.diagnostics.bench import bench

    return bench(configured(parsed), parsed.frames, as_json=parsed.json)


def _add_config(verbs: Verbs) -> None:
    parser = verb(verbs, "config", _config, "explain and check the configuration")
    parser.add_argument(
        "what",
        choices=("schema", "show", "check"),
        help="schema: every key as JSON Schema; show: the configuration in force as TOML; "
        "check: say whether it is right, and whether the models it names are there",
    )
    add_configuration(parser)


def _config(parsed: argparse.Namespace) -> int:
    import json

    from edge.config import read as settings

    if parsed.what == "schema":
        from edge.config.refusal import schema

        print(json.dumps(schema(), indent=2, ensure_ascii=False))
        return 0
    config = settings.load(parsed.config, overrides(parsed))
    if parsed.what == "show":
        print(settings.as_toml(config), end="")
        return 0
    from edge.cli.config_check import check

    check(config, settings.files_of(parsed.config))
    return 0


VERBS = (
    _add_forget,
    _add_init,
    _add_doctor,
    _add_bench,
    _add_config,
)
"""In the order of the help."""
