"""A card's template says what a file does not, and the file is held against it."""

from __future__ import annotations

import hashlib
import pickle
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from converters import terms
from converters.cli import main
from converters.errors import ConvertError
from converters.importers import job, process, readers, template
from converters.importers.request import Job
from converters.importers.template import known, take
from edge.runtime.estimate.decode import DECODERS
from tests.converters.import_files.templates import AGE, GENDER
from tests.converters.import_files.templates import template as made


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


SYSTEMS = known()


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_known_system_says_whose_it_is_and_how_it_is_read(name):
    """System, licences, project, and outputs that give age, gender or both, once each."""
    said = SYSTEMS[name]
    assert said.system and said.description and said.source.project
    assert said.licence.code and said.licence.weights and said.licence.training_data
    assert {output.attribute for output in said.outputs} <= {"age", "gender"}
    assert {output.kind for output in said.outputs} <= set(DECODERS)
    for output in said.outputs:
        assert len(output.values) in (0, output.classes)


@pytest.mark.parametrize("name", SYSTEMS)
def test_each_known_system_tells_the_terms_of_its_data(name):
    """Of known data they are said once, in `converters.terms`; of others by the template."""
    licence = terms.completed(SYSTEMS[name].licence)
    assert licence.training_data_terms
    assert licence.commercial_use == (licence.training_data_commercial != "forbidden")


def test_a_template_that_allows_what_the_terms_of_its_data_forbid_is_refused(tmp_path):
    """Though it is silent on the terms itself."""
    path = tmp_path / "card.toml"
    text = (template.FOLDER / "wide_resnet.toml").read_text()
    path.write_text(text.replace("commercial_use = false", "commercial_use = true"))
    with pytest.raises(ConvertError, match="`commercial_use` is true"):
        template.read(path)


def test_the_systems_of_the_field_are_all_known():
    """One name or a pair each."""
    assert len({said.system for said in SYSTEMS.values()}) == 13


WIDTHS = {"g": 2, "a": 101, "race": 5}


def test_outputs_are_found_by_how_many_values_they_have():
    """What nobody asks for is not taken."""
    taken = take(made(AGE, GENDER), WIDTHS, "x")
    assert [(one.output, one.attributes) for one in taken] == [("a", ("age",)), ("g", ("gender",))]


def test_parts_of_one_output_are_taken_apart():
    """Seven classes of something else, two of gender, nine of age: only the last two are read."""
    parts = {"output": "all", "classes": 18}
    age = {**AGE, **parts, "first": 9, "count": 9}
    gender = {**GENDER, **parts, "first": 7, "count": 2}
    taken = take(made(age, gender), {"all": 18}, "x")
    assert [(one.first, one.count) for one in taken] == [(9, 9), (7, 2)]


@pytest.mark.parametrize(
    ("change", "widths", "message"),
    [
        ({}, {"a": 100}, r"0 outputs of 101 values.*'a' \(100\)"),
        ({}, {"a": 101, "b": 101}, "2 outputs of 101 values"),
        ({"output": "z"}, WIDTHS, r"no output 'z' for age: it has 'g' \(2\)"),
        ({"output": "g"}, WIDTHS, "'g' has 2 values a face, but the template 'mine' expects 101"),
        ({"first": 100, "count": 9}, WIDTHS, "age lies outside its output"),
        ({"values": [1, 2]}, WIDTHS, "age has 2 values for 101 classes"),
    ],
)
def test_a_file_with_other_outputs_is_refused_in_one_sentence(change, widths, message):
    """Which output, how many values it has, how many were expected."""
    with pytest.raises(ConvertError, match=message):
        take(made({**AGE, **change}), widths, "x")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not toml", "is not valid"),
        ("nam = 'x'", "missing required field|unknown field"),
        ("", "missing required field"),
    ],
)
def test_a_template_that_is_wrong_is_refused_by_its_key(text, message, tmp_path):
    """The file is named."""
    path = tmp_path / "card.toml"
    path.write_text(text)
    with pytest.raises(ConvertError, match=message):
        template.read(path)


def test_a_template_may_be_toml_or_json(tmp_path):
    """The same keys."""
    path = tmp_path / "card.json"
    path.write_bytes(msgspec.json.encode(made(AGE)))
    assert template.read(path) == made(AGE)


def test_a_known_systems_template_can_be_shown_and_read_again(tmp_path, capsys):
    """As the beginning of one's own."""
    assert main(["import", "--show", "levi-hassner-age"]) == 0
    path = tmp_path / "mine.toml"
    path.write_text(capsys.readouterr().out)
    assert template.read(path) == SYSTEMS["levi-hassner-age"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x.onnx"], "--as NAME for a known system, or --card"),
        (["x.onnx", "--as", "nobody"], "'nobody' is no known system"),
        (["x.onnx", "--card", "none.toml"], "cannot read none.toml"),
        (["--as", "levi-hassner-age"], "no pinned address: give their FILE"),
        (["--as", "levi-hassner-age", "--url", "http://x/y"], "--url needs --sha256"),
        (["--as", "googlenet-age", "x.caffemodel"], "subtracts a mean picture"),
        (["--as", "levi-hassner-age", "--structure", "no.prototxt"], "cannot read no.prototxt"),
        (["none.dat", "--as", "dlib-age"], "cannot read none.dat"),
        (["/", "--as", "multi-198"], "/ is a folder, and no SavedModel"),
    ],
)
def test_wrong_commands_end_with_a_sentence(arguments, message, tmp_path, capsys):
    """And nothing is written."""
    assert main(["import", *arguments, "--out", str(tmp_path / "out")]) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"text", pickle.dumps([1]), b"PK\x03\x04"])
def test_a_file_that_is_not_the_published_one_is_refused_by_its_hash(content, tmp_path, capsys):
    """Before anything reads it."""
    path = tmp_path / "age-v1.onnx"
    path.write_bytes(content)
    out = tmp_path / "out"
    assert main(["import", str(path), "--as", "dlib-age", "--out", str(out)]) == 1
    assert "is not the expected file" in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize("served", [b"weights", b"others"])
def test_a_file_by_url_is_used_only_with_the_given_hash(served, tmp_path, capsys, monkeypatch):
    """The right one goes on to the importer under its own name, another one is refused."""
    folder = tmp_path / "web"
    folder.mkdir()
    (folder / "age_net.caffemodel").write_bytes(served)
    seen = []
    monkeypatch.setattr(job, "convert", lambda asked, out: seen.append(asked) or stop())

    def stop():
        raise ConvertError("far enough")

    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{web.server_port}/age_net.caffemodel"
        sha256 = hashlib.sha256(b"weights").hexdigest()
        status = main(["import", "--as", "levi-hassner-age", "--url", url, "--sha256", sha256])
        web.shutdown()
        thread.join()
    said = capsys.readouterr().err
    assert status == 1
    assert ("far enough" in said) == bool(seen) == (served == b"weights")
    if seen:
        assert (seen[0].file.name, seen[0].origin) == ("age_net.caffemodel", url)
    else:
        assert "is not the expected file" in said


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.bin", b"\x89HDF\r\n\x1a\nrest", "keras"),
        ("a.keras", b"PK\x03\x04rest", "keras"),
        ("a-0000.params", (0x112).to_bytes(8, "little"), "mxnet"),
        ("a.onnx", b"anything", "onnx"),
        ("a.CAFFEMODEL", b"anything", "caffe"),
        ("a.pb", b"anything", "tensorflow"),
        ("model.ckpt-1.meta", b"anything", "tensorflow"),
    ],
)
def test_a_files_form_is_told_by_its_content_then_by_its_name(name, content, expected, tmp_path):
    """Known beginnings first."""
    path = tmp_path / name
    path.write_bytes(content)
    assert readers.form(path) == expected


def test_a_file_of_no_known_form_is_refused_with_those_that_are(tmp_path):
    """No beginning and no ending that is known."""
    path = tmp_path / "net.weights"
    path.write_bytes(b"anything")
    with pytest.raises(ConvertError, match=r"no known form: it should end in \.onnx, "):
        readers.form(path)


def test_a_reader_that_aborts_is_one_sentence(tmp_path, monkeypatch):
    """A native library may end its process; ours lives on and says which file did it."""
    killer = tmp_path / "python"
    killer.write_text("#!/bin/sh\nkill -ABRT $$\n")
    killer.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(killer))
    asked = job.Asked(made(AGE), tmp_path / "bad.onnx", "here", None, None, "float16", None)
    with pytest.raises(
        ConvertError, match=r"bad\.onnx aborts the program that reads it \(signal 6\)"
    ):
        job._work(asked, tmp_path, 0)


def test_a_file_that_never_ends_being_read_is_one_sentence(tmp_path, monkeypatch):
    """The program that reads it is ended with it."""
    sleeper = tmp_path / "python"
    sleeper.write_text("#!/bin/sh\nexec sleep 60\n")
    sleeper.chmod(0o755)
    monkeypatch.setattr(process.sys, "executable", str(sleeper))
    monkeypatch.setattr(process, "LONGEST_S", 0.1)
    asked = job.Asked(made(AGE), tmp_path / "bad.onnx", "here", None, None, "float16", None)
    with pytest.raises(ConvertError, match=r"bad\.onnx is not converted after"):
        job._work(asked, tmp_path, 0)


def test_a_job_survives_its_way_to_the_other_process():
    """Template, paths and all."""
    sent = Job(template=made(AGE, GENDER), file="/x", scheme="float16")
    assert msgspec.json.decode(msgspec.json.encode(sent), type=Job) == sent
