"""What a client makes of answers: repeated requests, lost ones, errors, and what is no response."""

import socket

import anyio
import pytest

import mediafleet_client
from client.conftest import NODE, answer, do, error
from mediafleet_client import (
    ApiStatusError,
    AsyncMediafleet,
    BadGateway,
    BadRequest,
    ConnectionFailed,
    GatewayTimeout,
    InvalidResponse,
    MediafleetError,
    NotFound,
    RequestTimedOut,
    StatusNotReached,
    Unavailable,
)
from mediafleet_client.api.openvidu import openvidu_get_health
from mediafleet_client.errors import BY_STATUS
from mediafleet_client.types import UNSET

pytestmark = pytest.mark.anyio

NOT_NOW = answer(503, error(503), Retry_After="0")
STOPPING = error(503, "The server is stopping and cannot wait any longer.")
HTML = b"<html><h1>nginx</h1></html>"


@pytest.mark.parametrize(
    ("method", "arguments", "success"),
    [
        ("list", {}, {"numberOfElements": 0, "content": []}),
        ("get", {"media_node_id": "kms_1"}, NODE),
        ("discover", {}, {"numberOfElements": 0, "content": []}),
        ("modify", {"media_node_id": "kms_1", "status": "running"}, NODE),
        ("add", {"uri": "ws://127.0.0.1:1/kurento"}, NODE),
        ("add", {"wait": True}, NODE),
    ],
)
async def test_a_request_is_repeated_when_the_server_says_when(
    connect, server, method, arguments, success
):
    server.answers = [NOT_NOW, NOT_NOW, answer(200, success)]

    await do(getattr(connect(server.url).media_nodes, method), **arguments)

    assert len(server.asked) == 3
    assert len(set(server.lines)) == 1


async def test_a_removal_is_repeated_when_the_server_says_when(connect, server):
    server.answers = [NOT_NOW, answer(202)]

    assert await do(connect(server.url).media_nodes.remove, "kms_1") is False
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("method", "arguments", "refused"),
    [
        # Its change may go on, and a second one would come beside it.
        ("add", {"wait": True}, answer(503, STOPPING, Retry_After="0")),
        ("add", {}, answer(503, STOPPING, Retry_After="0")),
        ("remove", {"media_node_id": "kms_1", "wait": True}, answer(503, STOPPING, Retry_After="0")),
        # The response of a proxy does not say whether the server has acted.
        ("add", {}, answer(503, HTML, Retry_After="0")),
        ("add", {}, answer(503, {"status": 503, "message": "busy"}, Retry_After="0")),
        ("remove", {"media_node_id": "kms_1"}, answer(503, HTML, Retry_After="0")),
        ("list", {}, answer(503, error(503))),
        ("list", {}, answer(503, error(503), Retry_After="later")),
        ("list", {}, answer(503, error(503), Retry_After="-1")),
        ("list", {}, answer(503, error(503), Retry_After="9" * 400)),
        ("list", {}, answer(502, error(502), Retry_After="0")),
        ("list", {}, answer(500, error(500), Retry_After="0")),
    ],
)
async def test_a_request_is_not_repeated_without_need_and_leave(
    connect, server, method, arguments, refused
):
    server.answers = [refused]

    with pytest.raises(ApiStatusError):
        await do(getattr(connect(server.url).media_nodes, method), **arguments)

    assert len(server.asked) == 1


async def test_a_request_is_repeated_no_more_often_than_configured(connect, server):
    server.answers = [NOT_NOW]

    with pytest.raises(Unavailable, match=r"Not now\. \(503 Reason\)") as caught:
        await do(connect(server.url, retries=3).media_nodes.list)

    assert len(server.asked) == 4
    assert (caught.value.retry_after, caught.value.may_go_on) == (0, False)


async def test_no_pause_is_longer_than_the_time_for_an_answer(connect, server):
    server.answers = [answer(503, error(503), Retry_After="60")]

    with pytest.raises(Unavailable) as caught:
        await do(connect(server.url, timeout=5).media_nodes.list)

    assert caught.value.retry_after == 60
    assert len(server.asked) == 1


async def test_an_error_without_a_body_is_one_of_the_server_if_it_has_an_id(connect, server):
    server.answers = [answer(404, X_Request_Id="1")]
    with pytest.raises(NotFound, match=r"Reason \(404 Reason\)") as caught:
        await do(connect(server.url).media_nodes.get, "kms_1")
    assert (caught.value.from_server, caught.value.path) == (True, "/pro/media-nodes/kms_1")

    server.answers = [answer(404)]
    with pytest.raises(InvalidResponse, match="the status 404"):
        await do(connect(server.url).media_nodes.get, "kms_1")


@pytest.mark.parametrize("status", [*sorted(BY_STATUS), 418, 599])
async def test_every_status_of_an_error_is_an_exception(connect, server, status):
    server.answers = [answer(status, error(status, "So it is."))]

    with pytest.raises(ApiStatusError, match="So it is") as caught:
        await do(connect(server.url).media_nodes.get, "kms_1")

    assert type(caught.value) is BY_STATUS.get(status, ApiStatusError)
    assert (caught.value.status, caught.value.message, caught.value.path) == (
        status,
        "So it is.",
        "/pro",
    )
    assert caught.value.from_server


@pytest.mark.parametrize(
    ("status", "expected"), [(502, BadGateway), (503, Unavailable), (504, GatewayTimeout)]
)
@pytest.mark.parametrize("body", [HTML, b"", b"[]", b'{"message": "upstream"}', b"\xff[" * 10])
async def test_the_response_of_a_proxy_means_that_a_change_may_go_on(
    connect, server, status, expected, body
):
    server.answers = [answer(status, body)]
    nodes = connect(server.url).media_nodes

    with pytest.raises(expected, match="a proxy") as removed:
        await do(nodes.remove, "kms_1", wait=True)
    with pytest.raises(expected) as read:
        await do(nodes.get, "kms_1")

    assert (removed.value.may_go_on, removed.value.from_server) == (True, False)
    assert not read.value.may_go_on


@pytest.mark.parametrize("body", [STOPPING, error(503)])
async def test_only_a_server_that_stops_may_go_on_with_a_change(connect, server, body):
    server.answers = [answer(503, body, Retry_After="5")]
    client = connect(server.url, timeout=1, wait_timeout=1)

    with pytest.raises(Unavailable) as added:
        await do(client.media_nodes.add, wait=True)
    with pytest.raises(Unavailable) as read:
        await do(client.media_nodes.list)

    assert added.value.may_go_on is (body is STOPPING)
    assert not read.value.may_go_on


async def test_what_only_reads_is_repeated_when_the_server_stops(connect, server):
    server.answers = [
        answer(503, STOPPING, Retry_After="0"),
        answer(200, {"numberOfElements": 0, "content": []}),
    ]

    assert await do(connect(server.url).media_nodes.list) == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, HTML),
        (200, b""),
        (200, b"[]"),
        (200, b"{}"),
        (200, b"[" * 200_000),
        (204, b""),
        (302, b""),
        (401, b"{}"),
        (404, HTML),
        (599, b""),
    ],
)
async def test_an_answer_that_is_not_of_the_api_is_an_exception(connect, server, status, body):
    server.answers = [answer(status, body, Location=server.url)]

    with pytest.raises(InvalidResponse, match=f"^{server.url}/pro/media-nodes/kms_1 gave") as caught:
        await do(connect(server.url).media_nodes.get, "kms_1")

    assert caught.value.status == status
    assert len(server.asked) == 1


async def test_no_response_in_time_is_a_timeout_that_says_what_is_known(connect, server):
    server.answers = [None]
    client = connect(server.url, timeout=0.2, wait_timeout=0.3)

    with pytest.raises(TimeoutError) as read:
        await do(client.media_nodes.list)
    with pytest.raises(RequestTimedOut, match=r"within 0\.3 s") as added:
        await do(client.media_nodes.add, wait=True)
    with pytest.raises(RequestTimedOut, match=r"within 0\.1 s") as modified:
        await do(client.media_nodes.modify, "kms_1", "running", timeout=0.1)

    assert [each.value.may_go_on for each in (read, added, modified)] == [False, True, True]


async def test_no_connection_and_a_broken_one_are_distinguished(connect, server):
    server.answers = [b""]
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        nowhere = connect(f"http://127.0.0.1:{unused.getsockname()[1]}")
        with pytest.raises(ConnectionFailed) as unsent:
            await do(nowhere.media_nodes.add)

    with pytest.raises(ConnectionFailed) as broken:
        await do(connect(server.url).media_nodes.add)

    assert [each.value.may_go_on for each in (unsent, broken)] == [False, True]


async def test_a_wait_ends_with_one_of_the_statuses(connect, server):
    server.answers = [answer(200, NODE | {"status": each}) for each in ("launching", "running")]

    node = await do(
        connect(server.url).media_nodes.wait_until,
        "kms_1",
        ["running", "failed"],
        poll_interval=0.01,
    )

    assert (node.id, node.status) == ("kms_1", "running")
    assert len(server.asked) == 2


async def test_a_wait_for_a_node_to_be_gone_ends_with_it(connect, server):
    server.answers = [answer(200, NODE), answer(404, error(404))]
    nodes = connect(server.url).media_nodes

    await do(nodes.wait_until_gone, "kms_1", poll_interval=0.01)
    with pytest.raises(NotFound):
        await do(nodes.wait_until, "kms_1", "running")


async def test_a_wait_is_over_when_the_next_question_would_come_too_late(connect, server):
    server.answers = [answer(200, NODE)]

    with pytest.raises(StatusNotReached, match="kms_1 is running after 5 s") as caught:
        await do(
            connect(server.url).media_nodes.wait_until, "kms_1", "failed", timeout=5, poll_interval=6
        )

    assert (caught.value.media_node_id, caught.value.status) == ("kms_1", "running")
    assert isinstance(caught.value, TimeoutError)


async def test_a_mute_server_takes_no_longer_than_the_wait(connect, server):
    server.answers = [None]

    with anyio.fail_after(5), pytest.raises(StatusNotReached) as caught:
        await do(connect(server.url).media_nodes.wait_until, "kms_1", "x", timeout=0.2)

    assert caught.value.status is None


@pytest.mark.parametrize(("status", "word"), [(200, "UP"), (409, "UNSTABLE"), (503, "DOWN")])
async def test_a_health_is_an_answer_whatever_its_status(connect, server, status, word):
    health = {"status": word, "disconnectedMediaNodes": []}
    server.answers = [answer(status, health, Retry_After="0")]

    found = await do(connect(server.url).call, openvidu_get_health())

    assert found.status == word
    assert len(server.asked) == 1


@pytest.mark.parametrize("body", [error(503), HTML, b"[]", b"{}"])
async def test_an_error_in_the_place_of_a_health_is_one(connect, server, body):
    server.answers = [answer(503, body)]

    with pytest.raises(MediafleetError):
        await do(connect(server.url).call, openvidu_get_health())


async def test_every_answer_can_be_seen(connect, server):
    server.answers = [NOT_NOW, answer(200, {"numberOfElements": 0, "content": [], "new": 1})]
    seen = []

    await do(connect(server.url, on_response=seen.append).media_nodes.list)

    assert [each.status_code for each in seen] == [503, 200]
    assert seen[1].json()["new"] == 1


async def test_a_repetition_can_be_cancelled(server):
    server.answers = [answer(503, error(503), Retry_After="20")]

    async with AsyncMediafleet(server.url, "a-secret") as client:
        with anyio.move_on_after(0.2) as scope:
            await client.media_nodes.list()

    assert scope.cancelled_caught
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url",
    [
        "http://canary-user:canary-password@127.0.0.1:1",
        "http://canary:canary@127.0.0.1:canary",
        "ftp://127.0.0.1",
        "127.0.0.1:5443",
        "http://",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1/?a=b",
        "http://[::1",
        "http://a b",
        "",
    ],
)
def test_a_url_that_is_none_is_refused(kind, url):
    with pytest.raises(ValueError, match="the URL of the server") as caught:
        kind(url, "a-secret")

    assert "canary" not in str(caught.value)


async def test_no_secret_is_in_the_text_form(connect, server):
    server.answers = [answer(401, error(401))]
    client = connect(server.url, "canary-secret")

    with pytest.raises(MediafleetError) as caught:
        await do(client.media_nodes.list)

    assert server.url in repr(client)
    assert "canary" not in f"{client!r}{client.media_nodes!r}{caught.value!r}"


def test_every_exception_is_exported():
    kinds = {*BY_STATUS.values()}

    assert {each.__name__ for each in kinds} <= {*mediafleet_client.__all__}
    assert all(issubclass(each, MediafleetError) for each in kinds)


@pytest.mark.parametrize(
    ("listed", "errors"),
    [
        ([{"message": "A.", "field": "a/0"}, {"message": "B."}], [("A.", "a/0"), ("B.", UNSET)]),
        (None, []),
        ("A.", []),
        ([7, {"message": 7}, {"message": "A.", "field": 7}, {"message": "A."}], [("A.", UNSET)]),
    ],
    ids=["items", "null", "text", "other-forms"],
)
async def test_the_problems_of_a_body_are_on_the_error(connect, server, listed, errors):
    server.answers = [answer(400, error(400, "A. B.") | {"errors": listed})]

    with pytest.raises(BadRequest) as refused:
        await do(connect(server.url).media_nodes.get, "kms_1")

    assert [(each.message, each.field) for each in refused.value.errors] == errors
    assert refused.value.message == "A. B."


async def test_an_error_of_an_older_server_has_no_list_of_problems(connect, server):
    server.answers = [answer(400, error(400))]

    with pytest.raises(BadRequest) as refused:
        await do(connect(server.url).media_nodes.get, "kms_1")

    assert refused.value.errors == ()
