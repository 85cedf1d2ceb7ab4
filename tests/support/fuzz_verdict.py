"""What a fuzz run must have met to count, and the lines it leaves in the report."""

from functools import cache

from mediafleet.app.contract_file import load_contract
from support.fuzzing import FAMILIES, SCENARIOS, Run, fuzz

LEAST_ADDED = 0.3
"""Share of the POSTs that must have added a node."""

_OF_BROWSERS = (("close_stream", 204), ("send_signal", 200), ("list_recordings", 200))
OUT_OF_REACH = {
    ("openvidu_get_health", 409),
    ("end_media_node_drain", 409),
    ("replay_dead_letters", 409),
    ("delete_dead_letter", 204),
    *((family + name, status) for family in FAMILIES for name, status in _OF_BROWSERS),
}
"""No node is lost in a run, none is long in terminating, and no receiver refuses an event, no
browser joins, and recording is off; in tests/reachability they are."""

reports: list[str] = []


@cache
def documented(*kinds: str) -> frozenset[tuple[str, int]]:
    """Pairs of operation and status whose status begins with one of these."""
    contract = load_contract()
    return frozenset(
        (operation["operationId"], int(status))
        for item in contract["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
        if status.startswith(kinds)
    )


def report(name: str, run: Run, seconds: float) -> None:
    excused = ", ".join(f"{count} {each}" for each, count in sorted(run.excused.items()))
    reports.append(
        f"{name}: seed {fuzz.seed}, {seconds:.0f} s, {run.answers.total()} answers, "
        f"{run.share(None, 2):.0%} of them 2xx; {run.share('add_media_node', 200):.0%} of the "
        f"POSTs added a node; {run.scenarios} scenarios with {run.steps} steps; "
        f"excused: {excused or 'nothing'}"
    )


def check(run: Run) -> None:
    seen = set(run.answers)
    missing = documented("2", "409") - seen - OUT_OF_REACH
    undocumented = seen - documented("2", "4", "5")
    assert not missing, f"never seen: {sorted(missing)}"
    assert not undocumented, f"seen but not documented: {sorted(undocumented)}"
    assert run.share("add_media_node", 200) >= LEAST_ADDED
    assert run.scenarios >= SCENARIOS
    assert run.broken == []
