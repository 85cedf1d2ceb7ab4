"""What the contract fuzz stands on: emulated nodes, the schema, scenarios, and what a run met.

The hooks that shape its requests and judge its answers are in ``fuzz_hooks``.
"""

import os
import zlib
from collections import Counter
from pathlib import Path
from socket import create_server
from typing import Any

import hypothesis
import schemathesis

from mediafleet.emulator import address_of

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-the-tests"
AUTHORIZATION = {"Authorization": "Basic T1BFTlZJRFVBUFA6YS1zZWNyZXQtb2YtdGhlLXRlc3Rz"}
ITEM = "/pro/media-nodes/{mediaNodeId}"
FAMILIES = ("", "openvidu_")
"""Prefixes of the operations that the two families of paths share."""
CDR_FILE = "CDR.2999-12-31_00-00-00.log"
"""Is there in the data directory of the server, which never deletes the newest file."""
NODES = 20
BUSY_NODES = range(5)
"""Numbers of the nodes that always host a session."""
EXAMPLES = int(os.environ.get("MEDIAFLEET_FUZZ_EXAMPLES", "20"))
"""Requests to each operation, at least."""
SCENARIOS = 2 * EXAMPLES
STEPS = 6


def in_families(operation: str) -> list[str]:
    """The names of an operation that both families of paths have."""
    return [family + operation for family in FAMILIES]


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]  # type: ignore[no-any-return]


NODE_PORT = free_port()
LIVE_URIS = [f"ws://{address_of(number)}:{NODE_PORT}/kurento" for number in range(NODES)]
BUSY_URIS = [LIVE_URIS[number] for number in BUSY_NODES]
DEAD_URIS = ["ws://127.0.0.1:9/kurento", "ws://127.0.0.1:11/kurento"]
POOL = [*LIVE_URIS, *DEAD_URIS]


class Run:
    """What one run met.

    Attributes:
        answers: How often each status was seen, by operation and status.
        scenarios: How many walks were begun.
        steps: How many requests they made.
        registrations: How many live nodes were to be added outside of them.
        positions: How many requests for events that keep the contract were sent.
        placements: How many placements that keep the contract were asked for.
        drains: How many drains that keep the contract were asked for.
        removed: Ids of nodes whose removal was certain.
        unfinished: Ids of nodes that were removed and are not gone yet.
        broken: What contradicts a removal or a settled cluster, in words.
        excused: Failures that a written exclusion covers, by its name.
    """

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.scenarios = 0
        self.steps = self.registrations = self.drains = self.positions = self.placements = 0
        self.removed: set[str] = set()
        self.unfinished: set[str] = set()
        self.broken: list[str] = []
        self.excused: Counter[str] = Counter()

    def share(self, operation: str | None, status: int) -> float:
        """Share of a class of statuses (2) or of one status (200) among the answers."""
        names = in_families(operation) if operation else {name for name, _ in self.answers}
        chosen = Counter({key: n for key, n in self.answers.items() if key[0] in names})
        hits = sum(n for (_, each), n in chosen.items() if status in (each, each // 100))
        return hits / max(1, chosen.total())


class Fuzz:
    """The state that hooks share: the seed of the process, and the run of the present module.

    A contract that changes is tried with other cases; one that does not is judged alike everywhere.
    """

    def __init__(self) -> None:
        self.seed = zlib.crc32((ROOT / "openapi.yaml").read_bytes())
        self.run = Run()
        self.asking = False


fuzz = Fuzz()


def write_cdr_file(data_dir: Path) -> None:
    """Write a file of call detail records where the server has them."""
    (data_dir / "cdr").mkdir()
    (data_dir / "cdr" / CDR_FILE).write_text('{"nodeRecovered":{}}\n')


def make_schema(**update: Any) -> Any:
    """The contract with the project's exclusions; the seed decides all its cases."""
    config = schemathesis.Config.from_path(str(ROOT / "tests/contract/schemathesis.toml"))
    config.update(seed=fuzz.seed, max_failures=None)
    config.projects.default.generation.update(max_examples=EXAMPLES)
    schema = schemathesis.openapi.from_path(str(ROOT / "openapi.yaml"), config=config)
    if update:
        schema.config.update(**update)
    return schema


def scenarios(schema: Any) -> Any:
    """A test case that walks the links between operations, each time from an empty cluster.

    Not the events, which lead to the nodes of earlier walks too, and not the sessions, which no
    link leads to.
    """
    walked = schema.exclude(operation_id=["list_events", "stream_events"]).exclude(
        path_regex="^(/openvidu)?/api/(sessions|tokens|signal|recordings)|^/config"
    )

    class Machine(walked.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            fuzz.run.scenarios += 1
            super().setup()
            empty(schema)

    test: Any = hypothesis.seed(fuzz.seed)(Machine).TestCase
    test.settings = hypothesis.settings(
        max_examples=SCENARIOS,
        stateful_step_count=STEPS,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    return test


def ask(case: Any) -> Any:
    """Make a request of our own, which no hook changes, counts or judges."""
    fuzz.asking = True
    try:
        return case.call(headers=AUTHORIZATION)
    finally:
        fuzz.asking = False


def members(schema: Any) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = ask(schema["/pro/media-nodes"]["GET"].Case()).json()["content"]
    return listed


def look_at(schema: Any, node_id: str) -> dict[str, Any] | None:
    """A node with its sessions; ``None`` if it is gone."""
    case = schema[ITEM]["GET"].Case(
        path_parameters={"mediaNodeId": node_id}, query={"sessions": "true"}
    )
    response = ask(case)
    return None if response.status_code == 404 else response.json()


def member_at(schema: Any, uri: str) -> str | None:
    """Id of the node with this endpoint, if it is in the cluster."""
    return next((str(node["id"]) for node in members(schema) if node["uri"] == uri), None)


def ensure_member(schema: Any, uri: str) -> str:
    """Id of the node with this endpoint, which is added if it is not in the cluster."""
    if (node_id := member_at(schema, uri)) is not None:
        return node_id
    add = schema["/pro/media-nodes"]["POST"].Case(
        body={"uri": uri}, query={"wait": "true"}, media_type="application/json"
    )
    return str(ask(add).json()["id"])


def place(schema: Any) -> str | None:
    """Id of a new reservation; ``None`` if no node accepts sessions."""
    answer = ask(schema["/fleet/placements"]["POST"].Case())
    return str(answer.json()["id"]) if answer.status_code == 200 else None


def open_session(schema: Any) -> tuple[str, str]:
    """Ids of a new session and of a connection in it that nobody uses yet."""
    made = ask(schema["/openvidu/api/sessions"]["POST"].Case())
    session_id = str(made.json()["id"])
    connect = schema["/openvidu/api/sessions/{sessionId}/connection"]["POST"].Case(
        path_parameters={"sessionId": session_id}
    )
    return session_id, str(ask(connect).json()["id"])


def begin_drain(schema: Any, node_id: str) -> None:
    """Drain a node whatever the others can carry; nothing happens if it is not at work."""
    case = schema["/fleet/media-nodes/{mediaNodeId}/drain"]["PUT"].Case(
        path_parameters={"mediaNodeId": node_id}, query={"force": "true"}
    )
    ask(case)


def remove(schema: Any, node_id: str) -> None:
    """Remove a node at once and wait until it is gone."""
    case = schema[ITEM]["DELETE"].Case(
        path_parameters={"mediaNodeId": node_id},
        query={"deletion-strategy": "now", "wait": "true"},
    )
    ask(case)


def empty(schema: Any) -> None:
    for node in members(schema):
        remove(schema, node["id"])
