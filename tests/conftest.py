"""What several rooms' tests share: the data beside the repository, clips, models."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.shared import MODELS, SHARED


@pytest.fixture(scope="session")
def clips() -> Path:
    """Intel's sample videos, which are not part of this repository."""
    folder = SHARED / "data" / "clips"
    if not folder.is_dir():
        pytest.skip(f"the sample clips are not here: {folder}")
    return folder


@pytest.fixture(scope="session")
def models() -> Path:
    """The networks the package ships."""
    return MODELS
