"""`agender-convert report RESULT…`: evaluations as Markdown with plots."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from converters.evaluate.result import read_result
from converters.files import write_whole
from edge.runtime.networks.card import Card, read_card

EXAMPLES = """examples:
  agender-convert evaluate --model models_tflite/ssrnet_age_imdb.json --data faces.zip \\
      --json age.json
  agender-convert report age.json --out reports
  agender-convert report --table docs/models.md --models models_tflite docs/models -- \\
      models_tflite/reports/*_far.json docs/models/results/*.json"""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "report",
        help="render evaluations as Markdown with plots",
        description="Render the results of `evaluate --json` as NAME.md and NAME.png.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("results", type=Path, nargs="+", metavar="RESULT", help="JSON files")
    parser.add_argument(
        "--models",
        type=Path,
        nargs="+",
        default=[Path("models_tflite")],
        help="folders of the cards",
    )
    parser.add_argument(
        "--table",
        type=Path,
        metavar="FILE",
        help="write one table of all the results instead, with every known system in it",
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder (default: here)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Render each result; prints the reports' paths."""
    results = {path: read_result(path) for path in arguments.results}
    if arguments.table is not None:
        from converters.report import systems

        page = systems.render(list(results.values()), arguments.models)
        write_whole(arguments.table, page.encode())
        print(arguments.table)
        return 0
    from converters.report import markdown, plots

    for path, result in results.items():
        cards = [_card(arguments.models, name) for name in result.models]
        picture = arguments.out / f"{path.stem}.png"
        report = arguments.out / f"{path.stem}.md"
        write_whole(picture, plots.draw(result))
        write_whole(report, markdown.render(result, cards, picture.name).encode())
        print(report)
    return 0


def _card(folders: Sequence[Path], name: str) -> Card:
    """The card of that name in the first folder that has one."""
    paths = [folder / f"{name}.json" for folder in folders]
    return read_card(next((path for path in paths if path.is_file()), paths[0]))
