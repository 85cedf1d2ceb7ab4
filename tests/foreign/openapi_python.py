"""Drives the client that openapi-generator makes for Python."""

import os
from collections.abc import Callable
from typing import Any

from foreign_client import ApiClient, ApiException, Configuration, MediaNodesApi, OpenviduApi
from foreign_client.models import (
    AtDeadline,
    DeletionStrategy,
    DrainLimit,
    MediaNodePatch,
    MediaNodeToAdd,
    OpenViduHealthOrError,
    RequestableMediaNodeStatus,
)
from pydantic import ValidationError

SECRET = os.environ["SECRET"]


def connect(variable: str, secret: str = SECRET) -> ApiClient:
    return ApiClient(
        Configuration(host=os.environ[variable], username="OPENVIDUAPP", password=secret)
    )


def nodes(variable: str, secret: str = SECRET) -> MediaNodesApi:
    return MediaNodesApi(connect(variable, secret))


def step(name: str, call: Callable[[], Any], show: str = "") -> Any:
    try:
        answer = call()
    except ApiException as error:
        body = error.data
        if isinstance(body, OpenViduHealthOrError):
            print(name, error.status, body.actual_instance.status.value, sep="\t")
        else:
            print(name, error.status, body.message, sep="\t")
        return None
    except ValidationError:
        print(name, "client", "", sep="\t")
        return None
    shown = getattr(answer.data, show) if show else ""
    print(name, answer.status_code, getattr(shown, "value", shown), sep="\t")
    return answer.data


def main() -> None:
    api = nodes("URL")
    node_id = "kms_Unknown1"

    def add(uri: str) -> Any:
        return api.add_media_node_with_http_info(True, MediaNodeToAdd(uri=uri))

    def patch(status: RequestableMediaNodeStatus) -> Any:
        return api.modify_media_node_with_http_info(node_id, MediaNodePatch(status=status))

    def remove(**options: Any) -> Any:
        return api.remove_media_node_with_http_info(node_id, **options)

    step("list", lambda: api.list_media_nodes_with_http_info(sessions=True), "number_of_elements")
    step("list, refused", nodes("URL", "wrong").list_media_nodes_with_http_info)
    step("list, broken", nodes("BROKEN").list_media_nodes_with_http_info)
    step("list, frozen", nodes("FROZEN").list_media_nodes_with_http_info)
    step("get, unknown", lambda: api.get_media_node_with_http_info(node_id))
    step("add, nothing", api.add_media_node_with_http_info)
    step("add, malformed", lambda: add("http://127.0.0.1/"))
    step("add, too large", lambda: add("w" * (1 << 20)))
    step("add, unreachable", lambda: add("ws://127.0.0.1:9/kurento"))
    launching = nodes("LAUNCHING")
    step("add, launch fails", lambda: launching.add_media_node_with_http_info(wait=True))
    node_id = step("add", lambda: add(os.environ["NODE"]), "status").id
    step("add, again", lambda: add(os.environ["NODE"]))
    step(
        "get",
        lambda: api.get_media_node_with_http_info(node_id, sessions=True, extra_info=True),
        "status",
    )
    later = nodes("LATER")
    step("get, later version", lambda: later.get_media_node_with_http_info(node_id), "id")
    step("patch, forbidden", lambda: patch(RequestableMediaNodeStatus.CANCELED))
    step("remove, busy", remove)
    waiting = RequestableMediaNodeStatus.WAITING_MINUS_IDLE_MINUS_TO_MINUS_TERMINATE
    step("patch", lambda: patch(waiting), "status")
    step("patch, back", lambda: patch(RequestableMediaNodeStatus.RUNNING), "status")
    limit = DrainLimit(deadline=3600, atDeadline=AtDeadline.ABORT)
    step(
        "drain",
        lambda: api.drain_media_node_with_http_info(node_id, force=True, drain_limit=limit),
        "at_deadline",
    )
    step("drain, get", lambda: api.get_media_node_drain_with_http_info(node_id), "status")
    step("drain, end", lambda: api.end_media_node_drain_with_http_info(node_id))
    empty = DeletionStrategy.WHEN_MINUS_NO_MINUS_SESSIONS
    step("remove, later", lambda: remove(deletion_strategy=empty))
    step("remove", lambda: remove(wait=True, deletion_strategy=DeletionStrategy.NOW))
    step("health", OpenviduApi(connect("URL")).openvidu_get_health_with_http_info, "status")


main()
