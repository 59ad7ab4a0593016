"""What the project claims, by which tests it holds, and how those ended."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

from edge.dossier.markdown import document, plain, table
from edge.dossier.sources import text_of
from edge.errors import UserError

CLAIMS = "## The claims"
_TEST = re.compile(r"`(tests/[\w/]+\.py)?(?:::(test_\w+))?`")

Outcomes = Mapping[str, str]
"""Name of a test as `tests/file.py::test_name` → passed, skipped or failed."""


class Claim(NamedTuple):
    """A sentence about the product, and the tests that hold it (`file` or `file::test`)."""

    text: str
    tests: tuple[str, ...]


def claims() -> list[Claim]:
    """Those of docs/privacy.md, in its words and order."""
    _, _, after = text_of("docs/privacy.md").partition(f"{CLAIMS}\n")
    section, _, _ = after.partition("\n## ")
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    return [Claim(text.strip(), tuple(_tests(held_by))) for text, held_by in rows[2:]]


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


def evidence(files: Sequence[Path]) -> str:
    """The document; UserError where a file holds no results."""
    outcomes = outcomes_of(files)
    rows = [
        (claim.text, "<br>".join(f"`{test}`: {outcome(test, outcomes)}" for test in claim.tests))
        for claim in claims()
    ]
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
        table(("claim", "held by, and how that ended"), rows),
    )
