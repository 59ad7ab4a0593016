"""An audit as a table for a spreadsheet: a row for each quantity, as RFC 4180 has it."""

from __future__ import annotations

import csv
import io

from edge.audit.as_json import told
from edge.audit.build import Audit


def as_csv(audit: Audit) -> str:
    """Header and rows under the keys of the JSON form; a cell is empty where nothing is known."""
    rows = [{"device": audit.device, **told(each)} for each in audit.agreements]
    text = io.StringIO()
    table = csv.DictWriter(text, list(rows[0]))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()
