"""Litestar with its own parameters and a guard; msgspec checks and encodes the answers."""

import hmac
from typing import Annotated

import msgspec
from bench.peers.payload import AUTHORIZATION, NODES, listing
from bench.peers.structs import ID, MediaNode, MediaNodeList
from litestar import Litestar, get
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.params import Parameter

EXPECTED = AUTHORIZATION.decode()
NodeId = Annotated[str, Parameter(min_length=1, max_length=64, pattern=ID)]
ExtraInfo = Annotated[bool, Parameter(query="extra-info")]


def known_user(connection: ASGIConnection, _: BaseRouteHandler) -> None:
    given = connection.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode("latin-1"), EXPECTED.encode()):
        raise NotAuthorizedException(headers={"WWW-Authenticate": "Basic"})


@get("/pro/media-nodes")
async def list_media_nodes(sessions: bool = False, extra_info: ExtraInfo = False) -> MediaNodeList:
    return msgspec.convert(listing(), MediaNodeList)


@get("/pro/media-nodes/{node_id:str}")
async def get_media_node(
    node_id: NodeId, sessions: bool = False, extra_info: ExtraInfo = False
) -> MediaNode:
    node = NODES.get(node_id)
    if node is None:
        raise NotFoundException
    return msgspec.convert(node, MediaNode)


app = Litestar([list_media_nodes, get_media_node], guards=[known_user], openapi_config=None)
