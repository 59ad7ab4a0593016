"""Who is learned from, who says when to stop, who judges: never the same person twice."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from converters.train.chips import joined, load_chips, save_chips
from converters.train.settings import Data
from converters.train.split import held_out, persons, three_ways, with_whole_persons
from tests.train.faces import chips, settings


def of_people(faces: int, people: int):
    """Faces of so many people, every tenth of nobody in particular."""
    names = np.array([f"p{i % people}" if i % 10 else "" for i in range(faces)])
    return replace(chips(faces), person=names)


@pytest.mark.parametrize("seed", range(5))
def test_no_person_is_on_two_sides(seed):
    """Held out, to stop by, or to learn from; faces without a name are alone."""
    faces, how = of_people(600, 120), settings(seed=seed)
    held = held_out(faces, 0.3, seed)
    split = three_ways(faces, held, np.zeros(600, bool), how)
    sides = split.train.astype(int) + 2 * split.stop + 4 * split.held
    assert set(sides.tolist()) == {1, 2, 4}
    for name in set(faces.person.tolist()) - {""}:
        assert len(set(sides[faces.person == name].tolist())) == 1
    assert split.held.mean() == pytest.approx(0.3, abs=0.06)
    assert split.stop.sum() / (~split.held).sum() == pytest.approx(0.2, abs=0.06)


def test_faces_without_persons_are_drawn_as_ever():
    """The column changes nothing for those who have none."""
    faces = chips(400)
    nameless = replace(faces, person=np.zeros(400, np.str_))
    assert np.array_equal(held_out(faces, 0.1, 3), held_out(nameless, 0.1, 3))
    assert len(set(persons(nameless).tolist())) == 400


def test_an_earlier_runs_held_out_person_is_held_out_whole():
    """New pictures of the same person too."""
    faces = of_people(60, 6)
    held = np.arange(60) == 1
    assert with_whole_persons(faces, held).sum() == (faces.person == "p1").sum() > 1


def test_a_rehearsals_faces_neither_stop_nor_judge():
    """They are learned from; a part of them that is held out is in no side at all."""
    own, other = of_people(200, 50), chips(300)
    both = joined(own, other)
    rehearsed = np.arange(500) >= 200
    held = np.concatenate((held_out(own, 0.3, 1), np.arange(300) < 30))
    split = three_ways(both, held, rehearsed, settings())
    assert not (split.held | split.stop)[rehearsed].any()
    assert split.train[rehearsed].sum() == 270


def test_persons_are_kept_with_the_chips(tmp_path):
    """A run that goes on splits as it began."""
    faces = of_people(30, 5)
    save_chips(faces, tmp_path, Data())
    again = load_chips(tmp_path, Data())
    assert again is not None
    assert again.person.tolist() == faces.person.tolist()
    save_chips(chips(30), tmp_path, Data())
    assert load_chips(tmp_path, Data()).person is None
