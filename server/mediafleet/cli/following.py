"""How a node that a request waits for is seen meanwhile, in a conversation beside the request."""

from collections.abc import Callable
from typing import TypeAlias

from mediafleet.cli.connection import Server
from mediafleet_client.models import MediaNode

Look: TypeAlias = Callable[[Server], MediaNode | None]
"""Asks a server for the node as it is now; `None` if that cannot be told."""


def newcomer(server: Server, uri: str | None) -> Look:
    """Follow the node that the next request adds, whose id only the answer will tell.

    Args:
        server: Tells who is a member now.
        uri: Of the node, if it is known.

    Raises:
        CommandError: The server does not answer, or refuses.
    """
    before = {node.id for node in _members(server)}

    def look(beside: Server) -> MediaNode | None:
        fresh = [node for node in _members(beside) if node.id not in before]
        # Others may add nodes at the same time; a wrong one would be worse than none.
        likely = [node for node in fresh if node.uri == uri] or fresh
        return likely[0] if len(likely) == 1 else None

    return look


def member(media_node_id: str) -> Look:
    """Follow a node whose id is known."""
    return lambda beside: beside.ask(lambda client: client.media_nodes.get(media_node_id))


def _members(server: Server) -> list[MediaNode]:
    return server.ask(lambda client: client.media_nodes.list())
