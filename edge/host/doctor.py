"""`agender-edge doctor`: what is right on this machine, what is not, and what to do about it."""

from __future__ import annotations

import json

from edge import log as logs
from edge.config import Config
from edge.host.checks import CHECKS
from edge.host.finding import Finding

MARKS = {"good": "ok  ", "bad": "BAD ", "note": "    "}


def doctor(config: Config, *, as_json: bool) -> int:
    """Print every finding as it comes; 1 if one is bad."""
    logs.set_up("error")  # the findings say it all
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
