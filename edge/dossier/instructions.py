"""Facts → instructions for use, in the order of the AI Act's Article 13(3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from edge.dossier.markdown import document, entries, plain, table
from edge.dossier.persons import persons
from edge.dossier.told import NO_ADVICE, OPEN, told
from edge.notice.catalogue import Catalogue, catalogue
from edge.notice.facts import Facts
from edge.notice.figures import Row, cells, looks_of, rows_of
from edge.notice.sentences import AGE, BOTH, GENDER, Sentence, always, estimating, said
from edge.runtime.networks.card import Card
from edge.share import wilson

MADE_FOR = (
    "Counting people who come before a camera{known}, as sums over times that fold or hold enough "
    "people."
)
KNOWN = (
    Sentence(", with age band and sex as a network takes them to be", estimating(BOTH)),
    Sentence(", with age band as a network takes it to be", estimating(AGE)),
    Sentence(", with sex as a network takes it to be", estimating(GENDER)),
)
NEVER = (
    "To check anybody's age, to let anybody in or keep anybody out, to price, to accuse.",
    "For any decision about one person, or about whoever is in view at the moment.",
    "To recognise or follow a person; the program offers nothing for it, and adding it makes "
    "another product.",
    "To infer race, opinions, beliefs, union membership, sex life or orientation (AI Act, Article "
    "5(1)(g)), or emotions at work or at school (5(1)(f)).",
)
LIMITS = (
    Sentence(
        "Faces turned away, covered, in the dark, or smaller than the networks find are not "
        "counted, or nothing is estimated of them; how many are unknown is told.", always
    ),
    Sentence("The corrected sums take the unknown to be like the others.",
             lambda facts: facts.corrected),
    Sentence(
        "In groups people are missed or counted twice; docs/counting.md has the measured errors on "
        "real footage. Compare with a count by hand at the place before figures are relied on.",
        always,
    ),
    Sentence(
        "Sex is told as the network sees it from a face, as female, male or unknown; this says "
        "nothing of anybody's gender identity.", lambda facts: "gender" in facts.estimated
    ),
    Sentence("Ages of children and of old people are less exact, as the table by group tells.",
             lambda facts: "age" in facts.estimated),
)  # fmt: skip
COLUMNS = (
    "group", "faces", "sex right, of 100 (95 % interval)", "age off by, years (95 % interval)",
    "on average taken for",
)  # fmt: skip
OVERSIGHT = (
    Sentence(
        "Look at `health` (or `agender-edge watch`): the share of time observed, and what is wrong "
        "with the view. A camera that was moved or covered tells so within seconds.", always
    ),
    Sentence("Look at the share of unknown before comparing days; a change of light changes it.",
             always),
    Sentence(
        "Look at how many came in times of too few people to tell more of (`people_untold`): of "
        "them age and sex are not in the sums.", lambda facts: facts.folded
    ),
    Sentence("Count by hand once a season, and after the camera was moved.", always),
    Sentence("Pause the camera whenever in doubt; nothing is lost but the counts of that time.",
             lambda facts: "pause" in facts.requests),
    Sentence(
        "Switch the device off whenever in doubt; nothing is lost but the counts of that time.",
        lambda facts: "pause" not in facts.requests
    ),
)  # fmt: skip
CORRECTED = (
    "The people here are mistaken for one another as often as the faces of the card's confusion "
    "matrix were; another light, height, age or origin of the crowd breaks this, and nothing in "
    "the sums shows it.",
    "The matrix is of single crops, found sharp and of full size; a person's answer is fused from "
    "several crops, smaller and noisier ones among them.",
    "Whoever is of unknown sex or age is like the others.",
    "Each person's answer errs by itself: a group in the same hats errs together, and the "
    "intervals are then too narrow.",
    "The intervals hold what chance and the matrix's own sampling leave open, and the rounding; "
    "not people who were missed or counted twice.",
)
"""What `est_…` rest on (edge/privacy/quantify.py)."""
BY_LOOKS = (
    "The same faces by the groups that the data set's authors sorted them into by their looks. The "
    "program knows no such groups; the table shows whether it errs more for some:"
)


def instructions(facts: Facts) -> str:
    """The document."""
    return document(
        "Instructions for use",
        f"In the order of Article 13(3) of the AI Act. {NO_ADVICE}",
        "## (a) Who is responsible",
        plain(f"{facts.operator.name.strip()}; {facts.operator.contact.strip()}"),
        "## (b) What it is made for, and never for",
        MADE_FOR.format(known="".join(said(KNOWN, facts))),
        f"Here: {plain(facts.operator.purpose.strip())}",
        "Never:",
        entries(NEVER),
        "## (b) How right it is, by group",
        *_figures(facts),
        "## (b) What it cannot do",
        entries(said(LIMITS, facts)),
        entries(plain(f"{card.name}: {card.limits}") for card in facts.cards if card.limits),
        "## (d) Human oversight",
        entries(said(OVERSIGHT, facts)),
        told(facts, "control"),
        entries([f"{OPEN}who does this, how often, and where it is noted"]),
        "## (e) Machine and upkeep",
        "A 64-bit Raspberry Pi or Debian, with a camera. `agender-edge doctor` tells what is "
        "missing, and what it means. A new release is installed beside the old one.",
        "## (f) Logs",
        "The system's journal holds starts, faults, requests and configurations that were refused; "
        "no line of it tells of a person.",
    )


def _figures(facts: Facts) -> Iterator[str]:
    """A table for each network that estimates, or that there is none."""
    words = catalogue("en")
    for card in facts.cards:
        rows = rows_of(card)
        if rows:
            yield _measured(card, rows)
            yield table(COLUMNS, _groups(rows, words))
            if looks := looks_of(card):
                yield BY_LOOKS
                yield table(COLUMNS[:-1], (cells[:-1] for cells in _groups(looks, words)))
        else:
            yield f"Of the network `{card.name}` no figures by group are on record."
    yield (
        "Intervals are Wilson's of shares, the bootstrap's of years. A group of few faces is known "
        "badly: its interval is wide. These are single crops of faces from pictures; a person who "
        "walks by is estimated from several."
    )
    for card in facts.cards:
        yield from persons(card)
    if facts.corrected:
        yield "Corrected sums (`est_…`) assume:"
        yield entries(CORRECTED)


def _measured(card: Card, rows: list[Row]) -> str:
    faces = max(row.faces for row in rows)
    return f"Network `{card.name}`, measured on {faces} faces whose age or sex people had noted:"


def _groups(rows: Iterable[Row], words: Catalogue) -> Iterator[tuple[str, ...]]:
    for row in rows:
        group, faces, right, error, bias = cells(row, words)
        yield group, faces, right + _interval(row), error + _years(row), bias


def _years(row: Row) -> str:
    if not row.error_interval_years:
        return ""
    low, high = row.error_interval_years
    return f" ({low:.1f}–{high:.1f})"


def _interval(row: Row) -> str:
    if row.sex_right is None:
        return ""
    low, high = wilson(round(row.sex_right * row.faces), row.faces)
    return f" ({100 * low:.0f}–{100 * high:.0f})"
