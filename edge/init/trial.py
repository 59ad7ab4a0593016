"""Whether camera and broker work, before anything is written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from msgspec.structs import replace

from edge import log as logs
from edge.config.tables import Config
from edge.diagnostics.doctor import line
from edge.diagnostics.finding import Finding
from edge.diagnostics.services import broker, source
from edge.errors import UserError
from edge.runtime.networks.inventory import check_models
from edge.runtime.networks.licences import require_commercial


def try_out(config: Config, password: str, *, untested: bool) -> None:
    """Print what is found of camera and broker; UserError where one fails, unless `untested`."""
    logs.set_up("error")  # the findings say it all
    check_models(config)
    require_commercial(config)
    failed = []
    for finding in _findings(config, password):
        print(line(finding), flush=True)
        failed += [finding.subject] if finding.state == "bad" else []
    if failed and not untested:
        raise UserError(
            f"nothing was written, since {' and '.join(dict.fromkeys(failed))} failed: mend it, or "
            "write all the same with --untested"
        )


def _findings(config: Config, password: str) -> Iterator[Finding]:
    yield from source(config)
    with tempfile.TemporaryDirectory(prefix="agender-init-") as folder:
        if password:
            secret = Path(folder, "password")
            secret.touch(mode=0o600)
            secret.write_text(f"{password}\n", encoding="utf-8")
            config = replace(config, mqtt=replace(config.mqtt, password_file=str(secret)))
        yield from broker(config)
