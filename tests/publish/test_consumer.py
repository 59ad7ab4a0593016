"""The reference consumer: repeats are dropped, losses known, whatever order things come in."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.publish.consumer import MAX_GAPS, Consumer, Gap, Verdict


def verdicts(*heard: tuple[int, str]) -> list[str]:
    consumer = Consumer()
    return [consumer.take("d", seq, boot).value for seq, boot in heard]


def test_neighbours_are_new_and_what_came_before_is_a_repeat() -> None:
    """The plain case, with a run sent again after a lost connection."""
    assert verdicts((5, "a"), (6, "a"), (5, "a"), (6, "a"), (7, "a")) == [
        "new", "new", "repeat", "repeat", "new",
    ]  # fmt: skip


def test_a_gap_is_known_until_it_is_filled() -> None:
    """What never came is named; what comes late is counted after all, once."""
    consumer = Consumer()
    for seq in (1, 2, 6):
        consumer.take("d", seq, "a")
    assert consumer.missing("d") == [Gap(3, 5)]
    assert consumer.take("d", 4, "a") is Verdict.LATE
    assert consumer.take("d", 4, "a") is Verdict.REPEAT
    assert consumer.missing("d") == [Gap(3, 3), Gap(5, 5)]


def test_a_restart_of_the_device_goes_on_counting() -> None:
    """A new boot with the next number is no event; a repeat of the old boot is still a repeat."""
    assert verdicts((1, "a"), (2, "b"), (1, "a"), (3, "b")) == ["new", "new", "repeat", "new"]


def test_a_new_card_starts_anew_and_is_not_taken_for_repeats() -> None:
    """Low numbers under a boot never heard of: the device lost its outbox, its windows count."""
    assert verdicts((900, "a"), (1, "b"), (2, "b"), (1, "b")) == [
        "new", "restarted", "new", "repeat",
    ]  # fmt: skip


def test_a_jump_after_an_unreadable_outbox_is_no_gap_of_a_billion() -> None:
    """What was lost is unknown; no number of missing windows is made up."""
    consumer = Consumer()
    consumer.take("d", 900, "a")
    assert consumer.take("d", 1_790_000_000, "b") is Verdict.RESTARTED
    assert consumer.missing("d") == []


def test_devices_do_not_mix_and_memory_is_bounded() -> None:
    """Each device has its own numbers; endless gaps don't grow without end."""
    consumer = Consumer()
    for seq in range(1, 5 * MAX_GAPS, 2):
        consumer.take("a", seq, "x")
        assert consumer.take("b", seq, f"boot{seq}") is Verdict.NEW
    assert len(consumer.missing("a")) == MAX_GAPS
    consumer.forget("a")
    assert list(consumer.devices()) == ["b"]


@given(st.lists(st.integers(1, 60), max_size=80))
def test_every_number_counts_once_whatever_the_order(heard: list[int]) -> None:
    """After the first, any shuffle with repeats counts each number above it exactly once."""
    consumer = Consumer()
    consumer.take("d", 0, "a")
    counted = [seq for seq in heard if consumer.take("d", seq, "a") is not Verdict.REPEAT]
    assert sorted(counted) == sorted(set(heard))
    missing = {seq for gap in consumer.missing("d") for seq in range(gap.first, gap.last + 1)}
    assert missing == set(range(1, max(heard, default=0))) - set(heard)
