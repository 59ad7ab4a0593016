"""The page for a Raspberry Pi says nothing that is not so, as far as reading can tell."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from edge.cli.verbs import parser
from edge.config import read as settings
from edge.config import tables as config
from edge.runtime.networks.inventory import check_models
from tests.system.raspberry_pi.page import PAGE, ROOT, Block, blocks, configuration, to_run

SHELL = [block for block in blocks() if block.language == "sh"]
USES = ("config", "on the Pi", "parsed")


def commands(block: Block) -> list[list[str]]:
    """The calls of our own program, as a shell would split them."""
    joined = block.text.replace("\\\n", " ")
    found = []
    for line in joined.splitlines():
        for part in re.split(r"\|\||&&|\||;", line):
            words = shlex.split(part, comments=True)
            words = words[1:] if words[:1] == ["sudo"] else words
            if words and Path(words[0]).name == "agender-edge":
                found.append(words[1:])
    return found


def test_every_block_says_how_it_is_tried():
    """None escapes: each is run, checked, parsed, or meant for a real Pi alone."""
    assert len(blocks()) > 12
    for block in blocks():
        assert block.use in USES or block.use.startswith("run: "), block
    assert len(to_run()) >= 8


@pytest.mark.parametrize("block", SHELL, ids=lambda block: block.text.splitlines()[0][:40])
def test_every_shell_block_is_well_formed(block: Block):
    """By bash itself, and by shellcheck's eye for quoting where it is installed."""
    subprocess.run(["bash", "-n", "-c", block.text], check=True)


def test_every_call_of_our_program_is_understood():
    """Verbs and flags exist, in the blocks and in the sentences."""
    inline = re.findall(r"`(agender-edge [^`]+)`", PAGE.read_text())
    calls = [call for block in SHELL for call in commands(block)]
    calls += [shlex.split(text)[1:] for text in inline]
    assert len(calls) > 8
    for call in calls:
        words = [re.sub(r"[$<].*", "x", word) for word in call]
        if words == ["--version"]:
            continue
        if words == ["flash-kit"]:
            words.append("--help")
        try:
            parser().parse_args(words)
        except SystemExit as end:
            assert end.code == 0, words


def test_the_configuration_is_right(tmp_path: Path):
    """As `config check` judges it, with every line that is commented out put in force too."""
    plain = configuration()
    everything = re.sub(r"(?m)^# (?=\w+ = )", "", plain)
    for number, text in enumerate((plain, everything)):
        file = tmp_path / f"{number}.toml"
        file.write_text(text)
        check_models(settings.load(file))
    assert everything.count("=") > plain.count("=") - 1
    assert settings.load(tmp_path / "1.toml").source.rotate_deg == 180


def test_every_file_and_place_it_names_exists():
    """Links, their anchors, and paths of this repository."""
    text = PAGE.read_text()
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        file = (PAGE.parent / target).resolve() if target else PAGE
        assert file.exists(), target
        headings = re.findall(r"(?m)^#+ (.*)$", file.read_text()) if anchor else []
        slugs = [re.sub(r"[^\w -]", "", line.lower()).replace(" ", "-") for line in headings]
        assert not anchor or anchor in slugs, f"{target}#{anchor}"
    for path in re.findall(r"(?<![\w/.])(?:systemd|ansible)/[\w./-]+\w", text):
        assert list(ROOT.glob(f"{path}*")), path  # the suite's name follows in one


def test_every_key_and_number_it_tells_is_the_programs():
    """Keys in back quotes are keys, and the times of recovery are the defaults."""
    text = PAGE.read_text()
    known = settings.load()
    for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)`", text):
        if section in ("health", "config"):
            continue
        assert hasattr(getattr(known, section), key), f"{section}.{key}"
    source = config.Source()
    assert f"after {source.stall_s:g} s (`source.stall_s`)" in text
    assert f"after {source.give_up_s:g} s (`source.give_up_s`)" in text
    assert f"from {known.governor.temperature_max_celsius:g} °C on" in text


def test_every_sentence_under_trouble_is_said_by_the_program():
    """Whoever searches the page for what is on the screen finds it."""
    said = "".join(path.read_text() for path in sorted((ROOT / "edge").rglob("*.py")))
    said = re.sub(r'"\s*\n\s*f?"', "", said)
    rows = re.findall(r"(?m)^\| (`[^|]*) \|", PAGE.read_text().split("## Trouble")[1])
    ours = [quoted for row in rows for quoted in re.findall(r"`([^`]+)`", row)]
    foreign = {"numpy.dtype size changed", "cannot allocate memory", "dma_heap", "offline"}
    assert len(ours) > 12
    for sentence in ours:
        pattern = re.sub(r"\\\ 5\\\ s|N|above 0", ".*", re.escape(sentence))
        assert sentence in foreign or re.search(pattern, said), sentence
