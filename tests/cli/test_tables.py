"""Diagnostics and events, as a terminal shows them."""

from rich.console import Console

from mediafleet.cli.tables import diagnostics_table, event_line
from mediafleet_client.models import MediaNodeDiagnostics, StoredEvent

DIAL = {"time": 1600681028911, "reason": "the connection was refused"}
DECISION = {
    "time": 1600681030000,
    "finding": "given-up",
    "reason": "it was disconnected for 4.0 s",
    "lastReplyTime": None,
    "pings": [],
    "failedDials": [DIAL],
    "socketError": None,
    "eventLoopLag": 2.5,
}


def test_failures_are_shown_with_the_node_and_with_its_decisions() -> None:
    found = MediaNodeDiagnostics.from_dict(
        {
            "id": "kms_FVrQslIr",
            "timestamp": 1600681031000,
            "connected": False,
            "suspect": False,
            "lastReplyTime": None,
            "sessionsTime": None,
            "loadTime": None,
            "pings": [],
            "failedDials": [DIAL],
            "failure": "no connection within 60 s of the launch",
            "eventLoopLag": 2.5,
            "eventLoopStalls": 0,
            "decisions": [DECISION],
        }
    )
    console = Console(width=120)
    with console.capture() as shown:
        console.print(diagnostics_table(found))

    lines = [" ".join(line.split()) for line in shown.get().splitlines()]
    dial = "2020-09-21 09:37:08Z, the connection was refused"
    assert f"failed dial {dial}" in lines
    assert "failed no connection within 60 s of the launch" in lines
    decision = next(n for n, line in enumerate(lines) if "given-up" in line)
    assert lines[decision].endswith("given-up: it was disconnected for 4.0 s")
    assert f"failed dial {dial}" in lines[decision:]


def test_what_a_browser_says_of_itself_forges_no_event_and_no_detail() -> None:
    said = "Ada reason=nodeCrashed\n8  2026-11-28 19:30:38Z  nodeCrashed \x1b[2J"
    event = StoredEvent.from_dict(
        {
            "sequence": 7,
            "hash": "0" * 64,
            "timestamp": 1600681031000,
            "event": "participantJoined",
            "mediaNodeId": "kms_FVrQslIr",
            "payload": {"sessionId": "a", "clientData": said, "serverData": "", "duration": 3},
        }
    )
    details = (
        "sessionId=a"
        r' clientData="Ada reason=nodeCrashed\n8  2026-11-28 19:30:38Z  nodeCrashed \u001b[2J"'
        ' serverData="" duration=3'
    )
    line = event_line(event)
    assert line.endswith(f"  {details}")
    assert "\n" not in line
