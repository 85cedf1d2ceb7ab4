"""The commands that send requests to a running server, in groups."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from mediafleet.cli import (
    autoscaling_commands,
    drain_commands,
    event_commands,
    node_commands,
    placement_commands,
    session_commands,
)
from mediafleet.cli.configuration_commands import config, restart

Command: TypeAlias = Callable[..., None]

EXIT_STATUSES: Final = """\
Exit status:
  0  done
  1  the server or the connection to it failed, or no node can get a session
  2  wrong options, or a request that the server calls wrong
  3  not found, not within reach, or deleted
  4  in conflict with the state of the cluster, or events are not as they were stored
  5  the secret was refused
  130  interrupted while waiting; what was asked of the server goes on
"""


def describe_nodes() -> None:
    """List, add, drain and remove the Media Nodes of a running server.

    Examples:
      mediafleet nodes list
      mediafleet nodes add ws://172.17.0.5:8888/kurento --wait
      mediafleet nodes remove kms_FVrQslIr --strategy when-no-sessions
      mediafleet nodes drain kms_FVrQslIr --deadline 30m --at-deadline force
      MEDIAFLEET_URL=https://media.example.org mediafleet nodes list --json
    """


def describe_placements() -> None:
    """Reserve places for new sessions on the nodes of a running server.

    Examples:
      mediafleet placements create physics-101 --label zone=eu-1
      mediafleet placements list
      mediafleet placements release plc_Q3xWk81pLz0b
    """


def describe_sessions() -> None:
    """List, show and close the sessions of a running server.

    Examples:
      mediafleet sessions list
      mediafleet sessions show physics-101
      mediafleet sessions close physics-101
    """


def describe_events() -> None:
    """List, follow and verify the events of a running server.

    Examples:
      mediafleet events watch
      mediafleet events list --after 4711
      mediafleet events verify
    """


def describe_autoscaling() -> None:
    """Explain what autoscaling of a running server does, and why.

    Examples:
      mediafleet autoscaling explain
      mediafleet autoscaling explain --dry-run --max-nodes 8
    """


GROUPS: Final[Mapping[str, tuple[Command, Mapping[str, Command]]]] = {
    "nodes": (
        describe_nodes,
        {
            "list": node_commands.list_nodes,
            "get": node_commands.get_node,
            "diagnostics": node_commands.show_diagnostics,
            "add": node_commands.add_node,
            "remove": node_commands.remove_node,
            "drain": drain_commands.drain_nodes,
            "progress": drain_commands.show_drain,
            "undrain": drain_commands.undrain_node,
            "status": node_commands.change_status,
            "label": placement_commands.label_node,
            "discover": node_commands.discover_nodes,
        },
    ),
    "placements": (
        describe_placements,
        {
            "create": placement_commands.create_placement,
            "list": placement_commands.list_placements,
            "release": placement_commands.release_placement,
        },
    ),
    "sessions": (
        describe_sessions,
        {
            "list": session_commands.list_sessions,
            "show": session_commands.show_session,
            "close": session_commands.close_session,
        },
    ),
    "events": (
        describe_events,
        {
            "list": event_commands.list_events,
            "watch": event_commands.watch_events,
            "verify": event_commands.verify_events,
            "cdr": event_commands.show_records,
            "webhook": event_commands.show_webhook,
            "dead-letters": event_commands.list_dead_letters,
            "replay": event_commands.replay_dead_letters,
            "discard": event_commands.delete_dead_letters,
        },
    ),
    "autoscaling": (
        describe_autoscaling,
        {
            "explain": autoscaling_commands.explain,
        },
    ),
}
"""The groups by name: what describes each, and its commands."""
COMMANDS: Final[Mapping[str, Command]] = {"config": config, "restart": restart}
