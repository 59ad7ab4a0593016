"""The reference consumer: repeats are dropped, losses known, whatever order things come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.messages.consumer import MAX_GAPS, MAX_NUMBERINGS, Consumer, Gap, Verdict


def verdicts(*heard: tuple[str, int]) -> list[str]:
    consumer = Consumer()
    return [consumer.take("d", *window).value for window in heard]


def test_neighbours_are_new_and_what_came_before_is_a_repeat() -> None:
    """The plain case, with a run sent again after a lost connection."""
    assert verdicts(("a", 5), ("a", 6), ("a", 5), ("a", 6), ("a", 7)) == [
        "new", "new", "repeat", "repeat", "new",
    ]  # fmt: skip


def test_a_gap_is_known_until_it_is_filled() -> None:
    """What never came is named; what comes late is counted after all, once."""
    consumer = Consumer()
    for seq in (1, 2, 6):
        consumer.take("d", "a", seq)
    assert consumer.missing("d") == [Gap(3, 5)]
    assert consumer.take("d", "a", 4) is Verdict.LATE
    assert consumer.take("d", "a", 4) is Verdict.REPEAT
    assert consumer.missing("d") == [Gap(3, 3), Gap(5, 5)]


def test_a_new_card_starts_anew_and_is_not_taken_for_repeats() -> None:
    """Whatever numbers it gives: under another numbering they are other windows."""
    assert verdicts(("a", 900), ("b", 1), ("b", 900), ("a", 900), ("b", 1), ("a", 901)) == [
        "new", "restarted", "new", "repeat", "repeat", "new",
    ]  # fmt: skip


def test_another_numbering_is_no_gap() -> None:
    """What was lost with an outbox is unknown; no number of missing windows is made up."""
    consumer = Consumer()
    consumer.take("d", "a", 900)
    assert consumer.take("d", "b", 1_790_000_000) is Verdict.RESTARTED
    assert consumer.missing("d") == []


def test_devices_do_not_mix_and_memory_is_bounded() -> None:
    """Each device has its own numbers; endless gaps and numberings don't grow without end."""
    consumer = Consumer()
    for seq in range(1, 5 * MAX_GAPS, 2):
        consumer.take("a", "x", seq)
        wanted = Verdict.NEW if seq == 1 else Verdict.RESTARTED
        assert consumer.take("b", f"numbering{seq}", seq) is wanted
    assert len(consumer.missing("a")) == MAX_GAPS
    assert len(consumer._devices["b"]) == MAX_NUMBERINGS
    consumer.forget("a")
    assert list(consumer.devices()) == ["b"]


@given(st.lists(st.integers(1, 60), max_size=80))
def test_every_number_counts_once_whatever_the_order(heard: list[int]) -> None:
    """After the first, any shuffle with repeats counts each number above it exactly once."""
    consumer = Consumer()
    consumer.take("d", "a", 0)
    counted = [seq for seq in heard if consumer.take("d", "a", seq) is not Verdict.REPEAT]
    assert sorted(counted) == sorted(set(heard))
    missing = {seq for gap in consumer.missing("d") for seq in range(gap.first, gap.last + 1)}
    assert missing == set(range(1, max(heard, default=0))) - set(heard)
