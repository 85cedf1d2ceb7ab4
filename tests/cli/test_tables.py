"""What a node was judged on, as a terminal shows it."""

from rich.console import Console

from mediafleet.cli.tables import diagnostics_table
from mediafleet_client.models import MediaNodeDiagnostics

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
