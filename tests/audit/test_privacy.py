"""A tally undoes no threshold: not alone, and not joined with all that the device tells."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from edge.audit.as_json import as_json
from edge.audit.as_text import as_text
from edge.config.told import Privacy
from edge.privacy.anonymise import Anonymiser, Form
from edge.runtime.frame import Window
from edge.tally.keys import Add, Keys
from tests.audit.support import NINE_S, Auditor, held, minute, tally
from tests.audit.support import told as window
from tests.history.support import BERLIN, NUMBERING

K = 5


def told(number, women, men):
    """The window of a minute as a device under k tells it."""
    cells = Counter({("female", "25_34"): women, ("male", "25_34"): men})
    raw = Window(
        start_s=NINE_S + 60 * number, end_s=NINE_S + 60 * (number + 1), clock_synced=True,
        window_s=60.0, observed_s=60.0, cells=cells, places={},
    )  # fmt: skip
    under_k = Anonymiser(Privacy(k=K), {}, Form("agender_64", (), "fine", BERLIN))
    return replace(under_k.counts(raw), seq=number + 1, numbering=NUMBERING)


def tallied(minutes_of_keys, k):
    """What a tally holds after these keys, a minute each."""
    auditor = Auditor(NINE_S - 60, k=k, lines=("door",))
    keys = Keys(auditor.book.tally)
    auditor.wait(60)
    for typed in minutes_of_keys:
        for meaning in keys.meanings(typed):
            if isinstance(meaning, Add):
                auditor.press(*meaning.keys)
        auditor.wait(60)
    return replace(auditor.end(), id="0" * 12)


MINUTES = st.lists(st.text("wmu", max_size=9), max_size=6)


@given(MINUTES, st.randoms())
def test_with_k_above_1_a_tally_tells_how_many_and_nothing_of_whom(minutes, random):
    """Whoever came instead, it is the same file: all that it tells windows tell exactly too."""
    others = ["".join(random.choice("wmuWM") for _ in each) for each in minutes]
    assert tallied(minutes, K) == tallied(others, K)
    assert [each.counts.get("people", 0) for each in tallied(minutes, K).bins] == [
        len(each) for each in minutes
    ]


def test_a_tally_of_sexes_would_undo_the_threshold():
    """Why they are not kept: less the told windows they leave who came alone, or in a small group.

    Nine came in the second window, seven of them women; the device tosses for the two men. A tally
    of sexes says which of its tables were tossed for, and who the only one of the first window was.
    """
    windows = [told(0, 1, 0), told(1, 7, 2)]
    assert windows[0].female is None
    assert windows[1].male in (0, 9) or windows[1].male >= K
    with_sexes = tallied(["w", "wwwwwwwmm"], 1)
    assert with_sexes.bins[0].counts == {"people": 1, "female": 1}
    assert with_sexes.bins[1].counts["male"] == 2
    assert [each.counts for each in tallied(["w", "wwwwwwwmm"], K).bins] == [
        {"people": 1}, {"people": 9}
    ]  # fmt: skip


def test_a_tally_that_tells_more_than_the_device_may_is_named_as_such():
    """It was made elsewhere, or before k was raised: the auditor is told to show it to nobody."""
    bins = [minute(n, 6) for n in range(8)]
    windows = [told(n, 6, 0) for n in range(8)]
    assert "show it to nobody" in as_text(held(tally(bins), windows))
    plain = [minute(n, {"people": 6}) for n in range(8)]
    assert "show it to nobody" not in as_text(held(tally(plain, k=K), windows))


def test_nothing_but_sums_of_the_whole_tally_is_told():
    """Two tallies whose bins are exchanged among equal windows are told alike."""
    bins = [minute(n, people) for n, people in enumerate((3, 5, 4, 7, 6, 5, 9, 1))]
    other = [minute(n, each.counts) for n, each in enumerate(reversed(bins))]
    windows = [window(n, 5) for n in range(8)]
    ids = {"id": "0" * 12}
    assert as_json(held(tally(bins, **ids), windows)) == as_json(held(tally(other, **ids), windows))
    assert ":00" not in as_json(held(tally(bins), windows))
