"""Requests that come again: faster, and never otherwise than the first time."""

from mediafleet.contract.memory import Memory, Understood
from mediafleet.contract.requests import Request

LINE = "/pro/jars?open=true&limit=3"


async def nothing_to_receive():
    raise AssertionError


def request(path="/a", query=b"", method="GET", headers=()):
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query,
        "headers": list(headers),
    }
    return Request(scope, nothing_to_receive)


def understood(name="x"):
    return Understood(operation=None, arguments={"name": name}, protected=True)


def test_a_request_that_comes_again_is_served_again(ask, jars):
    assert [ask("GET", LINE).status for _ in range(3)] == [200, 200, 200]
    assert len(jars.calls) == 3
    assert all(call == jars.calls[0] for call in jars.calls)
    assert jars.calls[0][1]["limit"] == 3


def test_credentials_are_asked_for_every_time(ask, jars):
    assert ask("GET", LINE).status == 200
    assert ask("GET", LINE, credentials=False).status == 401
    assert ask("GET", LINE).status == 200
    assert len(jars.calls) == 2


def test_a_refusal_is_found_again_every_time(ask, jars):
    assert [ask("GET", "/pro/jars?limit=many").status for _ in range(3)] == [400, 400, 400]
    assert jars.calls == []


def test_other_methods_of_the_same_line_are_told_apart(ask):
    assert ask("GET", "/pro/jars").status == 200
    head = ask("HEAD", "/pro/jars")
    assert (head.status, head.body) == (200, b"")
    assert ask("OPTIONS", "/pro/jars").status == 204
    assert ask("TRACE", "/pro/jars").status == 405


def test_a_body_where_none_belongs_is_read_away_also_the_second_time(ask, jars):
    for _ in range(2):
        assert ask("GET", LINE).status == 200
        assert ask("GET", LINE, body=b"{}").status == 200
    assert len(jars.calls) == 4


def test_what_is_remembered_is_bounded_and_the_oldest_goes_first():
    memory = Memory()
    for number in range(5_000):
        memory.remember(request(query=b"q=%d" % number), understood(str(number)))

    assert memory.recall(request(query=b"q=0")) is None
    assert memory.recall(request(query=b"q=4999")).arguments == {"name": "4999"}
    assert len(memory._remembered) <= 2_048


def test_a_long_line_or_a_body_or_another_method_is_not_remembered():
    memory = Memory()
    for odd in (
        request(query=b"q=" + b"x" * 600),
        request(method="POST"),
        request(headers=[(b"content-length", b"2")]),
        request(headers=[(b"transfer-encoding", b"chunked")]),
    ):
        memory.remember(odd, understood())
        assert memory.recall(odd) is None


def test_a_request_with_a_body_does_not_pass_for_one_without():
    memory = Memory()
    memory.remember(request(), understood())

    assert memory.recall(request()) is not None
    assert memory.recall(request(headers=[(b"content-length", b"2")])) is None
