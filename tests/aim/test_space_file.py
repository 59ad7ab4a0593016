"""The file of the places that were aimed, beside the configuration."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from edge.config import space_file
from edge.config.read import files_of, load, places_as_toml
from edge.config.space_file import space_file_of, written_space
from edge.errors import ConfigError
from tests.main_job.program import run

ZONE = '{ name = "till", polygon = [[0, 0], [1, 0], [1, 1]], use = "exclude" }'


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "door.toml"
    path.write_text('[[space.lines]]\nname = "old"\nstart = [0.5, 0]\nend = [0.5, 1]\n')
    return path


def test_its_places_are_the_only_ones_and_the_command_line_is_stronger(config):
    """Weaker: [space] of the configuration, of which nothing is left."""
    assert [line.name for line in load(config).space.lines] == ["old"]
    space_file_of(config).write_text(f"[space]\nzones = [{ZONE}]\n")
    assert [zone.name for zone in load(config).space.zones] == ["till"]
    assert load(config).space.lines == ()
    assert load(config, ["space.zones=[]"]).space.zones == ()


def test_it_is_named_after_its_configuration(config):
    """Several cameras of one machine have several; without one there is none."""
    assert space_file_of(config).name == "door.space.toml"
    assert files_of(config) == [config]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[privacy]\nk = 1\n", "holds privacy; it may hold [space], and nothing else"),
        ("[space]\n[mqtt]\nhost = 'x'\n", "holds mqtt; it may hold [space]"),
        ("", "holds nothing; it may hold [space]"),
        ("[space]\nzone = []\n", "door.space.toml: space.zone: there is no such key"),
        ("[space", "is not valid TOML"),
    ],
)
def test_it_may_hold_places_alone(config, text, said):
    """Whoever may place a line may not lower k."""
    space_file_of(config).write_text(text)
    with pytest.raises(ConfigError) as refused:
        load(config)
    assert said in str(refused.value)


def test_one_that_cannot_be_read_is_not_passed_over(config):
    """It may hold a mask: a dangling link, a folder."""
    space_file_of(config).symlink_to("nowhere")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(config)
    space_file_of(config).unlink()
    space_file_of(config).mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        load(config)


def test_what_is_written_is_read_as_it_was(config):
    """With the rights of the configuration, whose other readers need it too."""
    config.chmod(0o640)
    space = load(config, [f"space.zones=[{ZONE}]"]).space
    with written_space(places_as_toml(space), config) as file:
        assert load(config).space == space
    assert file.stat().st_mode & 0o777 == 0o640
    assert sorted(path.name for path in config.parent.iterdir()) == ["door.space.toml", "door.toml"]


@pytest.mark.parametrize("before", [None, "[space]\nlines = []\n"])
def test_where_it_is_refused_the_one_before_is_back(config, before):
    """Or none, where there was none."""
    file = space_file_of(config)
    if before:
        file.write_text(before)
    with pytest.raises(KeyboardInterrupt), written_space("zones = []\n", config):
        raise KeyboardInterrupt
    assert (file.read_text() if file.exists() else None) == before
    assert len(list(config.parent.iterdir())) == (2 if before else 1)


@pytest.mark.parametrize("path", [".", "/", "..", ""])
def test_a_folder_given_for_the_configuration_is_a_sentence(path):
    """Also one that has no name, beside which nothing can be named."""
    done = run("config", "check", "--config", path)
    assert done.returncode == 2
    assert "cannot be read: Is a directory" in done.stderr
    assert "Traceback" not in done.stderr


def test_root_writes_into_no_file_that_a_link_names(config, tmp_path_factory, monkeypatch):
    """The folder may be another user's, who lays a link at the very moment of writing."""
    victim = tmp_path_factory.mktemp("other") / "shadow"
    victim.write_text("secret")
    fresh = config.parent / ".door.space.part.toml"
    opened = os.open

    def lay(path, *more):
        if Path(path) == fresh and not fresh.is_symlink():
            fresh.symlink_to(victim)
        return opened(path, *more)

    monkeypatch.setattr(space_file.os, "open", lay)
    with pytest.raises(ConfigError, match="File exists"), written_space("zones = []\n", config):
        pass
    assert victim.read_text() == "secret"
    assert [path.name for path in config.parent.iterdir()] == ["door.toml"]


@pytest.mark.parametrize("refused", [False, True])
def test_a_disk_without_second_names_keeps_the_one_before_too(config, monkeypatch, refused):
    """FAT, as the first partition of a Pi's card has it."""

    def no_links(*_):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", no_links)
    file = space_file_of(config)
    file.write_text("[space]\nlines = []\n")
    with suppress(ConfigError), written_space("zones = []\n", config):
        if refused:
            raise ConfigError("refused")
    assert ("lines = []" in file.read_text()) is refused
    assert len(list(config.parent.iterdir())) == 2


def test_a_disk_that_is_full_leaves_all_as_it_was(config, monkeypatch):
    """No half file, and nothing beside it."""

    def full(_):
        raise OSError(28, "No space left on device")

    file = space_file_of(config)
    file.write_text("[space]\n")
    monkeypatch.setattr(space_file.os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left"), written_space("zones = []\n", config):
        pass
    assert file.read_text() == "[space]\n"
    assert len(list(config.parent.iterdir())) == 2


def test_config_check_names_both_files(config):
    """So that nobody looks for a line in the wrong one."""
    space_file_of(config).write_text("[space]\n")
    done = run("config", "check", "--config", config)
    assert f"read from {config} and {space_file_of(config)}" in done.stdout
