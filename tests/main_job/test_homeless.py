"""A user without a home, as in some containers: the programs start, or say what to set."""

from __future__ import annotations

import pwd

import pytest

from converters import cli, sources
from converters.errors import ConvertError
from edge.config.tables import Config
from edge.runtime.capture import kind_of


@pytest.fixture(autouse=True)
def homeless(monkeypatch):
    """Neither HOME nor an entry in the password file."""

    def nobody(_uid: int) -> None:
        raise KeyError

    for name in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(pwd, "getpwuid", nobody)


def test_the_configuration_has_no_place_for_state_and_names_none():
    """No traceback, and nothing in a folder called ~; what needs one says what to set."""
    assert not Config().paths.state


def test_every_verb_of_the_converters_can_be_asked_for(capsys):
    """Their defaults are made when the command line is read."""
    assert cli.main(["import", "--show", "dlib-age"]) == 0
    assert "dlib_age" in capsys.readouterr().out


def test_what_is_fetched_has_nowhere_to_stay():
    """One sentence that says what to set."""
    with pytest.raises(ConvertError, match="set HOME, or XDG_CACHE_HOME"):
        sources.cache_folder()


@pytest.mark.parametrize("uri", ["~/x.mp4", "~nobody-of-that-name/x.mp4", "file://~/x.mp4"])
def test_a_source_in_a_home_that_is_not_there_is_a_file_that_is_not_there(uri):
    """Nobody knows whose home it is."""
    assert kind_of(uri) == "file"
