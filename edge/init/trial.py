"""Whether camera and broker work, before anything is written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from msgspec.structs import replace

from edge import log as logs
from edge.config.tables import Config
from edge.diagnostics.doctor import line
from edge.diagnostics.finding import Finding
from edge.diagnostics.services import broker, source
from edge.errors import UserError
from edge.host.exposure import forbid_core_dumps
from edge.runtime.networks.inventory import check_models
from edge.runtime.networks.licences import require_commercial


class TrialError(UserError):
    """Camera or broker does not work; `failed` are the subjects of the findings that say so."""

    def __init__(self, failed: Sequence[str]) -> None:
        self.failed = tuple(dict.fromkeys(failed))
        self.reason = f"nothing was written, since {' and '.join(self.failed)} failed"
        super().__init__(f"{self.reason}: mend it, or write all the same with --untested")


def try_out(
    config: Config, password: str, *, untested: bool, units: Sequence[str] = ("", "")
) -> None:
    """Print what is found of camera and broker; TrialError where one fails, unless `untested`.

    `units`: vision's and publisher's that are to be set up; others may run beside them.
    """
    logs.set_up("error")  # the findings say it all
    forbid_core_dumps()
    check_models(config)
    require_commercial(config)
    failed = []
    for finding in _findings(config, password, *units):
        print(line(finding), flush=True)
        failed += [finding.subject] if finding.state == "bad" else []
    if failed and not untested:
        raise TrialError(failed)


def _findings(config: Config, password: str, vision: str, publisher: str) -> Iterator[Finding]:
    yield from source(config, vision)
    if not password:
        yield from broker(config, publisher)
        return
    with in_memory(password) as file:
        yield from broker(replace(config, mqtt=replace(config.mqtt, password_file=file)), publisher)


@contextmanager
def in_memory(password: str) -> Iterator[str]:
    """The name of a file that holds it and is on no disk, from which it could be read later."""
    with os.fdopen(os.memfd_create("password"), "w", encoding="utf-8") as file:
        file.write(f"{password}\n")
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}"
