"""Do the corrected counts cover what they claim? Crowds of known composition, simulated.

    python -m benchmarks.quantification
    python -m benchmarks.quantification --crowds 100 --people 200 --card models_tflite/NAME.json

`fixed` draws the answers through the card's confusion itself; `sampled` through the same
confusion while the corrector sees a card of 1,000 faces a label drawn from it, as in life.
Errors are mean absolute errors per label, in people; ratio = corrected / raw.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from edge.runtime.networks.card import read_card
from tests.people.crowds import CONFUSION, MIXES, simulate

CARD_FACES = 1000


def main() -> None:
    """Print the table; write it as JSON where asked to."""
    options = _options()
    confusion = dict(CONFUSION)
    for path in options.card:
        confusion |= {name: c.counts for name, c in read_card(path).confusion.items()}
    rows = []
    print(f"{'':<8}{'mix':<10}{'people':>7}{'card':>9}{'coverage':>10}", end="")
    print(f"{'error':>8}{'raw':>8}{'ratio':>7}{'bias':>7}{'raw':>8}{'width':>8}")
    for attribute, mixes in MIXES.items():
        for people in options.people:
            for name, mix in mixes.items():
                for card, faces in (("fixed", None), ("sampled", CARD_FACES)):
                    print(f"\r{attribute} {people} {name} {card}", end="\r", file=sys.stderr)
                    o = simulate(
                        confusion[attribute], mix, people, options.crowds, card_faces=faces
                    )
                    print(f"{attribute:<8}{name:<10}{people:>7}{card:>9}", end="")
                    print(f"{o.coverage:>10.3f}{o.error:>8.2f}{o.raw_error:>8.2f}", end="")
                    print(f"{o.error / max(o.raw_error, 1e-9):>7.2f}{o.bias:>7.2f}", end="")
                    print(f"{o.raw_bias:>8.2f}{o.width:>8.1f}", flush=True)
                    key = {"attribute": attribute, "mix": name, "people": people, "card": card}
                    rows.append(key | asdict(o))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--crowds", type=int, default=300, help="crowds a row (default 300)")
    parser.add_argument("--people", type=int, nargs="+", default=[20, 100, 500, 2000])
    parser.add_argument("--card", type=Path, nargs="*", default=[], help="cards with a confusion")
    parser.add_argument("--json", type=Path, help="write the rows to this file too")
    return parser.parse_args()


if __name__ == "__main__":
    main()
