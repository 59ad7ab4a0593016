"""`agender-convert profile CARD…`: Arm instructions per invocation, for two processor classes."""

from __future__ import annotations

import argparse
from pathlib import Path

import msgspec

from converters import bundle
from converters.errors import ConvertError
from converters.profile import machine
from converters.profile.machine import LITERT, PROCESSORS, Machine, Processor
from edge.runtime.networks.card import read_card, read_model

GUEST = Path(__file__).with_name("guest.py")
MARK = "instructions "
EXAMPLES = """examples:
  agender-convert profile models_tflite/*.json
  agender-convert profile --write models_tflite/centerface_384x224.json

Counted under emulation, so the same every time, whatever else the machine does. Instructions are
not time: a Pi 4 and a Pi 5 do different work in one, and waits for memory are not counted."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb."""
    parser = verbs.add_parser(
        "profile",
        help="count Arm instructions per invocation",
        description="Count the Arm instructions of one invocation, batch 1, one thread.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("cards", type=Path, nargs="+", metavar="CARD", help="NAME.json")
    parser.add_argument("--write", action="store_true", help="write the counts into the cards")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Count, print a table, and write into the cards where asked."""
    emulated = machine.build()
    print(f"{'millions of instructions':34}" + "".join(f"{one.name:>12}" for one in PROCESSORS))
    for path in arguments.cards:
        counts = {one.name: count(emulated, one, path) for one in PROCESSORS}
        print(f"{path.stem:34}" + "".join(f"{n / 1e6:12.2f}" for n in counts.values()), flush=True)
        if arguments.write:
            _write(path, counts)
    return 0


def count(emulated: Machine, processor: Processor, path: Path) -> int:
    """Instructions of one invocation of the bundle whose card is `path`."""
    card = read_card(path)
    model = path.with_suffix(".tflite").resolve()
    read_model(card, model)
    said = emulated.run(processor, [str(GUEST), str(model)])
    marks = [int(line.removeprefix(MARK)) for line in said.splitlines() if line.startswith(MARK)]
    if len(marks) < 2:
        raise ConvertError(f"the emulated {processor.name} gave no counts for {path}")
    return marks[-1] - marks[-2]


def _write(path: Path, counts: dict[str, int]) -> None:
    card = read_card(path)
    cost = {"runtime": LITERT, "batch": 1, "threads": 1, **counts}
    evidence = {**card.evidence, "arm_instructions": cost}
    bundle.rewrite(path, msgspec.structs.replace(card, evidence=evidence))
