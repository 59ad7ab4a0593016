"""A bundle is a network and its card, in two files that agree."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import msgspec
import pytest

from converters import bundle, card_verb
from converters.cli import main
from converters.errors import ConvertError
from edge.runtime.networks.card import Card, ModelError, read_card, read_model
from edge.runtime.networks.model import Network

SHIPPED = "blazeface_short_128"


@pytest.fixture
def shipped(models) -> tuple[bytes, Card]:
    """A shipped network's flatbuffer and card."""
    content = (models / f"{SHIPPED}.tflite").read_bytes()
    return bundle.network(content, SHIPPED), read_card(models / f"{SHIPPED}.json")


def test_the_card_is_in_the_network_file_and_beside_it(tmp_path, shipped):
    """`zipfile` reads the embedded card, and it is the same JSON."""
    path = bundle.write(tmp_path, *shipped)
    with zipfile.ZipFile(path.with_suffix(".tflite")) as archive:
        assert archive.testzip() is None
        assert archive.read(bundle.CARD_MEMBER) == path.read_bytes()


def test_the_hash_and_size_describe_the_flatbuffer_before_the_archive(tmp_path, shipped):
    """What follows the flatbuffer is no part of what the card vouches for."""
    flatbuffer, card = shipped
    path = bundle.write(tmp_path, flatbuffer, card)
    written = read_card(path)
    content = path.with_suffix(".tflite").read_bytes()
    assert content[: written.bytes] == flatbuffer
    assert {"bytes": written.bytes, "sha256": written.sha256} == bundle.fingerprint(flatbuffer)


def test_a_file_with_an_embedded_card_still_runs(tmp_path, shipped):
    """Interpreters do not notice the archive."""
    path = bundle.write(tmp_path, *shipped)
    card = read_card(path)
    network = Network(card, read_model(card, path.with_suffix(".tflite")))
    assert network.card.name == SHIPPED


def test_the_same_input_gives_the_same_bytes(tmp_path, shipped):
    """No clock and no order of the day gets into a bundle."""
    first = bundle.write(tmp_path / "a", *shipped)
    second = bundle.write(tmp_path / "b", *shipped)
    for ending in (".json", ".tflite"):
        assert first.with_suffix(ending).read_bytes() == second.with_suffix(ending).read_bytes()


def test_rewriting_a_card_keeps_the_network(tmp_path, shipped):
    """Only the card changes, in both places."""
    flatbuffer, card = shipped
    path = bundle.write(tmp_path, flatbuffer, card)
    bundle.rewrite(path, msgspec.structs.replace(card, limits="none known"))
    content = path.with_suffix(".tflite").read_bytes()
    assert bundle.network(content, "x") == flatbuffer
    assert msgspec.json.decode(bundle.embedded_card(content))["limits"] == "none known"
    assert card_verb.check(path).limits == "none known"


def test_a_failed_write_leaves_the_old_bundle(tmp_path, shipped, monkeypatch):
    """A bundle that cannot be written whole is not written at all."""
    path = bundle.write(tmp_path, *shipped)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(ConvertError, match="No space left"):
        bundle.write(tmp_path, *shipped)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert path.exists()


NAMES = ("../x", "a/b", "", ".hidden", "x\n", "a" * 200, "x.json")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_no_name_writes_nothing_anywhere(tmp_path, shipped, name):
    """A bundle stays in its folder."""
    flatbuffer, card = shipped
    out = tmp_path / "out"
    with pytest.raises(ModelError, match=r"\$\.name"):
        bundle.write(out, flatbuffer, msgspec.structs.replace(card, name=name))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_an_import_is_told_at_once_that_its_name_is_none(name, capsys):
    """An error of the command line, before anything is read."""
    with pytest.raises(SystemExit) as ended:
        main(["import", "net.onnx", "--as", "dlib-age", "--name", name])
    assert ended.value.code == 2
    assert "is no bundle's name" in capsys.readouterr().err


def test_a_card_that_does_not_describe_its_network_is_never_written(tmp_path, models):
    """The converters check as the device does: another output's values are no ages."""
    card = read_card(models / "agender_64.json")
    age, gender = card.estimating.outputs
    exchanged = (msgspec.structs.replace(age, tensor=gender.tensor), gender)
    estimator = msgspec.structs.replace(card.estimating, outputs=exchanged)
    flatbuffer = bundle.network((models / "agender_64.tflite").read_bytes(), "it")
    with pytest.raises(ModelError, match="gives 1 values for age"):
        bundle.write(tmp_path, flatbuffer, msgspec.structs.replace(card, estimator=estimator))
    assert not list(tmp_path.iterdir())


def test_a_renamed_card_is_not_written_beside_itself(tmp_path, shipped):
    """It would overwrite the bundle whose name it still has."""
    path = bundle.write(tmp_path, *shipped)
    for suffix in (".json", ".tflite"):
        path.with_suffix(suffix).rename(tmp_path / f"other{suffix}")
    card = read_card(tmp_path / "other.json")
    with pytest.raises(ConvertError, match=f"is the card of '{SHIPPED}'"):
        bundle.rewrite(tmp_path / "other.json", card)


def test_a_figure_that_could_not_be_measured_is_null(shipped):
    """NaN is no JSON."""
    card = msgspec.structs.replace(shipped[1], evidence={"a": [float("nan")], "b": 1.5})
    assert json.loads(bundle.render(card))["evidence"] == {"a": [None], "b": 1.5}


def test_an_exchanged_card_is_noticed(tmp_path, shipped):
    """A card beside the network that is not the one inside it is refused."""
    path = bundle.write(tmp_path, *shipped)
    path.write_bytes(path.read_bytes().replace(b"MediaPipe", b"Nobody"))
    with pytest.raises(ConvertError, match="differs"):
        card_verb.check(path)


@pytest.mark.parametrize("content", [b"", b"text", b"\x80\x04pickle", b"PK\x03\x04"])
def test_what_is_no_network_is_refused(content):
    """By the flatbuffer's own mark."""
    with pytest.raises(ConvertError, match="not a TFLite network"):
        bundle.network(content, "it")


def test_an_archive_without_a_card_is_refused():
    """Another ZIP at the end of a file is no card."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("labels.txt", "a")
    with pytest.raises(ConvertError, match=r"holds no card\.json"):
        bundle.embedded_card(buffer.getvalue())


def test_every_shipped_bundle_is_whole(models):
    """Network, card and embedded card agree for each file in models_tflite."""
    cards = sorted(models.glob("*.json"))
    assert {path.stem for path in cards} >= {SHIPPED, "centerface_384x224", "ssrnet_age_imdb"}
    for path in cards:
        card = card_verb.check(path)
        assert card.name == path.stem
        assert card.licence.weights
        assert len(card.source.sha256) == 64
