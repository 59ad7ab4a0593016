"""What is installed beside the program on the machine that makes the dossier."""

from __future__ import annotations

import re
from importlib import metadata

from edge.dossier.markdown import document, plain, table

PROGRAM = "agender-edge"


def parts() -> str:
    """The document: packages that the program needs, as far as they are installed here."""
    rows = [
        (plain(name), plain(found.version), plain(_licence(found)))
        for name, found in sorted(_needed().items())
    ]
    return document(
        "Parts",
        "What the program needs, with what those packages need in turn, in the versions installed "
        "on the machine that made this dossier. Where that is not the device, the bills of "
        "materials beside this document (`--sbom`) tell what a device installs. Python and the "
        "packages of the operating system are not listed.",
        table(("package", "version", "licence, as the package states it"), rows),
    )


def _needed() -> dict[str, metadata.Distribution]:
    """Name → package, followed from the program along what each requires without extras."""
    found: dict[str, metadata.Distribution] = {}
    ahead = [PROGRAM]
    while ahead:
        name = _normal(ahead.pop())
        if name in found:
            continue
        try:
            found[name] = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or Python
        ahead += [_name(line) for line in found[name].requires or () if "extra ==" not in line]
    return found


def _name(requirement: str) -> str:
    match = re.match(r"[\w.-]+", requirement)
    return match[0] if match else ""


def _normal(name: str) -> str:
    """PEP 503's form of a name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _licence(found: metadata.Distribution) -> str:
    """The field that PEP 639 asks for, else the trove classifiers, else the older free text."""
    told = found.metadata
    classified = [text.split(" :: ")[-1] for text in told.get_all("Classifier") or ()
                  if text.startswith("License ::")]  # fmt: skip
    expression, free = (
        str(told[key]).strip() if key in told else "" for key in ("License-Expression", "License")
    )
    return expression or ", ".join(classified) or free.partition("\n")[0] or "–"
