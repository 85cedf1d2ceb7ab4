"""FastAPI tuned by hand: no response model, so no answer is checked; bytes from orjson."""

import orjson
from bench.peers.fastapi_model import ExtraInfo, NodeId, known_user
from bench.peers.payload import NODES, listing
from fastapi import Depends, FastAPI, HTTPException, Response

JSON = "application/json"

app = FastAPI(dependencies=[Depends(known_user)])


@app.get("/pro/media-nodes")
async def list_media_nodes(sessions: bool = False, extra_info: ExtraInfo = False):
    return Response(orjson.dumps(listing()), media_type=JSON)


@app.get("/pro/media-nodes/{media_node_id}")
async def get_media_node(
    media_node_id: NodeId, sessions: bool = False, extra_info: ExtraInfo = False
):
    node = NODES.get(media_node_id)
    if node is None:
        raise HTTPException(404)
    return Response(orjson.dumps(node), media_type=JSON)
