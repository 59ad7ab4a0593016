"""Windows and their messages, folded, that the tests of anonymity share."""

from __future__ import annotations

import jsonschema
import msgspec

from edge.config.told import Privacy
from edge.messages.bands import AGE_BANDS, SCHEMES, UNKNOWN
from edge.messages.checking import contradiction
from edge.messages.counts import counts_schema, encode_counts
from edge.privacy.anonymise import Anonymiser, Form
from edge.privacy.fold import secret_coin
from edge.runtime.frame import Window
from edge.runtime.networks.card import Confusion
from tests.people.crowds import AGE, GENDER
from tests.people.tables import Cells

CONFUSION = {
    "gender": Confusion(("female", "male"), GENDER, "test faces"),
    "age_published": Confusion(tuple(AGE_BANDS), AGE, "test faces"),
}


ENDS = ("", "_low", "_high")


SCHEMA = jsonschema.Draft202012Validator(counts_schema())


PLACES = ("zone_shop_people", "line_door_in", "line_door_out")


HEAD = {
    "schema", "numbering", "seq", "boot", "start", "end", "timezone", "window_s", "observed_s",
    "clock_synced", "lost", "folding", "folded_as", "bands", "people", "model",
}  # fmt: skip
"""All that is told of a window with fewer than k people: about the window, and their number."""


def window(cells: Cells, **more: object) -> Window:
    known = {"places": {}, "dwell_s": 20.0, "attention_s": 5.0, "present_max": 2} | more
    return Window(
        start_s=1.8e9, end_s=1.8e9 + 60, clock_synced=True, window_s=60.0, observed_s=60.0,
        cells=cells, **known,
    )  # type: ignore[arg-type]  # fmt: skip


def anonymiser(
    k: int = 1, epsilon: float | None = None, *, estimates: bool = True, coin=secret_coin, **form
) -> Anonymiser:
    confusion = CONFUSION if estimates else {}
    looks = Form(**({"model": "test", "places": PLACES} | form))
    return Anonymiser(Privacy(k=k, epsilon=epsilon), confusion, looks, coin)


def message(cells: Cells, k: int = 1, *, estimates: bool = True, **more: object) -> dict:
    counts = anonymiser(k, estimates=estimates).counts(window(cells, **more))
    return msgspec.json.decode(encode_counts(counts))


def adds_up(told: dict) -> bool:
    """Every row and total of a message against every other."""
    ages = (*SCHEMES[told["bands"]], UNKNOWN)
    by_gender = told["female"] + told["male"] + told["gender_unknown"]
    by_age = sum(told[f"age_{age}"] for age in ages)
    return told["people"] == by_gender == by_age and not contradiction(told)
