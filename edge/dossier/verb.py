"""Make all of a dossier, then write it: nothing is written before all is known to be right."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import partial
from pathlib import Path
from typing import NamedTuple

from edge import pdf
from edge.config import read as settings
from edge.config.tables import Config
from edge.dossier import page
from edge.dossier.assessment import assessment
from edge.dossier.configuration import FILE, configuration, public
from edge.dossier.evidence import evidence, outcomes_of
from edge.dossier.instructions import instructions
from edge.dossier.markdown import document, entries, plain
from edge.dossier.networks import networks
from edge.dossier.parts import parts
from edge.dossier.record import record
from edge.dossier.sources import quoted
from edge.dossier.told import NO_ADVICE, OPEN
from edge.errors import UserError
from edge.notice.facts import facts_of
from edge.output import say
from edge.runtime.networks.licences import chain_of
from edge.whole_files import write_together

INDEX = "README.md"


class Form(NamedTuple):
    """As PDF too; and whether documents that differ are replaced."""

    as_pdf: bool
    force: bool


def dossier(
    config: Config, out: Path, results: Sequence[Path], sboms: Sequence[Path], form: Form
) -> int:
    """Write every document into a folder, as Markdown and where asked for as PDF."""
    if form.as_pdf:
        pdf.require()
    documents = _documents(config, results)
    bills = _bills(sboms, {INDEX, FILE, *documents, *map(_printed, (INDEX, *documents))})
    texts = {INDEX: _index(config, documents, bills), **documents}
    others = {FILE: settings.as_toml(public(config)).encode(), **bills}
    if not form.force:
        _refuse_replacing(out, texts)
    _write(out, texts, others, form)
    _advise(documents)
    return 0


def _documents(config: Config, results: Sequence[Path]) -> dict[str, str]:
    """File's name → its text, in the order in which they are read."""
    facts = facts_of(config)
    cards = tuple({card.name: card for card in chain_of(config)}.values())
    return {
        "1-record-of-processing.md": record(facts),
        "2-impact-assessment.md": assessment(facts, outcomes_of(results)),
        "3-instructions-for-use.md": instructions(facts),
        "4-networks.md": networks(cards),
        "5-configuration.md": configuration(config, cards),
        "6-evidence.md": evidence(facts, results),
        "7-parts.md": parts(),
        "8-privacy.md": quoted("docs/privacy.md"),
        "9-changes.md": quoted("CHANGELOG.md"),
    }


def _index(config: Config, documents: Mapping[str, str], bills: Mapping[str, bytes]) -> str:
    titles = {name: text.partition("\n")[0].lstrip("# ") for name, text in documents.items()}
    bill_entries = [f"{plain(name)}: bill of materials" for name in bills]
    return document(
        "Dossier",
        f"Of the device `{config.device.site}/{config.device.name}`. {NO_ADVICE}",
        entries([
            *(f"[{title}]({name}){_open(documents[name])}" for name, title in titles.items()),
            f"[`{FILE}`]({FILE}): the whole configuration in force",
            *bill_entries,
        ]),
        "Made again from the same configuration and installation it is the same, so that `diff` of "
        "two folders tells what a change of the configuration changes in it. The sign and the page "
        "for the people in front of the camera are made by `agender-edge notice`.",
    )  # fmt: skip


def _open(text: str) -> str:
    number = text.count(OPEN)
    return f" ({number} to be filled in)" if number else ""


def _bills(paths: Sequence[Path], taken: Set[str]) -> dict[str, bytes]:
    """Name → content; UserError where a file can't be read, or a name stands for another file."""
    found: dict[str, bytes] = {}
    for path in paths:
        if path.name in taken or path.name in found:
            raise UserError(f"--sbom {path}: another file of the dossier has that name; rename it")
        try:
            found[path.name] = path.read_bytes()
        except OSError as error:
            raise UserError(f"--sbom {path}: cannot be read: {error.strerror}") from error
    return found


def _printed(name: str) -> str:
    """The name of a document's PDF."""
    return str(Path(name).with_suffix(".pdf"))


def _refuse_replacing(out: Path, texts: Mapping[str, str]) -> None:
    """UserError where a document differs from what is there: a person may have filled it in."""
    for name, text in texts.items():
        held = out / name
        if held.is_file() and held.read_bytes() != text.encode():
            raise UserError(
                f"{held} is there and differs, be it filled in by hand or of another "
                "configuration: name another folder with --out, or let --force replace it"
            )


def _write(out: Path, texts: Mapping[str, str], others: Mapping[str, bytes], form: Form) -> None:
    """All of the files, and none where one can't be written; others in the folder stay."""
    contents = {**others, **{name: text.encode() for name, text in texts.items()}}
    writers: dict[str, Callable[[Path], object]] = {
        name: partial(Path.write_bytes, data=content) for name, content in contents.items()
    }
    if form.as_pdf:
        writers |= {
            _printed(name): partial(pdf.write_pdf, page.html(text)) for name, text in texts.items()
        }
    write_together(out, writers)
    if form.force and not form.as_pdf:
        _remove_stale(out, map(_printed, texts))
    print(out / INDEX)


def _remove_stale(out: Path, names: Iterable[str]) -> None:
    """Prints of a document as it was before would contradict the one beside them."""
    for name in names:
        (out / name).unlink(missing_ok=True)


def _advise(documents: Mapping[str, str]) -> None:
    """What is still to be done by a person."""
    number = sum(text.count(OPEN) for text in documents.values())
    say(f"{number} entries are to be filled in by you; look for “To be filled in”")
    say("these are templates and no legal advice: have them read before you rely on them")
