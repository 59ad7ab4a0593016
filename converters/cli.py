"""agender-convert: published or trained weights → model bundles with evidence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

import converters.annotate.verb
import converters.card_verb
import converters.datasets.verb
import converters.detect_train.verb
import converters.detectors.verb
import converters.evaluate.sweep
import converters.evaluate.verb
import converters.footage
import converters.importers.verb
import converters.pictures.verb
import converters.profile.verb
import converters.report.verb
import converters.shell_verbs
import converters.ssrnet.verb
import converters.train.teach_verb
import converters.train.verb
from converters.quiet import QUIET
from edge.errors import NOBODY_READS, UserError, why
from edge.output import fit_output

VERBS = (
    converters.ssrnet.verb,
    converters.detectors.verb,
    converters.detect_train.verb,
    converters.importers.verb,
    converters.train.verb,
    converters.train.teach_verb,
    converters.evaluate.verb,
    converters.evaluate.sweep,
    converters.report.verb,
    converters.card_verb,
    converters.profile.verb,
    converters.footage,
    converters.annotate.verb,
    converters.pictures.verb,
    converters.datasets.verb,
)


def parser() -> argparse.ArgumentParser:
    """The command line; each verb's module registers its own part."""
    top = argparse.ArgumentParser(prog="agender-convert", description=__doc__)
    verbs = top.add_subparsers(title="verbs", metavar="VERB", required=True)
    for verb in VERBS:
        verb.add_parser(verbs)
    converters.shell_verbs.add_parsers(verbs, parser)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; 0 = done, 1 = an input was refused, 2 = wrong command line, 4 = wrong model."""
    fit_output()
    arguments = parser().parse_args(argv)
    for name, level in QUIET.items():
        os.environ.setdefault(name, level)
    try:
        return int(arguments.run(arguments))
    except UserError as error:
        print(f"agender-convert: {error}", file=sys.stderr)
        return error.status
    except ModuleNotFoundError as error:
        print(
            f"agender-convert: this needs {error.name}, which is not installed: "
            "pip install 'agender-edge[converters]'",
            file=sys.stderr,
        )
        return 1
    except BrokenPipeError:
        return NOBODY_READS
    except OSError as error:  # a disk or a folder that does not do as asked, wherever that was
        where = f"{error.filename}: " if error.filename else ""
        print(f"agender-convert: {where}{why(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
