"""Vision takes places that were written, or says why it does not."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from edge.config.read import load
from edge.config.space_file import fingerprint
from edge.errors import ConfigError
from edge.vision.aiming import take_places

LINE = 'space.lines=[{name = "door", start = [0.5, 0], end = [0.5, 1]}]'


@pytest.mark.parametrize("read", [[], ["space.zones=[]", "space.lines=[]"]])
def test_other_places_than_those_written_are_refused(read):
    """Another --config, or a --set that is stronger: nobody is told that vision has taken them."""
    started = []
    orders = SimpleNamespace(reload=lambda: started.append(1))
    written = fingerprint(load(None, [LINE]).space)
    with pytest.raises(ConfigError, match="vision reads other zones and lines"):
        take_places(lambda: load(None, read), orders, written)
    assert not started
    take_places(lambda: load(None, [LINE]), orders, written)
    assert started
