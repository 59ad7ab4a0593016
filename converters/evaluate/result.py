"""What an evaluation found: typed, written as JSON, read back by `report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from converters.errors import ConvertError
from edge.runtime.networks.card import Confusion


class Age(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Age over some faces. Errors in years, the others shares 0..1.

    error: mean absolute. exact, one_off: the label's band, or a neighbour. within_5: cumulative
    score at five years. epsilon: 1 − exp(−(x−μ)²/2σ²), mean (apparent age; needs σ).
    error_interval_years: what chance leaves of the error, 95 %, by the bootstrap (empty in older
    results).
    """

    faces: int
    error_years: float
    median_error_years: float
    bias_years: float
    exact: float
    one_off: float
    within_5: float
    epsilon: float | None = None
    error_interval_years: tuple[float, ...] = ()


class Gender(Struct, frozen=True, kw_only=True):
    """Gender over some faces; shares 0..1. auc is over all thresholds, the rest at 0.5.

    confident: the share whose confidence reaches the card's minimum; confident_accuracy: of those.
    """

    faces: int
    accuracy: float
    precision_female: float | None
    recall_female: float | None
    precision_male: float | None
    recall_male: float | None
    auc: float | None
    confident: float
    confident_accuracy: float | None


class Reliability(Struct, frozen=True, kw_only=True):
    """One bin of the reliability curve: what was said, and how often it was so."""

    faces: int
    mean_probability_female: float
    share_female: float


class Result(Struct, frozen=True, kw_only=True):
    """One evaluation. The groups of `age` and `gender`: overall, adults, female, male, bands."""

    models: dict[str, str]
    """Card name → SHA-256 of its network."""
    detector: str
    data: str
    data_sha256: str
    faces: int
    not_found: int
    age_target: str
    age: dict[str, Age] = {}
    gender: dict[str, Gender] = {}
    confusion: dict[str, Confusion] = {}
    reliability: tuple[Reliability, ...] = ()


def read_result(path: Path) -> Result:
    """The result in a JSON file; ConvertError where it is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Result)
    except OSError as error:
        raise ConvertError(f"cannot read {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise ConvertError(f"{path} is no evaluation's result: {error}") from error


def render(result: Result) -> bytes:
    """The result as JSON for a person to read; figures to four digits."""
    plain = msgspec.to_builtins(result)
    return msgspec.json.format(msgspec.json.encode(rounded(plain)), indent=2) + b"\n"


def rounded(value: Any) -> Any:
    """Figures to four digits, all the way down."""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value
