"""The anonymity argument names tests; they exist."""

from __future__ import annotations

import ast
import re

import pytest

from tests.shared import ROOT

TEXT = (ROOT / "docs" / "privacy.md").read_text(encoding="utf-8")


def named() -> list[tuple[str, str]]:
    """(file, test) of every `file::test` in the document; `::test` means the same file."""
    found, file = [], ""
    for path, test in re.findall(r"`(tests/[\w/]+\.py)?::(test_\w+)`", TEXT):
        file = path or file
        found.append((file, test))
    return found


def test_the_document_names_tests():
    """Otherwise this file tests nothing."""
    assert len(named()) > 20


@pytest.mark.parametrize(("file", "test"), named())
def test_every_claims_test_exists(file: str, test: str):
    """A claim whose test was renamed or removed is no claim."""
    path = ROOT / file
    assert path.is_file()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert test in functions
