"""The books of one node: what is listed, what overtakes the listing, which ids are given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from typing_extensions import override

from mediafleet.kurento.session_book import SessionBook, is_pipeline_id, safe_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
A, B, C = (f"{letter}_kurento.MediaPipeline" for letter in "abc")
SAFE = re.compile(r"[A-Za-z0-9_.-]{1,128}")


def a_book(*object_ids, limit=100):
    book = SessionBook(limit)
    for object_id in object_ids:
        book.create(object_id, None, now=NOW)
    return book


def ids(book):
    return [session.id for session in book.sessions()]


def test_a_name_is_the_id_once_it_is_told():
    book = a_book(A)
    assert ids(book) == [A]
    assert book.tell_name(A, "room")
    assert ids(book) == ["room"]
    assert not book.tell_name(A, "room")
    assert book.tell_name(A, A), "its default name"
    assert ids(book) == [A]


def test_a_shared_name_is_nobodys_until_one_is_left():
    book = a_book(A, B, C)
    for object_id in (A, B, C):
        book.tell_name(object_id, "twin")
    assert ids(book) == [A, B, C]
    book.destroy(B)
    assert ids(book) == [A, C]
    book.tell_name(C, "other")
    assert sorted(ids(book)) == ["other", "twin"]


class CountingPipelines(dict):
    """Notes how often it was gone through from end to end."""

    rounds = 0

    @override
    def values(self):
        self.rounds += 1
        return super().values()


def test_a_shared_name_is_sorted_out_among_its_bearers_alone():
    book = a_book()
    book._pipelines = pipelines = CountingPipelines()
    for number in range(20):
        book.create(f"{number}{A}", None, now=NOW)
        book.tell_name(f"{number}{A}", f"room-{number // 2}")
    for number in range(20):
        book.destroy(f"{number}{A}")
    assert pipelines.rounds == 0


def test_the_order_is_that_of_creation():
    book = SessionBook(10)
    for age, object_id in ((1, A), (3, B), (2, C)):
        book.create(object_id, NOW - timedelta(seconds=age), now=NOW)
    assert ids(book) == [B, C, A]


def test_the_first_told_moment_of_creation_stays():
    book = a_book(A)
    assert not book.is_dated(A)
    assert book.tell_creation(A, NOW - timedelta(hours=1))
    assert not book.tell_creation(A, NOW)
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
        self.book = SessionBook(5)
        self.windows = []

    @rule(object_id=OBJECTS, at=st.none() | st.just(NOW))
    def create(self, object_id, at):
        self.book.create(object_id, at, now=NOW)

    @rule(object_id=OBJECTS)
    def destroy(self, object_id):
        self.book.destroy(object_id)
        assert object_id not in self.book

    @rule(object_id=OBJECTS, name=NAMES)
    def tell_name(self, object_id, name):
        self.book.tell_name(object_id, name)

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

    @invariant()
    def sessions_are_safe_and_unique(self):
        sessions = self.book.sessions()
        assert len(sessions) == len(self.book) <= 5
        assert len({session.id for session in sessions}) == len(sessions)
        for session in sessions:
            assert SAFE.fullmatch(session.id)
            assert SAFE.fullmatch(session.object_id)
            assert session.created_at.tzinfo is not None

    @invariant()
    def every_session_is_as_if_made_anew(self):
        for pipeline in self.book._pipelines.values():
            remembered, pipeline.session = pipeline.session, None
            assert remembered in {None, self.book._presented(pipeline)}


TestBookOfAHostileNode = BookOfAHostileNode.TestCase
TestBookOfAHostileNode.settings = settings(max_examples=50, deadline=None)
