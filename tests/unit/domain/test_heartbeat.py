"""The detector in virtual time: what it does when, and what it never does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain.heartbeat import MAX_TIMEOUT_S, Action, Heartbeat, HeartbeatSettings

SETTINGS = HeartbeatSettings(interval=2.0, timeout=0.3, probes=3, probe_interval=0.5)
SLOT = 0.02


class Life:
    """A heartbeat, and a node that answers as a test wants; time goes from due to due."""

    def __init__(self, settings: HeartbeatSettings = SETTINGS, *, share: float = 1.0) -> None:
        self.now = 100.0
        self.stalls = 0
        self.round_trip: Callable[[float], float | None] = lambda _: 0.001
        self.acts: list[tuple[float, Action]] = []
        self._answers: list[tuple[float, float]] = []
        self.heartbeat = Heartbeat(settings)
        self.heartbeat.start(self.now, share=share, stalls=0)
        self.is_lost = False

    def until(self, end: float) -> None:
        """Live until a moment or until the connection is given up."""
        while not self.is_lost:
            answer = min(self._answers, default=None)
            due = self.heartbeat.due + SLOT  # the timer is coarse
            if min(due, answer[0] if answer else due) > end:
                break
            if answer and answer[0] <= due:
                self._answers.remove(answer)
                self.now = max(self.now, answer[0])
                self.heartbeat.measured(answer[1])
                self.heartbeat.replied(self.now)
            else:
                self.now = max(self.now, due)
                self._work()
        self.now = max(self.now, end)

    def stall(self, seconds: float, *, counted: bool = True) -> None:
        """Stand still; answers that come meanwhile are read only after the timers have run."""
        self.now += 0.0 if counted else seconds
        self.stalls += 1
        self._answers = [(max(at, self.now) + SLOT, took) for at, took in self._answers]

    def times(self, act: Action) -> list[float]:
        return [at for at, done in self.acts if done is act]

    def _work(self) -> None:
        act = self.heartbeat.work(self.now, self.stalls)
        if act is Action.NONE:
            return
        self.acts.append((self.now, act))
        self.is_lost = act is Action.DISCONNECT
        if act in {Action.PING, Action.SUSPECT}:
            took = self.round_trip(self.now)
            if took is not None:
                self._answers.append((self.now + took, took))


def hang_at(moment: float) -> Callable[[float], float | None]:
    return lambda now: 0.001 if now < moment else None


def test_a_node_that_answers_is_pinged_every_interval_and_nothing_else_happens():
    life = Life()
    life.until(160.0)
    pings = life.times(Action.PING)
    assert len(life.acts) == len(pings)
    gaps = {round(after - before, 2) for before, after in pairwise(pings)}
    assert gaps == {2.02}


@given(st.floats(0.0, 2.1))
def test_a_hung_node_is_suspect_within_2_5_s_and_lost_within_5_s_whenever_it_hangs(moment):
    life = Life()
    hung = 110.0 + moment
    life.round_trip = hang_at(hung)
    life.until(130.0)
    (suspected,), (lost,) = life.times(Action.SUSPECT), life.times(Action.DISCONNECT)
    assert suspected - hung <= 2.5
    assert 1.8 <= lost - hung <= 4.5
    assert len([at for at in life.times(Action.PING) if at > suspected]) == SETTINGS.probes - 1


@pytest.mark.parametrize("missed", [1, 2, 3])
def test_an_answer_ends_a_suspicion_and_the_count_begins_anew(missed):
    life = Life()
    life.round_trip = lambda _: 0.001 if len(life.acts) == missed + 1 else None
    life.until(103.9)
    (first,) = life.times(Action.SUSPECT)
    assert not life.heartbeat.is_suspect
    life.until(130.0)
    assert len(life.times(Action.SUSPECT)) == 2
    assert life.times(Action.DISCONNECT)[0] > first + SETTINGS.interval + 1.8
    assert len(life.acts) == (1 + missed) + (1 + SETTINGS.probes) + 1


def test_a_late_answer_to_the_first_ping_counts():
    life = Life()
    life.round_trip = lambda now: 1.2
    life.until(104.0)
    assert life.times(Action.SUSPECT)
    assert not life.heartbeat.is_suspect
    life.until(200.0)
    assert not life.is_lost


def test_a_node_far_away_gets_more_time_but_not_without_end():
    life = Life()
    life.round_trip = lambda now: 0.28
    life.until(130.0)
    assert life.times(Action.SUSPECT) == []
    hung = life.now
    life.round_trip = lambda now: None
    life.until(150.0)
    assert life.times(Action.SUSPECT)[0] - hung <= 2.0 + MAX_TIMEOUT_S + 4 * SLOT
    assert life.times(Action.DISCONNECT)[0] - hung <= 5.0


@given(st.floats(0.0, 10.0), st.lists(st.floats(0.5, 60.0), min_size=1, max_size=5), st.booleans())
def test_however_often_we_stand_still_a_node_that_answers_is_never_suspect(begin, stalls, counted):
    life = Life()
    for seconds in stalls:
        life.until(life.now + begin)
        life.stall(seconds, counted=counted)
    life.until(life.now + 20.0)
    assert {act for _, act in life.acts} <= {Action.PING}


@given(st.floats(0.1, 3.9))
def test_a_stall_while_a_node_is_probed_voids_what_was_gathered_before_it(moment):
    life = Life()
    life.round_trip = hang_at(101.0)
    life.until(101.0 + moment)
    if life.is_lost:
        return
    life.stall(30.0)
    begun = life.now
    life.until(begun + 30.0)
    (lost,) = life.times(Action.DISCONNECT)
    fresh = [at for at, act in life.acts if begun <= at < lost and act is not Action.DISCONNECT]
    assert len(fresh) >= 1 + SETTINGS.probes
    assert lost - begun >= SETTINGS.timeout + SETTINGS.probes * SETTINGS.probe_interval


def test_the_pings_of_many_are_spread_over_the_interval():
    firsts = []
    for number in range(100):
        life = Life(share=number / 100)
        life.until(103.0)
        firsts.append(life.times(Action.PING)[0])
    assert max(firsts) - min(firsts) > 1.9
    assert len({round(at, 1) for at in firsts}) >= 20


def test_the_longest_silence_is_what_it_says():
    life = Life()
    life.round_trip = hang_at(102.03)
    life.until(120.0)
    assert life.times(Action.DISCONNECT)[0] - 102.03 <= SETTINGS.max_detection_time


@given(st.floats(0, 1), st.sampled_from([0.05, 0.1]))
def test_aligned_pings_come_at_multiples_and_never_later(share, alignment):
    life = Life(replace(SETTINGS, alignment=alignment), share=share)
    life.until(130.0)
    pings = life.times(Action.PING)
    assert len(pings) > 13
    for earlier, later in pairwise(pings):
        assert later - earlier <= SETTINGS.interval + 2 * SLOT
    for ping in pings[1:]:
        assert (ping - SLOT + 1e-6) % alignment < 2e-6
