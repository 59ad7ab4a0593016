"""`agender-convert dataset SET SRC… OUT`: a public set, as published → the training layout."""

from __future__ import annotations

import argparse
from pathlib import Path
from types import ModuleType

from converters.datasets import adience, appa_real, fairface, folder, imdb_wiki, utkface
from converters.datasets.build import Plan, Tally, bands_of, build
from converters.datasets.places import Places
from converters.datasets.rows import Terms, Wishes
from converters.errors import ConvertError
from converters.files import tidy_ending

SETS: dict[str, ModuleType] = {
    "imdb-wiki": imdb_wiki,
    "utkface": utkface,
    "fairface": fairface,
    "adience": adience,
    "appa-real": appa_real,
    "folder": folder,
}
SPLITS = {
    "fairface": ("train", "val"),
    "adience": tuple("01234"),
    "appa-real": ("train", "valid", "test"),
}
EXAMPLES = """examples:
  agender-convert dataset fairface fairface-img-margin025-trainval.zip \\
      fairface_label_train.csv fairface_label_val.csv faces/fairface_train --split train
  agender-convert dataset imdb-wiki imdb_crop.tar wiki_crop.tar faces/imdb_wiki
  agender-convert dataset appa-real appa-real-release/ genders/ faces/appa --age apparent
  agender-convert dataset folder my_pictures/ faces/mine --link

You fetch the sets yourself, from where their licences are agreed to. OUT then holds images/,
labels.csv (for `train` and `evaluate`), dataset.json with what was dropped and why, LICENCE.txt,
and about.toml, which says the same in a training file, for the card of what is trained."""


def add_parser(verbs: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register the verb, with a parser of its own for each set."""
    parser = verbs.add_parser(
        "dataset",
        help="bring a public set of faces into the training layout",
        description="Clean a public set of faces and bring it into the training layout.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sets = parser.add_subparsers(title="sets", metavar="SET", required=True)
    for name, module in SETS.items():
        _add_set(sets, name, module)


def _add_set(
    sets: argparse._SubParsersAction[argparse.ArgumentParser], name: str, module: ModuleType
) -> None:
    text = f"{module.TERMS.name}: {module.WANTS}"
    parser = sets.add_parser(name, help=text, description=f"{text}.\n\n{module.TERMS.note()}.",
                             formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("source", type=Path, nargs="+", metavar="SRC",
                        help="folders, ZIPs, tars and files that make up the set")  # fmt: skip
    parser.add_argument("out", type=Path, metavar="OUT", help="a new folder")
    parser.add_argument("--link", action="store_true",
                        help="link to a folder's pictures instead of copying them")  # fmt: skip
    if name in SPLITS:
        parser.add_argument("--split", action="append", choices=tuple(SPLITS[name]), default=[],
                            help="take this part only; may be repeated")  # fmt: skip
    if name == "appa-real":
        parser.add_argument("--age", choices=("apparent", "real"), default="apparent",
                            help="the mean of people's guesses, or the truth (default: apparent, "
                            "which is what can be seen)")  # fmt: skip
    if name == "adience":
        parser.add_argument("--frontal", action="store_true", help="nearly frontal faces only")
        parser.add_argument("--sixty-plus", choices=("60-69", "70+"), default="",
                            help="take Adience's 60-and-older as this band (default: drop them, "
                            "since either may be meant)")  # fmt: skip
    if name == "folder":
        parser.add_argument("--pattern", default="", metavar="REGEX",
                            help="how to read a path, with the groups gender and age")  # fmt: skip
    parser.set_defaults(run=run, set=name)


def run(arguments: argparse.Namespace) -> int:
    """Bring one set into the layout and say what was dropped."""
    out: Path = arguments.out
    _check(out)
    module = SETS[arguments.set]
    wishes = _wishes(arguments)
    choices = {
        name: str(value)
        for name, value in vars(arguments).items()
        if name in ("split", "age", "frontal", "sixty_plus", "pattern") and value
    }
    with tidy_ending(), Places(arguments.source) as places:
        labels = module.parse(places, wishes)
        plan = Plan(out, module.TERMS, arguments.link, choices)
        tally = build(places, labels, plan)
    print(report(out, tally, module.TERMS))
    return 0


def _wishes(arguments: argparse.Namespace) -> Wishes:
    given = vars(arguments)
    return Wishes(
        splits=tuple(given.get("split", ())),
        real_age=given.get("age") == "real",
        frontal=given.get("frontal", False),
        sixty_plus=given.get("sixty_plus", ""),
        pattern=given.get("pattern", ""),
    )


def _check(out: Path) -> None:
    """Refuse a folder in which something lies already."""
    try:
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise ConvertError(f"{out} exists and is not empty: name a new folder")
    except OSError as error:
        raise ConvertError(f"cannot write {out}: {error.strerror}") from error


def report(out: Path, tally: Tally, terms: Terms) -> str:
    """What was kept, what was dropped and why, and the licence."""
    women = sum(row.female for row in tally.kept)
    bands = ", ".join(f"{band}: {count}" for band, count in bands_of(tally.kept).items())
    dropped = tally.dropped.total()
    lines = [
        f"{out}: {len(tally.kept)} faces, {women} of women, {len(tally.kept) - women} of men",
        f"ages {bands}",
        f"dropped {dropped} of {dropped + len(tally.kept)}" + (":" if dropped else ""),
    ]
    lines += [f"{count:9}  {reason}" for reason, count in tally.dropped.most_common()]
    return "\n".join([*lines, f"licence: {terms.note()}"])
