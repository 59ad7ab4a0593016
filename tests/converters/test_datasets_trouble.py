"""`agender-convert dataset`: what cannot work, and what ends a run before its end."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time

import pytest

from tests.converters.sets import (
    UTKFACE,
    dataset,
    folder_of,
    jpeg,
    table,
    tar_of,
    zip_of,
)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("utkface", "{set}", "{full}"), "exists and is not empty: name a new folder"),
        (("utkface", "{set}", "{file}"), "exists and is not empty: name a new folder"),
        (("utkface", "{set}", "{file}/out"), "cannot write"),
        (("utkface", "{nothing}", "{out}"), "give the set's folder, ZIP or tar"),
        (("utkface", "{empty}", "{out}"), "there are no JPEGs: UTKFace is UTKFace.tar.gz"),
        (("imdb-wiki", "{set}", "{out}"), "there is no imdb.mat or wiki.mat"),
        (("fairface", "{set}", "{out}"), "there is no table with the columns file, age, gender"),
        (("adience", "{set}", "{out}"), "there is no fold_N_data.txt"),
        (("adience", "{set}", "{out}", "--frontal"), "there is no fold_frontal_N_data.txt"),
        (("appa-real", "{set}", "{out}"), "there is no gt_avg_"),
        (("appa-real", "{ages}", "{out}"), "there is no allcategories_….csv with genders"),
        (("folder", "{empty}", "{out}"), "there is no picture"),
        (("folder", "{set}", "{out}"), "no picture of the set can be used: name without gender"),
        (("folder", "{set}", "{out}", "--pattern", "("), "--pattern is no regular expression"),
        (("folder", "{set}", "{out}", "--pattern", "x"), "needs the groups gender and age"),
        (("utkface", "{zip}", "{out}", "--link"), "is an archive, to which nothing can link"),
        (("utkface", "{cut_zip}", "{out}"), "is damaged or was not downloaded to its end"),
        (("utkface", "{cut_tar}", "{out}"), "is damaged or was not downloaded to its end"),
        (("utkface", "{crc_zip}", "{out}"), "is damaged or was not downloaded to its end"),
        (("utkface", "{dangling}", "{out}"), "cannot be read: No such file or directory"),
        (("fairface", "{set}", "{wild}", "{out}"), "is no table that can be read"),
    ],
)
def test_what_cannot_work_is_refused_in_one_sentence(tmp_path, capsys, arguments, sentence):
    """And nothing is written or changed."""
    places = {name: tmp_path / name for name in ("nothing", "out", "full", "file")}
    places["set"] = folder_of(tmp_path / "set", UTKFACE)
    places["full"] = folder_of(tmp_path / "full", {"mine.txt": "mine"})
    places["file"].write_bytes(b"")
    places["empty"] = tmp_path / "empty"
    places["empty"].mkdir()
    head = "file_name,num_ratings,apparent_age_avg,apparent_age_std,real_age\n"
    places["ages"] = folder_of(tmp_path / "ages", {"gt_avg_train.csv": head})
    places["zip"] = zip_of(tmp_path / "set.zip", UTKFACE)
    whole = places["zip"].read_bytes()
    places["cut_zip"] = folder_of(tmp_path, {"cut.zip": whole[:-100]}) / "cut.zip"
    changed = bytearray(whole)
    changed[100] ^= 255
    places["crc_zip"] = folder_of(tmp_path, {"crc.zip": bytes(changed)}) / "crc.zip"
    tar = tar_of(tmp_path / "set.tar.gz", UTKFACE).read_bytes()
    places["cut_tar"] = folder_of(tmp_path, {"cut.tar.gz": tar[: len(tar) // 2]}) / "cut.tar.gz"
    places["dangling"] = folder_of(tmp_path / "dangling", {})
    places["dangling"].mkdir()
    (places["dangling"] / "25_0_2_20170116174525125.jpg").symlink_to("nowhere")
    wild = 'file,age,gender,race\n"' + 200_000 * "x"
    places["wild"] = folder_of(tmp_path / "wild", {"labels.csv": wild})
    before = sorted(tmp_path.rglob("*"))
    assert dataset(*(text.format(**places) for text in arguments)) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1
    assert sorted(tmp_path.rglob("*")) == before


def test_a_way_out_of_the_folder_is_not_followed(tmp_path):
    """A name with .. in an archive is no file of the set."""
    source = zip_of(tmp_path / "set.zip", UTKFACE | {"../30_0_0_20200101000000000.jpg": jpeg(50)})
    assert dataset("utkface", source, tmp_path / "out") == 0
    assert len(table(tmp_path / "out")) == 5


def started(source, out, **options):
    """The verb in a process of its own."""
    command = [sys.executable, "-m", "converters.cli", "dataset", "utkface", source, out]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def test_a_full_disk_keeps_nothing(tmp_path):
    """The sentence names the folder, and no half-written set stays."""

    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    source = folder_of(tmp_path / "set", UTKFACE)
    process = started(source, tmp_path / "out", preexec_fn=small)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot write" in said
    assert "nothing was kept" in said
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_keeps_nothing(tmp_path, number):
    """No folder and no beginning of one."""
    pipe = tmp_path / "set" / "99_0_0_20200101000000000.jpg"
    source = folder_of(tmp_path / "set", UTKFACE)
    os.mkfifo(pipe)  # reading it waits: the run is in the middle for as long as we like
    process = started(source, tmp_path / "out")
    until_s = time.monotonic() + 30
    while not (tmp_path / ".out.part").exists() and time.monotonic() < until_s:
        time.sleep(0.02)
    process.send_signal(number)
    _, said = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["set"]
