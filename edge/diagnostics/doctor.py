"""`agender-edge doctor`: what is right on this machine, what is not, and what to do about it."""

from __future__ import annotations

import json

from edge import log as logs
from edge.config.tables import Config
from edge.diagnostics.checks import CHECKS
from edge.diagnostics.finding import Finding
from edge.host.exposure import forbid_core_dumps

MARKS = {"good": "ok  ", "bad": "BAD ", "note": "    "}


def doctor(config: Config, *, as_json: bool) -> int:
    """Print every finding as it comes; 1 if one is bad."""
    logs.set_up("error")  # the findings say it all
    forbid_core_dumps()
    findings = []
    for check in CHECKS:
        for finding in check(config):
            findings.append(finding)
            if not as_json:
                print(line(finding), flush=True)
    if as_json:
        print(json.dumps([finding._asdict() for finding in findings], indent=2))
    return int(any(finding.state == "bad" for finding in findings))


def line(finding: Finding) -> str:
    """A finding in one line, with the advice below a bad one."""
    text = f"{MARKS[finding.state]} {finding.subject:<13} {finding.text}"
    return f"{text}\n{'':<19}→ {finding.advice}" if finding.state == "bad" else text
