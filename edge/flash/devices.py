"""Which devices to make kits for: a flag with names, or a table with a line each."""

from __future__ import annotations

import argparse
import csv
import re
from dataclasses import dataclass
from pathlib import Path

from edge.errors import UserError
from edge.flash.arguments import COLUMNS

HOST_NAME = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


@dataclass(frozen=True, slots=True)
class Device:
    """One device, as the command line and its line of the table describe it.

    `site` and `source` are None where the configuration decides. `camera` is a source that the
    table names: no part of the command line, it may hold the camera's password.
    """

    name: str
    hostname: str
    site: str | None
    source: str | None
    camera: str | None
    username: str
    password_file: Path | None


def devices(parsed: argparse.Namespace) -> list[Device]:
    """All devices of a command line; UserError where one is not told from another."""
    if bool(parsed.device) == bool(parsed.devices):
        raise UserError("name the device with --device NAME, or several with --devices CSV")
    rows = _table(parsed.devices) if parsed.devices else _listed(parsed.device)
    found = [_device(row, parsed) for row in rows]
    if parsed.hostname and len(found) > 1:
        raise UserError("--hostname names one host; give several in the column hostname of a CSV")
    for kind in ("name", "hostname"):
        values = [getattr(device, kind) for device in found]
        if twice := {value for value in values if values.count(value) > 1}:
            raise UserError(f"two devices have the same {kind}: {', '.join(sorted(twice))}")
    return found


def _listed(names: str) -> list[dict[str, str]]:
    return [{"device": name.strip()} for name in names.split(",")]


def _table(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, delimiter=_delimiter(file.readline()))
            file.seek(0)
            columns = reader.fieldnames or []  # while the file is open: this reads its first line
            rows = list(reader)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = getattr(error, "strerror", None) or "it is no CSV file in UTF-8"
        raise UserError(f"--devices {path}: cannot be read: {reason}") from error
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise UserError(
            f"--devices {path}: there is no column {unknown[0]!r}; known: {', '.join(COLUMNS)}"
        )
    if "device" not in columns or not rows:
        raise UserError(f"--devices {path}: needs a line 'device,…' and a line for each device")
    for number, row in enumerate(rows, 2):
        if None in row or None in row.values():
            raise UserError(f"--devices {path}: line {number} has not as many fields as the first")
    return rows


def _delimiter(first: str) -> str:
    """What parts the columns: a spreadsheet writes semicolons where a comma is the decimal sign."""
    return ";" if ";" in first and "," not in first else ","


def _device(row: dict[str, str], parsed: argparse.Namespace) -> Device:
    name = row["device"]
    hostname = row.get("hostname") or parsed.hostname or name.lower().replace("_", "-")
    if not HOST_NAME.fullmatch(hostname):
        raise UserError(f"{hostname!r} is no host name: use a-z, 0-9 and - (at most 63)")
    file = row.get("password_file")
    return Device(
        name=name,
        hostname=hostname,
        site=row.get("site") or parsed.site,
        source=None if row.get("source") else parsed.source,
        camera=row.get("source") or None,
        username=row.get("username") or parsed.username,
        password_file=Path(file) if file else parsed.password_file,
    )
