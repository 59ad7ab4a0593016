"""A bundle may hold a variant for a class of processors, and the runtime takes it there."""

from __future__ import annotations

import logging
import shutil

import pytest

from converters.cli import main
from edge.runtime.networks import model
from edge.runtime.networks.card import read_card
from edge.runtime.networks.processor import processor_class

BASE, OTHER = "ssrnet_age_imdb", "ssrnet_gender_imdb"


@pytest.fixture
def folder(tmp_path, models):
    """Two bundles, of which the second is declared the first one's variant for dot products."""
    for name in (BASE, OTHER):
        for ending in (".json", ".tflite"):
            shutil.copy(models / (name + ending), tmp_path)
    card = tmp_path / f"{BASE}.json"
    assert main(["card", str(card), "--variant", f"dot_product={OTHER}"]) == 0
    return tmp_path


@pytest.mark.parametrize(("kind", "taken"), [("dot_product", OTHER), ("plain", BASE)])
def test_the_runtime_takes_the_variant_of_its_processor_and_says_so(
    folder, kind, taken, monkeypatch, caplog
):
    """By the class it finds; without a variant for it, the bundle itself."""
    monkeypatch.setattr(model, "processor_class", lambda: kind)
    with caplog.at_level(logging.INFO):
        assert model.load(BASE, folder).card.name == taken
    assert (OTHER in caplog.text) == (taken == OTHER)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Features\t: fp asimd evtstrm crc32 cpuid\n", "plain"),
        ("Features\t: fp asimd atomics asimdrdm lrcpc asimddp\n", "dot_product"),
        ("flags\t\t: fpu sse2 avx2\n", "plain"),
        ("flags\t\t: fpu avx2 avx512_vnni\n", "dot_product"),
        ("model name\t: asimddp\n", "plain"),
        ("", "plain"),
    ],
)
def test_the_class_is_what_linux_says_of_the_processor(tmp_path, text, kind):
    """Its features, not its name."""
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(text)
    assert processor_class(cpuinfo) == kind


def test_a_system_that_does_not_say_is_plain(tmp_path):
    """The variant that runs everywhere."""
    assert processor_class(tmp_path / "none") == "plain"


@pytest.mark.parametrize("wrong", ["plain", "fast=x", "plain="])
def test_a_variant_is_class_and_name(folder, wrong):
    """The command line says what it should be."""
    with pytest.raises(SystemExit) as ended:
        main(["card", str(folder / f"{BASE}.json"), "--variant", wrong])
    assert ended.value.code == 2


def test_a_missing_variant_is_refused(folder, capsys):
    """And the card stays as it was."""
    path = folder / f"{BASE}.json"
    before = path.read_bytes()
    assert main(["card", str(path), "--variant", "plain=nothing"]) != 0
    assert "nothing" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert read_card(path).variants == {"dot_product": OTHER}
