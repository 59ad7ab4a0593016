"""The verbs that make something for people and shells."""

from __future__ import annotations

import argparse

from edge.cli.flags import (
    add_configuration,
    overrides,
)
from edge.cli.verb import Verbs, configured, verb


def _add_notice(verbs: Verbs) -> None:
    from edge.notice import arguments

    parser = verb(verbs, "notice", _notice, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _notice(parsed: argparse.Namespace) -> int:
    from edge.notice.verb import notice

    return notice(configured(parsed), parsed.out, parsed.language, parsed.format, as_pdf=parsed.pdf)


def _add_dossier(verbs: Verbs) -> None:
    from edge.dossier import arguments

    parser = verb(verbs, "dossier", _dossier, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _dossier(parsed: argparse.Namespace) -> int:
    from edge.dossier.verb import Form, dossier

    form = Form(as_pdf=parsed.pdf, force=parsed.force)
    return dossier(configured(parsed), parsed.out, parsed.results, parsed.sbom, form)


def _add_flash_kit(verbs: Verbs) -> None:
    from edge.flash import arguments

    parser = verb(verbs, "flash-kit", _flash_kit, arguments.HELP, arguments.MORE)
    arguments.add(parser)
    add_configuration(parser, logs=False)


def _flash_kit(parsed: argparse.Namespace) -> int:
    from edge.flash.verb import flash_kit

    return flash_kit(parsed, overrides)


VERBS = (
    _add_notice,
    _add_dossier,
    _add_flash_kit,
)
"""In the order of the help."""
