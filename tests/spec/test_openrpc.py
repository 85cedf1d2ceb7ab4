"""`openrpc.yaml`: its lint, that the lint finds faults, and that the server reads the same."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from mediafleet.app.contract_file import load_contract
from mediafleet.domain.call_errors import CallError
from mediafleet.domain.calls import Reason, Role
from mediafleet.signalling.openrpc import compiled_methods
from support import openrpc_contract
from support.openrpc_lint import lint

DOCUMENT: dict[str, Any] = dict(load_contract("openrpc.yaml"))
METHODS = """
ping connect closeSession echo joinRoom leaveRoom forceDisconnect sendMessage publishVideo
unpublishVideo forceUnpublish receiveVideoFrom unsubscribeFromVideo reconnectStream onIceCandidate
streamPropertyChanged videoData applyFilter removeFilter execFilterMethod addFilterEventListener
removeFilterEventListener subscribeToSpeechToText unsubscribeFromSpeechToText
"""
NOTIFICATIONS = """
participantJoined participantLeft participantEvicted participantPublished participantUnpublished
iceCandidate sendMessage streamPropertyChanged connectionPropertyChanged filterEventDispatched
mediaError
"""
Change = Callable[[dict[str, Any]], object]


def method(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in document["methods"] if each["name"] == name)
    return found


def test_the_contract_of_the_signalling_has_no_fault() -> None:
    assert lint(DOCUMENT) == []


FAULTS: list[tuple[Change, str]] = [
    (lambda it: it.update(openrpc="2.0.0"), "openrpc: "),
    (lambda it: it["methods"][0].pop("summary"), "methods/0: "),
    (lambda it: it["methods"][0].pop("result"), "methods/0: "),
    (lambda it: it["methods"][0].update(paramStructure="by-position"), "paramStructure: "),
    (lambda it: it["methods"].append(it["methods"][0]), "ping is there twice"),
    (
        lambda it: it["x-notifications"].append(it["x-notifications"][0]),
        "participantJoined is there twice",
    ),
    (
        lambda it: it["methods"][0]["errors"].append({"$ref": "#/components/errors/Absent"}),
        "errors/Absent: leads nowhere",
    ),
    (
        lambda it: it["methods"][0]["errors"].append({"$ref": "#/components/errors/Busy"}),
        "ping: names an error twice",
    ),
    (lambda it: it["components"]["errors"].update(Y={"code": 1, "message": "y"}), "not used"),
    (lambda it: it["components"]["errors"]["Busy"].update(code=-1), "two errors have the code -1"),
    (
        lambda it: method(it, "joinRoom")["params"][0].update(schema={"type": "string"}),
        "joinRoom/token: a text of browsers needs a maxLength",
    ),
    (
        lambda it: method(it, "echo")["params"].append({"name": "x", "schema": {"type": "array"}}),
        "a list of browsers needs maxItems",
    ),
    (
        lambda it: it["components"]["schemas"]["Id"].update(const="x"),
        "schemas/Id: const is not supported",
    ),
    (
        lambda it: it["components"]["schemas"]["Published"]["required"].append("absent"),
        "requires absent",
    ),
]


@pytest.mark.parametrize(("change", "expected"), FAULTS, ids=[fault for _, fault in FAULTS])
def test_each_fault_is_found(change: Change, expected: str) -> None:
    document = deepcopy(DOCUMENT)

    change(document)

    assert any(expected in fault for fault in lint(document)), lint(document)


def test_the_contract_has_all_methods_and_notifications() -> None:
    assert sorted(compiled_methods(DOCUMENT)) == sorted(METHODS.split())
    assert sorted(openrpc_contract.NOTIFICATIONS) == sorted(NOTIFICATIONS.split())


def test_every_error_of_calls_is_described() -> None:
    codes = {error["code"] for error in DOCUMENT["components"]["errors"].values()}

    def kinds(base: type[CallError]) -> list[type[CallError]]:
        below = base.__subclasses__()
        return below + [each for kind in below for each in kinds(kind)]

    of_the_rest_api = {201}
    raised = {kind.code for kind in kinds(CallError) if hasattr(kind, "code")}
    assert {102, 303, 800} < raised
    assert raised - of_the_rest_api <= codes


def test_the_values_are_those_of_the_domain() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    assert schemas["Reason"]["enum"] == [*Reason]
    assert schemas["Joined"]["properties"]["role"]["enum"] == [*Role]


def test_browsers_may_send_more_than_is_described_and_must_send_what_is_required() -> None:
    join = compiled_methods(DOCUMENT)["joinRoom"]

    assert join.is_valid({"token": "wss://h?token=t", "ofALaterVersion": [1]})
    assert not join.is_valid({"session": "s"})
    assert not join.is_valid({"token": "x" * 4097})
    assert join.explain({}, "params", every=False) == "params: property 'token' is missing"
