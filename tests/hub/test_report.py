"""What `agender-hub report` tells: figures by hand count, in three forms, from both stores."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from datetime import date
from pathlib import Path

import msgspec
import pytest

from hub.errors import UsageError
from hub.report.build import Report, build
from hub.report.forms import as_csv, as_json
from hub.report.question import GAPS, PLACES, SUMS, By, Pair, Per, asked
from hub.report.text import as_text
from hub.store import Store, open_store
from tests.hub.support import window
from tests.hub.windows import UNTOLD

TODAY = date(2026, 1, 4)


def report(
    store: Store, by: By = "day", per: Per = "device", days: Pair = (None, None),
    whose: Pair = (None, None),
) -> Report:  # fmt: skip
    return build(store, asked(by, per, days, whose, TODAY))


@pytest.fixture
def filled(store: Store) -> Store:
    """Two days of two devices: 3 people a window, one window of 2 of whom nothing is told."""
    door = [window(minute, timezone="+01:00") for minute in (0, 1, 2, 5)]
    late = window(1_380, timezone="+01:00", seq=6, observed_s=15.0)  # 00:00 of 2 January there
    untold = window(1_381, timezone="+01:00", seq=7, people=2, **UNTOLD)
    lost = window(1_382, timezone="+01:00", seq=8, lost=True, window_s=0.0, observed_s=0.0)
    till = window(0, device="till", timezone="+01:00", clock_synced=False, observed_s=0.0)
    store.write([*door, late, untold, lost, till], [], 0)
    return store


def test_days_are_the_devices_own_and_untold_and_lost_stand_beside(filled: Store) -> None:
    """A lost window adds no people; what is not told is counted, and never taken for nobody."""
    rows = report(filled).rows
    keys = ("windows", "lost", "unsynchronised", "people", "untold_people", "female")
    told = [(row.start, row.device, row.missing, *(row.figures[k] for k in keys)) for row in rows]
    assert told == [
        ("2026-01-01", "door", 2, 4, 0, 0, 12, 0, 4),
        ("2026-01-01", "till", 0, 1, 0, 1, 3, 0, 1),
        ("2026-01-02", "door", 0, 3, 1, 0, 5, 2, 1),
    ]  # fmt: skip


def test_what_no_window_tells_is_null(filled: Store) -> None:
    """Passers are not counted here: nobody knows whether anybody went by."""
    first = report(filled).rows[0].figures
    assert (first["passers"], first["passers_untold_windows"]) == (None, 4)
    assert (first["age_25_34"], first["age_adult"]) == (8, None)


def test_coverage_is_of_the_windows_time_and_weighted_people_are_told_as_such(
    filled: Store,
) -> None:
    """Of 120 s 15 + 59.5 were looked at; where the camera did not look at all nothing is known."""
    rows = {(row.start, row.device): row.figures for row in report(filled).rows}
    second = rows["2026-01-02", "door"]
    assert second["coverage"] == pytest.approx(74.5 / 120)
    assert second["people_coverage_weighted"] == pytest.approx(5 * 120 / 74.5)
    blind = rows["2026-01-01", "till"]
    assert (blind["coverage"], blind["people_coverage_weighted"]) == (0.0, None)


@pytest.mark.parametrize(
    ("by", "per", "expected"),
    [
        ("hour", "device", {"2026-01-01T01:00+01:00": 15, "2026-01-02T00:00+01:00": 5}),
        ("day", "site", {"2026-01-01": 15, "2026-01-02": 5}),
        ("week", "device", {"2025-12-29": 20}),
        ("week", "site", {"2025-12-29": 20}),
    ],
)
def test_every_grouping_sums_the_same_people(
    filled: Store, by: By, per: Per, expected: dict[str, int]
) -> None:
    sums: dict[str, int] = {}
    for row in report(filled, by, per).rows:
        sums[row.start] = sums.get(row.start, 0) + row.figures["people"]
    assert sums == expected


def test_the_hour_that_comes_twice_in_autumn_is_two(store: Store) -> None:
    start = "2026-10-25T0{}:30:00.000Z"
    store.write([window(0, start=start.format(0), timezone="+02:00"),
                 window(1, start=start.format(1), timezone="+01:00")], [], 0)  # fmt: skip
    rows = report(store, "hour", days=("2026-10-25", "2026-10-25")).rows
    assert [row.start for row in rows] == ["2026-10-25T02:00+02:00", "2026-10-25T02:00+01:00"]


def test_a_site_or_a_device_alone(filled: Store) -> None:
    assert {row.device for row in report(filled, whose=("shop", "till")).rows} == {"till"}
    assert report(filled, whose=("elsewhere", None)).rows == []


def test_who_is_silent_is_named(filled: Store) -> None:
    """So are messages that were none, a device that numbers anew, and losses without a time."""
    filled.write(
        [window(0, numbering="f" * 12, lost=True, start="1970-01-01T00:00:00.000Z")], [], 0
    )
    notes = report(filled, days=("2026-01-02", "2026-01-02")).notes
    assert notes == [
        "shop/door began to number anew 1 time: what was lost then is not known",
        "shop/door: 1 lost window has no time, and is in no day",
        "shop/till: no window lies in this time; none was of a right clock",
    ]


def test_wrong_clocks_and_noise_are_told_of_the_rows_that_are_shown(filled: Store) -> None:
    """Such windows lie where their stamps say, which may be the wrong day."""
    filled.write([window(9, folding="noise:1")], [], 0)
    assert report(filled).notes == [
        "1 window has stamps of a clock that was not synchronised, and is where these say",
        "1 window was told with noise",
    ]
    assert report(filled, whose=("shop", "door"), days=("2026-01-02", None)).notes == []


def test_places_of_a_site_and_what_is_withheld(store: Store) -> None:
    store.write([window(0, places={"line_a_in": 4, "zone_b_people": None}),
                 window(1, places={"line_a_in": 1})], [], 0)  # fmt: skip
    found = report(store, days=("2026-01-01", None), whose=("shop", None))
    assert found.places == {"line_a_in": 5, "zone_b_people": None}
    assert "zone_b_people: -" in as_text(found)


def test_numbers_that_no_sum_in_sql_could_hold_are_summed(store: Store) -> None:
    """A device that lies about its numbers spoils its own figures and nobody's report."""
    numberings = [f"{number:012x}" for number in range(1_100)]
    ends = [window(0, numbering=one, seq=seq) for one in numberings for seq in (0, 2**53)]
    store.write(ends, [], 0)
    assert report(store).rows[0].missing == 1_100 * (2**53 - 1)


def test_csv_and_json_have_every_figure(filled: Store) -> None:
    found = report(filled)
    table = list(csv.DictReader(io.StringIO(as_csv(found))))
    assert [(row["day"], row["device"], row["people"], row["passers"]) for row in table] == [
        ("2026-01-01", "door", "12", ""),
        ("2026-01-01", "till", "3", ""),
        ("2026-01-02", "door", "5", ""),
    ]
    told = msgspec.json.decode(as_json(found))
    assert [{key: "" if value is None else str(value) for key, value in row.items()}
            for row in told["rows"]] == table  # fmt: skip
    assert (told["from"], told["to"], told["by"]) == ("2025-12-29", "2026-01-04", "day")


def test_hours_have_date_and_time_in_forms_that_spreadsheets_know(filled: Store) -> None:
    """Also where a device told no offset, and none in a table of days."""
    filled.write([window(2_880, timezone=None)], [], 0)
    table = list(csv.reader(io.StringIO(as_csv(report(filled, "hour")))))
    assert table[0][:4] == ["hour", "date", "time", "site"]
    assert table[-1][:3] == ["2026-01-03T00:00", "2026-01-03", "00:00"]
    assert table[1][:3] == ["2026-01-01T01:00+01:00", "2026-01-01", "01:00"]
    assert {len(row) for row in table} == {len(table[0])}
    assert "time" not in as_csv(report(filled)).splitlines()[0].split(",")


def test_the_text_names_what_it_shows(filled: Store) -> None:
    lines = as_text(report(filled, days=("2026-01-02", "2026-01-02"))).splitlines()
    assert lines[2].split() == ["day", "device", "people", "women", "men", "unknown", "untold",
                                "looked", "weighted", "lost", "missing"]  # fmt: skip
    assert lines[3].split() == ["2026-01-02", "shop/door", "5", "1", "1", "1", "2", "62", "%",
                                "8.1", "1", "0"]  # fmt: skip


@pytest.mark.parametrize(
    ("observed_s", "told"),
    [(0.0, "0 %"), (0.2, "< 1 %"), (37.0, "62 %"), (59.9, "> 99 %"), (60.0, "100 %")],
)
def test_a_camera_that_looked_not_quite_always_is_not_told_as_always(
    store: Store, observed_s: float, told: str
) -> None:
    store.write([window(0, observed_s=observed_s)], [], 0)
    assert f"  {told}  " in as_text(report(store, days=("2026-01-01", None)))


def test_an_empty_store_says_so(store: Store) -> None:
    assert "nothing is stored of it" in as_text(report(store))
    assert as_csv(report(store)).startswith("day,site,device,")


@pytest.mark.parametrize(
    ("days", "whose", "per", "expected"),
    [
        (("tomorrow", None), (None, None), "device", "--from tomorrow: expected a date"),
        (("2026-02-01", "2026-01-01"), (None, None), "device", "is later than --to"),
        ((None, None), ("shop", "door"), "site", "leave out --device"),
    ],
)
def test_a_question_without_an_answer_is_refused(
    days: Pair, whose: Pair, per: Per, expected: str
) -> None:
    with pytest.raises(UsageError, match=expected):
        asked("day", per, days, whose, TODAY)


def test_a_week_that_is_asked_for_counts_wholly() -> None:
    question = asked("week", "device", ("2026-01-07", "2026-01-07"), (None, None), TODAY)
    assert (question.first, question.last) == (date(2026, 1, 5), date(2026, 1, 11))


def test_a_report_reads_while_windows_come_in(address: str) -> None:
    """It asks for no lock that an ingestor would wait for."""
    with (
        closing(open_store(address)) as writer,
        closing(open_store(address, reading=True)) as reader,
    ):
        for minute in range(5):
            writer.write([window(minute)], [], 0)
            assert (
                report(reader, days=("2026-01-01", None)).rows[0].figures["windows"] == minute + 1
            )


@pytest.mark.parametrize("query", [*SUMS.values(), *GAPS.values(), *PLACES.values()])
def test_a_report_looks_at_its_days_or_devices_only(tmp_path: Path, query: str) -> None:
    """However many years there are: by an index in the one store, by partitions in the other."""
    values = asked("day", "device", ("2026-01-01", None), (None, None), TODAY).values
    with closing(open_store(str(tmp_path / "hub.sqlite3"))) as embedded:
        steps = [row["detail"] for row in embedded.ask(f"EXPLAIN QUERY PLAN {query}", values)]
    assert any(step.startswith("SEARCH windows USING") for step in steps)
    assert "SCAN windows" not in steps


@pytest.mark.parametrize("view", ["by_hour", "by_day", "site_by_hour", "site_by_day"])
def test_a_report_looks_at_its_months_only(database: str, view: str) -> None:
    with closing(open_store(database)) as store:
        store.write([window(0), window(1, start="2025-06-01T00:00:00.000Z")], [], 0)
        query = f"EXPLAIN SELECT * FROM {view} WHERE day BETWEEN '2026-01-01' AND '2026-01-02'"
        plan = str(store.ask(query, {}))
    assert "windows_2026_01" in plan
    assert "windows_2025_06" not in plan
