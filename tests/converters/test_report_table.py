"""One table of every system: figures from results and cards alone, the rest is not measured."""

from __future__ import annotations

import msgspec
import pytest

from converters.cli import main
from converters.errors import ConvertError
from converters.evaluate.result import Age, Gender, Result
from converters.importers.template import known
from converters.report import systems
from edge.runtime.networks.card import read_card


@pytest.fixture
def result(models) -> Result:
    """An evaluation of the shipped pair."""
    cards = [read_card(models / f"ssrnet_{name}_imdb.json") for name in ("age", "gender")]
    return Result(
        models={card.name: card.sha256 for card in cards},
        detector="far",
        data="faces.zip",
        data_sha256="",
        faces=10,
        not_found=0,
        age_target="years",
        age={"overall": Age(faces=10, error_years=7.25, median_error_years=5, bias_years=0,
                            exact=0.4, one_off=0.8, within_5=0.5)},
        gender={"overall": Gender(faces=10, accuracy=0.875, precision_female=1, recall_female=1,
                                  precision_male=1, recall_male=1, auc=1, confident=1,
                                  confident_accuracy=1)},
    )  # fmt: skip


def rows(page: str) -> dict[str, list[str]]:
    """System → its cells, of the page's first table."""
    first = page.partition("\n## ")[0]
    lines = [line for line in first.splitlines() if line.startswith("| ")][2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {cell[0]: cell[1:] for cell in cells}


def test_persons_of_the_default_are_told_by_group_with_intervals(result, models):
    """As its card has them, with what was simulated."""
    page = systems.render([result], [models])
    found = page.partition("\n## The default by person and group")[2]
    card = read_card(models / "agender_64.json")
    assert card.evidence["persons"]["simulated"] in found
    for data, held in card.evidence["persons"]["data"].items():
        assert (
            f"{data}: {held['people']} persons, {held['not_found']} not found.\n\n| group" in found
        )
        assert f"\n\n{data}: " in found  # else it would be a row of the table before
        _, _, right, low, high, *_ = held["groups"]["overall"]
        assert f"{right:.3f} ({low:.3f} to {high:.3f})" in found


def test_measured_rows_come_first_with_their_figures(result, models):
    """Error, bands and accuracy as the result has them; size and instructions of both cards."""
    first, cells = next(iter(rows(systems.render([result], [models])).items()))
    assert "`ssrnet_age_imdb`, `ssrnet_gender_imdb`" in first
    assert cells[4:] == ["0.23", "18.1 / 17.4", "7.2", "0.40", "0.80", "0.875", "–"]


def test_every_other_system_is_listed_as_not_measured(result, models):
    """Without a single figure."""
    found = rows(systems.render([result], [models]))
    others = {name: cells for name, cells in found.items() if "ssrnet_age_imdb" not in name}
    assert len(others) == len({template.system for template in known().values()})
    for cells in others.values():
        assert cells[4:] == ["not measured"] * 6 + ["–"]


def test_a_result_of_another_network_or_of_other_faces_is_refused(result, models):
    """A table never mixes."""
    stale = msgspec.structs.replace(result, models={"ssrnet_age_imdb": "0" * 64})
    with pytest.raises(ConvertError, match="of another ssrnet_age_imdb"):
        systems.render([stale], [models])
    with pytest.raises(ConvertError, match="not of the same faces"):
        systems.render([result, msgspec.structs.replace(result, data="b.zip")], [models])
    with pytest.raises(ConvertError, match=r"no card nobody\.json"):
        systems.render([msgspec.structs.replace(result, models={"nobody": "0"})], [models])


def test_the_table_is_made_by_command(result, models, tmp_path, capsys):
    """And says where it is."""
    path, out = tmp_path / "result.json", tmp_path / "models.md"
    path.write_bytes(msgspec.json.encode(result))
    assert main(["report", str(path), "--models", str(models), "--table", str(out)]) == 0
    assert capsys.readouterr().out.strip() == str(out)
    assert "# The networks that can be compared" in out.read_text()
