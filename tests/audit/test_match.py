"""Bins and windows are held against each other where they are of the very same time."""

from __future__ import annotations

import pytest

from edge.audit import match, told
from edge.errors import ConfigError
from edge.messages.counts import lost_window
from edge.messages.fields import timestamp
from tests.audit.support import NINE_S, held, minute, of, recorded, tally
from tests.audit.support import told as window
from tests.history.support import untold

MANY = range(10)


def left(found):
    return {reason: each.bins for reason, each in found.left.items()}


def test_bins_are_held_against_the_windows_of_the_same_minutes():
    """By people: the device told one too few in one of them."""
    found = held(tally(minute(n, 5) for n in MANY), [window(n, 5 - (n == 3)) for n in MANY])
    assert (found.units, found.left) == (10, {})
    assert (of(found, "people").tallied, of(found, "people").told) == (50, 49)
    assert of(found, "people").bias == (pytest.approx(-0.02), pytest.approx(-0.02))


def test_bins_not_watched_from_end_to_end_are_left_out_and_told():
    bins = [minute(0, 9, whole=False), *(minute(n, 5) for n in range(1, 9))]
    found = held(tally(bins), [window(n, 5) for n in MANY])
    assert left(found) == {match.NOT_WATCHED: 1}
    assert found.left[match.NOT_WATCHED].people == 9
    assert found.units == 8


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"observed_s": 50.0}, "camera did not look"),
        ({"observed_s": 0.0}, "camera did not look"),
        ({"clock_synced": False}, "clock"),
        ({"window_s": 70.0, "observed_s": 70.0}, "do not fill"),
        ({"folding": "noise:1"}, "noise"),
    ],
)
def test_windows_that_can_t_be_trusted_are_left_out_and_told(changes, word):
    """Whatever they tell."""
    windows = [window(n, 5, **(changes if n == 4 else {})) for n in MANY]
    found = held(tally(minute(n, 5) for n in MANY), windows)
    assert found.units == 9
    ((reason, number),) = left(found).items()
    assert word in reason and number == 1


def test_a_lost_window_and_one_that_never_came_are_left_out_and_told():
    at = [timestamp(NINE_S + 60 * n) for n in (3, 4)]
    windows = [window(n, 5) for n in MANY if n not in (3, 6)]
    windows.append(lost_window(4, "5e1f0a7700c4", "b1", *at))
    found = held(tally(minute(n, 5) for n in MANY), windows)
    assert left(found) == {"the device's windows were lost": 1, match.UNTOLD: 1}


def test_bins_are_joined_to_the_length_of_windows():
    """The device's were made longer in between: five minutes are one pair then."""
    windows = [window(n, 5) for n in range(5)] + [window(n, 26, minutes=5) for n in (5, 10)]
    found = held(tally(minute(n, 5) for n in range(15)), windows)
    assert (found.units, found.left) == (7, {})
    assert of(found, "people").told == 25 + 52


def test_windows_are_joined_to_the_length_of_bins():
    bins = [minute(n, 25, length_s=300) for n in (0, 5)]
    found = held(tally(bins, window_s=300.0), [window(n, 5) for n in MANY])
    assert (found.units, found.left) == (2, {})


def test_a_window_that_reaches_beyond_the_tally_is_left_out():
    found = held(tally(minute(n, 5) for n in (1, 2)), [window(0, 25, minutes=5)])
    assert left(found) == {match.APART: 2}


def test_two_windows_of_the_same_time_are_not_summed():
    """As after a clock was set back, or of two devices in one recording."""
    windows = [window(n, 5) for n in MANY] + [window(2, 5, numbering="0" * 12)]
    found = held(tally(minute(n, 5) for n in MANY), windows)
    assert left(found) == {match.APART: 1}
    assert any("2 numberings" in note for note in found.notes)


def test_a_window_that_was_delivered_twice_counts_once():
    windows = [window(n, 5) for n in MANY for _ in range(2)]
    found = held(tally(minute(n, 5) for n in MANY), windows)
    assert of(found, "people").told == 50


def test_two_auditors_of_the_same_bins_are_one_look_at_the_people():
    """Their mean is taken, and how far they agree is told."""
    ours = tally(minute(n, 4) for n in MANY)
    theirs = tally(minute(n, 5) for n in range(5, 15))
    found = held([ours, theirs], [window(n, 5) for n in range(15)])
    assert found.units == 15
    assert of(found, "people").tallied == 5 * 4 + 5 * 4.5 + 5 * 5
    assert found.together == [match.Together(5, (20, 25))]


def test_of_two_auditors_the_one_who_watched_all_of_it_counts():
    ours = tally([minute(0, 2, whole=False)])
    theirs = tally([minute(0, 5)])
    assert of(held([ours, theirs], [window(0, 5)]), "people").tallied == 5


def test_of_two_auditors_what_both_tallied_is_compared():
    """One of them took ages down, or was under another k."""
    ours = tally([minute(0, 4)])
    theirs = tally([minute(0, {"people": 4})], k=5)
    assert [each.key for each in held([ours, theirs], [window(0, 5)]).agreements] == ["people"]


def test_two_auditors_with_windows_of_different_length_are_refused():
    """Nobody could say who was counted twice."""
    ours, theirs = tally([minute(0, 4)]), tally([minute(0, 9, length_s=300)], window_s=300.0)
    with pytest.raises(ConfigError, match="one by one"):
        held([ours, theirs], [window(0, 5)])


def test_tallies_of_two_devices_and_one_given_twice_are_refused():
    one = tally([minute(0, 4)])
    with pytest.raises(ConfigError, match="one device"):
        held([one, tally([], device="till")], [])
    with pytest.raises(ConfigError, match="twice"):
        held([one, one], [])


def test_recordings_may_be_put_together_in_any_order():
    """Nothing is taken for a repeat that is none."""
    windows = [window(n, 5) for n in MANY]
    found = held(tally(minute(n, 5) for n in MANY), [*windows[5:], *windows[:7]])
    assert (found.units, found.left) == (10, {})


TOPIC = "agender/v2/shop/door/counts"


def test_lines_with_a_topic_are_those_of_the_tally_s_device():
    """`mosquitto_sub -v` of a whole site may be given."""
    lines = [
        *recorded([window(0, 5)], TOPIC),
        *recorded([window(1, 9)], "agender/v2/shop/till/counts"),
        b'agender/v2/shop/door/state {"present": 1}\n',
        b"\n",
    ]
    heard = told.from_messages(lines, "shop/door")
    assert [each.sums["people"] for each in heard.told] == [5]
    assert heard.notes == ["1 line of the recording left out: of another device"]


def test_lines_of_watch_are_read_too():
    """`agender-edge watch --json` wraps each message."""
    line = b'{"device":"%s","what":"counts","message":%s}'
    body = recorded([window(0, 5)])[0].strip()
    lines = [line % (b"shop/door", body), line % (b"shop/till", body)]
    assert len(told.from_messages(lines, "shop/door").told) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"{", b"[]", b"null", b"\xff\xfe\x00", b'{"schema": 2}', b"[" * 100_000, b"{" * 100_000,
        recorded([window(0, 5)])[0].replace(b'"schema":2', b'"schema":1'),
        recorded([window(0, 5)])[0].replace(b'"people":5', b'"people":6'),
        recorded([window(0, 5)])[0].replace(b'"people":5', b'"people":-5'),
        recorded([window(0, 5)])[0].replace(b"2026-03-07", b"2026-33-07"),
        recorded([window(0, 5)])[0].replace(b"2026-03-07", b"9999-12-31"),
        recorded([window(0, 5)])[0].replace(b"2026-03-07", b"0001-01-01"),
        recorded([window(0, 5)])[0][:-30],
        TOPIC.encode() + b" {}",
        TOPIC.encode(),
    ],
    ids=lambda line: repr(line[:12]),
)  # fmt: skip
def test_a_line_that_is_no_window_is_left_out_and_told(line):
    """A recording that was cut, edited or mixed: the rest is used."""
    heard = told.from_messages([line, *recorded([window(1, 5)])], "shop/door")
    assert len(heard.told) == 1
    (note,) = heard.notes
    assert note == "1 line of the recording left out: no window of schema 2"


def test_a_window_of_few_tells_its_people_alone():
    few = untold(window(0, 3, folding="rounding:5"))
    (found,) = told.from_messages(recorded([few]), "shop/door").told
    assert (found.sums["people"], found.sums["untold_people"], found.folded) == (3, 3, True)
