"""Files that are written completely or not at all, and those that they replace."""

from __future__ import annotations

from edge.whole_files import keep, replacing


def test_a_link_that_lies_where_a_file_is_begun_is_not_followed(tmp_path):
    """Somebody else's file would be written, and its mode changed."""
    other = tmp_path / "other"
    other.write_text("theirs")
    (tmp_path / ".a.part.toml").symlink_to(other)
    with replacing(tmp_path / "a.toml") as fresh:
        fresh.write_text("ours")
    assert (other.read_text(), (tmp_path / "a.toml").read_text()) == ("theirs", "ours")


def test_what_a_crash_left_is_written_anew(tmp_path):
    """Not beneath its mode of before."""
    (tmp_path / ".a.part.toml").write_text("half")
    (tmp_path / ".a.part.toml").chmod(0o666)
    with replacing(tmp_path / "a.toml") as fresh:
        assert fresh.read_text() == ""
    assert (tmp_path / "a.toml").stat().st_mode & 0o022 == 0


def test_every_file_that_is_replaced_stays(tmp_path):
    """Of several that follow one another none is lost, and at no time the name is free."""
    file = tmp_path / "a.toml"
    for number in range(3):
        file.write_text(str(number))
        keep(file)
        assert file.exists()
        file.unlink()
    assert [path.name for path in sorted(tmp_path.iterdir())] == [
        "a.toml.old", "a.toml.old-2", "a.toml.old-3",
    ]  # fmt: skip
    assert (tmp_path / "a.toml.old").read_text() == "0"
