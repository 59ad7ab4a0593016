"""Keys of earlier releases: a device that is upgraded keeps its file, and means the same by it."""

import pytest

from edge.config import read
from edge.config.renamed import RENAMED, with_new_names
from edge.errors import ConfigError


def _file(folder, text):
    path = folder / "config.toml"
    path.write_text(text)
    return path


def _held(config, key):
    section, name = key.split(".")
    return getattr(getattr(config, section), name)


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_key_of_then_means_what_the_key_of_now_does(tmp_path, old, new):
    """In a file, on the command line, and beside other keys of its table."""
    section, name = old.split(".")
    path = _file(tmp_path, f"[{section}]\n{name} = 7\n")
    assert _held(read.load(path), new) == 7
    assert _held(read.load(None, [f"{old}=8"]), new) == 8
    assert _held(read.load(path, [f"{new}=9"]), new) == 9, "the command line is stronger"
    assert _held(read.load(_file(tmp_path, f"{new} = 6\n"), [f"{old}=5"]), new) == 5


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_a_key_of_then_is_shown_and_written_under_its_name_of_now(tmp_path, old, new):
    config = read.load(_file(tmp_path, f"{old} = 7\n"))
    for text in (read.as_toml(config), read.changed_as_toml(config)):
        assert f"{new.split('.')[1]} = 7.0" in text
        assert old.split(".")[1] not in text
        assert read.load(_file(tmp_path, text)) == config


@pytest.mark.parametrize(("old", "new"), RENAMED.items())
def test_both_names_in_one_file_are_refused(tmp_path, old, new):
    path = _file(tmp_path, f"{old} = 7\n{new} = 7\n")
    with pytest.raises(ConfigError) as told:
        read.load(path)
    assert str(told.value) == f"{path}: {old} is now called {new}, and both are set; take {old} out"


@pytest.mark.parametrize("value", ["0", "-1", "121", '"often"', "true", "nan"])
def test_a_wrong_value_is_refused_under_either_name(tmp_path, value):
    for key in ("tracking.detect_fps_max", "detector.looks_per_s"):
        with pytest.raises(ConfigError, match=r"detector\.looks_per_s = .*: [Ee]xpected"):
            read.load(_file(tmp_path, f"{key} = {value}\n"))


def test_the_name_of_then_counts_in_its_own_table_alone():
    with pytest.raises(ConfigError, match=r"motion\.detect_fps_max: there is no such key"):
        read.load(None, ["motion.detect_fps_max=5"])


@pytest.mark.parametrize(
    "table", [{}, {"tracking": 3}, {"tracking": {"detect_fps_max": 5}, "detector": 3}]
)
def test_what_is_no_table_is_left_for_the_check(table):
    before = repr(table)
    assert with_new_names(table, "file") == table
    assert repr(table) == before
