"""The ranking and the reservations, against a model that scans everything each time."""

import dataclasses
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediafleet.domain import placement
from mediafleet.domain.cluster import Member
from mediafleet.domain.errors import (
    InvalidLabelError,
    NoFittingMediaNodeError,
    PlacementNotFoundError,
    TooManyPlacementsError,
)
from mediafleet.domain.labels import Labels, labels_of
from mediafleet.domain.media_node import MediaNodeStatus as S
from mediafleet.domain.placement import PlacementRequest, Reservation, Reservations
from mediafleet.domain.ranking import SELECTORS_KEPT, Ranking, obstacle_of
from support.factories import make_member, make_session

EU: Labels = frozenset({("zone", "eu")})
EU_GPU: Labels = EU | {("gpu", "yes")}
MEASURED_AFTER = 10.0


def member(
    node_id: str, load: float | None = 0.0, *, last: float | None = None, **changes: Any
) -> Member:
    sessions = changes.pop("sessions", ())
    suspect = changes.pop("suspect", False)
    made = make_member(id=node_id, load=load, **changes)
    connection = replace(
        made.connection,
        last_load=load if last is None else last,
        suspect=suspect,
        sessions=tuple(make_session(each) for each in sessions),
    )
    return replace(made, connection=connection)


def filled(*members: Member) -> Reservations:
    reservations = Reservations(measured_after=MEASURED_AFTER)
    for each in members:
        reservations.put(each, 0)
    return reservations


class Ids:
    def __init__(self) -> None:
        self.last = 0

    def __call__(self) -> str:
        self.last += 1
        return f"plc_{self.last}"


new_id = Ids()


def place(reservations: Reservations, now: float = 0, **request: Any) -> str:
    reservation, _ = reservations.place(PlacementRequest(**request), new_id(), now)
    return reservation.node_id


def test_the_least_load_is_preferred_and_the_order_of_joining_breaks_ties() -> None:
    reservations = filled(member("kms_1", 5), member("kms_2", 3), member("kms_3", 3))

    chosen = [place(reservations, estimated_load=1) for _ in range(6)]

    assert chosen == ["kms_2", "kms_3", "kms_2", "kms_3", "kms_1", "kms_2"]


def test_a_burst_is_spread_evenly_over_idle_nodes() -> None:
    reservations = filled(*(member(f"kms_{n}") for n in range(50)))

    chosen = Counter(place(reservations, estimated_load=0.07) for _ in range(500))

    assert set(chosen.values()) == {10}


def test_an_unknown_load_is_never_taken_for_none() -> None:
    reservations = filled(
        member("kms_never", None),
        member("kms_stale", None, last=20),
        member("kms_full", 99),
    )

    chosen = [place(reservations, estimated_load=50) for _ in range(3)]
    reservations.put(member("kms_full", 0, status=S.TERMINATING), 0)

    assert chosen == ["kms_full"] * 3
    assert [place(reservations, estimated_load=50) for _ in range(3)] == [
        "kms_stale",
        "kms_stale",
        "kms_never",
    ]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": S.LAUNCHING}, "1 launching"),
        ({"status": S.WAITING_IDLE_TO_TERMINATE}, "1 waiting-idle-to-terminate"),
        ({"connected": False}, "1 disconnected"),
        ({"suspect": True}, "1 suspect"),
    ],
)
def test_only_a_node_that_accepts_sessions_gets_one(changes: dict[str, Any], reason: str) -> None:
    reservations = filled(member("kms_1", **changes))

    with pytest.raises(NoFittingMediaNodeError, match=f"accepts sessions: {reason}"):
        place(reservations)
    with pytest.raises(NoFittingMediaNodeError, match=f"kms_1 is {reason[2:]}"):
        place(reservations, node_id="kms_1")
    assert obstacle_of(member("kms_1", **changes)) == reason[2:]


def test_an_empty_cluster_places_nothing_and_says_why() -> None:
    with pytest.raises(NoFittingMediaNodeError, match="the cluster has no Media Nodes"):
        place(Reservations())


def test_labels_and_a_pinned_node_restrict_the_choice() -> None:
    reservations = filled(
        member("kms_1", 0), member("kms_2", 10, labels=EU), member("kms_3", 20, labels=EU_GPU)
    )

    assert place(reservations, labels=EU) == "kms_2"
    assert place(reservations, labels=EU_GPU) == "kms_3"
    assert place(reservations, node_id="kms_3", labels=EU) == "kms_3"
    with pytest.raises(
        NoFittingMediaNodeError, match=r"that accept sessions \(3\), none has .* zone=us"
    ):
        place(reservations, labels=frozenset({("zone", "us")}))
    with pytest.raises(NoFittingMediaNodeError, match="kms_2 has not all of the labels gpu=yes"):
        place(reservations, node_id="kms_2", labels=EU_GPU)


def test_changed_labels_take_effect_at_once() -> None:
    reservations = filled(member("kms_1", labels=EU), member("kms_2", 50))
    assert place(reservations, labels=EU) == "kms_1"

    reservations.put(member("kms_1"), 1)
    reservations.put(member("kms_2", 50, labels=EU), 1)

    assert place(reservations, labels=EU) == "kms_2"


def test_what_was_considered_is_reported_with_the_loads_before() -> None:
    reservations = filled(
        *(member(f"kms_{n}", n, labels=EU) for n in range(5)),
        member("kms_5", status=S.LAUNCHING),
        member("kms_6", 0),
    )

    _, considered = reservations.place(PlacementRequest(labels=EU), new_id(), 0)

    assert (considered.members, considered.accepting, considered.matching) == (7, 6, 5)
    assert [(each.node_id, each.load) for each in considered.candidates] == [
        ("kms_0", 0),
        ("kms_1", 1),
        ("kms_2", 2),
    ]


def test_a_reservation_counts_until_it_expires_or_is_released() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 10))
    first, _ = reservations.place(PlacementRequest(estimated_load=20, ttl=30), "plc_a", 0)
    assert place(reservations, 29) == "kms_2"

    assert place(reservations, 30) == "kms_1"
    with pytest.raises(PlacementNotFoundError, match="plc_a"):
        reservations.release(first.id, 30)
    second, _ = reservations.place(PlacementRequest(estimated_load=20), "plc_b", 60)
    reservations.release(second.id, 61)

    assert place(reservations, 61) == "kms_1"


def test_a_reservation_counts_until_the_load_of_its_session_is_measured() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 10))
    place(reservations, session_id="room", estimated_load=20, ttl=5)

    reservations.put(member("kms_1", 0, sessions=["room"]), 4)
    assert place(reservations, 13, ttl=0.5) == "kms_2"

    assert place(reservations, 4 + MEASURED_AFTER) == "kms_1"


def test_a_session_that_appears_too_late_revives_no_reservation() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 10))
    place(reservations, session_id="room", estimated_load=20, ttl=5)

    reservations.put(member("kms_1", 0, sessions=["room"]), 5)

    assert reservations.page(10, 5) == []


def test_a_session_that_is_named_later_has_appeared_too() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 10))
    place(reservations, session_id="room", estimated_load=20, ttl=5)
    unnamed = replace(make_session("room"), id="b5_kurento.MediaPipeline", name="room")
    now = member("kms_1", 0)
    reservations.put(replace(now, connection=replace(now.connection, sessions=(unnamed,))), 4)

    assert place(reservations, 13, ttl=0.5) == "kms_2"


def test_other_sessions_of_the_node_do_not_end_a_reservation() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 10))
    place(reservations, session_id="room", estimated_load=20, ttl=30)

    reservations.put(member("kms_1", 0, sessions=["other"]), 1)

    assert place(reservations, 29) == "kms_2"


@pytest.mark.parametrize(
    "changes", [{"status": S.TERMINATING}, {"connected": False}, {"suspect": True}]
)
def test_reservations_end_with_the_node_s_accepting(changes: dict[str, Any]) -> None:
    reservations = filled(member("kms_1"))
    place(reservations, session_id="room")

    reservations.put(member("kms_1", **changes), 1)

    assert reservations.page(10, 1) == []


def test_reservations_end_with_their_node() -> None:
    reservations = filled(member("kms_1"))
    place(reservations)

    reservations.remove("kms_1")

    assert len(reservations) == 0


def test_one_session_is_reserved_once_and_renewed_by_another_request() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 0.5))
    first, _ = reservations.place(PlacementRequest("room", ttl=10), "plc_a", 0)
    again, considered = reservations.place(PlacementRequest("room", ttl=10), "plc_b", 9)

    assert (again.id, again.node_id) == (first.id, "kms_1")
    assert again.expires == 19
    assert [each.node_id for each in considered.candidates] == ["kms_1"]
    assert len(reservations) == 1


def test_a_session_whose_reservation_does_not_fit_any_more_is_placed_anew() -> None:
    reservations = filled(member("kms_1", 0), member("kms_2", 10, labels=EU))
    place(reservations, session_id="room")

    assert place(reservations, session_id="room", labels=EU) == "kms_2"
    assert place(reservations, session_id="room", node_id="kms_1") == "kms_1"
    assert len(reservations) == 1


def test_the_number_of_reservations_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(placement, "MAX_RESERVATIONS", 2)
    reservations = filled(member("kms_1"))
    place(reservations, session_id="room")
    place(reservations)

    with pytest.raises(TooManyPlacementsError, match="2 placements wait"):
        place(reservations)
    assert place(reservations, session_id="room") == "kms_1"
    assert place(reservations, 30) == "kms_1"


def test_renewals_do_not_pile_up() -> None:
    reservations = filled(member("kms_1"))
    for n in range(1000):
        place(reservations, n / 1000, session_id="room", ttl=3600)

    assert len(reservations._expiries) < 100


def test_changes_of_load_do_not_pile_up() -> None:
    ranking = Ranking()
    for n in range(10_000):
        ranking.put(member("kms_1", n % 100), None)

    assert len(ranking._all._entries) < 100


def test_a_withdrawn_node_gets_no_session_and_keeps_its_reservations() -> None:
    one, two = member("kms_1", 0), member("kms_2", 90)
    reservations = filled(one, two)
    place(reservations)

    reservations.withdraw([one], 0)
    reservations.put(member("kms_1", 1), 0)  # its load is measured while the change is stored
    assert place(reservations) == "kms_2"
    with pytest.raises(NoFittingMediaNodeError, match="kms_1 is being removed"):
        place(reservations, node_id="kms_1")
    reservations.restore([one], 0)

    assert place(reservations) == "kms_1"
    assert len(reservations) == 3


@pytest.mark.parametrize(
    "labels",
    [
        {"zone": "eu-1", "example.com/gpu": "", "a": "b", "0": "9._-9"},
        {f"name{n}": "" for n in range(16)},
        {"n" * 63: "v" * 63},
    ],
)
def test_labels_of_the_right_form_are_taken(labels: dict[str, str]) -> None:
    assert labels_of(labels) == frozenset(labels.items())


@pytest.mark.parametrize(
    ("labels", "rule"),
    [
        ({"": "eu"}, "a name has 1 to 63"),
        ({"-zone": "eu"}, "a name has"),
        ({"zone\n": "eu"}, r"unlike 'zone\\n'"),
        ({"n" * 64: "eu"}, "a name has"),
        ({"zone": "eu-"}, "a value has up to 63 .* the one of zone"),
        ({"zone": "e u"}, "a value has"),
        ({"zone": "v" * 64}, "a value has"),
        ({f"name{n}": "" for n in range(17)}, "there are 17, and 16 are allowed"),
    ],
)
def test_labels_of_another_form_are_refused(labels: dict[str, str], rule: str) -> None:
    with pytest.raises(InvalidLabelError, match=rule):
        labels_of(labels)


@dataclass
class Model:
    """Everything in plain lists."""

    members: dict[str, Member] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    joined: int = 0
    reserved: list[Reservation] = field(default_factory=list)
    appeared: set[str] = field(default_factory=set)

    def put(self, one: Member, now: float) -> None:
        node_id = one.node.id
        if node_id not in self.members:
            self.numbers[node_id] = self.joined
            self.joined += 1
        self.members[node_id] = one
        names = {each.id for each in one.connection.sessions}
        self.reserved = [
            replace(each, expires=now + MEASURED_AFTER)
            if each.node_id == node_id and each.session_id in names - self.appeared
            else each
            for each in self.reserved
            if each.node_id != node_id or one.accepts_sessions
        ]
        if one.accepts_sessions:
            self.appeared |= names

    def expire(self, now: float) -> None:
        self.reserved = [each for each in self.reserved if each.expires > now]

    def order(self, labels: Labels) -> list[tuple[str, float]]:
        ranked = []
        for node_id, one in self.members.items():
            if not one.accepts_sessions or not labels <= one.node.labels:
                continue
            link = one.connection
            measured = link.load if link.load is not None else link.last_load
            hundredths = sum(each.hundredths for each in self.reserved if each.node_id == node_id)
            load = (100.0 if measured is None else measured) + hundredths / 100
            ranked.append((link.load is None, load, self.numbers[node_id], node_id))
        return [(node_id, load) for _, load, _, node_id in sorted(ranked)]


LOADS = st.none() | st.sampled_from([0.0, 0.5, 1.0, 7.3, 100.0])
LABELS = st.sets(st.sampled_from([("zone", "eu"), ("zone2", "us"), ("gpu", "yes")])).map(frozenset)
MEMBERS = st.builds(
    member,
    st.sampled_from(["kms_1", "kms_2", "kms_3", "kms_4"]),
    LOADS,
    last=LOADS,
    status=st.sampled_from([S.RUNNING, S.RUNNING, S.RUNNING, S.TERMINATING]),
    connected=st.sampled_from([True, True, True, False]),
    suspect=st.sampled_from([False, False, False, True]),
    labels=LABELS,
    sessions=st.lists(st.sampled_from(["a", "b"]), unique=True),
)
REQUESTS = st.builds(
    PlacementRequest,
    session_id=st.none() | st.uuids().map(str),
    estimated_load=st.sampled_from([0.01, 0.1, 1, 33.3, 100]),
    labels=LABELS,
    ttl=st.sampled_from([1.0, 3.0, 30.0]),
)
STEPS = st.one_of(
    MEMBERS,
    MEMBERS,
    REQUESTS,
    REQUESTS,
    st.builds("remove {}".format, st.sampled_from(["kms_1", "kms_2"])),
    st.builds("release {}".format, st.integers(0, 5)),
    st.floats(0, 5),
)


@given(st.lists(STEPS, max_size=60))
def test_the_ranking_is_that_of_a_model_that_scans(steps: list[Any]) -> None:
    reservations, model, now = Reservations(measured_after=MEASURED_AFTER), Model(), 0.0
    for number, step in enumerate(steps):
        match step:
            case Member():
                awaited = [
                    make_session(str(each.session_id))
                    for each in model.reserved[: len(step.connection.sessions)]
                    if each.node_id == step.node.id and each.session_id
                ]
                link = replace(step.connection, sessions=tuple(awaited))
                changed = replace(step, connection=link)
                # Time is over before anything else happens at a moment.
                model.expire(now)
                reservations.expire(now)
                reservations.put(changed, now)
                model.put(changed, now)
            case PlacementRequest():
                model.expire(now)
                order = model.order(step.labels)
                if not order:
                    with pytest.raises(NoFittingMediaNodeError):
                        reservations.place(step, f"plc_{number}", now)
                    continue
                made, considered = reservations.place(step, f"plc_{number}", now)
                assert (made.node_id, considered.candidates[0].load) == order[0]
                assert considered.matching == len(order)
                assert [(each.node_id, each.load) for each in considered.candidates] == order[:3]
                model.reserved.append(made)
            case float():
                now += step
            case _:
                verb, _, what = step.partition(" ")
                if verb == "remove":
                    reservations.remove(what)
                    model.members.pop(what, None)
                    model.numbers.pop(what, None)
                    model.reserved = [each for each in model.reserved if each.node_id != what]
                    continue
                model.expire(now)
                if int(what) < len(model.reserved):
                    released = model.reserved.pop(int(what))
                    reservations.release(released.id, now)
        model.expire(now)
        reserved = [dataclasses.astuple(each) for each in reservations.page(100, now)]
        assert sorted(reserved) == sorted(map(dataclasses.astuple, model.reserved))


def test_more_selectors_than_are_kept_are_ranked_right() -> None:
    every = [frozenset({("zone", f"z{n}")}) for n in range(SELECTORS_KEPT + 3)]
    reservations = filled(*(member(f"kms_{n}", labels=each) for n, each in enumerate(every)))

    for _ in range(2):
        chosen = [place(reservations, labels=each) for each in every]
        assert chosen == [f"kms_{n}" for n in range(len(every))]
    assert len(reservations._ranking._matching) == SELECTORS_KEPT
