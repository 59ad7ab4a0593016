"""Nobody is lost by not looking, and an empty scene is hardly ever looked at."""

from __future__ import annotations

import pytest

from edge.runtime.schedule.schedule import HALF_SHARE
from tests.runtime.room import WIDTH, Scene, Watch


def walking(scene: Scene, since_s: float) -> None:
    scene.person = (60.0 + 90 * since_s, 200.0)


def gone(scene: Scene, since_s: float) -> None:
    scene.person = None


def test_an_empty_scene_is_looked_at_every_sweep():
    """At ten frames a second one in twenty, after a second at first."""
    watch = Watch(Scene())
    assert watch.live(2) >= 10
    assert watch.live(20) == 10
    assert watch.schedule.gated >= 180


@pytest.mark.parametrize("noise", [1.0, 4.0, 12.0], ids=["day", "dusk", "night"])
def test_a_passer_by_is_looked_at_from_the_first_step(noise: float):
    """And counted once, as if every frame had been looked at."""
    watch = Watch(Scene(noise=noise))
    watch.live(5)
    assert watch.live(4, walking) >= 38
    watch.live(5, gone)
    (visit,) = watch.visits
    assert visit.dwell_s == pytest.approx(3.9, abs=0.2)


def test_somebody_who_stands_still_from_the_start_is_found():
    """Before there is a background to differ from."""
    watch = Watch(Scene(person=(300.0, 200.0)))
    watch.live(3)
    assert watch.people.present == 1


def test_somebody_who_appears_without_a_step_is_found_by_the_next_sweep():
    """Paler than the gate can see: found within two sweeps, and followed from then on."""
    watch = Watch(Scene(contrast=1.0, noise=6.0))
    watch.live(10)
    watch.scene.person = (300.0, 200.0)
    watch.live(4)
    assert watch.people.present == 1


def test_somebody_who_appears_slowly_is_found():
    """Out of the dark within half a minute, slower than the background learns."""
    watch = Watch(Scene(shown=0.0, person=(300.0, 200.0)))
    watch.live(10)

    def brighten(scene: Scene, since_s: float) -> None:
        scene.shown = since_s / 30

    watch.live(30, brighten)
    assert watch.people.present == 1


def test_whoever_stands_is_followed_at_the_steady_rate_and_counted_once():
    """Five looks a second instead of ten, for a minute, and one visit of a minute."""
    watch = Watch(Scene())
    watch.live(5)
    watch.live(3, walking)
    stood = watch.live(60)
    assert watch.people.present == 1
    assert 60 * 5 <= stood <= 60 * 5 + 15
    watch.live(5, gone)
    assert [round(visit.dwell_s) for visit in watch.visits] == [63]


def test_what_moves_beside_a_standing_person_is_looked_at_at_once():
    """Nobody hides behind somebody steady: every frame again, until it is known what it was."""
    watch = Watch(Scene())
    watch.live(3, walking)
    watch.live(20)
    assert watch.live(2) <= 11

    def passing(scene: Scene, since_s: float) -> None:
        scene.others = [(500.0 + 40 * since_s, 240.0)]

    assert watch.live(2, passing) >= 19


def test_light_that_flickers_costs_looks_and_loses_nobody():
    """Strong steps of light every second: still one visit for one passer-by."""
    watch = Watch(Scene())

    def flicker(scene: Scene, since_s: float) -> None:
        scene.light = 1.4 if int(since_s) % 2 else 0.7

    watch.live(10, flicker)
    watch.live(4, lambda scene, since_s: (flicker(scene, since_s), walking(scene, since_s)))
    watch.live(5, lambda scene, since_s: (flicker(scene, since_s), gone(scene, since_s)))
    assert len(watch.visits) == 1


def test_without_the_gate_every_frame_is_looked_at():
    """`motion.enabled = false`: as often as the camera and the limit allow."""
    watch = Watch(Scene(), enabled=False)
    assert watch.live(5) == 50
    assert watch.schedule.gated == 0


def test_a_passer_by_is_looked_for_where_they_walk():
    """A third of the frame does; all of it once a sweep, and at first."""
    watch = Watch(Scene())
    watch.live(5)
    watch.widths.clear()
    watch.live(4, walking)
    wide = [width for width in watch.widths if width > WIDTH / 3]
    assert set(wide) == {WIDTH}
    assert 2 <= len(wide) <= 4


def test_whoever_stands_is_looked_for_where_they_stand():
    """Once the background is learnt again, a few face widths of the frame and the sweeps."""
    watch = Watch(Scene())
    watch.live(5)
    watch.live(2, walking)
    watch.live(10)
    watch.widths.clear()
    watch.live(20)
    assert watch.people.present == 1
    assert sum(width < WIDTH / 4 for width in watch.widths) >= 0.85 * len(watch.widths)


def test_two_apart_are_looked_for_in_one_look_across_both():
    """Neither waits for the other's turn."""
    watch = Watch(Scene(person=(100.0, 200.0), still=[(500.0, 200.0)]))
    watch.live(20)
    assert watch.people.present == 2
    assert min(watch.widths) > 400


def test_somebody_unnoticed_beside_a_walker_is_found_by_the_next_sweep():
    """Looking where one walks does not hide another who gives no sign of moving."""
    watch = Watch(Scene())
    watch.live(5)
    watch.live(1, walking)
    watch.scene.still = [(560.0, 200.0)]

    def strolling(scene: Scene, since_s: float) -> None:
        scene.person = (150.0 + 20 * since_s, 200.0)

    watch.live(4, strolling)
    assert watch.people.present == 2
    watch.scene.still = []
    watch.live(5, gone)
    assert len(watch.visits) == 2


def test_once_somebody_is_missed_the_whole_frame_is_looked_at():
    """A face that turned away may be anywhere when it is seen again."""
    watch = Watch(Scene())
    watch.live(5)
    watch.live(1.5, walking)
    assert watch.people.present == 1
    watch.widths.clear()
    watch.scene.shown = 0.0
    watch.live(1)
    assert watch.widths[1:] == [WIDTH] * (len(watch.widths) - 1)


def test_while_nobody_is_known_left_and_right_are_looked_at_by_turns():
    """Where the whole frame moves, or nobody may say: most of it a look, all of it a sweep."""
    watch = Watch(Scene(), enabled=False)
    watch.live(4)
    assert sum(width == WIDTH for width in watch.widths) == 2
    assert sorted(set(watch.widths)) == [HALF_SHARE * WIDTH, WIDTH]


def test_frames_that_come_a_little_early_are_swept_all_the_same():
    """An empty scene is searched all over every two seconds, not every second time in part."""
    watch = Watch(Scene())
    watch.live(5)
    watch.widths.clear()
    for _ in range(200):
        watch.live(0.1)
        watch.now_s -= 0.0003
    assert watch.widths == [WIDTH] * 10


@pytest.mark.parametrize("x", [30.0, 320.0, 610.0])
def test_whoever_comes_is_met_one_look_later_at_worst(x: float):
    """At either side, or in the middle where both turns look."""
    watch = Watch(Scene(), enabled=False)
    watch.live(2.2)
    watch.scene.person = (x, 200.0)
    watch.live(0.2)
    assert watch.people.held >= 1
    watch.live(0.4)
    assert watch.people.present == 1


def test_without_partial_looks_the_whole_frame_is_looked_at_every_time():
    """`motion.partial = false`."""
    watch = Watch(Scene(), partial=False)
    watch.live(2)
    watch.live(4, walking)
    assert set(watch.widths) == {WIDTH}


def test_after_a_restart_nothing_is_known_of_the_scene():
    """A camera that was closed may look elsewhere now: it is looked at like a new one."""
    watch = Watch(Scene())
    watch.live(5)
    assert watch.live(1) <= 1
    watch.schedule.restart()
    assert watch.live(1) == 10
