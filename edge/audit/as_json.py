"""An audit as one JSON object, for a program."""

from __future__ import annotations

import json
from typing import Any

from edge.audit.build import Audit
from edge.audit.compare import Agreement


def as_json(audit: Audit) -> str:
    """Keys of quantities are those of the `counts` message; null is what is not known."""
    found = {
        "device": audit.device,
        "tallies": audit.tallies,
        "first_day": audit.first or None,
        "last_day": audit.last or None,
        "bins": audit.units,
        "margin": audit.rule.margin,
        "error": audit.rule.error,
        "verdict": audit.people.verdict.value,
        "quantities": [told(each) for each in audit.agreements],
        "left_out": [
            {"reason": reason, "bins": left.bins, "people": _plain(left.people)}
            for reason, left in audit.left.items()
        ],
        "auditors": [each._asdict() for each in audit.together],
        "notes": audit.notes,
        "advice": audit.advice,
    }
    return json.dumps(found, indent=2, ensure_ascii=False) + "\n"


def _plain(people: float) -> float:
    """A whole number as such; means of two auditors may be none."""
    return int(people) if people == int(people) else people


def told(each: Agreement) -> dict[str, Any]:
    """One quantity: numbers of people, and relative biases (0.05 for 5 %)."""
    bias, bounds = each.bias or (None, None), each.bounds or (None, None)
    shares = dict(zip(("bias_low", "bias_high", "low", "high"), (*bias, *bounds), strict=True))
    return {
        "quantity": each.key,
        "bins": each.bins,
        "tallied": _plain(each.tallied),
        "unsure": _plain(each.unsure),
        "told": each.told,
        "unknown": each.unknown,
        **{key: None if share is None else round(share, 6) for key, share in shares.items()},
        "verdict": each.verdict.value,
        "people_lacking": each.more,
        "why": each.why or None,
    }
