"""The messages in the contract's examples of errors are those that the server says."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mediafleet.api.events import MAX_STREAMS, TooManyStreamsError
from mediafleet.app.contract_file import load_contract
from mediafleet.clock import SystemClock
from mediafleet.contract.responses import reason_phrase
from mediafleet.domain import errors
from mediafleet.domain.call_errors import (
    SessionNotActiveError,
    UnknownReceiverError,
    UnsupportedRecordingError,
)
from mediafleet.domain.cluster import MAX_MEMBERS, OpenFiles
from mediafleet.domain.errors import (
    ClusterTooSmallError,
    DrainTooLateError,
    NotDrainableError,
)
from mediafleet.domain.machines import Machine
from mediafleet.domain.placement import MAX_RESERVATIONS
from mediafleet.emulator import EmulatedCluster
from mediafleet.environments.on_premise import OnPremise
from support import live
from support.cluster_client import NODES, Json, add

pytestmark = pytest.mark.anyio

KNOWN_ID = "kms_FVrQslIr"
KNOWN_URI = "ws://172.17.0.5:8888/kurento"
DOCUMENT: Json = load_contract()["components"]
RESPONSES: Json = DOCUMENT["responses"]
JSON = {"Content-Type": "application/json"}
RESTART = "/pro/restart"
SESSIONS = "/api/sessions"
DEAD_LETTERS = "/fleet/dead-letters"
TOO_LARGE = b'{"uri": "' + b"a" * (1 << 20) + b'"}'


def examples() -> dict[str, str]:
    """The message of each example of an error, by response and name."""
    return {
        f"{response} {name}": example["value"]["message"]
        for response, content in RESPONSES.items()
        for name, example in examples_of(content).items()
        if "message" in example["value"]
    }


def examples_of(response: Json) -> dict[str, Json]:
    """The examples of a response; some errors have no body."""
    if "content" not in response:
        return {}
    found: dict[str, Json] = response["content"]["application/json"]["examples"]
    return found


def asked(method: str, path: str, **request: Any) -> dict[str, Any]:
    return {"method": method, "url": path, **request}


def drained(**body: Any) -> dict[str, Any]:
    return asked("PUT", f"/fleet/media-nodes/{KNOWN_ID}/drain", json=body)


REQUESTS = {
    "BadParameter unknown": asked("GET", NODES, params={"session": "true"}),
    "BadParameter notBoolean": asked("GET", NODES, params={"sessions": "yes"}),
    "BadAutoscalingLimits limits": asked(
        "GET", "/fleet/autoscaling", params={"minNodes": 4, "maxNodes": 3}
    ),
    "BadAutoscalingLimits range": asked("GET", "/fleet/autoscaling", params={"maxLoad": 101}),
    "BadMediaNodeToAdd uri": asked("POST", NODES, json={"uri": "http://172.17.0.5"}),
    "BadMediaNodeToAdd json": asked("POST", NODES, content="{", headers=JSON),
    "BadMediaNodePatch move": asked("PATCH", f"{NODES}/{KNOWN_ID}", json={"status": "canceled"}),
    "BadMediaNodePatch status": asked("PATCH", f"{NODES}/{KNOWN_ID}", json={"status": "failed"}),
    "BadProperties range": asked(
        "POST",
        RESTART,
        json={
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 4,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": 3,
        },
    ),
    "BadProperties several": asked(
        "POST", RESTART, json={"OPENVIDU_WEBHOOK": True, "OPENVIDU_SECRET": "another-secret"}
    ),
    "BadProperties kinds": asked(
        "POST",
        RESTART,
        json={
            "OPENVIDU_CDR": "yes",
            "HTTPS_PORT": 444,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 4,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": 3,
        },
    ),
    "Unauthorized unauthorized": asked("GET", NODES, auth=("OPENVIDUAPP", "wrong")),
    "Forbidden foreignPage": asked(
        "POST", NODES, json={}, headers={"Origin": "https://foreign.example"}
    ),
    "NoSuchMediaNode unknown": asked("GET", f"{NODES}/kms_Unknown1"),
    "Unreachable refused": asked("POST", NODES, json={"uri": "ws://127.0.0.1:9/kurento"}),
    "Unreachable path": asked("POST", NODES, json={"uri": f"{KNOWN_URI}/"}),
    "NotAdded member": asked("POST", NODES, json={"uri": KNOWN_URI}),
    "BodyTooLarge large": asked("POST", NODES, content=TOO_LARGE, headers=JSON),
    "NotJson form": asked("POST", NODES, content="uri", headers={"Content-Type": "text/plain"}),
    "UriMissing missing": asked("POST", NODES),
    "BadDrainLimit deadline": drained(deadline="soon", atDeadline="force"),
    "BadDrainLimit half": drained(deadline=60),
    "ServerFailed failed": asked("PUT", NODES),
    "NoSuchCdrFile unknown": asked("GET", "/cdr/CDR.2020-09-21_08-50-36.log"),
    "BadReplay none": asked("POST", f"{DEAD_LETTERS}/replay", json={}),
    "NoSuchDeadLetter unknown": asked("DELETE", f"{DEAD_LETTERS}/4711"),
    "BadLabels name": asked(
        "PUT", f"/fleet/media-nodes/{KNOWN_ID}/labels", json={"labels": {"-zone": "eu-1"}}
    ),
    "BadSessionToPlace ttl": asked("POST", "/fleet/placements", json={"ttl": "soon"}),
    "NotPlaced labels": asked("POST", "/fleet/placements", json={"labels": {"zone": "eu-1"}}),
    "NoSuchPlacement unknown": asked("DELETE", "/fleet/placements/plc_Q3xWk81pLz0b"),
    "BadSessionRequest mode": asked("POST", SESSIONS, json={"mediaMode": "FAST"}),
    "BadSessionRequest missing": asked("POST", "/api/tokens", json={}),
    "UnknownSession unknown": asked("DELETE", f"{SESSIONS}/physics-101/stream/str_x"),
    "NoSessionForToken unknown": asked("POST", "/api/tokens", json={"session": "physics-101"}),
    "NotRecorded disabled": asked("GET", "/api/recordings"),
    "NoSuchDrain running": asked("GET", f"/fleet/media-nodes/{KNOWN_ID}/drain"),
}

NOT_AUTHORIZED = errors.EnvironmentFailureError(
    "aws", "terminate", "not authorized to terminate instances"
)
SAID = {
    "NotAdded sameServer": errors.MediaNodeAlreadyAddedError(KNOWN_ID, same="server"),
    "NotAdded canceled": errors.MediaNodeCanceledError(KNOWN_ID),
    "NotAdded full": errors.ClusterFullError(MAX_MEMBERS),
    "NotAdded openFiles": errors.TooFewOpenFilesError(482, str(OpenFiles(1024, 482, 64))),
    "NotRemoved sessions": errors.MediaNodeBusyError(KNOWN_ID, 2),
    "NotRemoved backToWork": errors.MediaNodeRestoredError(KNOWN_ID, "running"),
    "LaunchFailed capacity": errors.EnvironmentFailureError(
        "aws", "launch", "insufficient instance capacity"
    ),
    "DiscoveryFailed throttled": errors.EnvironmentFailureError(
        "aws", "discover", "request limit exceeded"
    ),
    "TerminationFailed permission": errors.MediaNodeNotTerminatedError(
        KNOWN_ID, str(NOT_AUTHORIZED)
    ),
    "NotDrained load": ClusterTooSmallError(KNOWN_ID, remaining=1, load=60, moved=70),
    "NotDrained launching": NotDrainableError(KNOWN_ID, "launching"),
    "DrainNotEnded terminating": DrainTooLateError(KNOWN_ID),
    "ProbeFailed failed": errors.UnhealthyError(),
    "UnavailableOrStopping stopping": errors.ServerStoppingError(
        KNOWN_ID, "its removal goes on, also after the next start of the server"
    ),
    "UnavailableOrStopping store": errors.StoreUnavailableError("it is locked"),
    "Unavailable store": errors.StoreUnavailableError("it is locked"),
    "NotPlaced none": errors.NoFittingMediaNodeError(
        "none of the 3 Media Nodes accepts sessions: 2 disconnected, 1 launching"
    ),
    "NotPlaced pinned": errors.NoFittingMediaNodeError(
        f"Media Node {KNOWN_ID} is waiting-idle-to-terminate"
    ),
    "NotPlaced many": errors.TooManyPlacementsError(MAX_RESERVATIONS),
    "EventsExpired expired": errors.EventsExpiredError(17, 1001),
    "ReplayUnderWay another": errors.ReplayUnderWayError(),
    "NotDelivered empty": SessionNotActiveError("physics-101"),
    "NotDelivered unknown": UnknownReceiverError("con_Xp4kB2cQeT is no connection of the session"),
    "NotRecorded composed": UnsupportedRecordingError("COMPOSED"),
    "NoStream many": TooManyStreamsError(MAX_STREAMS),
}


class Faulty(OnPremise):
    """An environment with a fault of its own."""

    async def discover(self) -> Sequence[Machine]:
        raise RuntimeError("a fault")


async def test_the_challenge_is_that_of_the_example(tmp_path: Path) -> None:
    async with live.mediafleet(tmp_path) as api:
        answer = await api.get(NODES, auth=("OPENVIDUAPP", "wrong"))
    assert answer.headers["www-authenticate"] == DOCUMENT["headers"]["WWW-Authenticate"]["example"]


def test_the_names_of_errors_are_those_of_their_statuses() -> None:
    for response in RESPONSES.values():
        for example in examples_of(response).values():
            if "message" in (value := example["value"]):
                assert value["error"] == reason_phrase(value["status"])


async def test_the_examples_are_what_the_server_says(tmp_path: Path) -> None:
    """One of the server's nodes stands for that of the examples."""
    reported = {name: str(error) for name, error in SAID.items()}
    nodes = EmulatedCluster(nodes=1, random=random.Random(1), clock=SystemClock())
    async with nodes, live.mediafleet(tmp_path, environment=Faulty()) as api:
        uri = nodes.uri(0)
        node_id = (await add(api, uri))["id"]
        for name, request in REQUESTS.items():
            url = request["url"].replace(KNOWN_ID, node_id)
            if "uri" in (body := request.get("json", {})):
                body = {"uri": body["uri"].replace(KNOWN_URI, uri)}
            answer = await api.request(
                **{**request, "url": url, **({"json": body} if body else {})}
            )
            assert answer.json()["error"] == reason_phrase(answer.status_code)
            message = answer.json()["message"].replace(node_id, KNOWN_ID)
            reported[name] = message.replace("kms_Unknown1", KNOWN_ID)
    assert reported == examples()
