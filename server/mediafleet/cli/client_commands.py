"""The commands that send requests to a running server."""

from collections.abc import Callable
from typing import Final

from mediafleet.cli.autoscaling_commands import explain
from mediafleet.cli.configuration_commands import config, restart
from mediafleet.cli.drain_commands import drain_nodes, show_drain, undrain_node
from mediafleet.cli.event_commands import (
    delete_dead_letters,
    list_dead_letters,
    list_events,
    replay_dead_letters,
    show_records,
    show_webhook,
    verify_events,
    watch_events,
)
from mediafleet.cli.node_commands import (
    add_node,
    change_status,
    discover_nodes,
    get_node,
    list_nodes,
    remove_node,
    show_diagnostics,
)
from mediafleet.cli.placement_commands import (
    create_placement,
    label_node,
    list_placements,
    release_placement,
)
from mediafleet.cli.session_commands import close_session, list_sessions, show_session

__all__ = [
    "AUTOSCALING_COMMANDS",
    "EVENT_COMMANDS",
    "NODE_COMMANDS",
    "PLACEMENT_COMMANDS",
    "SESSION_COMMANDS",
    "config",
    "describe_autoscaling",
    "describe_events",
    "describe_nodes",
    "describe_placements",
    "describe_sessions",
    "restart",
]


def describe_nodes() -> None:
    """List, add, drain and remove the Media Nodes of a running server.

    Examples:
      mediafleet nodes list
      mediafleet nodes add ws://172.17.0.5:8888/kurento --wait
      mediafleet nodes remove kms_FVrQslIr --strategy when-no-sessions
      mediafleet nodes drain kms_FVrQslIr --deadline 30m --at-deadline force
      MEDIAFLEET_URL=https://media.example.org mediafleet nodes list --json

    Exit status:
      0  done
      1  the server or the connection to it failed
      2  wrong options, or a request that the server calls wrong
      3  no such Media Node, or not within reach
      4  in conflict with the state of the cluster
      5  the secret was refused
      130  interrupted while waiting; what was asked of the server goes on
    """


NODE_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "list": list_nodes,
    "get": get_node,
    "diagnostics": show_diagnostics,
    "add": add_node,
    "remove": remove_node,
    "drain": drain_nodes,
    "progress": show_drain,
    "undrain": undrain_node,
    "status": change_status,
    "label": label_node,
    "discover": discover_nodes,
}


def describe_placements() -> None:
    """Reserve places for new sessions on the nodes of a running server.

    Examples:
      mediafleet placements create physics-101 --label zone=eu-1
      mediafleet placements list
      mediafleet placements release plc_Q3xWk81pLz0b

    Exit status:
      0  done
      1  no node can get the session, the server or the connection to it failed
      2  wrong options, or a request that the server calls wrong
      3  no such Media Node or reservation
      4  in conflict with the state of the cluster
      5  the secret was refused
    """


PLACEMENT_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "create": create_placement,
    "list": list_placements,
    "release": release_placement,
}


def describe_sessions() -> None:
    """List, show and close the sessions of a running server.

    Examples:
      mediafleet sessions list
      mediafleet sessions show physics-101
      mediafleet sessions close physics-101

    Exit status:
      0  done
      1  the server or the connection to it failed
      2  wrong options
      3  no such session
      4  in conflict with the state of the cluster
      5  the secret was refused
    """


SESSION_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "list": list_sessions,
    "show": show_session,
    "close": close_session,
}


def describe_events() -> None:
    """List, follow and verify the events of a running server.

    Examples:
      mediafleet events watch
      mediafleet events list --after 4711
      mediafleet events verify

    Exit status:
      0  done
      1  the server or the connection to it failed
      2  wrong options
      3  the events after the given one are deleted, or there is no such file
      4  the events are not as they were stored
      5  the secret was refused
    """


EVENT_COMMANDS: Final[dict[str, Callable[..., None]]] = {
    "list": list_events,
    "watch": watch_events,
    "verify": verify_events,
    "cdr": show_records,
    "webhook": show_webhook,
    "dead-letters": list_dead_letters,
    "replay": replay_dead_letters,
    "discard": delete_dead_letters,
}


def describe_autoscaling() -> None:
    """Explain what autoscaling of a running server does, and why.

    Examples:
      mediafleet autoscaling explain
      mediafleet autoscaling explain --dry-run --max-nodes 8

    Exit status:
      0  done
      1  the server or the connection to it failed
      2  wrong options, or limits that contradict each other
      3  the server is of a version without autoscaling
      4  in conflict with the state of the cluster
      5  the secret was refused
    """


AUTOSCALING_COMMANDS: Final[dict[str, Callable[..., None]]] = {"explain": explain}
