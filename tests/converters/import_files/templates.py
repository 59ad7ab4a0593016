"""Card templates for tests."""

from __future__ import annotations

from typing import Any

import msgspec

from converters.importers.template import Template

LICENCE = {"code": "MIT", "weights": "MIT", "training_data": "none", "commercial_use": True}


def template(*outputs: dict[str, Any], side: int = 32, **fields: Any) -> Template:
    """A template for pictures of `side` pixels with these outputs."""
    said = {
        "name": "mine",
        "description": "a net of my own",
        "licence": LICENCE,
        "source": {"project": "myself"},
        "input": {"width": side, "height": side, "colour": "rgb"},
        "crop": {"margin": 0.2},
        "outputs": list(outputs),
        **fields,
    }
    return msgspec.convert(said, Template)


AGE = {"attribute": "age", "kind": "expectation", "classes": 101}
GENDER = {"attribute": "gender", "kind": "softmax", "classes": 2, "positive_index": 1}
