"""What the project claims, where the configuration takes it back, by which tests it holds, and how
those ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from edge.dossier.markdown import document, entries, plain, table
from edge.dossier.sources import text_of
from edge.errors import UserError
from edge.notice.facts import Facts
from edge.notice.sentences import Sentence, always, said

CLAIMS = "## The claims"
_TEST = re.compile(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`")

HERE = (
    Sentence(
        "What keeps the process that sees from the network is systemd: it holds of the installed "
        "services, not of `agender-edge run` started by hand. `info` (`guarantees`) and `doctor` "
        "tell what is so on the device.", always
    ),
    Sentence(
        "The camera is a network camera, and the process that sees has a network: that it has "
        "none, that it reaches no socket of another program, and that nothing but the broker is "
        "reached does not hold here.", lambda facts: facts.camera == "network"
    ),
    Sentence("*k* is 1: what is claimed of fewer than *k* people says nothing here.",
             lambda facts: facts.k == 1),
    Sentence(
        "`health` tells as it happens whether somebody is there: that it does not tell nobody from "
        "one person does not hold here.", lambda facts: facts.load_live
    ),
    Sentence(
        "The live state tells how many are in view, be it one: that it tells nothing of fewer than "
        "*k* does not hold here.", lambda facts: facts.live_exact
    ),
)  # fmt: skip
"""What the configuration in force makes of the claims."""

Outcomes = Mapping[str, str]
"""Name of a test as `tests/file.py::test_name` → passed, skipped or failed."""


class Claim(NamedTuple):
    """A sentence about the product, the tests that hold it (`file` or `file::test`), and in words
    what does.
    """

    text: str
    tests: tuple[str, ...]
    held_by: str


def claims() -> list[Claim]:
    """Those of docs/privacy.md, in its words and order."""
    _, _, after = text_of("docs/privacy.md").partition(f"{CLAIMS}\n")
    section, _, _ = after.partition("\n## ")
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [
        Claim(text.strip(), tuple(_tests(held_by)), held_by.strip()) for text, held_by in rows[2:]
    ]


def _tests(held_by: str) -> Iterator[str]:
    """Every `file::test`; `::test` alone is in the file named before it."""
    file = ""
    for path, test in _TEST.findall(held_by):
        file = path or file
        if file:
            yield f"{file}::{test}" if test else file


def outcomes_of(files: Iterable[Path]) -> dict[str, str]:
    """What JUnit files tell; a test with parameters passed where none of them failed and one ran.

    UserError where a file is none.
    """
    found: dict[str, str] = {}
    for file in files:
        for name, outcome in _cases(file):
            found[name] = max(found.get(name, outcome), outcome, key=_WEIGHT.__getitem__)
    return found


_WEIGHT = {"skipped": 0, "passed": 1, "failed": 2}


def _cases(file: Path) -> Iterator[tuple[str, str]]:
    try:
        cases = list(ET.parse(file).iter("testcase"))
    except (OSError, ET.ParseError, LookupError, ValueError) as error:  # the last two: encodings
        raise UserError(f"--results {file}: {error}; write it with pytest --junitxml") from error
    if not cases:
        raise UserError(f"--results {file}: holds no test; write it with pytest --junitxml")
    for case in cases:
        path = case.get("classname", "").replace(".", "/")
        test = case.get("name", "").partition("[")[0]
        failed = case.find("failure") is not None or case.find("error") is not None
        skipped = case.find("skipped") is not None
        yield f"{path}.py::{test}", "failed" if failed else "skipped" if skipped else "passed"


def outcome(test: str, outcomes: Outcomes) -> str:
    """How a test, or all tests of a file, ended; a file of which some were skipped did not pass."""
    told = {held for name, held in outcomes.items() if name == test or name.startswith(f"{test}::")}
    if told == {"passed", "skipped"}:
        return "partly skipped"
    return max(told, key=_WEIGHT.__getitem__) if told else "not run"


def evidence(facts: Facts, files: Sequence[Path]) -> str:
    """The document; UserError where a file holds no results."""
    outcomes = outcomes_of(files)
    rows = [(claim.text, _ended(claim, outcomes)) for claim in claims()]
    told = (
        f"The results are those of {', '.join(plain(file.name) for file in files)}."
        if files
        else "No results were given (`--results`): run the tests and make the dossier again. "
        "`PYTEST_ADDOPTS=--junitxml=results.xml make test` writes them."
    )
    return document(
        "Evidence",
        "Each claim about the program is held by tests that anybody can run from its source. "
        f"A claim is shown to hold where each of its tests passed, and not otherwise. {told}",
        "Under the configuration in force:",
        entries(said(HERE, facts)),
        table(("claim", "held by, and how that ended"), rows),
    )


def _ended(claim: Claim, outcomes: Outcomes) -> str:
    """How each test ended; what holds a claim that no test does."""
    ended = [f"`{test}`: {outcome(test, outcomes)}" for test in claim.tests]
    return "<br>".join(ended) or claim.held_by
