"""Opening hours: what a person writes, and what is refused in a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from edge.cli import main
from edge.config.opening import DAY_MIN, opening

NINE, SIX = 9 * 60, 18 * 60
WEEKDAYS = [[(NINE, SIX)]] * 5


@pytest.mark.parametrize(
    ("text", "week"),
    [
        ("", [[(0, DAY_MIN)]] * 7),
        ("09:00-18:00", [[(NINE, SIX)]] * 7),
        ("Mo-Fr 09:00-18:00", [*WEEKDAYS, [], []]),
        ("Mo-Fr 9:00 – 18:00; Sa 10:00-16:00", [*WEEKDAYS, [(600, 960)], []]),
        ("Mo, We 09:00-18:00", [[(NINE, SIX)], [], [(NINE, SIX)], [], [], [], []]),
        ("Mo 09:00-12:00, 13:00-18:00", [[(540, 720), (780, 1080)], *[[]] * 6]),
        ("Mo 09:00-12:00, 12:00-18:00, 10:00-11:00", [[(NINE, SIX)], *[[]] * 6]),
        ("Sa-Mo 00:00-24:00", [[(0, DAY_MIN)], [], [], [], [], [(0, DAY_MIN)], [(0, DAY_MIN)]]),
        ("Su 20:00-02:00", [[(0, 120)], [], [], [], [], [], [(1200, DAY_MIN)]]),
        ("Mo-Su 09:00-18:00; Sa 10:00-16:00", [*WEEKDAYS, [(600, 960)], [(NINE, SIX)]]),
        (
            "Fr-Sa 20:00-02:00; Sa 10:00-16:00",
            [[], [], [], [], [(1200, DAY_MIN)], [(0, 120), (600, 960)], []],
        ),
        ("Fr 20:00-00:00", [[], [], [], [], [(1200, DAY_MIN)], [], []]),
    ],
)
def test_days_and_times(text: str, week: Any) -> None:
    """Parts with and without days, nights, overlaps."""
    assert [list(day) for day in opening(text)] == week


@pytest.mark.parametrize(
    "text",
    ["always", "Mo-Fr", "Mo-Fr 9-18", "Mo-Fr 09:00-25:00", "Mo 09:61-10:00", "09:00-09:00",
     "Mo 24:00-10:00", "PH off", "Monday 09:00-18:00", ",", "Mo 09:00-18:00 Tu"],
)  # fmt: skip
def test_what_is_none_is_refused_with_an_example(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One sentence names the key, the value and what would be right; status 2."""
    with pytest.raises(SystemExit) as ended:
        main(["config", "show", "--set", f"history.opening_hours={text}"])
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "history" in error
    assert "Mo-Fr 09:00-18:00" in error
