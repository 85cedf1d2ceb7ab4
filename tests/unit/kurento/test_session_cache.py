"""The books of one node: what is listed, what overtakes the listing, which ids are given."""

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


def a_book(*object_ids, limit=100):
    book = SessionCache(limit)
    for object_id in object_ids:
        book.create(object_id, None, now=NOW)
    return book


def ids(book):
    """As they are shown; of all, also those that were not asked yet."""
    book.show_all()
    return [session.id for session in book.sessions()]


def names(book):
    return [session.name for session in book.sessions()]


def test_a_session_is_shown_once_its_name_was_asked_for():
    book = a_book(A, B, C)
    assert book.sessions() == ()
    book.set_name(A, "room")
    for object_id in (A, B):
        book.settle(object_id, is_last_try=False)
    assert [session.id for session in book.sessions()] == ["room"]
    book.settle(B, is_last_try=True)
    assert [session.id for session in book.sessions()] == ["room", B]
    assert not book.is_settled
    book.destroy(C)
    assert book.is_settled


@pytest.mark.parametrize("first", [None, "room"])
def test_an_id_stays_whatever_the_name_becomes(first):
    book = a_book(A)
    book.set_name(A, first)
    given = first or A
    assert ids(book) == [given]
    for name in ("other", "third"):
        assert book.set_name(A, name)
        assert not book.set_name(A, name)
        assert (ids(book), names(book)) == ([given], [name])
    assert book.set_name(A, A), "its default name"
    assert (ids(book), names(book)) == ([given], [None])


def test_a_shared_name_is_the_id_of_the_oldest():
    book = SessionCache(10)
    for age, object_id in ((1, A), (3, B), (2, C)):
        book.create(object_id, NOW - timedelta(seconds=age), now=NOW)
        book.set_name(object_id, "twin")
    assert ids(book) == ["twin", C, A]
    assert names(book) == ["twin"] * 3


def test_an_id_is_given_again_only_when_its_bearer_has_ended():
    book = a_book(A, B)
    book.set_name(A, "room")
    assert ids(book) == ["room", B]
    book.set_name(A, "elsewhere")
    book.create(C, None, now=NOW)
    book.set_name(C, "room")
    assert sorted(ids(book)) == sorted(["room", B, C])
    for object_id in (A, C):
        book.destroy(object_id)
    book.create(C, None, now=NOW)
    book.set_name(C, "room")
    assert sorted(ids(book)) == sorted([B, "room"])


def test_the_pipelines_are_in_turn_one_after_the_other():
    book = a_book(A, B)
    assert book.next_in_turn() is None, "neither is shown"
    book.show_all()
    assert {book.next_in_turn(), book.next_in_turn()} == {A, B}
    book.create(C, None, now=NOW)
    book.destroy(A)
    assert [book.next_in_turn() for _ in range(4)] == [B, None, B, None]
    assert SessionCache(1).next_in_turn() is None


def test_the_order_is_that_of_creation():
    book = SessionCache(10)
    for age, object_id in ((1, A), (3, B), (2, C)):
        book.create(object_id, NOW - timedelta(seconds=age), now=NOW)
    assert ids(book) == [B, C, A]


def test_the_first_told_moment_of_creation_stays():
    book = a_book(A)
    assert not book.is_dated(A)
    assert book.set_creation_time(A, NOW - timedelta(hours=1))
    assert not book.set_creation_time(A, NOW)
    book.show_all()
    assert book.sessions()[0].created_at == NOW - timedelta(hours=1)


def test_a_listing_is_followed():
    book = a_book(A, B)
    window = book.open_window()
    book.close_window(window)
    assert book.follow([B, C, C], window, now=NOW) == [C]
    assert sorted(ids(book)) == [B, C]


def test_what_happens_while_a_listing_is_under_way_is_newer_than_it():
    book = a_book(A)
    window = book.open_window()
    book.create(B, None, now=NOW)
    book.destroy(A)
    book.close_window(window)
    assert book.follow([A], window, now=NOW) == []
    assert ids(book) == [B]


def test_what_happens_after_a_window_was_closed_is_not_in_it():
    book = a_book()
    window = book.open_window()
    book.close_window(window)
    book.create(A, None, now=NOW)
    assert not window.created


def test_two_listings_at_once_do_not_disturb_each_other():
    book = a_book(A)
    first, second = book.open_window(), book.open_window()
    book.close_window(first)
    book.follow([A, B], first, now=NOW)
    book.destroy(B)
    book.close_window(second)
    book.follow([A, B], second, now=NOW)
    assert ids(book) == [A]


def test_the_books_are_bounded():
    book = a_book(A, B, C, limit=2)
    assert len(book) == 2
    assert book.has_overflowed
    window = book.open_window()
    for number in range(100):
        book.destroy(f"{number}_kurento.MediaPipeline")
    assert len(window.destroyed) == 2


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


class BookOfAHostileNode(RuleBasedStateMachine):
    """Any sequence of events, listings and names; every session stays safe and unique."""

    def __init__(self):
        super().__init__()
        self.book = SessionCache(5)
        self.windows = []
        self.shown = {}

    @rule(object_id=OBJECTS, at=st.none() | st.just(NOW))
    def create(self, object_id, at):
        self.book.create(object_id, at, now=NOW)

    @rule(object_id=OBJECTS)
    def destroy(self, object_id):
        self.book.destroy(object_id)
        assert object_id not in self.book
        self.shown.pop(safe_id(object_id), None)

    @rule(object_id=OBJECTS, name=NAMES)
    def set_name(self, object_id, name):
        self.book.set_name(object_id, name)

    @rule()
    def ask_for_listing(self):
        self.windows.append(self.book.open_window())

    @rule(listed=st.lists(OBJECTS))
    def listing_comes(self, listed):
        if self.windows:
            window = self.windows.pop(0)
            self.book.close_window(window)
            self.book.follow(listed, window, now=NOW)

    @rule()
    def clear(self):
        self.book.clear()
        self.shown = {}

    @rule(object_id=OBJECTS)
    def settle(self, object_id):
        self.book.settle(object_id, is_last_try=True)

    @invariant()
    def sessions_are_safe_and_unique(self):
        sessions = self.book.sessions()
        assert len(sessions) <= len(self.book) <= 5
        assert self.book.is_settled == (len(sessions) == len(self.book))
        assert len({session.id for session in sessions}) == len(sessions)
        for session in sessions:
            assert SAFE.fullmatch(session.id)
            assert SAFE.fullmatch(session.object_id)
            assert session.created_at.tzinfo is not None

    @invariant()
    def an_id_stays_while_its_session_lives(self):
        shown = {session.object_id: session.id for session in self.book.sessions()}
        for object_id in self.shown.keys() & shown.keys():
            assert self.shown[object_id] == shown[object_id]
        self.shown = shown


TestBookOfAHostileNode = BookOfAHostileNode.TestCase
TestBookOfAHostileNode.settings = settings(max_examples=50, deadline=None)
