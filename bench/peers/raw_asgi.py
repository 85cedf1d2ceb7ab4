"""The floor: one bare ASGI function that does the least the contract asks; no framework, no schema.

It looks at credentials, both query parameters and the id, encodes, and answers.
"""

import hmac
from urllib.parse import parse_qsl

import orjson
from bench.peers.payload import AUTHORIZATION, NODES, listing

COLLECTION = "/pro/media-nodes"
BOOLEANS = {"true", "false"}


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await live(receive, send)
        return
    status, body = answer(scope)
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Basic"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def answer(scope):
    given = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            given = value
            break
    if not hmac.compare_digest(given, AUTHORIZATION):
        return 401, b"{}"
    query = dict(parse_qsl(scope["query_string"].decode()))
    sessions, extra_info = query.get("sessions", "false"), query.get("extra-info", "false")
    if sessions not in BOOLEANS or extra_info not in BOOLEANS:
        return 400, b"{}"
    path = scope["path"]
    if path == COLLECTION:
        return 200, orjson.dumps(listing())
    node = NODES.get(path[len(COLLECTION) + 1 :])
    return (404, b"{}") if node is None else (200, orjson.dumps(node))


async def live(receive, send):
    while True:
        event = (await receive())["type"]
        await send({"type": f"{event}.complete"})
        if event == "lifespan.shutdown":
            return
