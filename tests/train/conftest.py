"""What several tests of training are given."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from tests.shared import SHARED


@pytest.fixture(scope="module")
def faces(tmp_path_factory) -> Path:
    """140 labelled pictures as a folder, their table quoted and with semicolons."""
    source = SHARED / "data" / "fairface_train.zip"
    if not source.exists():
        pytest.skip(f"the labelled faces are not here: {source}")
    folder = tmp_path_factory.mktemp("faces")
    with zipfile.ZipFile(source) as archive:
        table = list(csv.reader(io.TextIOWrapper(archive.open("labels.csv"))))
        table = [table[0], *table[1 :: len(table) // 140]]
        text = io.StringIO()
        csv.writer(text, delimiter=";", quoting=csv.QUOTE_ALL).writerows(table)
        (folder / "labels.csv").write_text(text.getvalue())
        for row in table[1:]:
            archive.extract(row[0], folder)
    return folder
