"""What the contract fuzz stands on: emulated nodes, the schema, hooks, and a count of answers.

The hooks are loaded once for the process. ``uri`` is drawn from live nodes and two dead ones, since
no random uri leads to a media server. Outside scenarios five of six registrations find their
node freed first, the sixth finds it taken.
"""

import re
import time
import zlib
from collections import Counter
from itertools import count
from pathlib import Path
from socket import create_server
from typing import Any

import hypothesis
import schemathesis
import yaml
from hypothesis import strategies as st
from schemathesis.openapi.checks import UseAfterFree

from mediafleet.emulator import address_of

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a-secret-of-the-tests"
AUTHORIZATION = {"Authorization": "Basic T1BFTlZJRFVBUFA6YS1zZWNyZXQtb2YtdGhlLXRlc3Rz"}
NODES = 20
BUSY_NODES = range(5)
SCENARIOS = 25
STEPS = 6


_contract: Any = yaml.safe_load((ROOT / "openapi.yaml").read_text())
_URI = re.compile(
    _contract["components"]["schemas"]["NewMediaNode"]["properties"]["uri"]["pattern"]
)


def free_port() -> int:
    with create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]  # type: ignore[no-any-return]


NODE_PORT = free_port()
POOL = [
    *(f"ws://{address_of(number)}:{NODE_PORT}/kurento" for number in range(NODES)),
    "ws://127.0.0.1:9/kurento",
    "ws://127.0.0.1:11/kurento",
]
_DRAW = st.sampled_from([*POOL, *(POOL[:NODES] * 3), None])
_ITEM = "/pro/media-nodes/{MEDIA_NODE_ID}"
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_BOOLEANS = (True, False, "true", "false")
_ON_ITS_WAY_OUT = {"waiting-idle-to-terminate", "terminating", "canceled"}


class Seen:
    """What one run met."""

    def __init__(self) -> None:
        self.answers: Counter[tuple[str, int]] = Counter()
        self.scenarios = 0
        self.unfinished: set[str] = set()
        self.stayed: list[str] = []
        self.additions = count(start=1)

    def share(self, operation: str | None, status: int) -> float:
        """Share of a class of statuses (2) or of one status (200) among the answers."""
        chosen = Counter({key: n for key, n in self.answers.items() if operation in (None, key[0])})
        hits = sum(n for (_, each), n in chosen.items() if status in (each, each // 100))
        return hits / max(1, chosen.total())


seen = Seen()


_asking_ourselves: list[bool] = []
"""Not empty while a hook makes a request of its own, which no hook may then touch or count."""


def _ask(case: Any) -> Any:
    _asking_ourselves.append(True)
    try:
        return case.call(headers=AUTHORIZATION)
    finally:
        _asking_ourselves.pop()


def make_schema(**update: Any) -> Any:
    config = schemathesis.Config.from_path(str(ROOT / "tests/contract/schemathesis.toml"))
    schema = schemathesis.openapi.from_path(str(ROOT / "openapi.yaml"), config=config)
    if update:
        schema.config.update(**update)
    return schema


def scenarios(schema: Any) -> Any:
    """A test case that walks the links between operations, each time from an empty cluster."""

    class Machine(schema.as_state_machine()):  # type: ignore[misc]
        def setup(self) -> None:
            seen.scenarios += 1
            super().setup()
            empty(schema)

    test: Any = Machine.TestCase
    test.settings = hypothesis.settings(
        max_examples=SCENARIOS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=[hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    return test


def empty(schema: Any) -> None:
    """Remove every node and wait until it is gone."""
    for node in _ask(schema["/pro/media-nodes"]["GET"].Case()).json()["content"]:
        remove(schema, node["id"])


def remove(schema: Any, node_id: str) -> None:
    case = schema[_ITEM]["DELETE"].Case(
        path_parameters={"MEDIA_NODE_ID": node_id},
        query={"deletion-strategy": "now", "wait": "true"},
    )
    _ask(case)


def _accepted(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    uri = body.get("uri", "ws://a/")
    return uri is None or (isinstance(uri, str) and _URI.search(uri) is not None)


@schemathesis.hook.apply_to(operation_id="add_media_node")
def flatmap_body(context: Any, body: Any) -> Any:
    if not _accepted(body):
        return st.just(body)
    rest = {key: value for key, value in body.items() if key != "uri"}
    return _DRAW.map(lambda uri: {**rest, "uri": uri} if uri else rest)


@schemathesis.hook.apply_to(operation_id="add_media_node")
def map_case(context: Any, case: Any) -> Any:
    """Examples and coverage know no strategies: the node is a function of what was drawn."""
    uri = case.body.get("uri") if isinstance(case.body, dict) else None
    if isinstance(uri, str) and uri not in POOL and _URI.search(uri):
        case.body = {**case.body, "uri": POOL[zlib.crc32(uri.encode()) % len(POOL)]}
    return case


@schemathesis.hook.apply_to(operation_id="add_media_node")
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    uri = case.body.get("uri") if isinstance(case.body, dict) else None
    if _asking_ourselves or uri not in POOL[:NODES]:
        return
    if _in_scenario(case):
        case.body = {**case.body, "uri": POOL[max(POOL.index(uri), len(BUSY_NODES))]}
    elif next(seen.additions) % 6:
        if (node_id := _holder(case.operation.schema, uri)) is not None:
            remove(case.operation.schema, node_id)
    else:
        _member(case.operation.schema, uri)


@schemathesis.hook("before_call")
def settle_each_step(context: Any, case: Any, kwargs: Any) -> None:
    """In scenarios an answer waits until the node has settled.

    Hypothesis walks the same prefix again and again; were a node still launching on one walk and
    running on the next, the walks would differ. Nodes with sessions, which come and go, stay out.
    """
    waits = any(each.name == "wait" for each in case.operation.query)
    if (
        not _asking_ourselves
        and _in_scenario(case)
        and waits
        and (case.query or {}).get("wait", False) in _BOOLEANS
    ):
        case.query = {**(case.query or {}), "wait": "true"}


def _in_scenario(case: Any) -> bool:
    return case.meta is not None and case.meta.phase.name.value == "stateful"


@schemathesis.hook.apply_to(operation_id="remove_media_node")("before_call")
def do_not_wait_for_sessions(context: Any, case: Any, kwargs: Any) -> None:
    """Nobody ends the sessions here: such an answer would come after the run (tests/api has it)."""
    query = case.query or {}
    waits = query.get("wait") in _BOOLEANS and query.get("deletion-strategy") == "when-no-sessions"
    if waits and not (_asking_ourselves or _in_scenario(case)):
        query["wait"] = "false"


@schemathesis.hook("before_call")
def aim_at_a_member(context: Any, case: Any, kwargs: Any) -> None:
    """Random ids meet no member: half of the fitting ones stand for a node that hosts a session."""
    if _asking_ourselves or case.operation.path != _ITEM:
        return
    drawn = (case.path_parameters or {}).get("MEDIA_NODE_ID")
    if case.meta is None or _in_scenario(case) or not isinstance(drawn, str):
        return
    chance = zlib.crc32(repr((drawn, case.query)).encode())
    drains = (case.query or {}).get("deletion-strategy") == "when-no-sessions"
    if _ID.fullmatch(drawn) and (chance % 2 or drains):
        uri = POOL[chance % len(BUSY_NODES)]
        case.path_parameters["MEDIA_NODE_ID"] = _member(case.operation.schema, uri)


def _holder(schema: Any, uri: str) -> str | None:
    """Id of the node with this endpoint, if it is in the cluster."""
    listed = _ask(schema["/pro/media-nodes"]["GET"].Case()).json()
    return next((str(node["id"]) for node in listed["content"] if node["uri"] == uri), None)


def _member(schema: Any, uri: str) -> str:
    """Id of the node with this endpoint, which is added if it is not in the cluster."""
    if (node_id := _holder(schema, uri)) is not None:
        return node_id
    add = schema["/pro/media-nodes"]["POST"].Case(
        body={"uri": uri}, query={"wait": "true"}, media_type="application/json"
    )
    return str(_ask(add).json()["id"])


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    operation = case.operation.definition.raw.get("operationId")
    if _asking_ourselves or case.method.upper() != case.operation.method.upper():
        return
    seen.answers[operation, response.status_code] += 1
    if operation == "modify_media_node" and response.status_code == 200 and _in_scenario(case):
        _await_departure(case, response.json())
    if operation == "remove_media_node" and response.status_code in (202, 204):
        _follow(case, case.path_parameters["MEDIA_NODE_ID"])


def _await_departure(case: Any, node: dict[str, Any]) -> None:
    """Empty nodes in quarantine leave by themselves: be there when it is done."""
    deadline = time.monotonic() + 5
    got = case.operation.schema[_ITEM]["GET"].Case(path_parameters={"MEDIA_NODE_ID": node["id"]})
    while node["status"] in _ON_ITS_WAY_OUT and time.monotonic() < deadline:
        response = _ask(got)
        if response.status_code == 404:
            return
        node = response.json()
        time.sleep(0.01)


def _follow(case: Any, node_id: str) -> None:
    """After a removal the node is gone, or on its way out: nothing else is allowed."""
    got = case.operation.schema[_ITEM]["GET"].Case(path_parameters={"MEDIA_NODE_ID": node_id})
    response = _ask(got)
    if response.status_code == 404:
        seen.unfinished.discard(node_id)
    elif response.json().get("status") in _ON_ITS_WAY_OUT:
        seen.unfinished.add(node_id)
    else:
        seen.stayed.append(f"{node_id}: {response.status_code} {response.text}")


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """A removal that is not finished (202, or 204 and still terminating) frees nothing yet."""
    node_id = (case.path_parameters or {}).get("MEDIA_NODE_ID")
    return not (isinstance(failure, UseAfterFree) and node_id in seen.unfinished)
