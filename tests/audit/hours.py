"""An hour at a device and at the auditor beside it, minute by minute."""

from __future__ import annotations

from random import Random

from tests.audit.support import minute, tally
from tests.audit.support import told as window

HOUR = range(60)


def both(number, women, men, unknown=0, **more):
    """The device's window of a minute, with women and men of 25–34, and some of unknown sex."""
    cells = {"female": women, "female_25_34": women, "male": men, "male_25_34": men}
    people = women + men + unknown
    cells |= {"gender_unknown": unknown, "age_25_34": people}
    return window(number, people, **(cells | more))


def split(number, women, men, unsure=0, **more):
    """The bin of a minute."""
    parts = {"female": women, "male": men, "gender_unknown": unsure}
    return minute(number, {"people": women + men + unsure} | parts | more)


def right(minutes=HOUR, women=5, men=5):
    """A device that errs in nothing, an hour long."""
    return tally(split(n, women, men) for n in minutes), [both(n, women, men) for n in minutes]


def missed(share, minutes=HOUR, people=10, seed=1):
    """An hour in which the device misses each person with this chance."""
    random = Random(seed)
    seen = [sum(random.random() >= share for _ in range(people)) for _ in minutes]
    return (
        tally(minute(n, people) for n in minutes),
        [window(n, told) for n, told in zip(minutes, seen, strict=True)],
    )
