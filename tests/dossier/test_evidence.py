"""Claims, the tests that hold them, and how those ended by the files that pytest writes."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge.dossier.evidence import claims, evidence, outcome, outcomes_of
from edge.errors import UserError
from edge.notice.facts import facts_of
from tests.notice.configurations import configured
from tests.shared import ROOT

SUITE = """
import pytest

@pytest.mark.parametrize("n", range(3))
def test_some(n):
    if n == 1:
        pytest.skip()

@pytest.mark.parametrize("n", range(3))
def test_one_of_three(n):
    assert n != 2

@pytest.mark.skip
def test_left_out(): ...

@pytest.fixture
def broken():
    raise OSError

def test_with(broken): ...

def test_fine(): ...
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What pytest itself writes of a suite with every outcome."""
    folder = tmp_path_factory.mktemp("suite")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_it.py").write_text(SUITE)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider",
               "--junitxml=out.xml", "tests"]  # fmt: skip
    subprocess.run(command, cwd=folder, check=False, capture_output=True)
    return folder / "out.xml"


@pytest.mark.parametrize(
    ("test", "ended"),
    [
        ("test_some", "passed"), ("test_one_of_three", "failed"), ("test_left_out", "skipped"),
        ("test_with", "failed"), ("test_fine", "passed"), ("test_fin", "not run"),
    ],
)  # fmt: skip
def test_how_a_test_ended_is_read_from_what_pytest_writes(results, test, ended):
    """A test with parameters passed where one ran and none failed."""
    assert outcome(f"tests/test_it.py::{test}", outcomes_of([results])) == ended


def test_a_whole_file_ended_as_its_worst_test(results):
    """Where a claim names a file."""
    assert outcome("tests/test_it.py", outcomes_of([results])) == "failed"


def test_a_failure_in_one_of_several_files_is_told(results, tmp_path):
    """Of tiers that were run apart."""
    other = tmp_path / "other.xml"
    other.write_text(results.read_text().replace("test_fine", "test_one_of_three"))
    told = outcomes_of([other, results])
    assert outcome("tests/test_it.py::test_one_of_three", told) == "failed"


def test_every_claim_names_a_file_that_is_there():
    """And there are as many as in the document."""
    found = claims()
    document = (ROOT / "docs" / "privacy.md").read_text()
    rows = document.partition("## The claims")[2].partition("\n## ")[0].count("\n|")
    assert len(found) == rows - 2
    for claim in found:
        for test in claim.tests:
            assert (ROOT / test.partition("::")[0]).is_file(), (claim.text, test)


def test_without_results_nothing_is_said_to_have_passed():
    """But how results are made."""
    text = evidence(facts_of(configured()), [])
    assert ": passed" not in text
    assert "--junitxml=results.xml make test" in text


def test_a_file_of_which_some_was_skipped_did_not_pass():
    """What was skipped shows nothing."""
    told = {"tests/a.py::test_b": "passed", "tests/a.py::test_c": "skipped"}
    assert outcome("tests/a.py", told) == "partly skipped"
    assert outcome("tests/a.py::test_b", told) == "passed"


@pytest.mark.parametrize(
    "content",
    [None, "", "<testsuites", "no xml", "<svg/>", '<?xml version="1.0" encoding="none"?><a/>',
     '<?xml version="1.0" encoding="euc-jp"?><a/>'],
)  # fmt: skip
def test_a_file_that_holds_no_results_is_refused(tmp_path, content):
    """By its name."""
    file = tmp_path / "x.xml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UserError, match=r"--results .*x\.xml: .*pytest --junitxml"):
        evidence(facts_of(configured()), [file])


NETWORK, FEW, HEALTH, LIVE = ("The camera is a network camera", "*k* is 1", "`health` tells as it",
                              "The live state tells how many")  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "taken_back"),
    [
        ({"privacy": {"k": 5}}, set()),
        ({"privacy": {"k": 1}}, {FEW, HEALTH, LIVE}),
        ({"privacy": {"k": 1, "state": "off"}}, {FEW, HEALTH}),
        ({"privacy": {"k": 1, "epsilon": 1.0}}, {FEW}),
        ({"privacy": {"k": 5, "state": "exact"}}, {LIVE}),
        ({"privacy": {"k": 5}, "source": {"uri": "rtsp://cam/1"}}, {NETWORK}),
    ],
)
def test_what_the_configuration_takes_back_is_said(tables, taken_back):
    """No claim stands unqualified that is not so of this device."""
    text = evidence(facts_of(configured(**tables)), [])
    assert {said for said in (NETWORK, FEW, HEALTH, LIVE) if said in text} == taken_back


def test_what_holds_a_claim_without_a_test_is_told():
    """Import contracts are no tests, and a cell without a word would say that nothing holds it."""
    assert "import contracts in `pyproject.toml`" in evidence(facts_of(configured()), [])
