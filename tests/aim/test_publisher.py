"""What the publisher does once vision counts by places that it does not know."""

from __future__ import annotations

import os
from random import Random

import msgspec
import pytest

from edge.config.read import load
from edge.config.space_file import fingerprint
from edge.errors import ConfigError
from edge.messages.live import Hello, PublisherSocket, VisionSocket
from edge.outbox.outbox import FILE_NAME, Outbox
from edge.publish.publisher import Publisher, Surroundings
from edge.publish.reload import keys_now
from edge.publish.stdout import write_waiting
from tests.publish.support import counts

OLD = load()
NEW = load(None, ['space.lines=[{name = "door", start = [0.5, 0], end = [0.5, 1]}]'])


@pytest.fixture
def told(tmp_path):
    """Tell a publisher of places; whether it starts anew, and how often it read the file."""

    def tell(read, *places):
        reads = []

        def reread():
            reads.append(1)
            return read()

        with (
            VisionSocket(tmp_path) as vision,
            PublisherSocket(tmp_path) as live,
            Outbox(tmp_path / FILE_NAME) as outbox,
        ):
            publisher = Publisher(OLD, outbox, live, Surroundings(Random(1), reread=reread))
            for each in places:
                vision.send(Hello(boot="b", camera_kind="file", places=each))
            publisher.ready(live.fileno(), 1, 1.0)
            return publisher.reload.asked, len(reads)

    return tell


def test_places_that_vision_took_are_told_from_then_on(told):
    """Else the new line's counts would be left out, as those of a name that nobody gave."""
    assert told(lambda: NEW, fingerprint(NEW.space))[0]


def test_places_as_before_cost_nothing(told):
    """Nor does a vision that tells none."""
    assert told(lambda: NEW, fingerprint(OLD.space), None) == (False, 0)


def test_vision_alone_moves_nothing(told):
    """Places that no file has are looked for once, however often they are told."""
    assert told(lambda: OLD, *[fingerprint(NEW.space)] * 20) == (False, 1)


def test_a_file_that_is_wrong_by_now_ends_no_publisher(told):
    """It goes on with the places it has."""

    def wrong():
        raise ConfigError("no")

    assert not told(wrong, fingerprint(NEW.space))[0]
    assert keys_now(OLD, wrong) == OLD.space.keys


def test_standard_output_has_the_new_places_too(tmp_path):
    """There is no live socket there: the file is read with each batch."""
    with Outbox(tmp_path / FILE_NAME) as outbox:
        outbox.append(msgspec.structs.replace(counts(1), places={"line_door_in": 0}))
        reading, writing = os.pipe()
        write_waiting(outbox, keys_now(OLD, lambda: NEW), fileno=writing)
        os.close(writing)
        with os.fdopen(reading) as lines:
            assert "line_door_in" in lines.read()
