"""An audit as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from edge.audit.build import Audit
from edge.audit.compare import Agreement
from edge.audit.words import bias, bounds, name, number, span, verdict_sentences
from edge.output import some

HEAD = ("", "tally", "device", "bias %", "interval %", "verdict")


def as_text(audit: Audit) -> str:
    """Paragraphs: what is compared, the table, the verdict, what is left out, what to change."""
    parts = (_head(audit), _table(audit.agreements), verdict_sentences(audit), _left(audit),
             audit.advice)  # fmt: skip
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part) + "\n"


def _head(audit: Audit) -> Iterator[str]:
    days = audit.first if audit.first == audit.last else f"{audit.first} to {audit.last}"
    many = "a tally" if audit.tallies == 1 else f"{audit.tallies} tallies"
    yield f"{audit.device}, held against {many}" + (f", {days}" if days else "")
    error = 100 * audit.rule.error
    yield (
        f"{some(audit.units, 'bin')}, {number(audit.people.tallied)} people; margin "
        f"{100 * audit.rule.margin:g} %, error {error:g} %, interval of {100 - 2 * error:g} %"
    )


def _table(agreements: Sequence[Agreement]) -> Iterator[str]:
    rows = [HEAD, *map(_row, agreements)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    for row in rows:
        first, *middle, last = [
            cell.ljust(width) if column in (0, len(HEAD) - 1) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join((first, *middle, last)).rstrip()


def _row(each: Agreement) -> Sequence[str]:
    return (
        name(each.key),
        span(each.tallied, each.tallied + each.unsure),
        span(each.told, each.told + each.unknown),
        bias(each),
        bounds(each),
        each.verdict.value,
    )


def _left(audit: Audit) -> Iterable[str]:
    for reason, left in audit.left.items():
        yield f"left out: {some(left.bins, 'bin')} with {number(left.people)} people, {reason}"
    for each in audit.together:
        ours, theirs = each.people
        yield (
            f"two auditors counted {ours} and {theirs} people in the same {each.bins} bins; their "
            "mean is taken, and no verdict is finer than they agree"
        )
    yield from (f"note: {note}" for note in audit.notes)
