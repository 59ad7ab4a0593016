"""`info` tells the last audit's verdict while `audit.publish` is on, and nothing of it else."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from edge.config.audit import Audit
from edge.config.tables import Config
from edge.history.audited import FILE_NAME, leave
from edge.publish.audit_news import EVERY_S, AuditNews
from edge.publish.publisher import Publisher
from tests.audit.support import AUDITED
from tests.publish.support import Broker, Subscriber, config_for, drive, make_publisher


def told_by(folder: Path, *, on: bool) -> Config:
    """A configuration of this state's folder."""
    paths = {"state": str(folder)}
    return msgspec.convert({"audit": {"publish": on}, "paths": paths}, Config)


def test_a_verdict_is_told_soon_after_it_was_left(tmp_path):
    """The file is looked at once a minute, and a change is one."""
    news = AuditNews(told_by(tmp_path, on=True))
    assert not news.changed(0.0) and news.told is None
    leave(tmp_path, AUDITED)
    assert not news.changed(EVERY_S - 1)
    assert news.changed(EVERY_S) and news.told == AUDITED
    assert not news.changed(2 * EVERY_S)


def test_switched_off_nothing_is_told_of_what_lies_there(tmp_path):
    """The key decides, whenever the audit was."""
    leave(tmp_path, AUDITED)
    news = AuditNews(told_by(tmp_path, on=False))
    assert not news.changed(0.0) and news.told is None


def test_a_file_that_is_no_verdict_is_not_told_and_said_once(tmp_path, caplog):
    """Nor is the one before it, which is no longer there; removed it is no trouble."""
    leave(tmp_path, AUDITED)
    news = AuditNews(told_by(tmp_path, on=True))
    assert news.changed(0.0)
    (tmp_path / FILE_NAME).write_text("passes")
    assert news.changed(EVERY_S) and news.told is None
    assert not news.changed(2 * EVERY_S)
    assert caplog.text.count("is not told") == 1
    (tmp_path / FILE_NAME).unlink()
    assert not news.changed(3 * EVERY_S)


@pytest.mark.parametrize("on", [True, False])
def test_a_broker_is_told_the_verdict_where_the_key_is_on(
    broker: Broker, tmp_path: Path, subscriber: Subscriber, *, on: bool
) -> None:
    """In `info`, retained, with its date; else `audit` is null."""
    config = msgspec.structs.replace(config_for(tmp_path, broker.port), audit=Audit(publish=on))
    folder = Path(config.paths.state)
    folder.mkdir(exist_ok=True)
    leave(folder, AUDITED)
    publisher: Publisher = make_publisher(config)
    drive(publisher, lambda: bool(subscriber.of("/info")))
    publisher.connection.close()
    told = subscriber.of("/info")[-1]
    assert told["audit"] == (msgspec.to_builtins(AUDITED) if on else None)
    assert told["config"]["audit"] == {"publish": on}
