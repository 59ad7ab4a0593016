"""Names and numbers of an audit as a person reads them."""

from __future__ import annotations

from collections.abc import Iterator

from edge.audit.agreement import BINS_MIN, CHANCE, Verdict
from edge.audit.build import Audit
from edge.audit.compare import Agreement

NOTHING = "–"
LABELS = {"people": "people", "female": "women", "male": "men"}


def name(key: str) -> str:
    """female → women; age_25_34 → age 25–34; line_door_in → line door, in."""
    if key in LABELS:
        return LABELS[key]
    kind, _, rest = key.partition("_")
    if kind == "age":
        return f"age {rest.replace('_plus', '+').replace('_', '–')}"
    place, _, way = rest.rpartition("_")
    return f"line {place}, {way}"


def number(people: float) -> str:
    """A number of people: whole, or with one digit where two auditors differ."""
    return f"{people:.0f}" if people == round(people) else f"{people:.1f}"


def span(low: float, high: float) -> str:
    """Two numbers of people, or one where they are the same."""
    return number(low) if low == high else f"{number(low)} to {number(high)}"


def percent(share: float) -> str:
    """0.0423 → "+4.2"; the sign of percent stands in the column's head."""
    return f"{100 * share:+.1f}"


def bias(each: Agreement) -> str:
    """The relative bias, by its two ends where something is unknown."""
    if each.bias is None:
        return NOTHING
    low, high = map(percent, each.bias)
    return low if low == high else f"{low} to {high}"


def bounds(each: Agreement) -> str:
    """The interval of the bias."""
    return NOTHING if each.bounds is None else " … ".join(map(percent, each.bounds))


def verdict_sentences(audit: Audit) -> Iterator[str]:
    """The verdict on the device's people, and what is lacking for one of each quantity."""
    people, margin = audit.people, f"{100 * audit.rule.margin:g} %"
    if people.verdict is Verdict.PASSES:
        yield f"passes: people are counted within {margin} of the tally"
    elif people.verdict is Verdict.FAILS and people.bias is not None:
        many = "few" if people.bias[0] < 0 else "many"
        yield f"fails: the device counts too {many} people, by more than {margin}"
    else:
        yield f"not enough seen to say whether people are counted within {margin}"
    yield from (f"{name(each.key)}: {lack}" for each in audit.agreements if (lack := lacks(each)))


def lacks(each: Agreement) -> str:
    """What is lacking for a verdict; empty where there is one."""
    if each.verdict is not Verdict.NOT_ENOUGH:
        return ""
    if not each.tallied:
        return "nobody was tallied"
    if each.bins < BINS_MIN:
        return f"a verdict takes {BINS_MIN} bins or more"
    if each.more is not None:
        return f"some {each.more} more would give a verdict, {100 * CHANCE:.0f} % of the time"
    return f"no number of people would decide: {each.why}"
