"""A card's template begun from a file alone, which can be imported as it stands."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from converters.cli import main
from converters.importers import skeleton, template
from converters.importers.skeleton import Seen
from converters.importers.tflite_metadata import Metadata

SIDE = 32
TEXTS = st.text(max_size=30)
NET = Path("net.tflite")


def begun(path: Path, seen: Seen) -> dict:
    return tomllib.loads(skeleton.render(path, seen))


@given(
    texts=st.tuples(TEXTS, TEXTS, TEXTS),
    outputs=st.dictionaries(TEXTS, st.integers(1, 200), min_size=1, max_size=4),
    labels=st.lists(st.lists(TEXTS, min_size=2, max_size=3).map(tuple), max_size=3).map(tuple),
    picture=st.tuples(*[st.none() | st.integers(1, 512)] * 2, st.sampled_from([None, 1, 3])),
)  # fmt: skip
def test_whatever_a_file_says_of_itself_the_skeleton_is_toml(texts, outputs, labels, picture):
    """Quotes, line ends and control characters in names, labels and texts."""
    name, description, author = texts
    said = Metadata(description, author, author, (0.0,), (255.0,), tuple(outputs), labels)
    found = begun(Path("x" + name.replace("/", "").replace("\0", "")), Seen(picture, outputs, said))
    assert found["description"] == (description or "What is it? In a line")
    for one in found.get("outputs", []):
        assert one["output"] in outputs


@pytest.mark.parametrize(
    ("labels", "years"),
    [
        (("0-2", "4-6", "8-12", "60+"), [1, 5, 10, 60]),
        (("(0, 2)", "(25, 32)", "(60, 100)"), [1, 28.5, 80]),
        (("age 20 – 29", "30 to 39 years", "more than 70"), [24.5, 34.5, 70]),
        (("0 angry", "1 happy", "2 sad"), None),
        (("cat", "dog", "7"), None),
        (("1990", "1991", "1992"), None),
    ],
)
def test_labels_that_are_ages_give_the_middles_of_their_bands(labels, years):
    """And what only holds a number is no age."""
    found = begun(NET, Seen((32, 32, 3), {"y": len(labels)}, Metadata(labels=(labels,))))
    values = [one.get("values") for one in found.get("outputs", []) if one["attribute"] == "age"]
    assert values == ([years] if years else [])


@pytest.mark.parametrize(
    ("labels", "index"),
    [(("male", "female"), 1), (("Woman", "Man"), 0), (("F", "M"), 0)],
)
def test_labels_that_are_genders_say_which_end_is_which(labels, index):
    """And nothing is left to check about them."""
    text = skeleton.render(NET, Seen((32, 32, 3), {"y": 2}, Metadata(labels=(labels,))))
    (output,) = tomllib.loads(text)["outputs"]
    assert (output["positive"], output["positive_index"]) == ("female", index)
    assert "which of the two" not in text


@pytest.mark.parametrize(
    ("file", "output", "attribute"),
    [("gender.onnx", "y", "gender"), ("age.onnx", "y", "age"), ("net.onnx", "sex", "gender"),
     ("gender_age.onnx", "age_out", "age")],
)  # fmt: skip
def test_a_single_value_is_read_by_what_it_is_called(file, output, attribute):
    """The output's name before the file's."""
    (found,) = begun(Path(file), Seen((32, 32, 3), {output: 1}))["outputs"]
    assert found["attribute"] == attribute


def test_what_the_file_leaves_open_is_marked():
    """The size, the order of colours, the range."""
    text = skeleton.render(NET, Seen((None, None, None), {"age": 101}))
    assert text.count("  # check: the file takes any") == 2
    assert "# check: rgb or bgr" in text
    assert "# check: pixels go in as 0 … 255" in text
    assert 'colour = "grey"' in skeleton.render(NET, Seen((48, 48, 1), {"age": 101}))


def test_without_a_file_the_verb_says_what_it_needs(capsys, tmp_path):
    """And for one that isn't there, which."""
    assert main(["import", "--skeleton"]) == 1
    assert "--skeleton needs FILE" in capsys.readouterr().err
    assert main(["import", "--skeleton", str(tmp_path / "no.tflite")]) == 1
    assert "cannot read" in capsys.readouterr().err


def test_a_command_without_a_card_is_told_of_the_skeleton(capsys, tmp_path):
    """Which is how to come by one."""
    (tmp_path / "net.onnx").write_bytes(b"x")
    assert main(["import", str(tmp_path / "net.onnx")]) == 1
    assert "--skeleton" in capsys.readouterr().err


def tflite(folder: Path) -> Path:
    from converters.importers import tflite_file  # noqa: PLC0415 - needs TensorFlow
    from tests.converters.import_files.tflite_files import (  # noqa: PLC0415 - needs TensorFlow
        net,
        with_metadata,
    )

    labels = {4: ("0-2", "4-6", "8-12", "15-20"), 2: ("male", "female")}
    path = folder / "net.tflite"
    path.write_bytes(net(heads=(("a", 4), ("b", 2))))
    in_order = [labels[width] for width in tflite_file.read(path).widths.values()]
    path.write_bytes(with_metadata(path.read_bytes(), in_order))
    return path


def onnx(folder: Path) -> Path:
    from tests.converters.test_import_onnx import three_heads  # noqa: PLC0415 - needs ONNX

    path = folder / "net.onnx"
    path.write_bytes(three_heads())
    return path


def keras(folder: Path) -> Path:
    from tests.converters.test_import_tfjs import model  # noqa: PLC0415 - needs TensorFlow

    path = folder / "net.keras"
    model().save(path)
    return path


def tfjs(folder: Path) -> Path:
    from tests.converters.import_files import tfjs_files  # noqa: PLC0415 - beside the others

    return tfjs_files.written(folder, *tfjs_files.graph())


@pytest.mark.converters
@pytest.mark.parametrize(
    ("make", "attributes"),
    [(tflite, {"age", "gender"}), (onnx, {"age", "gender"}), (keras, {"gender"}),
     (tfjs, {"gender"})],
)  # fmt: skip
def test_a_file_is_imported_by_its_own_skeleton(make, attributes, tmp_path, capsys):
    """Of each framework; what a .tflite says of itself is in its card."""
    pytest.importorskip("tensorflow", reason="needs the converters extra (TensorFlow)")
    path = make(tmp_path)
    assert main(["import", str(path), "--skeleton"]) == 0
    card = tmp_path / "begun.toml"
    card.write_text(capsys.readouterr().out)
    read = template.read(card)
    assert (read.input.width, read.input.height) == (SIDE, SIDE)
    out = tmp_path / "out"
    assert main(["import", str(path), "--card", str(card), "--out", str(out)]) == 0
    made = json.loads((out / f"{read.name}.json").read_text())
    assert {one["attribute"] for one in made["estimator"]["outputs"]} == attributes
    if make is tflite:
        assert made["description"] == "A net of faces"
        assert made["input"]["mean"] == [127.5] * 3
        by_name = {one["attribute"]: one for one in made["estimator"]["outputs"]}
        assert by_name["gender"]["positive_index"] == 1
        assert by_name["age"]["values"] == [1, 5, 10, 17.5]
