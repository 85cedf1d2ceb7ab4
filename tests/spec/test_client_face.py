"""The client's methods are what the contract has: every operation and parameter, in both forms."""

import inspect
import re
from typing import Any

import attrs
import pytest

from mediafleet_client import AsyncMediafleet, Mediafleet, api, async_client, client
from mediafleet_client.errors import BY_STATUS
from support.documents import ROOT

METHODS = {
    "list_media_nodes": "media_nodes.list",
    "get_media_node": "media_nodes.get",
    "add_media_node": "media_nodes.add",
    "autodiscover_media_nodes": "media_nodes.discover",
    "remove_media_node": "media_nodes.remove",
    "modify_media_node": "media_nodes.modify",
    "get_media_node_diagnostics": "media_nodes.diagnostics",
    "drain_media_node": "drains.begin",
    "get_media_node_drain": "drains.get",
    "end_media_node_drain": "drains.end",
    "get_media_node_labels": "media_nodes.labels",
    "set_media_node_labels": "media_nodes.set_labels",
    "create_placement": "placements.create",
    "list_placements": "placements.list",
    "release_placement": "placements.release",
    "openvidu_create_session": "sessions.create",
    "openvidu_list_sessions": "sessions.list",
    "openvidu_get_session": "sessions.get",
    "openvidu_close_session": "sessions.close",
    "openvidu_create_token": "sessions.create_token",
    "openvidu_create_connection": "sessions.create_connection",
    "openvidu_list_connections": "sessions.connections",
    "openvidu_get_connection": "sessions.connection",
    "openvidu_modify_connection": "sessions.modify_connection",
    "openvidu_close_connection": "sessions.close_connection",
    "openvidu_close_stream": "sessions.close_stream",
    "openvidu_send_signal": "sessions.signal",
    "openvidu_start_recording": "recordings.start",
    "openvidu_stop_recording": "recordings.stop",
    "openvidu_get_recording": "recordings.get",
    "openvidu_list_recordings": "recordings.list",
    "openvidu_delete_recording": "recordings.delete",
    "list_events": "events.list",
    "stream_events": "events.stream",
    "get_webhook": "events.webhook",
    "list_dead_letters": "events.dead_letters",
    "replay_dead_letters": "events.replay",
    "delete_dead_letter": "events.delete_dead_letter",
    "list_cdr_files": "events.cdr_files",
    "get_cdr_file": "events.cdr_file",
    "get_config": "cluster.config",
    "restart": "cluster.restart",
    "get_health": "cluster.health",
    "get_metrics": "cluster.metrics",
    "get_autoscaling": "cluster.autoscaling",
}


def method_of(module: Any, path: str) -> Any:
    part, name = path.split(".")
    prefix = "Async" if module is async_client else ""
    class_name = "".join(word.capitalize() for word in part.split("_"))
    return getattr(getattr(module, prefix + class_name), name)


def test_every_operation_has_a_method(operations: dict[str, Any]) -> None:
    """But the probes, which are for orchestrators, and those of the other version of OpenVidu."""
    own = {
        name
        for name, each in operations.items()
        if each["tags"] != ["openvidu"] and each["security"]
    }

    assert own == set(METHODS)


def test_the_readme_lists_every_method() -> None:
    text = (ROOT / "client" / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE)
    listed = {f"{part}.{name}" for part, names in rows for name in re.findall(r"`(\w+)`", names)}

    assert set(METHODS.values()) <= listed


@pytest.mark.parametrize(("operation", "path"), METHODS.items())
def test_every_parameter_of_the_contract_is_one_of_the_method(
    operation: str, path: str, operations: dict[str, Any]
) -> None:
    tag = operations[operation]["tags"][0].replace("-", "_")
    known = inspect.signature(getattr(getattr(api, tag), operation)).parameters
    body = known["body"].annotation if "body" in known else None

    wanted = known.keys() - {"body", "last_event_id"}  # the client keeps the position itself
    if body is not None and path != "cluster.restart":
        (model, *_) = getattr(body, "__args__", (body,))
        wanted |= {each.name for each in attrs.fields(model) if each.init}

    assert wanted <= set(inspect.signature(method_of(client, path)).parameters)


@pytest.mark.parametrize("path", METHODS.values())
def test_both_forms_of_a_method_take_and_return_the_same(path: str) -> None:
    blocking, other = method_of(client, path), method_of(async_client, path)

    asynchronous = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    signatures = [inspect.signature(each) for each in (blocking, other)]
    assert signatures[0].parameters == signatures[1].parameters
    assert any(kind(other) for kind in asynchronous)
    assert not any(kind(blocking) for kind in asynchronous)
    if inspect.isasyncgenfunction(other):
        assert inspect.isgeneratorfunction(blocking)
    else:
        assert signatures[0] == signatures[1]


def test_both_clients_are_made_alike() -> None:
    assert inspect.signature(Mediafleet) == inspect.signature(AsyncMediafleet)


def test_every_status_of_an_error_has_an_exception_of_its_own(operations: dict[str, Any]) -> None:
    documented = {
        int(status)
        for operation in operations.values()
        for status in operation["responses"]
        if int(status) >= 400
    }

    assert documented <= BY_STATUS.keys()
