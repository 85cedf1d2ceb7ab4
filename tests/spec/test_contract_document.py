"""The operations of the contract: complete, guarded, and described without gaps."""

import base64
import re

import openapi_spec_validator
import pytest

CONNECTION = "/openvidu/api/sessions/{sessionId}/connection/{connectionId}"
OPERATIONS = {
    "list_media_nodes": "get /pro/media-nodes",
    "add_media_node": "post /pro/media-nodes",
    "autodiscover_media_nodes": "put /pro/media-nodes",
    "get_media_node": "get /pro/media-nodes/{mediaNodeId}",
    "remove_media_node": "delete /pro/media-nodes/{mediaNodeId}",
    "modify_media_node": "patch /pro/media-nodes/{mediaNodeId}",
    "restart": "post /pro/restart",
    "get_config": "get /pro/config",
    "get_health": "get /health",
    "get_liveness": "get /health/live",
    "get_metrics": "get /metrics",
    "get_readiness": "get /health/ready",
    "get_media_node_diagnostics": "get /fleet/media-nodes/{mediaNodeId}/diagnostics",
    "drain_media_node": "put /fleet/media-nodes/{mediaNodeId}/drain",
    "get_media_node_drain": "get /fleet/media-nodes/{mediaNodeId}/drain",
    "end_media_node_drain": "delete /fleet/media-nodes/{mediaNodeId}/drain",
    "get_autoscaling": "get /fleet/autoscaling",
    "get_media_node_labels": "get /fleet/media-nodes/{mediaNodeId}/labels",
    "set_media_node_labels": "put /fleet/media-nodes/{mediaNodeId}/labels",
    "create_placement": "post /fleet/placements",
    "list_placements": "get /fleet/placements",
    "release_placement": "delete /fleet/placements/{placementId}",
    "list_events": "get /fleet/events",
    "stream_events": "get /fleet/events/stream",
    "get_webhook": "get /fleet/webhook",
    "list_dead_letters": "get /fleet/dead-letters",
    "replay_dead_letters": "post /fleet/dead-letters/replay",
    "delete_dead_letter": "delete /fleet/dead-letters/{sequence}",
    "list_cdr_files": "get /cdr",
    "get_cdr_file": "get /cdr/{file}",
    "openvidu_list_cdr_files": "get /openvidu/cdr",
    "openvidu_get_cdr_file": "get /openvidu/cdr/{file}",
    "openvidu_list_media_nodes": "get /openvidu/api/media-nodes",
    "openvidu_add_media_node": "post /openvidu/api/media-nodes",
    "openvidu_autodiscover_media_nodes": "put /openvidu/api/media-nodes",
    "openvidu_get_media_node": "get /openvidu/api/media-nodes/{mediaNodeId}",
    "openvidu_remove_media_node": "delete /openvidu/api/media-nodes/{mediaNodeId}",
    "openvidu_modify_media_node": "patch /openvidu/api/media-nodes/{mediaNodeId}",
    "openvidu_restart": "post /openvidu/api/restart",
    "openvidu_get_config": "get /openvidu/api/config",
    "openvidu_get_health": "get /openvidu/api/health",
    "openvidu_get_status": "get /openvidu/api/status",
    "create_session": "post /api/sessions",
    "list_sessions": "get /api/sessions",
    "get_session": "get /api/sessions/{sessionId}",
    "close_session": "delete /api/sessions/{sessionId}",
    "create_token": "post /api/tokens",
    "send_signal": "post /api/signal",
    "create_connection": "post /api/sessions/{sessionId}/connection",
    "close_connection": "delete /api/sessions/{sessionId}/connection/{connectionId}",
    "close_stream": "delete /api/sessions/{sessionId}/stream/{streamId}",
    "start_recording": "post /api/recordings/start",
    "stop_recording": "post /api/recordings/stop/{recordingId}",
    "get_recording": "get /api/recordings/{recordingId}",
    "delete_recording": "delete /api/recordings/{recordingId}",
    "list_recordings": "get /api/recordings",
    "openvidu_create_session": "post /openvidu/api/sessions",
    "openvidu_list_sessions": "get /openvidu/api/sessions",
    "openvidu_get_session": "get /openvidu/api/sessions/{sessionId}",
    "openvidu_close_session": "delete /openvidu/api/sessions/{sessionId}",
    "openvidu_create_token": "post /openvidu/api/tokens",
    "openvidu_send_signal": "post /openvidu/api/signal",
    "openvidu_create_connection": "post /openvidu/api/sessions/{sessionId}/connection",
    "openvidu_list_connections": "get /openvidu/api/sessions/{sessionId}/connection",
    "openvidu_get_connection": "get " + CONNECTION,
    "openvidu_modify_connection": "patch " + CONNECTION,
    "openvidu_close_connection": "delete " + CONNECTION,
    "openvidu_close_stream": "delete /openvidu/api/sessions/{sessionId}/stream/{streamId}",
    "openvidu_start_recording": "post /openvidu/api/recordings/start",
    "openvidu_stop_recording": "post /openvidu/api/recordings/stop/{recordingId}",
    "openvidu_get_recording": "get /openvidu/api/recordings/{recordingId}",
    "openvidu_delete_recording": "delete /openvidu/api/recordings/{recordingId}",
    "openvidu_list_recordings": "get /openvidu/api/recordings",
    "get_community_config": "get /config",
    "get_openvidu_version": "get /config/openvidu-version",
    "openvidu_get_openvidu_version": "get /openvidu/api/config/openvidu-version",
    "get_openvidu_publicurl": "get /config/openvidu-publicurl",
    "openvidu_get_openvidu_publicurl": "get /openvidu/api/config/openvidu-publicurl",
    "get_openvidu_recording": "get /config/openvidu-recording",
    "openvidu_get_openvidu_recording": "get /openvidu/api/config/openvidu-recording",
    "get_openvidu_recording_path": "get /config/openvidu-recording-path",
    "openvidu_get_openvidu_recording_path": "get /openvidu/api/config/openvidu-recording-path",
    "get_openvidu_cdr": "get /config/openvidu-cdr",
    "openvidu_get_openvidu_cdr": "get /openvidu/api/config/openvidu-cdr",
    "accept_certificate": "get /accept-certificate",
    "openvidu_accept_certificate": "get /openvidu/accept-certificate",
}
OPEN = {
    "accept_certificate",
    "openvidu_accept_certificate",
    "get_liveness",
    "get_openvidu_publicurl",
    "get_readiness",
}
"""They want no credentials."""
BOTH_FAMILIES = [name for name in OPERATIONS if f"openvidu_{name}" in OPERATIONS]
"""Operations under both families of paths; health has a body of its own there."""
STATUSES = {
    "list_media_nodes": "200 400 401 500 503",
    "add_media_node": "200 400 401 404 409 413 415 500 501 502 503",
    "autodiscover_media_nodes": "200 400 401 500 502 503",
    "get_media_node": "200 400 401 404 500 503",
    "remove_media_node": "202 204 400 401 404 409 500 502 503",
    "modify_media_node": "200 204 400 401 404 413 415 500 503",
    "restart": "200 400 401 413 415 500 503",
    "get_config": "200 400 401 500 503",
    "get_health": "200 400 401 500 503",
    "get_liveness": "200 400 500 503",
    "get_metrics": "200 400 401 500 503",
    "get_readiness": "200 400 500 503",
    "get_media_node_diagnostics": "200 400 401 404 500 503",
    "drain_media_node": "200 201 400 401 404 409 413 415 500 503",
    "get_media_node_drain": "200 400 401 404 500 503",
    "end_media_node_drain": "204 400 401 404 409 500 503",
    "get_autoscaling": "200 400 401 500 503",
    "get_media_node_labels": "200 400 401 404 500 503",
    "set_media_node_labels": "200 400 401 404 413 415 500 503",
    "create_placement": "200 400 401 404 413 415 500 503",
    "list_placements": "200 400 401 500 503",
    "release_placement": "204 400 401 404 500 503",
    "list_events": "200 400 401 410 500 503",
    "stream_events": "200 400 401 410 500 503",
    "get_webhook": "200 400 401 500 503",
    "list_dead_letters": "200 400 401 500 503",
    "replay_dead_letters": "200 400 401 404 409 413 415 500 503",
    "delete_dead_letter": "204 400 401 404 500 503",
    "list_cdr_files": "200 400 401 500 503",
    "get_cdr_file": "200 400 401 404 500 503",
    "create_session": "200 400 401 409 413 415 500 503",
    "list_sessions": "200 400 401 500 503",
    "get_session": "200 400 401 404 500 503",
    "close_session": "204 400 401 404 500 503",
    "create_token": "200 400 401 404 413 415 500 503",
    "send_signal": "200 400 401 404 406 413 415 500 503",
    "create_connection": "200 400 401 404 413 415 500 503",
    "close_connection": "204 400 401 404 500 503",
    "close_stream": "204 400 401 404 405 500 503",
    "start_recording": "400 401 404 413 415 500 501 503",
    "stop_recording": "400 401 404 500 501 503",
    "get_recording": "400 401 404 500 501 503",
    "delete_recording": "400 401 404 500 501 503",
    "list_recordings": "200 400 401 500 501 503",
    "openvidu_list_connections": "200 400 401 404 500 503",
    "openvidu_get_connection": "200 400 401 404 500 503",
    "openvidu_modify_connection": "200 400 401 404 413 415 500 503",
    "get_community_config": "200 400 401 500 503",
    "get_openvidu_version": "200 400 401 500 503",
    "get_openvidu_publicurl": "200 400 500 503",
    "get_openvidu_recording": "200 400 401 500 503",
    "get_openvidu_recording_path": "200 400 401 500 503",
    "get_openvidu_cdr": "200 400 401 500 503",
    "accept_certificate": "200 400 500 503",
}
PARAMETERS = {
    "list_media_nodes": {"sessions", "extra-info"},
    "add_media_node": {"wait"},
    "autodiscover_media_nodes": set(),
    "get_media_node": {"mediaNodeId", "sessions", "extra-info"},
    "remove_media_node": {"mediaNodeId", "wait", "deletion-strategy"},
    "modify_media_node": {"mediaNodeId"},
    "restart": set(),
    "get_config": set(),
    "get_health": set(),
    "get_liveness": set(),
    "get_metrics": set(),
    "get_readiness": set(),
    "get_media_node_diagnostics": {"mediaNodeId"},
    "drain_media_node": {"mediaNodeId", "together-with", "force", "dry-run"},
    "get_media_node_drain": {"mediaNodeId"},
    "end_media_node_drain": {"mediaNodeId"},
    "get_autoscaling": {"minNodes", "maxNodes", "minLoad", "maxLoad"},
    "get_media_node_labels": {"mediaNodeId"},
    "set_media_node_labels": {"mediaNodeId"},
    "create_placement": set(),
    "list_placements": set(),
    "release_placement": {"placementId"},
    "list_events": {"after", "limit"},
    "stream_events": {"after", "Last-Event-ID", "limit", "duration"},
    "get_webhook": set(),
    "list_dead_letters": {"after", "limit"},
    "replay_dead_letters": set(),
    "delete_dead_letter": {"sequence"},
    "list_cdr_files": set(),
    "get_cdr_file": {"file"},
    "create_session": set(),
    "list_sessions": {"webRtcStats"},
    "get_session": {"sessionId", "webRtcStats"},
    "close_session": {"sessionId"},
    "create_token": set(),
    "send_signal": set(),
    "create_connection": {"sessionId"},
    "close_connection": {"connectionId", "sessionId"},
    "close_stream": {"sessionId", "streamId"},
    "start_recording": set(),
    "stop_recording": {"recordingId"},
    "get_recording": {"recordingId"},
    "delete_recording": {"recordingId"},
    "list_recordings": set(),
    "openvidu_list_connections": {"pendingConnections", "sessionId", "webRtcStats"},
    "openvidu_get_connection": {"connectionId", "sessionId", "webRtcStats"},
    "openvidu_modify_connection": {"connectionId", "sessionId"},
    "get_community_config": set(),
    "get_openvidu_version": set(),
    "get_openvidu_publicurl": set(),
    "get_openvidu_recording": set(),
    "get_openvidu_recording_path": set(),
    "get_openvidu_cdr": set(),
    "accept_certificate": set(),
}
BODIES = {  # operation: (schema, required)
    "replay_dead_letters": ("DeadLettersToReplay", True),
    "add_media_node": ("MediaNodeToAdd", False),
    "modify_media_node": ("MediaNodePatch", True),
    "restart": ("RestartProperties", True),
    "drain_media_node": ("DrainLimit", False),
    "set_media_node_labels": ("LabelsToSet", True),
    "create_placement": ("SessionToPlace", False),
    "create_session": ("SessionToCreate", False),
    "create_token": ("TokenToCreate", True),
    "send_signal": ("SignalToSend", True),
    "create_connection": ("IpCameraToPublish", True),
    "start_recording": ("RecordingToStart", True),
    "openvidu_modify_connection": ("ConnectionPatch", True),
}
ANSWERS = {
    "list_media_nodes": "MediaNodeList",
    "add_media_node": "MediaNode",
    "autodiscover_media_nodes": "MediaNodeList",
    "get_media_node": "MediaNode",
    "modify_media_node": "MediaNode",
    "get_config": "Config",
    "get_health": "Health",
    "get_media_node_diagnostics": "MediaNodeDiagnostics",
    "get_metrics": "Metrics",
    "drain_media_node": "Drain",
    "get_media_node_drain": "Drain",
    "get_autoscaling": "Autoscaling",
    "get_media_node_labels": "MediaNodeLabels",
    "set_media_node_labels": "MediaNodeLabels",
    "create_placement": "PlacedSession",
    "list_placements": "PlacementList",
    "list_events": "EventPage",
    "stream_events": "EventStream",
    "get_webhook": "WebhookState",
    "list_dead_letters": "DeadLetterPage",
    "replay_dead_letters": "Replay",
    "list_cdr_files": "CdrFileNames",
    "get_cdr_file": "CdrFileText",
    "create_session": "CreatedSession",
    "list_sessions": "SessionList",
    "get_session": "Session",
    "create_token": "Token",
    "create_connection": "Connection",
    "list_recordings": "RecordingList",
    "openvidu_list_connections": "OpenViduConnectionList",
    "openvidu_get_connection": "OpenViduConnection",
    "openvidu_modify_connection": "OpenViduConnection",
    "get_community_config": "CommunityConfig",
    "get_openvidu_version": "ConfigText",
    "get_openvidu_publicurl": "ConfigText",
    "get_openvidu_recording": "ConfigFlag",
    "get_openvidu_recording_path": "ConfigText",
    "get_openvidu_cdr": "ConfigFlag",
    "accept_certificate": "ConfigText",
}
# Under /openvidu/api everything is as under /pro, but for what later versions changed.
for each in BOTH_FAMILIES:
    STATUSES[f"openvidu_{each}"] = STATUSES[each]
    PARAMETERS[f"openvidu_{each}"] = PARAMETERS[each]
    for table in (BODIES, ANSWERS):
        if each in table:
            table[f"openvidu_{each}"] = table[each]
STATUSES["openvidu_remove_media_node"] = "200 " + STATUSES["remove_media_node"]
STATUSES["openvidu_get_health"] = "200 400 401 409 500 503"
STATUSES["openvidu_get_status"] = STATUSES["get_health"]
STATUSES["openvidu_get_openvidu_publicurl"] = STATUSES["get_openvidu_version"]
PARAMETERS["openvidu_list_media_nodes"] = PARAMETERS["list_media_nodes"] | {"recordings"}
PARAMETERS["openvidu_get_media_node"] = PARAMETERS["get_media_node"] | {"recordings"}
PARAMETERS["openvidu_get_status"] = set()
ANSWERS |= {
    "openvidu_list_media_nodes": "OpenViduMediaNodeList",
    "openvidu_add_media_node": "OpenViduMediaNode",
    "openvidu_autodiscover_media_nodes": "OpenViduMediaNodeList",
    "openvidu_get_media_node": "OpenViduMediaNode",
    "openvidu_modify_media_node": "OpenViduMediaNode",
    "openvidu_get_health": "OpenViduHealth",
    "openvidu_get_status": "OpenViduStatus",
    "openvidu_create_session": "OpenViduSession",
    "openvidu_list_sessions": "OpenViduSessionList",
    "openvidu_get_session": "OpenViduSession",
    "openvidu_create_token": "OpenViduToken",
    "openvidu_create_connection": "OpenViduConnection",
}
PARAMETERS["openvidu_list_sessions"] = PARAMETERS["list_sessions"] | {"pendingConnections"}
PARAMETERS["openvidu_get_session"] = PARAMETERS["get_session"] | {"pendingConnections"}
BODIES |= {
    "openvidu_create_session": ("OpenViduSessionToCreate", False),
    "openvidu_create_connection": ("ConnectionToCreate", False),
}
HEALTH_BY_STATUS = {
    ("get_health", "503"),
    ("openvidu_get_health", "409"),
    ("openvidu_get_health", "503"),
}
"""Not errors: the status of these is the health."""
for each, statuses in STATUSES.items():
    if not OPERATIONS[each].startswith("get "):
        STATUSES[each] = statuses.replace(" 401 ", " 401 403 ")
EMPTY = {
    "NoSuchConnection",
    "NoSuchRecording",
    "NoSuchSession",
    "NoSuchStream",
    "SessionExists",
    "StreamOfCamera",
}
"""Errors without a body, as OpenVidu has them."""
# The published life cycle; the ones that a client can ask for come first.
REQUESTABLE_MOVES = {
    ("launching", "canceled"),
    ("canceled", "launching"),
    ("running", "waiting-idle-to-terminate"),
    ("waiting-idle-to-terminate", "running"),
    ("running", "terminating"),
    ("waiting-idle-to-terminate", "terminating"),
}
MOVES = REQUESTABLE_MOVES | {
    ("launching", "running"),
    ("launching", "failed"),
    ("canceled", "terminating"),
    ("terminating", "terminated"),
}


def schema_name(content):
    (media,) = content.values()
    return media["schema"]["$ref"].removeprefix("#/components/schemas/")


def table_rows(description, columns):
    """Give the back-quoted words of each cell, row by row, of tables with that many columns."""
    for line in description.splitlines():
        cells = line.strip().strip("|").split("|")
        if line.startswith("| `") and len(cells) == columns:
            yield [re.findall(r"`([a-z-]+)`", cell) for cell in cells]


def test_document_is_valid_openapi(document):
    openapi_spec_validator.validate(document)
    assert document["openapi"] == "3.0.3"


def test_document_has_exactly_the_agreed_operations(operations):
    found = {name: f"{each['method']} {each['path']}" for name, each in operations.items()}
    assert found == OPERATIONS


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_documents_the_agreed_statuses(operations, name):
    assert " ".join(sorted(operations[name]["responses"])) == STATUSES[name]


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_takes_the_agreed_parameters_by_reference(operations, follow, name):
    parameters = operations[name].get("parameters", [])
    assert {follow(parameter)["name"] for parameter in parameters} == PARAMETERS[name]
    assert all(list(parameter) == ["$ref"] for parameter in parameters)


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_wants_basic_authentication_by_itself(document, operations, name):
    assert operations[name]["security"] == ([] if name in OPEN else [{"basicAuth": []}])
    assert document["components"]["securitySchemes"]["basicAuth"]["scheme"] == "basic"


def test_nothing_is_inherited_from_the_document_or_the_path(document):
    assert "security" not in document
    methods = {"get", "post", "put", "delete", "patch"}
    assert all(set(item) <= methods for item in document["paths"].values())


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_is_described(document, operations, name):
    operation = operations[name]
    assert len(operation["description"]) > 100
    assert 5 < len(operation["summary"]) < 60
    tags = {tag["name"] for tag in document["tags"] if tag["description"]}
    assert len(operation["tags"]) == 1
    assert set(operation["tags"]) <= tags


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation_takes_the_agreed_body(operations, name):
    body = operations[name].get("requestBody")
    if name not in BODIES:
        assert body is None
        return
    assert (schema_name(body["content"]), body["required"]) == BODIES[name]
    assert body["description"]
    assert body["content"]["application/json"]["examples"]


def test_every_body_is_json_but_that_of_metrics_streams_and_records(nodes):
    holders = r".*/(requestBody|responses/\w+)"
    contents = [
        list(node["content"])
        for pointer, node in nodes
        if re.fullmatch(holders, pointer) and "content" in node
    ]
    assert len(contents) > 20
    assert [each for each in contents if each != ["application/json"]] == [
        ["text/plain"],
        ["text/event-stream"],
        *[["text/plain"]] * 10,
    ]


@pytest.mark.parametrize("name", OPERATIONS)
def test_success_answers_the_agreed_object(operations, name):
    responses = operations[name]["responses"]
    assert all(
        "content" not in responses[status] for status in ("202", "204") if status in responses
    )
    if "200" in responses:
        content = responses["200"].get("content")
        assert (schema_name(content) if content else None) == ANSWERS.get(name)


@pytest.mark.parametrize("name", OPERATIONS)
def test_error_answers_say_what_they_are(operations, follow, name):
    for status, reference in operations[name]["responses"].items():
        response = follow(reference)
        assert response["description"], (name, status)
        if reference.get("$ref", "").rpartition("/")[2] in EMPTY:
            assert "content" not in response, (name, status)
            continue
        if int(status) < 400 or (name, status) in HEALTH_BY_STATUS:
            continue
        assert schema_name(response["content"]) == "ErrorBody", (name, status)
        examples = response["content"]["application/json"]["examples"]
        assert {example["value"]["status"] for example in examples.values()} == {int(status)}


def test_headers_that_clients_rely_on_are_required(operations, follow):
    wanted = {"401": "WWW-Authenticate", "503": "Retry-After"}
    for operation in operations.values():
        for status, header in wanted.items():
            if status not in operation["responses"]:
                continue
            headers = follow(operation["responses"][status])["headers"]
            assert follow(headers[header])["required"] is True


def test_links_lead_from_an_added_node_to_its_operations(operations):
    for family in ("", "openvidu_"):
        links = operations[f"{family}add_media_node"]["responses"]["200"]["links"].values()
        assert {link["operationId"] for link in links} == {
            f"{family}get_media_node",
            f"{family}modify_media_node",
            f"{family}remove_media_node",
        }
        assert_links_lead_to_the_new_node(links)


def assert_links_lead_to_the_new_node(links):
    assert all(link["parameters"] == {"mediaNodeId": "$response.body#/id"} for link in links)
    assert all(link["description"] for link in links)


def test_waiting_operations_name_the_parameter_that_makes_them_wait(operations, follow):
    waiting = {
        name: each["x-waits-when"] for name, each in operations.items() if "x-waits-when" in each
    }
    assert waiting == {
        f"{family}{name}": "wait"
        for family in ("", "openvidu_")
        for name in ("add_media_node", "remove_media_node")
    }
    for name, parameter in waiting.items():
        found = {follow(each)["name"]: follow(each) for each in operations[name]["parameters"]}
        assert found[parameter]["in"] == "query"
        assert found[parameter]["schema"] == {"type": "boolean", "default": False}


def test_operations_on_calls_ignore_unknown_parameters_and_no_others(document):
    ignoring, others = (
        {
            path
            for path, item in document["paths"].items()
            for operation in item.values()
            if operation.get("x-ignores-unknown-parameters", False) is wanted
        }
        for wanted in (True, False)
    )
    assert not ignoring & others
    kinds = "sessions|tokens|signal|recordings|cdr|config|accept-certificate"
    assert all(re.match(rf"(/openvidu)?(/api)?/({kinds})\b", path) for path in ignoring)
    assert not any(re.match(rf"(/openvidu)?(/api)?/({kinds})\b", path) for path in others)


def test_status_description_states_the_published_life_cycle(document):
    status = document["components"]["schemas"]["MediaNodeStatus"]
    rows = list(table_rows(status["description"], 3))
    assert {source for [source], _, _ in rows} == set(status["enum"])
    assert {(source, target) for [source], _, targets in rows for target in targets} == MOVES


def test_patch_description_states_the_transitions_that_can_be_requested(document, operations):
    rows = table_rows(operations["modify_media_node"]["description"], 3)
    moves = {(source, target) for sources, [target], _ in rows for source in sources}
    assert moves == REQUESTABLE_MOVES
    requestable = document["components"]["schemas"]["RequestableMediaNodeStatus"]["enum"]
    assert {target for _, target in moves} == set(requestable)


def test_the_beginning_of_the_contract_shows_a_header_that_works(document):
    encoded = base64.b64encode(b"OPENVIDUAPP:MY_SECRET").decode()
    assert f"Authorization: Basic {encoded}" in document["info"]["description"]


def test_document_names_no_implementation(text, nodes):
    assert [
        pointer
        for pointer, node in nodes
        for key in node
        if key.startswith("x-") and key not in {"x-waits-when", "x-ignores-unknown-parameters"}
    ] == []
    assert re.findall(r"(?i)\bpython\b|connexion|\bmediafleet(\.\w+|_client)", text) == []
    assert [
        each for each in re.findall(r"operationId: (\S+)", text) if not each.isidentifier()
    ] == []


def test_document_holds_nothing_that_a_template_engine_would_run(text):
    assert re.findall(r"\{\{|\{%|\{#", text) == []


def test_every_component_is_used(document, text):
    unused = [
        f"{kind}/{name}"
        for kind, components in document["components"].items()
        if kind != "securitySchemes"
        for name in components
        if f"'#/components/{kind}/{name}'" not in text
    ]
    assert unused == []
