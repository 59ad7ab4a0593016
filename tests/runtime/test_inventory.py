"""What a configuration names is looked for before any of it is run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edge.config.seen import Detector
from edge.config.tables import Config, Paths
from edge.diagnostics.checks import models as findings_of
from edge.errors import ModelError
from edge.runtime.networks.inventory import check_models
from edge.runtime.networks.presets import PRESETS
from tests.shared import MODELS

AGAIN = "libface_96x96"


def copied(folder: Path, *names: str) -> Config:
    """A configuration of the far preset whose models are copies in `folder`."""
    for name in names:
        for path in (*MODELS.glob(f"{name}.*"), *MODELS.glob(f"{name}_int8.*")):
            shutil.copy(path, folder)
    return Config(detector=Detector(model="far"), paths=Paths(models=str(folder)))


@pytest.mark.parametrize("absent", [*PRESETS["far"], AGAIN, "agender_64"])
def test_a_network_that_is_not_there_is_named(tmp_path, absent):
    """Detector, the network that looks again, or estimator: no camera is opened first."""
    config = copied(tmp_path, *({*PRESETS["far"], AGAIN, "agender_64"} - {absent}))
    with pytest.raises(ModelError, match=absent):
        check_models(config)


def test_all_that_are_there_are_enough(tmp_path):
    """And the doctor runs each, the one that looks again too."""
    config = copied(tmp_path, *PRESETS["far"], AGAIN, "agender_64")
    check_models(config)
    found = {f.text.split()[0].removesuffix("_int8"): f.state for f in findings_of(config)}
    assert found == dict.fromkeys((*PRESETS["far"], AGAIN, "agender_64"), "good")
