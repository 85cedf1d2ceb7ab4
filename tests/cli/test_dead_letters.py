"""`mediafleet events webhook`, `dead-letters`, `replay` and `discard`, against a real server."""

import json
import time

import pytest

LIMIT_S = 20


@pytest.fixture(scope="module")
def access(start, webhook_receiver, tmp_path_factory):
    """A server with three nodes, whose events the receiver refuses."""
    webhook_receiver.status = 422
    uris = start("emulator", "--nodes", 3, "--port", 0).uris(3)
    server = start(
        "serve",
        *("--port", 0, "--data-dir", tmp_path_factory.mktemp("server")),
        KMS_URIS=json.dumps(uris),
        OPENVIDU_WEBHOOK="true",
        OPENVIDU_WEBHOOK_ENDPOINT=f"{webhook_receiver.url}/hook",
        MEDIAFLEET_WEBHOOK_SCHEDULE="0.001",
    )
    return server.access


@pytest.fixture
def events(run_here, access):
    return lambda *arguments: run_here("events", *arguments, **access)


def test_refused_events_are_listed_replayed_and_discarded(events, webhook_receiver):
    deadline = time.monotonic() + LIMIT_S
    while events("dead-letters", "--json").json["total"] < 6:
        assert time.monotonic() < deadline

    listed = events("dead-letters", "--limit", 2)
    assert listed.out.splitlines()[0].split() == [
        *("NUMBER", "TIME", "EVENT", "NODE", "GIVEN-UP", "REASON"),
    ]
    assert [line.split()[0] for line in listed.out.splitlines()[1:]] == ["1", "2"]
    assert "answered HTTP 422" in listed.out
    shown = events("webhook").out
    assert "yes, to 127.0.0.1" in shown
    assert "answered HTTP 422" in shown

    refused = events("replay", "1")
    assert (refused.code, refused.out) == (4, "")
    assert "answered HTTP 422" in refused.err
    webhook_receiver.status = 204
    assert events("replay", "2", "1").out == "Event 2 is delivered.\nEvent 1 is delivered.\n"
    assert events("discard", "3", "4").code == 0
    assert events("discard", "3").code == 3
    assert events("replay", "3").code == 3
    assert events("replay", "--all").out == "Event 5 is delivered.\nEvent 6 is delivered.\n"
    assert events("dead-letters", "--json").json["content"] == []
    assert events("replay", "--all").code == 0


@pytest.mark.parametrize("arguments", [[], ["1", "--all"]], ids=["none", "both"])
def test_a_replay_names_numbers_or_all(events, arguments):
    refused = events("replay", *arguments)
    assert refused.code == 2
    assert "--all" in refused.err
