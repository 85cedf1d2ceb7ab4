"""What the contract fuzz changes in drawn requests, and how it judges answers beyond the checks.

Importing it registers the hooks for the process. ``uri`` is drawn from live nodes and two dead
ones, since no random uri leads to a media server; ids are aimed at members, since no random id is
one's. Outside scenarios every sixth registration finds its node taken, the others find it freed.
"""

import re
import time
import zlib
from collections.abc import Callable
from typing import Any, TypeVar

import schemathesis
from hypothesis import strategies as st
from schemathesis.core import NotSet
from schemathesis.openapi.checks import (
    EnsureResourceAvailability,
    JsonSchemaError,
    RejectedPositiveData,
    UseAfterFree,
)

from mediafleet.app.contract_file import load_contract
from support.fuzzing import (
    BUSY_URIS,
    CDR_FILE,
    DEAD_URIS,
    LIVE_URIS,
    POOL,
    SECRET,
    begin_drain,
    ensure_member,
    fuzz,
    in_families,
    look_at,
    member_at,
    members,
    open_session,
    place,
    remove,
)

_contract: Any = load_contract()
_URI = re.compile(
    _contract["components"]["schemas"]["MediaNodeToAdd"]["properties"]["uri"]["pattern"]
)
_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_DRAW = st.sampled_from([*reversed(LIVE_URIS * 4), *DEAD_URIS, None])
_DRAW_FOR_NO_BODY = st.sampled_from([*reversed(LIVE_URIS), *([None] * 5)])
_TAKEN_EACH = 6
_ITEM = "/media-nodes/{mediaNodeId}"
_MOVING = {"remove_media_node", "modify_media_node", "drain_media_node", "end_media_node_drain"}
_OF_A_DRAIN = {"get_media_node_drain", "end_media_node_drain"}
"""Few random requests would meet a drain."""
_AFTER_REMOVAL = {
    200: {"terminating", "canceled"},
    202: {"waiting-idle-to-terminate", "terminating"},
    204: {"terminating", "canceled"},
}
"""Statuses of a removed node that is not gone; ``canceled`` if it was removed in its launch."""
_LEAVING = {"canceled", "waiting-idle-to-terminate", "terminating"}
_RULES_OF_A_RESTART = (
    r"Property OPENVIDU_SECRET=\*\*\*: cannot be changed by a restart; it may only repeat the "
    r"current one\.",
    r"Property \w+=\d+: must not be above \w+=\d+\.",
    r"Property OPENVIDU_WEBHOOK_ENDPOINT is not set: it is required when OPENVIDU_WEBHOOK is "
    r"true\.",
    r"Property OPENVIDU_WEBHOOK_ENDPOINT=\S*: must [^.]*\.",
)
_REFUSED_MEMBERS = tuple(
    f"body/{name}"
    for name in ("mediaNode:", "rtspUri:", "kurentoOptions", "defaultRecordingProperties")
)
"""Members that may be null or an object, and the address of a camera."""
_REFUSED_RESTART = re.compile(rf"(({'|'.join(_RULES_OF_A_RESTART)})( |$))+")
_SETTLED_IN_S = 10.0
_Hook = TypeVar("_Hook", bound=Callable[..., Any])


def _hook(name: str, operations: str | list[str]) -> Callable[[_Hook], _Hook]:
    """Register a hook for some operations; `apply_to` is missing in the types of schemathesis."""
    hook: Any = schemathesis.hook(name)
    register: Callable[[_Hook], _Hook] = hook.apply_to(operation_id=operations)
    return register


def _accepted(body: object) -> bool:
    if not isinstance(body, dict):
        return False
    uri = body.get("uri", "ws://a/")
    return uri is None or (isinstance(uri, str) and _URI.search(uri) is not None)


@_hook("before_call", in_families("restart"))
def keep_autoscaling_off(context: Any, case: Any, kwargs: Any) -> None:
    """With it on the server would remove nodes that other requests are about."""
    name = "OPENVIDU_PRO_CLUSTER_AUTOSCALING"
    if isinstance(case.body, dict) and case.body.get(name) is True:
        case.body = {**case.body, name: False}


@_hook("flatmap_body", in_families("add_media_node"))
def flatmap_body(context: Any, body: Any) -> Any:
    if not _accepted(body):
        return st.just(body)
    rest = {key: value for key, value in body.items() if key != "uri"}
    return _DRAW.map(lambda uri: {**rest, "uri": uri} if uri else rest)


@_hook("flatmap_case", in_families("add_media_node"))
def flatmap_case(context: Any, case: Any) -> Any:
    """The body is optional, but on premises most requests without one lead nowhere."""
    if not isinstance(case.body, NotSet) or not case.meta.generation.mode.is_positive:
        return st.just(case)
    return _DRAW_FOR_NO_BODY.map(lambda uri: _with_uri(case, uri) if uri else case)


def _with_uri(case: Any, uri: str) -> Any:
    case.body, case.media_type = {"uri": uri}, "application/json"
    return case


@_hook("before_call", in_families("add_media_node"))
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Examples and coverage know no strategies: their node is a function of what was drawn."""
    uri = case.body.get("uri") if isinstance(case.body, dict) else None
    if fuzz.asking or not isinstance(uri, str) or not _URI.search(uri):
        return
    if uri not in POOL:
        uri = POOL[zlib.crc32(uri.encode()) % len(POOL)]
        case.body = {**case.body, "uri": uri}
    if uri in LIVE_URIS and not _in_scenario(case):
        _free_or_take(case.operation.schema, uri)


def _free_or_take(schema: Any, uri: str) -> None:
    fuzz.run.registrations += 1
    if fuzz.run.registrations % _TAKEN_EACH == 0:
        ensure_member(schema, uri)
    elif (node_id := member_at(schema, uri)) is not None:
        remove(schema, node_id)


@_hook("before_call", in_families("restart"))
def repeat_the_secret(context: Any, case: Any, kwargs: Any) -> None:
    """A drawn secret is never the present one, and would have every restart refused."""
    if fuzz.asking or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    drawn = case.body.get("OPENVIDU_SECRET") if isinstance(case.body, dict) else None
    if drawn is not None and zlib.crc32(drawn.encode()) % 4:
        case.body = {**case.body, "OPENVIDU_SECRET": SECRET}


@schemathesis.hook("before_call")
def aim_at_a_member(context: Any, case: Any, kwargs: Any) -> None:
    """Random ids meet no member: three of four that fit stand for a node that hosts a session."""
    if fuzz.asking or _ITEM not in case.operation.path or case.meta is None or _in_scenario(case):
        return
    drawn = (case.path_parameters or {}).get("mediaNodeId")
    if not isinstance(drawn, str) or not _ID.fullmatch(drawn):
        return
    chance = zlib.crc32(repr((drawn, case.query)).encode())
    if chance % 4 or (case.query or {}).get("deletion-strategy") == "when-no-sessions":
        uri = BUSY_URIS[chance % len(BUSY_URIS)]
        node_id = case.path_parameters["mediaNodeId"] = ensure_member(case.operation.schema, uri)
        if case.operation.definition.raw.get("operationId") in _OF_A_DRAIN:
            begin_drain(case.operation.schema, node_id)
            fuzz.run.removed.add(node_id)  # it may leave by itself


@_hook("before_call", in_families("remove_media_node"))
def do_not_wait_for_sessions(context: Any, case: Any, kwargs: Any) -> None:
    """Nobody ends the sessions here: such an answer would come after the run (tests/api has it)."""
    query = case.query or {}
    waits = query.get("wait") in (True, "true")
    if fuzz.asking or not waits or query.get("deletion-strategy") != "when-no-sessions":
        return
    if not _in_scenario(case) or (_target(case) or {}).get("sessions"):
        query["wait"] = "false"


@_hook("before_call", in_families("remove_media_node"))
def let_its_session_come_back(context: Any, case: Any, kwargs: Any) -> None:
    """A node that is removed for having no session would wait for the one it is just getting."""
    strategy = (case.query or {}).get("deletion-strategy", "if-no-sessions")
    if fuzz.asking or strategy != "if-no-sessions":
        return
    deadline = time.monotonic() + _SETTLED_IN_S
    while (node := _target(case)) is not None and _is_to_be_busy(node):
        if time.monotonic() > deadline:
            fuzz.run.broken.append(f"after {_SETTLED_IN_S} s still no session on {node}")
            return
        time.sleep(0.005)


def _is_to_be_busy(node: dict[str, Any]) -> bool:
    waits = node["status"] in {"launching", "running"} and not node["sessions"]
    return waits and node["uri"] in BUSY_URIS


@_hook("before_call", "drain_media_node")
def name_all_others(context: Any, case: Any, kwargs: Any) -> None:
    """Random ids name no member: where some fit they stand for all others, every other time.

    Where none are given they are named every fourth time, so that the rest is too small.
    """
    if fuzz.asking or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    fuzz.run.drains += 1
    drawn = (case.query or {}).get("together-with")
    if fuzz.run.drains % (4 if drawn is None else 2):
        return
    listed = (node["id"] for node in members(case.operation.schema))
    others = [each for each in listed if each != case.path_parameters["mediaNodeId"]]
    if others:
        case.query = {"together-with": ",".join(others)}


@_hook("before_call", "create_placement")
def place_on_a_member(context: Any, case: Any, kwargs: Any) -> None:
    """Random labels and ids fit no member: every other time there is one, and they are left out."""
    if fuzz.asking or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    fuzz.run.placements += 1
    if fuzz.run.placements % 2 and not _in_scenario(case):
        ensure_member(case.operation.schema, BUSY_URIS[0])
        if isinstance(case.body, dict):
            drawn = case.body.items()
            case.body = {key: part for key, part in drawn if key not in {"labels", "mediaNode"}}


@_hook("before_call", "release_placement")
def aim_at_a_reservation(context: Any, case: Any, kwargs: Any) -> None:
    """Random ids meet no reservation: every other one stands for one that counts."""
    drawn = (case.path_parameters or {}).get("placementId")
    if fuzz.asking or case.meta is None or _in_scenario(case):
        return
    if isinstance(drawn, str) and _ID.fullmatch(drawn) and zlib.crc32(drawn.encode()) % 2:
        ensure_member(case.operation.schema, BUSY_URIS[0])
        if (placement_id := place(case.operation.schema)) is not None:
            case.path_parameters["placementId"] = placement_id


@_hook("before_call", ["list_events", "stream_events"])
def ask_for_events_that_are_there(context: Any, case: Any, kwargs: Any) -> None:
    """A drawn position is beyond the newest event, but for one of four; a stream has to end."""
    if fuzz.asking or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    query = case.query = dict(case.query or {})
    if case.operation.path.endswith("/stream"):
        query["duration"] = 0
    fuzz.run.positions += 1
    if fuzz.run.positions % 4:
        query.pop("after", None)
        (case.headers or {}).pop("Last-Event-ID", None)


@_hook("before_call", in_families("get_cdr_file"))
def ask_for_a_file_that_is_there(context: Any, case: Any, kwargs: Any) -> None:
    """No drawn name is one of a file: half of those that fit are replaced."""
    if fuzz.asking or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    drawn = case.path_parameters["file"]
    if zlib.crc32(drawn.encode()) % 2:
        case.path_parameters["file"] = CDR_FILE


@schemathesis.hook("before_call")
def aim_at_a_session(context: Any, case: Any, kwargs: Any) -> None:
    """Random ids meet no session: three of four that fit stand for a new one, with a connection."""
    if fuzz.asking or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    places = case.path_parameters or {}
    body = case.body if isinstance(case.body, dict) else {}
    drawn = places.get("sessionId", body.get("session"))
    if not isinstance(drawn, str) or zlib.crc32(repr((drawn, places)).encode()) % 4 == 0:
        return
    session_id, connection_id = open_session(case.operation.schema)
    if "sessionId" in places:
        places["sessionId"] = session_id
        if "connectionId" in places:
            places["connectionId"] = connection_id
    else:
        case.body = {**body, "session": session_id}


@_hook("before_call", "openvidu_get_health")
def have_a_node_but_at_first(context: Any, case: Any, kwargs: Any) -> None:
    """An empty cluster is not healthy, and whether it is empty here is chance."""
    schema = case.operation.schema
    if not fuzz.asking and fuzz.run.answers["openvidu_get_health", 503]:
        if (node_id := member_at(schema, LIVE_URIS[-1])) is not None:
            remove(schema, node_id)
        ensure_member(schema, LIVE_URIS[-1])


def _target(case: Any) -> dict[str, Any] | None:
    """The node that a request is about, if there is one."""
    node_id = case.path_parameters["mediaNodeId"]
    if not isinstance(node_id, str) or not _ID.fullmatch(node_id):
        return None
    return look_at(case.operation.schema, node_id)


def _in_scenario(case: Any) -> bool:
    return case.meta is not None and case.meta.phase.name.value == "stateful"


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    operation = case.operation.definition.raw.get("operationId")
    if fuzz.asking or case.method.upper() != case.operation.method.upper():
        return
    status = response.status_code
    fuzz.run.answers[operation, status] += 1
    shared = operation.removeprefix("openvidu_")
    if shared == "remove_media_node" and status in _AFTER_REMOVAL:
        _follow(case, case.path_parameters["mediaNodeId"], status)
        fuzz.run.removed.add(case.path_parameters["mediaNodeId"])
    if status < 300 and _ends_without_wait(shared, case.body):
        fuzz.run.removed.add(case.path_parameters["mediaNodeId"])
    if _in_scenario(case):
        fuzz.run.steps += 1
        if shared == "add_media_node" and status == 200:
            _settle(case, response.json()["id"])
        elif shared in _MOVING and status < 300:
            _settle(case, case.path_parameters["mediaNodeId"])


def _ends_without_wait(operation: str, body: Any) -> bool:
    """Whether a node leaves by itself once this was granted."""
    if operation == "modify_media_node":
        return body["status"] in _LEAVING
    return operation == "drain_media_node"


def _follow(case: Any, node_id: str, answered: int) -> None:
    """After a removal the node is gone, or on its way out: nothing else is allowed."""
    node = look_at(case.operation.schema, node_id)
    if node is None:
        fuzz.run.unfinished.discard(node_id)
        return
    fuzz.run.unfinished.add(node_id)
    if node["status"] not in _AFTER_REMOVAL[answered]:
        fuzz.run.broken.append(f"removed with {answered}, then {node}")


def _settle(case: Any, node_id: str) -> None:
    """Wait until nothing about a node moves by itself any more.

    Hypothesis walks the same prefix again and again, and gives up when two walks differ: were a
    node still launching or leaving on one of them, they would.
    """
    deadline = time.monotonic() + _SETTLED_IN_S
    while (node := look_at(case.operation.schema, node_id)) is not None:
        if _is_settled(node):
            return
        if time.monotonic() > deadline:
            fuzz.run.broken.append(f"after {_SETTLED_IN_S} s still {node}")
            return
        time.sleep(0.005)
    fuzz.run.unfinished.discard(node_id)


def _is_settled(node: dict[str, Any]) -> bool:
    hosts = bool(node["sessions"])
    match node["status"]:
        case "running":
            return hosts == (node["uri"] in BUSY_URIS)
        case "waiting-idle-to-terminate":
            return hosts
        case _:
            return False


@schemathesis.hook
def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
    """Whether a failure counts; the exclusions that need a look at the answer are these eight."""
    excuse = _excuse(failure, case, response)
    if excuse is not None:
        fuzz.run.excused[excuse] += 1
    return excuse is None


def _excuse(failure: Any, case: Any, response: Any) -> str | None:
    operation = case.operation.definition.raw.get("operationId", "").removeprefix("openvidu_")
    node_id = (case.path_parameters or {}).get("mediaNodeId")
    if isinstance(failure, EnsureResourceAvailability):
        return "removed otherwise than by its own DELETE" if node_id in fuzz.run.removed else None
    if isinstance(failure, UseAfterFree):
        return "removal not finished" if node_id in fuzz.run.unfinished else None
    if isinstance(failure, JsonSchemaError) and operation == "stream_events":
        return "an event of a stream is held against the schema of the whole text"
    if not isinstance(failure, RejectedPositiveData) or response.status_code != 400:
        return None
    return _excuse_of_error(operation, response.json()["message"])


def _excuse_of_error(operation: str, message: str) -> str | None:
    """Rules that no schema can say."""
    if message.startswith(_REFUSED_MEMBERS):
        return "a member with a rule of its own"
    if operation == "modify_media_node" and " cannot become " in message:
        return "forbidden move"
    if operation == "drain_media_node" and " go together, and " in message:
        return "half a limit"
    if message.startswith("The labels are not valid: a name has "):
        return "name of a label"
    if operation == "restart" and _REFUSED_RESTART.fullmatch(message):
        return "refused restart"
    return None
