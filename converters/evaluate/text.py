"""A result as text tables for a terminal."""

from __future__ import annotations

from converters.evaluate.result import Result
from edge.runtime.networks.card import Confusion


def table(result: Result) -> str:
    """Everything an evaluation found, in lines of at most 100 characters."""
    found = result.faces - result.not_found
    lines = [
        f"models    {', '.join(result.models)}",
        f"detector  {result.detector}",
        f"data      {result.data}: {result.faces} faces, {found} found, "
        f"{result.not_found} not found",
    ]
    if result.age:
        lines += ["", f"age (error against {result.age_target})", _age_table(result)]
    if result.gender:
        lines += ["", "gender", _gender_table(result)]
    for name, confusion in result.confusion.items():
        lines += ["", f"{name}: rows are the truth, columns the answer", matrix(confusion)]
    return "\n".join(lines)


def _age_table(result: Result) -> str:
    head = f"{'':14}{'faces':>6}{'error':>8}{'median':>8}{'bias':>8}{'exact':>7}{'1 off':>7}"
    lines = [head + f"{'<= 5 y':>8}{'epsilon':>9}"]
    for name, age in result.age.items():
        epsilon = "" if age.epsilon is None else f"{age.epsilon:.3f}"
        lines.append(
            f"{name:14}{age.faces:6}{age.error_years:8.2f}{age.median_error_years:8.2f}"
            f"{age.bias_years:+8.2f}{age.exact:7.3f}{age.one_off:7.3f}{age.within_5:8.3f}"
            f"{epsilon:>9}"
        )
    return "\n".join(lines)


def _gender_table(result: Result) -> str:
    lines = [
        f"{'':14}{'faces':>6}{'accuracy':>9}{'prec. f':>8}{'rec. f':>8}{'prec. m':>8}{'rec. m':>8}"
        f"{'AUC':>7}{'sure':>7}{'acc. sure':>10}"
    ]
    for name, gender in result.gender.items():
        shares = (
            gender.precision_female,
            gender.recall_female,
            gender.precision_male,
            gender.recall_male,
        )
        lines.append(
            f"{name:14}{gender.faces:6}{gender.accuracy:9.3f}"
            + "".join(f"{number(share):>8}" for share in shares)
            + f"{number(gender.auc):>7}{gender.confident:7.3f}"
            + f"{number(gender.confident_accuracy):>10}"
        )
    return "\n".join(lines)


def number(value: float | None) -> str:
    """Three digits, or a dash."""
    return "-" if value is None else f"{value:.3f}"


def matrix(confusion: Confusion) -> str:
    """A confusion matrix, right-aligned."""
    wide = max(7, *(len(label) + 1 for label in confusion.labels))
    lines = [" " * wide + "".join(f"{label:>{wide}}" for label in confusion.labels)]
    for label, row in zip(confusion.labels, confusion.counts, strict=True):
        lines.append(f"{label:>{wide}}" + "".join(f"{count:{wide}}" for count in row))
    return "\n".join(lines)
