"""What the page shows: what was told, and the report of it."""

from __future__ import annotations

import json
import re
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from edge.config.read import load
from edge.outbox.outbox import FILE_NAME as OUTBOX
from edge.report.as_csv import as_csv
from edge.report.as_json import as_json
from edge.report.build import build
from tests.history.support import ZONE
from tests.main_job.program import alive, children_of, start
from tests.page.support import Device, Visitor, configure, device, listens, until_shown
from tests.publish.support import Subscriber, health, state, wait_for

MEMORY_LIMIT_MB = 40


def numbers(part: str) -> list[str]:
    """How many are in view, how many face the camera."""
    return re.findall(r"<dd>([^<]*)</dd>", part)


def test_presence_is_shown_as_it_is_told(open_device: Device) -> None:
    """Of state, in view and facing the camera."""
    visitor = Visitor(open_device.port)
    assert numbers(until_shown(visitor, "<dd>3</dd>")) == ["3", "1"]
    assert "The camera looks, and nothing is wrong" in until_shown(visitor, "The camera looks")


def test_what_is_wrong_with_the_view_is_said(open_device: Device) -> None:
    """In words, of health, and gone when it is over."""
    visitor, seeing = Visitor(open_device.port), open_device.seeing
    seeing.health = health(view_covered=True, view_blurred=True, throttled=True)
    shown = until_shown(visitor, "The camera is covered")
    assert "The picture is blurred" in shown
    seeing.health = health(view_dark=False)
    until_shown(visitor, "nothing is wrong")


def test_figures_are_the_reports(open_device: Device) -> None:
    """Today's people, hours and places are those of `agender-edge report`."""
    config = load(open_device.folder / "config.toml")
    report = build(config, "day", "today", time.time())
    shown = Visitor(open_device.port).get("/").text
    # Until an hour after midnight nothing is kept of today.
    known, people = report.total.known, report.total.sums["people"]
    assert (f"{people} people" if known else "Nothing is kept of it.") in shown
    hours = [row.figures.sums["people"] for row in report.rows if row.figures.known]
    assert re.findall(r"<title>\d\d:00: (\d+)</title>", shown) == list(map(str, hours))
    assert f"<td>{report.total.sums['line_door_in']}</td>" in shown or not known


@pytest.mark.parametrize("kind", ["day", "week", "month"])
def test_files_are_the_reports(open_device: Device, kind: str) -> None:
    """CSV and JSON, word for word, under a name that says what it is."""
    config = load(open_device.folder / "config.toml")
    date = f"{datetime.now(ZONE) - timedelta(days=40):%Y-%m-%d}"
    visitor = Visitor(open_device.port)
    table = visitor.get(f"/report.csv?kind={kind}&date={date}")
    wanted = build(config, kind, date, time.time())
    assert table.text == as_csv(wanted)
    assert f'filename="shop-door-{wanted.period.name}.csv"' in table.headers["Content-Disposition"]
    told = visitor.get(f"/report.json?kind={kind}&date={date}").text
    assert json.loads(told)["rows"] == json.loads(as_json(wanted))["rows"]
    assert "<table>" in visitor.get(f"/report.html?kind={kind}&date={date}").text


@pytest.mark.parametrize("query", ["kind=day&date=nonsense", "kind=week&date=1666-01-01",
                                   "kind=day&date=2999-01-01", "kind=&date="])  # fmt: skip
def test_a_period_that_is_none_is_a_sentence(open_device: Device, query: str) -> None:
    """No error of the program, whatever is asked for."""
    reply = Visitor(open_device.port).get(f"/report?{query}")
    assert reply.status == 200
    assert Visitor(open_device.port).get(f"/report.csv?{query}").status in (200, 404)


def test_pause_and_resume_go_the_way_of_requests(open_device: Device) -> None:
    """Vision is given the order, and what became of it is said."""
    visitor, seeing = Visitor(open_device.port), open_device.seeing
    until_shown(visitor, "<dd>3</dd>")
    told = {"pause": "The camera is closed.", "resume": "The camera is opened again."}
    for verb, said in told.items():
        reply = visitor.post(f"/{verb}", {"token": visitor.token()})
        assert (reply.status, reply.headers["Location"]) == (303, "/")
        assert seeing.orders[-1] == verb
        assert said in visitor.get("/").text
        assert said not in visitor.get("/").text


def test_a_refusal_is_told_in_its_words(open_device: Device) -> None:
    """What vision could not do, and why."""
    visitor, seeing = Visitor(open_device.port), open_device.seeing
    seeing.refuses = "the disk is full"
    visitor.post("/resume", {"token": visitor.token()})
    assert "It was not resumed: the disk is full." in visitor.get("/").text
    seeing.refuses = None


def test_paused_it_offers_to_resume_and_shows_no_number(open_device: Device) -> None:
    """A closed camera sees nobody: that is not 0."""
    visitor, seeing = Visitor(open_device.port), open_device.seeing
    seeing.state, seeing.health = state(0, paused=True), health(paused=True)
    shown = until_shown(visitor, "Paused: the camera is closed")
    assert numbers(shown) == ["–", "–"]
    assert 'action="/resume"' in shown
    seeing.state, seeing.health = state(3, attending=1), health(view_dark=False)
    until_shown(visitor, "<dd>3</dd>")


@pytest.mark.parametrize(
    ("header", "language", "word"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de", "Überblick"),
        ("nl, fr;q=0.3, es;q=0.7", "es", "Resumen"),
        ("fr", "fr", "Vue d'ensemble"),
        ("*, xx;q=nonsense", "en", "Overview"),
        ("", "en", "Overview"),
    ],
)
def test_it_speaks_the_browsers_language(
    open_device: Device, header: str, language: str, word: str
) -> None:
    """The first of those that there are; a choice of one's own is kept."""
    visitor = Visitor(open_device.port)
    text = visitor.get("/", {"Accept-Language": header}).text
    assert f'<html lang="{language}">' in text
    assert f"<h1>{word}</h1>" in text
    visitor.get("/?language=fr")
    assert '<html lang="fr">' in visitor.get("/", {"Accept-Language": header}).text


def test_a_notice_is_shown_once_its_operator_is_named(open_device: Device, tmp_path: Path) -> None:
    """Until then a sentence says what is missing."""
    assert "operator.name, operator.contact, operator.purpose" in (
        Visitor(open_device.port).get("/notice").text
    )
    named = '[operator]\nname = "A shop"\ncontact = "us@shop.example"\npurpose = "footfall"\n'
    with device(tmp_path, more=named) as running:
        shown = Visitor(running.port).get("/notice?language=de").text
    assert "A shop" in shown
    assert "Was geschieht" in shown or 'lang="de"' in shown


def test_without_publisher_or_broker_it_says_so(tmp_path: Path) -> None:
    """And goes on showing what is kept; where only the broker is away, what would be told."""
    with device(tmp_path) as running:
        visitor = Visitor(running.port)
        until_shown(visitor, "<dd>3</dd>")
        running.broker.stop()
        running.seeing.state = state(5, attending=2)
        shown = until_shown(visitor, "<dd>5</dd>")
        assert "The broker is not reached" in until_shown(visitor, "The broker is not reached")
        assert shown
        running.publisher.kill()
        running.publisher.wait()
        assert "was not paused: the publisher is not running" in (
            visitor.post("/pause", {"token": visitor.token()}).text or visitor.get("/").text
        )
        assert "people" in visitor.get("/part/figures").text


def test_memory_stays_within_its_limit(open_device: Device) -> None:
    """At its highest, after every page in every language, it holds less than 40 MB."""
    visitor = Visitor(open_device.port)
    for language in ("en", "de", "fr", "es"):
        for path in ("/", "/report?kind=month&", "/notice", "/report.html", "/part/figures"):
            mark = "&" if "?" in path else "?"
            assert visitor.get(f"{path}{mark}language={language}").status == 200
    status = Path(f"/proc/{open_device.page.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    highest_mb = int(found[1]) * 1024 / 1e6
    print(f"\nhighest resident memory {highest_mb:.1f} MB")
    assert highest_mb <= MEMORY_LIMIT_MB


@pytest.mark.slow
def test_run_serves_it_where_it_is_enabled(tmp_path: Path, demo_clip: Path, mosquitto: int) -> None:
    """With real vision behind it; it ends with the rest."""
    port = configure(tmp_path, mosquitto)
    (tmp_path / "state" / OUTBOX).unlink()  # beside one a pause is missed that was never recorded
    process = start("run", "--config", tmp_path / "config.toml", "--source", demo_clip,
                    "--set", "source.realtime=true")  # fmt: skip
    try:
        wait_for(lambda: listens(port), 30, "a page that listens")
        page = children_of(process)["page"]
        until_shown(Visitor(port), "<dd>1</dd>")
    finally:
        process.terminate()
        process.communicate(timeout=60)
    assert not alive(page)


@pytest.mark.slow
def test_a_reload_reaches_it_too(tmp_path: Path) -> None:
    """By the broker's request, after which publisher and page read the configuration anew."""
    with device(tmp_path) as running:
        visitor = Visitor(running.port)
        until_shown(visitor, "<dd>3</dd>")
        file = tmp_path / "config.toml"
        file.write_text(f'{file.read_text()}[privacy]\nstate = "off"\n')
        subscriber = Subscriber(running.broker.port)
        subscriber.send("agender/v2/shop/door/request/reload", "{}")
        until_shown(visitor, "it is not told how many are in view")
        subscriber.close()
        assert running.page.poll() is None
