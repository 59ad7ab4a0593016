"""A detector's card that names a network to look again with is checked with that network."""

from __future__ import annotations

import msgspec
import pytest

from edge.errors import ModelError
from edge.runtime.detect import open_rescorer
from edge.runtime.networks.card import read_card
from tests.shared import MODELS

CARD = read_card(MODELS / "libface_320x240.json")


def with_look(**fields):
    """The shipped card with another second look."""
    look = msgspec.structs.replace(CARD.detecting.second_look, **fields)
    return msgspec.structs.replace(
        CARD, detector=msgspec.structs.replace(CARD.detecting, second_look=look)
    )


def test_the_shipped_one_can_be_had():
    """And a card without one has none."""
    rescorer = open_rescorer(CARD, MODELS)
    assert rescorer is not None and rescorer.input.width == 96
    alone = msgspec.structs.replace(CARD.detecting, second_look=None)
    assert open_rescorer(msgspec.structs.replace(CARD, detector=alone), MODELS) is None


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"face_px": 97}, r"`second_look.face_px` is 97, but the picture .* is 96 × 96"),
        ({"card": "agender_64"}, "made to estimate, not to detect"),
        ({"card": "nobody"}, "nobody"),
    ],
)
def test_one_that_does_not_fit_is_refused_before_a_camera_is_opened(fields, message):
    """By the sentence that names the key."""
    with pytest.raises(ModelError, match=message):
        open_rescorer(with_look(**fields), MODELS)
