"""The verbs: what each takes, and what carries it out."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from edge import __version__
from edge.broker_address import host_and_port
from edge.cli.examples import EXAMPLES, TOP
from edge.cli.flags import (
    add_broker,
    add_configuration,
    add_loudness,
    overrides,
)
from edge.cli.help import Help, examples
from edge.config.home import require_state
from edge.errors import STATUS_HELP

if TYPE_CHECKING:
    from edge.config.tables import Config

PROGRAM = "agender-edge"
Run = Callable[[argparse.Namespace], int]
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def parser() -> argparse.ArgumentParser:
    """The command line of `agender-edge`; each verb registers its own part."""
    top = argparse.ArgumentParser(
        prog=PROGRAM,
        description="Counts people by age and gender in front of a camera, anonymously, over MQTT.",
        epilog=f"{examples(PROGRAM, TOP)}\n\n{STATUS_HELP}",
        formatter_class=Help,
    )
    top.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    verbs = top.add_subparsers(title="verbs", metavar="VERB", prog=PROGRAM, required=True)
    for add in (
        _add_run,
        _add_vision,
        _add_publisher,
        _add_page,
        _add_demo,
        _add_watch,
        _add_aim,
        _add_report,
        _add_tally,
        _add_audit,
        _add_forget,
        _add_init,
        _add_doctor,
        _add_bench,
        _add_config,
        _add_notice,
        _add_dossier,
        _add_flash_kit,
        _add_completion,
        _add_man,
    ):
        add(verbs)
    return top


def _configured(parsed: argparse.Namespace) -> Config:
    """The configuration that the flags name and override."""
    from edge.config.read import load

    return load(parsed.config, overrides(parsed))


def _verb(
    verbs: Verbs, name: str, run: Run, help_text: str, more: str = ""
) -> argparse.ArgumentParser:
    """Register a verb; its examples end its help, and `more` after them."""
    parser = verbs.add_parser(
        name,
        help=help_text,
        description=help_text,
        epilog="\n\n".join(filter(None, (examples(PROGRAM, EXAMPLES[name]), more))),
        formatter_class=Help,
    )
    parser.set_defaults(run=run)
    return parser


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
    parser = _verb(verbs, "run", _run, "run vision and publisher until a signal", STATUS_HELP)
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
    parser = _verb(verbs, "vision", _vision, "camera and models: frames to outbox", STATUS_HELP)
    add_configuration(parser, recordings=True)
    _add_progress(parser)


def _vision(parsed: argparse.Namespace) -> int:
    from edge.vision.process import vision

    read = partial(_configured, parsed)
    config = read()
    require_state(config.paths.state)
    return vision(config, read, progress=parsed.progress)


def _add_publisher(verbs: Verbs) -> None:
    parser = _verb(verbs, "publisher", _publisher, "outbox to broker", STATUS_HELP)
    add_configuration(parser)
    _add_sink(parser)


def _publisher(parsed: argparse.Namespace) -> int:
    from edge.publish import publish

    read = partial(_configured, parsed)
    config = read()
    require_state(config.paths.state)
    return publish(config, sink=parsed.sink, reread=read)


def _add_page(verbs: Verbs) -> None:
    parser = _verb(
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

    config = _configured(parsed)
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
    parser = _verb(verbs, "demo", _demo, "see it work, without camera, broker or configuration")
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


def _add_watch(verbs: Verbs) -> None:
    parser = _verb(verbs, "watch", _watch, "show devices live, from MQTT alone")
    add_broker(parser.add_argument_group("configuration"))
    add_loudness(parser, logs=True)
    parser.add_argument("--only", metavar="SITE/DEVICE", help="one device (default: all)")
    parser.add_argument("--json", action="store_true", help="a JSON object a message")


def _watch(parsed: argparse.Namespace) -> int:
    from edge.watch import watch

    return watch(_configured(parsed), only=parsed.only, as_json=parsed.json)


def _add_aim(verbs: Verbs) -> None:
    from edge.aim import arguments

    parser = _verb(verbs, "aim", _aim, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _aim(parsed: argparse.Namespace) -> int:
    from edge.aim.verb import run

    return run(partial(_configured, parsed), parsed)


def _add_report(verbs: Verbs) -> None:
    from edge.report import arguments

    parser = _verb(verbs, "report", _report, arguments.HELP)
    arguments.add(parser)
    add_configuration(parser)


def _report(parsed: argparse.Namespace) -> int:
    from edge.report.verb import run

    return run(partial(_configured, parsed), parsed)


def _add_tally(verbs: Verbs) -> None:
    from edge.tally import arguments

    parser = _verb(verbs, "tally", _tally, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _tally(parsed: argparse.Namespace) -> int:
    from edge.config.read import load
    from edge.tally.verb import run

    return run(_configured(parsed), load(parsed.config), parsed)


def _add_audit(verbs: Verbs) -> None:
    from edge.audit import arguments

    parser = _verb(verbs, "audit", _audit, arguments.HELP)
    arguments.add(parser)
    add_configuration(parser)


def _audit(parsed: argparse.Namespace) -> int:
    from edge.audit.verb import run

    return run(partial(_configured, parsed), parsed)


def _add_forget(verbs: Verbs) -> None:
    parser = _verb(
        verbs,
        "forget",
        _forget,
        "take this device's retained messages and its Home Assistant entities off the broker",
    )
    add_configuration(parser)


def _forget(parsed: argparse.Namespace) -> int:
    from edge.publish.forget import forget

    return forget(_configured(parsed))


def _add_init(verbs: Verbs) -> None:
    from edge.init import arguments

    parser = _verb(verbs, "init", _init, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _init(parsed: argparse.Namespace) -> int:
    from edge.init.places import Places
    from edge.init.verb import init

    return init(parsed, overrides, Places())


def _add_doctor(verbs: Verbs) -> None:
    parser = _verb(verbs, "doctor", _doctor, "say what is right on this machine and what is not")
    add_configuration(parser)
    parser.add_argument("--json", action="store_true", help="JSON instead of lines")


def _doctor(parsed: argparse.Namespace) -> int:
    from edge.diagnostics.doctor import doctor
    from edge.host.units import adopt_folders

    adopt_folders(parsed.config)
    return doctor(_configured(parsed), as_json=parsed.json)


def _add_bench(verbs: Verbs) -> None:
    parser = _verb(verbs, "bench", _bench, "measure this machine: time per stage, memory, start-up")
    add_configuration(parser)
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")
    parser.add_argument(
        "--frames", type=int, default=300, metavar="NUMBER", help="frames at most (default: 300)"
    )


def _bench(parsed: argparse.Namespace) -> int:
    from edge.diagnostics.bench import bench

    return bench(_configured(parsed), parsed.frames, as_json=parsed.json)


def _add_config(verbs: Verbs) -> None:
    parser = _verb(verbs, "config", _config, "explain and check the configuration")
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


def _add_notice(verbs: Verbs) -> None:
    from edge.notice import arguments

    parser = _verb(verbs, "notice", _notice, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _notice(parsed: argparse.Namespace) -> int:
    from edge.notice.verb import notice

    return notice(
        _configured(parsed), parsed.out, parsed.language, parsed.format, as_pdf=parsed.pdf
    )


def _add_dossier(verbs: Verbs) -> None:
    from edge.dossier import arguments

    parser = _verb(verbs, "dossier", _dossier, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _dossier(parsed: argparse.Namespace) -> int:
    from edge.dossier.verb import Form, dossier

    form = Form(as_pdf=parsed.pdf, force=parsed.force)
    return dossier(_configured(parsed), parsed.out, parsed.results, parsed.sbom, form)


def _add_completion(verbs: Verbs) -> None:
    parser = _verb(verbs, "completion", _completion, "print what makes a shell complete by Tab")
    parser.add_argument("shell", choices=("bash", "zsh", "tcsh"), help="the shell it is for")


def _completion(parsed: argparse.Namespace) -> int:
    from edge.cli.shell import completion

    print(completion(parser(), parsed.shell))
    return 0


def _add_man(verbs: Verbs) -> None:
    _verb(verbs, "man", _man, "print the manual page")


def _man(_: argparse.Namespace) -> int:
    from edge.cli.shell import manual_page

    print(manual_page(parser(), chain(TOP, *EXAMPLES.values())))
    return 0


def _add_flash_kit(verbs: Verbs) -> None:
    from edge.flash import arguments

    parser = _verb(verbs, "flash-kit", _flash_kit, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _flash_kit(parsed: argparse.Namespace) -> int:
    from edge.flash.verb import flash_kit

    return flash_kit(parsed, overrides)
