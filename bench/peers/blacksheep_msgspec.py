"""BlackSheep with checks written by hand; msgspec checks and encodes the answers."""

import hmac
import re

import msgspec
from bench.peers.payload import AUTHORIZATION, NODES, listing
from bench.peers.structs import ID, MediaNode, MediaNodeList
from blacksheep import Application, Content, Request, Response

BOOLEANS = {"true", "false"}
is_id = re.compile(ID).match
encode = msgspec.json.Encoder().encode

app = Application()


def error_for(request: Request) -> Response | None:
    given = request.get_first_header(b"authorization") or b""
    if not hmac.compare_digest(given, AUTHORIZATION):
        return Response(401, [(b"www-authenticate", b"Basic")])
    for name in ("sessions", "extra-info"):
        for text in request.query.get(name, ()):
            if text not in BOOLEANS:
                return Response(400)
    return None


def json(value: object) -> Response:
    return Response(200, content=Content(b"application/json", encode(value)))


@app.router.get("/pro/media-nodes")
async def list_media_nodes(request: Request) -> Response:
    return error_for(request) or json(msgspec.convert(listing(), MediaNodeList))


@app.router.get("/pro/media-nodes/{media_node_id}")
async def get_media_node(request: Request, media_node_id: str) -> Response:
    refused = error_for(request)
    if refused is not None:
        return refused
    if not is_id(media_node_id):
        return Response(400)
    node = NODES.get(media_node_id)
    return Response(404) if node is None else json(msgspec.convert(node, MediaNode))
