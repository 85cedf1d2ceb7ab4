"""The session cache of one node: listings, events during a listing, and the choice of ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mediafleet.kurento.session_cache import SessionCache, is_pipeline_id, safe_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
A, B, C = (f"{letter}_kurento.MediaPipeline" for letter in "abc")
SAFE = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def cache_of(*object_ids, limit=100):
    cache = SessionCache(limit)
    for object_id in object_ids:
        cache.create(object_id, None, now=NOW)
    return cache


def ids(cache):
    """As they are shown; of all, also those that were not asked yet."""
    cache.show_all()
    return [session.id for session in cache.sessions()]


def names(cache):
    return [session.name for session in cache.sessions()]


def test_a_session_is_shown_once_its_name_was_queried():
    cache = cache_of(A, B, C)
    assert cache.sessions() == ()
    cache.set_name(A, "room")
    for object_id in (A, B):
        cache.settle(object_id, is_last_try=False)
    assert [session.id for session in cache.sessions()] == ["room"]
    cache.settle(B, is_last_try=True)
    assert [session.id for session in cache.sessions()] == ["room", B]
    assert not cache.is_settled
    cache.destroy(C)
    assert cache.is_settled


def test_an_own_pipeline_is_shown_at_once_and_never_refreshed():
    cache = cache_of(A, B)
    for object_id in (B, C):
        cache.adopt(object_id, f"room-{object_id[0]}", NOW)
        assert cache.is_complete(object_id)
    assert [session.id for session in cache.sessions()] == ["room-b", "room-c"]
    cache.show_all()
    assert [cache.next_to_refresh() for _ in range(3)] == [A] * 3
    cache.disown(B)
    assert {cache.next_to_refresh() for _ in range(3)} == {A, B}


def test_an_own_pipeline_that_ends_is_lost_once_unless_it_was_disowned():
    cache = cache_of(limit=2)
    for object_id in (A, B, C):
        cache.adopt(object_id, "room", NOW)
    assert C not in cache, "beyond the limit, but followed"
    cache.disown(A)
    cache.destroy(A)
    cache.destroy(C)
    cache.destroy(C)
    assert cache.take_lost() == (C,)
    window = cache.open_window()
    cache.apply_listing([], window, now=NOW)
    assert cache.take_lost() == (B,)
    assert cache.take_lost() == ()
    assert not cache.has_own


@pytest.mark.parametrize("end", ["clear", "lose_own"])
def test_own_pipelines_are_lost_with_their_process_or_session(end):
    cache = cache_of(A)
    cache.adopt(B, "room", NOW)
    getattr(cache, end)()
    assert cache.take_lost() == (B,)
    assert not cache.is_own(B)


def test_a_pipeline_adopted_during_a_listing_is_newer_than_it():
    cache = cache_of(A)
    window = cache.open_window()
    cache.adopt(B, "room", NOW)
    cache.apply_listing([A], window, now=NOW)
    assert cache.is_own(B)
    assert cache.take_lost() == ()


@pytest.mark.parametrize("first", [None, "room"])
def test_an_id_stays_whatever_the_name_becomes(first):
    cache = cache_of(A)
    cache.set_name(A, first)
    given = first or A
    assert ids(cache) == [given]
    for name in ("other", "third"):
        assert cache.set_name(A, name)
        assert not cache.set_name(A, name)
        assert (ids(cache), names(cache)) == ([given], [name])
    assert cache.set_name(A, A), "its default name"
    assert (ids(cache), names(cache)) == ([given], [None])


def test_a_shared_name_is_the_id_of_the_oldest():
    cache = SessionCache(10)
    for age, object_id in ((1, A), (3, B), (2, C)):
        cache.create(object_id, NOW - timedelta(seconds=age), now=NOW)
        cache.set_name(object_id, "shared")
    assert ids(cache) == ["shared", C, A]
    assert names(cache) == ["shared"] * 3


def test_an_id_is_used_again_only_when_its_session_has_ended():
    cache = cache_of(A, B)
    cache.set_name(A, "room")
    assert ids(cache) == ["room", B]
    cache.set_name(A, "elsewhere")
    cache.create(C, None, now=NOW)
    cache.set_name(C, "room")
    assert sorted(ids(cache)) == sorted(["room", B, C])
    for object_id in (A, C):
        cache.destroy(object_id)
    cache.create(C, None, now=NOW)
    cache.set_name(C, "room")
    assert sorted(ids(cache)) == sorted([B, "room"])


def test_the_pipelines_are_refreshed_one_after_the_other():
    cache = cache_of(A, B)
    assert cache.next_to_refresh() is None, "neither is shown"
    cache.show_all()
    assert {cache.next_to_refresh(), cache.next_to_refresh()} == {A, B}
    cache.create(C, None, now=NOW)
    cache.destroy(A)
    assert [cache.next_to_refresh() for _ in range(4)] == [B, None, B, None]
    assert SessionCache(1).next_to_refresh() is None


def test_the_order_is_that_of_creation():
    cache = SessionCache(10)
    for age, object_id in ((1, A), (3, B), (2, C)):
        cache.create(object_id, NOW - timedelta(seconds=age), now=NOW)
    assert ids(cache) == [B, C, A]


def test_the_first_reported_time_of_creation_stays():
    cache = cache_of(A)
    assert not cache.has_creation_time(A)
    assert cache.set_creation_time(A, NOW - timedelta(hours=1))
    assert not cache.set_creation_time(A, NOW)
    cache.show_all()
    assert cache.sessions()[0].created_at == NOW - timedelta(hours=1)


def test_a_listing_is_applied():
    cache = cache_of(A, B)
    window = cache.open_window()
    cache.close_window(window)
    assert cache.apply_listing([B, C, C], window, now=NOW) == [C]
    assert sorted(ids(cache)) == [B, C]


def test_events_during_a_listing_are_newer_than_it():
    cache = cache_of(A)
    window = cache.open_window()
    cache.create(B, None, now=NOW)
    cache.destroy(A)
    cache.close_window(window)
    assert cache.apply_listing([A], window, now=NOW) == []
    assert ids(cache) == [B]


def test_events_after_a_window_was_closed_are_not_in_it():
    cache = cache_of()
    window = cache.open_window()
    cache.close_window(window)
    cache.create(A, None, now=NOW)
    assert not window.created


def test_two_listings_at_once_do_not_disturb_each_other():
    cache = cache_of(A)
    first, second = cache.open_window(), cache.open_window()
    cache.close_window(first)
    cache.apply_listing([A, B], first, now=NOW)
    cache.destroy(B)
    cache.close_window(second)
    cache.apply_listing([A, B], second, now=NOW)
    assert ids(cache) == [A]


def test_the_cache_is_bounded():
    cache = cache_of(A, B, C, limit=2)
    assert len(cache) == 2
    assert cache.has_overflowed
    window = cache.open_window()
    for number in range(100):
        cache.destroy(f"{number}_kurento.MediaPipeline")
    assert len(window.destroyed) == 2


def test_an_own_pipeline_beyond_the_bound_is_shown_once_there_is_room():
    cache = cache_of(A, B, limit=2)
    window = cache.open_window()
    cache.adopt(C, "room", NOW)
    cache.apply_listing([C], window, now=NOW)
    assert ids(cache) == [C]
    assert cache.refreshable == 0


@pytest.mark.parametrize(
    "value",
    [
        None,
        5,
        "",
        "x",
        f"{A}/b_kurento.MediaPipeline",
        "a_kurento.PassThrough",
        [A],
        A + " ",
        "\ud800" + A,
        "x" * 2000 + A,
    ],
)
def test_what_is_no_pipeline(value):
    assert not is_pipeline_id(value)


@given(st.text(max_size=200).map(lambda text: text + "_kurento.MediaPipeline"))
def test_object_ids_are_shown_safely(object_id):
    if is_pipeline_id(object_id):
        assert SAFE.fullmatch(safe_id(object_id))


NAMES = st.sampled_from(
    ["room", "room-2", "a b", "", None, 5, "x" * 128, "x" * 129, A, safe_id("\x00" + A)]
) | st.text(max_size=5)
OBJECTS = st.sampled_from([A, B, C, "\x1b" + A, "\x1b" + B, "x" * 200 + A])


class CacheOfAHostileNode(RuleBasedStateMachine):
    """Any sequence of events, listings and names; every session stays safe and unique."""

    def __init__(self):
        super().__init__()
        self.cache = SessionCache(5)
        self.windows = []
        self.shown = {}
        self.own = set()

    @rule(object_id=OBJECTS)
    def adopt(self, object_id):
        self.cache.adopt(object_id, "room", NOW)
        self.own.add(object_id)

    @rule(object_id=OBJECTS)
    def disown(self, object_id):
        self.cache.disown(object_id)
        self.own.discard(object_id)

    @rule()
    def lose_own(self):
        self.cache.lose_own()

    @rule()
    def refresh(self):
        refreshed = self.cache.next_to_refresh()
        assert refreshed is None or not self.cache.is_own(refreshed)

    @rule(object_id=OBJECTS, at=st.none() | st.just(NOW))
    def create(self, object_id, at):
        self.cache.create(object_id, at, now=NOW)

    @rule(object_id=OBJECTS)
    def destroy(self, object_id):
        self.cache.destroy(object_id)
        assert object_id not in self.cache
        self.shown.pop(safe_id(object_id), None)

    @rule(object_id=OBJECTS, name=NAMES)
    def set_name(self, object_id, name):
        self.cache.set_name(object_id, name)

    @rule()
    def ask_for_listing(self):
        self.windows.append(self.cache.open_window())

    @rule(listed=st.lists(OBJECTS))
    def listing_comes(self, listed):
        if self.windows:
            window = self.windows.pop(0)
            self.cache.close_window(window)
            self.cache.apply_listing(listed, window, now=NOW)

    @rule()
    def clear(self):
        self.cache.clear()
        self.shown = {}

    @rule(object_id=OBJECTS)
    def settle(self, object_id):
        self.cache.settle(object_id, is_last_try=True)

    @invariant()
    def sessions_are_safe_and_unique(self):
        sessions = self.cache.sessions()
        assert len(sessions) <= len(self.cache) <= 5
        assert self.cache.is_settled == (len(sessions) == len(self.cache))
        assert len({session.id for session in sessions}) == len(sessions)
        for session in sessions:
            assert SAFE.fullmatch(session.id)
            assert SAFE.fullmatch(session.object_id)
            assert session.created_at.tzinfo is not None

    @invariant()
    def own_pipelines_are_shown_or_lost_once(self):
        lost = self.cache.take_lost()
        assert len(set(lost)) == len(lost)
        assert set(lost) <= self.own
        self.own -= set(lost)
        assert self.cache.has_own == bool(self.own)
        shown = {session.object_id for session in self.cache.sessions()}
        for object_id in self.own:
            assert self.cache.is_own(object_id)
            assert object_id not in self.cache or safe_id(object_id) in shown

    @invariant()
    def an_id_stays_while_its_session_lives(self):
        shown = {session.object_id: session.id for session in self.cache.sessions()}
        for object_id in self.shown.keys() & shown.keys():
            assert self.shown[object_id] == shown[object_id]
        self.shown = shown


TestCacheOfAHostileNode = CacheOfAHostileNode.TestCase
TestCacheOfAHostileNode.settings = settings(max_examples=50)
