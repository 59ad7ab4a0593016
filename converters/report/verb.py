"""`agender-convert report RESULT…`: evaluations as Markdown with plots."""

from __future__ import annotations

import argparse
from pathlib import Path

from converters.evaluate.result import read_result
from converters.files import write_whole
from edge.runtime.card import read_card

EXAMPLES = """examples:
  agender-convert evaluate --model models_tflite/ssrnet_age_imdb.json --data faces.zip \\
      --json age.json
  agender-convert report age.json --out reports"""


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
        "--models", type=Path, default=Path("models_tflite"), help="folder of the cards"
    )
    parser.add_argument("--out", type=Path, default=Path(), help="folder (default: here)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Render each result; prints the reports' paths."""
    results = {path: read_result(path) for path in arguments.results}
    from converters.report import markdown, plots

    for path, result in results.items():
        cards = [read_card(arguments.models / f"{name}.json") for name in result.models]
        picture = arguments.out / f"{path.stem}.png"
        report = arguments.out / f"{path.stem}.md"
        write_whole(picture, plots.draw(result))
        write_whole(report, markdown.render(result, cards, picture.name).encode())
        print(report)
    return 0
