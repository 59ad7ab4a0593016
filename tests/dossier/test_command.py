"""`agender-edge dossier`: what it writes, and how it refuses."""

from __future__ import annotations

import re
import sys

import pytest

from edge import pdf
from edge.cli import main
from edge.errors import UserError

OPERATOR = '[operator]\nname = "Shop"\ncontact = "a@b.example"\npurpose = "planning"\n'


def run(tmp_path, *words, text=OPERATOR):
    """The status of the command with a file of this text."""
    file = tmp_path / "config.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main(["dossier", "--config", str(file), "--out", str(tmp_path / "out"), *words])
    return ended.value.code


def written(tmp_path):
    """The names of what was written."""
    return {path.name for path in (tmp_path / "out").iterdir()}


def test_the_index_leads_to_every_file(tmp_path, capsys):
    """And tells how many entries a person has to fill in."""
    bill = tmp_path / "sbom.json"
    bill.write_text("{}")
    assert run(tmp_path, "--sbom", str(bill)) == 0
    index = (tmp_path / "out" / "README.md").read_text()
    linked = set(re.findall(r"\]\(([\w.-]+)\)", index))
    assert written(tmp_path) == linked | {"README.md", "sbom.json"}
    asked = sum(map(int, re.findall(r"\((\d+) to be filled in\)", index)))
    assert f"{asked} entries are to be filled in by you" in capsys.readouterr().err
    texts = [path.read_text() for path in (tmp_path / "out").glob("*.md")]
    assert sum(text.count("**To be filled in:**") for text in texts) == asked > 5


def test_no_link_of_a_document_leads_nowhere(tmp_path):
    """What is quoted from the project may link to documents that a dossier does not have."""
    assert run(tmp_path) == 0
    for path in (tmp_path / "out").glob("*.md"):
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text()):
            assert "://" in target or (tmp_path / "out" / target).exists(), (path.name, target)


def test_the_same_configuration_makes_the_same_files(tmp_path):
    """So that a comparison tells what changed."""
    contents = []
    for _ in range(2):
        assert run(tmp_path) == 0
        contents.append({p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()})
    assert contents[0] == contents[1]


@pytest.mark.slow
def test_every_document_is_printed_and_says_what_its_text_says(tmp_path):
    """Letters that can be searched for, on A4."""
    try:
        pdf.require()
    except UserError as error:
        pytest.skip(str(error))
    reader = pytest.importorskip("pypdf", reason="needs pypdf")
    assert run(tmp_path, "--pdf", text=OPERATOR.replace("planning", "a < b & *c* <b>d</b>")) == 0
    for text in (tmp_path / "out").glob("*.md"):
        printed = reader.PdfReader(text.with_suffix(".pdf"))
        sides = printed.pages[0].mediabox[2:]
        assert [round(float(side) / 72 * 25.4) for side in sides] == [210, 297]
        title = text.read_text().partition("\n")[0].lstrip("# ")
        assert title in " ".join(printed.pages[0].extract_text().split())
    record = reader.PdfReader(tmp_path / "out" / "1-record-of-processing.pdf")
    assert "a < b & *c* <b>d</b>" in " ".join(record.pages[0].extract_text().split())


def test_without_the_extra_nothing_is_written(tmp_path, capsys, monkeypatch):
    """And one sentence says what to install."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    assert run(tmp_path, "--pdf") == 1
    assert "pip install 'agender-edge[pdf]'" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "text", "ended"),
    [
        ((), "", (2, "operator.name, operator.contact, operator.purpose are empty")),
        (("--results", "none.xml"), OPERATOR, (1, "--results none.xml: ")),
        (("--sbom", "none.json"), OPERATOR, (1, "--sbom none.json: cannot be read")),
        ((), f"{OPERATOR}[estimator]\nmodels = ['x']\n", (4, "there is no model 'x'")),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_written(tmp_path, capsys, words, text, ended):
    """In one sentence."""
    status, told = ended
    assert run(tmp_path, *words, text=text) == status
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["9-changes.md", "1-record-of-processing.md", "README.md"])
def test_an_old_dossier_stays_whole_where_a_new_one_can_t_be_written(tmp_path, capsys, name):
    """A folder stands where a document should be, whichever is written first."""
    (tmp_path / "out" / name).mkdir(parents=True)
    (tmp_path / "out" / "4-networks.md").write_text("old")
    assert run(tmp_path, "--force") == 1
    assert f"{name}: cannot be written: Is a directory" in capsys.readouterr().err
    assert (tmp_path / "out" / "4-networks.md").read_text() == "old"
    assert written(tmp_path) == {name, "4-networks.md"}


def test_what_was_filled_in_by_hand_is_not_lost(tmp_path, capsys):
    """Nor is a dossier of another configuration, but by --force, with its prints."""
    assert run(tmp_path) == 0
    file = tmp_path / "out" / "2-impact-assessment.md"
    file.write_text(file.read_text().replace("**To be filled in:**", "Done:", 1))
    file.with_suffix(".pdf").write_text("of before")
    assert run(tmp_path) == 1
    assert "is there and differs" in capsys.readouterr().err
    assert "Done:" in file.read_text()
    assert run(tmp_path, "--force") == 0
    assert "Done:" not in file.read_text()
    assert not file.with_suffix(".pdf").exists()


@pytest.mark.parametrize("name", ["README.md", "configuration.toml", "1-record-of-processing.pdf"])
def test_a_bill_of_materials_takes_no_other_file_s_place(tmp_path, capsys, name):
    """Nor another bill's."""
    bill = tmp_path / name
    bill.write_text("{}")
    assert run(tmp_path, "--sbom", str(bill)) == 1
    assert "another file of the dossier has that name" in capsys.readouterr().err
    bills = [tmp_path / folder / "sbom.json" for folder in ("a", "b")]
    for path in bills:
        path.parent.mkdir()
        path.write_text("{}")
    assert run(tmp_path, "--sbom", *map(str, bills)) == 1
    assert not (tmp_path / "out").exists()
