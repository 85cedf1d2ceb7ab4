"""`mediafleet nodes`: the group of commands that speak to a running server."""

import typer

from mediafleet.cli.drain_commands import drain_nodes, show_drain, undrain_node
from mediafleet.cli.help_texts import help_of
from mediafleet.cli.node_commands import (
    change_status,
    discover_nodes,
    get_node,
    list_nodes,
    show_diagnostics,
)
from mediafleet.cli.node_membership import add_node, remove_node


def describe() -> None:
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


nodes = typer.Typer(no_args_is_help=True, help=help_of(describe))
nodes.command("list", help=help_of(list_nodes))(list_nodes)
nodes.command("get", help=help_of(get_node))(get_node)
nodes.command("diagnostics", help=help_of(show_diagnostics))(show_diagnostics)
nodes.command("add", help=help_of(add_node))(add_node)
nodes.command("remove", help=help_of(remove_node))(remove_node)
nodes.command("drain", help=help_of(drain_nodes))(drain_nodes)
nodes.command("progress", help=help_of(show_drain))(show_drain)
nodes.command("undrain", help=help_of(undrain_node))(undrain_node)
nodes.command("status", help=help_of(change_status))(change_status)
nodes.command("discover", help=help_of(discover_nodes))(discover_nodes)
