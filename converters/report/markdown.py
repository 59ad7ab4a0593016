"""An evaluation and its cards → Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from converters.evaluate.result import Age, Gender, Result
from converters.evaluate.text import number
from edge.dossier.markdown import table
from edge.runtime.networks.card import Card, Confusion


def render(result: Result, cards: Sequence[Card], picture: str) -> str:
    """The whole report; `picture` is the plots' file name beside it."""
    found = result.faces - result.not_found
    parts = [
        f"# {' + '.join(result.models)}, faces by `{result.detector}`",
        f"{result.faces} labelled faces of {result.data}; {found} found, "
        f"{result.not_found} not found. Measured through the device's own detection and crop "
        "code by `agender-convert evaluate`.",
        f"![Plots]({picture})",
    ]
    if result.age:
        parts += [f"## Age (error against {result.age_target})", _age(result.age)]
    if result.gender:
        parts += ["## Gender", _gender(result.gender)]
    for name, confusion in result.confusion.items():
        parts += [f"## Confusion: {name} (rows the truth, columns the answer)", _matrix(confusion)]
    parts += [_card(card) for card in cards]
    return "\n\n".join(parts) + "\n"


def _age(groups: dict[str, Age]) -> str:
    head = ["", "faces", "error, years", "median", "bias", "exact band", "one off", "within 5 y"]
    if any(age.epsilon is not None for age in groups.values()):
        head.append("ε-error")
    rows = [
        [
            name,
            str(age.faces),
            f"{age.error_years:.2f}",
            f"{age.median_error_years:.2f}",
            f"{age.bias_years:+.2f}",
            number(age.exact),
            number(age.one_off),
            number(age.within_5),
            *([number(age.epsilon)] if len(head) > 8 else []),
        ]
        for name, age in groups.items()
    ]
    return table(head, rows)


def _gender(groups: dict[str, Gender]) -> str:
    head = ["", "faces", "accuracy", "precision f", "recall f", "precision m", "recall m", "AUC"]
    rows = [
        [
            name,
            str(one.faces),
            number(one.accuracy),
            number(one.precision_female),
            number(one.recall_female),
            number(one.precision_male),
            number(one.recall_male),
            number(one.auc),
            number(one.confident),
            number(one.confident_accuracy),
        ]
        for name, one in groups.items()
    ]
    return table([*head, "confident", "accuracy of those"], rows)


def _matrix(confusion: Confusion) -> str:
    rows = [
        [label, *map(str, row)]
        for label, row in zip(confusion.labels, confusion.counts, strict=True)
    ]
    return table(["", *confusion.labels], rows)


def _card(card: Card) -> str:
    lines = [
        f"## The network `{card.name}`",
        card.description + ".",
        table(
            ["", ""],
            [
                ["file", f"{card.bytes:,} bytes, {card.quantization}, SHA-256 `{card.sha256}`"],
                ["source", f"{card.source.origin}, SHA-256 `{card.source.sha256}`"],
                ["licence of the weights", card.licence.weights],
                ["… of commercial use", card.licence.weights_commercial],
                ["training data", card.licence.training_data],
                ["… its terms of commercial use", card.licence.training_data_commercial],
                ["commercial use", "yes" if card.licence.commercial_use else "no"],
                ["meant for", card.intended_use],
                ["limits", card.limits],
                *_cost(card.evidence.get("arm_instructions", {})),
            ],
        ),
    ]
    drift = _drift(card.evidence.get("drift", {}))
    return "\n\n".join(lines + ([drift] if drift else []))


def _cost(cost: dict[str, Any]) -> list[list[str]]:
    counts = [f"{value / 1e6:.2f} M on a {name}" for name, value in cost.items() if "cor" in name]
    return [["Arm instructions an invocation", ", ".join(counts)]] if counts else []


def _drift(drift: dict[str, Any]) -> str:
    rows = []
    for runtime, figures in drift.items():
        if isinstance(figures, dict):
            years = figures.get("age_drift_years")
            said = "–" if years is None else f"{years['mean']} / {years['p95']} / {years['max']}"
            flips = str(figures.get("gender_flips", "–"))
            rows.append([runtime, said, flips, str(figures["xnnpack_partitions"])])
    if not rows:
        return ""
    head = ["runtime", "age drift mean / 95 % / max, years", "gender flips", "XNNPACK partitions"]
    return f"Against {drift['reference']}, on {drift['crops']} crops:\n\n" + table(head, rows)
