"""What tests ask of a running server, in one line each."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import httpx

NODES = "/pro/media-nodes"
PREFIXES = ("/pro", "/openvidu/api")
"""What the two families of paths begin with."""
Json = dict[str, Any]


def below(prefix: str) -> Callable[[httpx.Request], Awaitable[None]]:
    """An event hook of a client that sends what goes below `/pro` below another prefix."""

    async def move(request: httpx.Request) -> None:
        if request.url.path.startswith("/pro/"):
            request.url = request.url.copy_with(path=prefix + request.url.path.removeprefix("/pro"))

    return move


async def add(api: httpx.AsyncClient, uri: str) -> Json:
    """Add a Media Node and wait until it runs."""
    response = await api.post(NODES, params={"wait": "true"}, json={"uri": uri})
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


async def get(api: httpx.AsyncClient, node_id: str, **query: str) -> Json:
    response = await api.get(f"{NODES}/{node_id}", params=query)
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


async def members(api: httpx.AsyncClient, **query: str) -> list[Json]:
    response = await api.get(NODES, params=query)
    assert response.status_code == 200, response.text
    body = response.json()
    assert body["numberOfElements"] == len(body["content"])
    return body["content"]  # type: ignore[no-any-return]


async def delete(api: httpx.AsyncClient, node_id: str, **query: str) -> httpx.Response:
    return await api.delete(
        f"{NODES}/{node_id}",
        params={name.replace("_", "-"): value for name, value in query.items()},
    )


async def drain(
    api: httpx.AsyncClient,
    node_id: str,
    deadline: int | None = None,
    at_deadline: str = "force",
    **query: str,
) -> httpx.Response:
    """Drain a Media Node; without a deadline there is no body."""
    body = None if deadline is None else {"deadline": deadline, "atDeadline": at_deadline}
    return await api.put(
        f"/fleet/media-nodes/{node_id}/drain",
        params={name.replace("_", "-"): value for name, value in query.items()},
        json=body,
    )


async def look_at_drain(api: httpx.AsyncClient, node_id: str) -> Json:
    response = await api.get(f"/fleet/media-nodes/{node_id}/drain")
    assert response.status_code == 200, response.text
    return response.json()  # type: ignore[no-any-return]


async def patch(api: httpx.AsyncClient, node_id: str, status: str) -> httpx.Response:
    return await api.patch(f"{NODES}/{node_id}", json={"status": status})


async def until(
    api: httpx.AsyncClient, node_id: str, holds: Callable[[Json | None], bool], limit: float = 10
) -> Json | None:
    """Ask for a Media Node until a condition holds; ``None`` stands for one that is gone."""
    node: Json | None = None
    with anyio.move_on_after(limit):
        while True:
            response = await api.get(f"{NODES}/{node_id}", params={"sessions": "true"})
            node = None if response.status_code == 404 else response.json()
            if holds(node):
                return node
            await anyio.sleep(0.02)
    raise AssertionError(f"after {limit} s the Media Node is still {node}")


async def until_running(api: httpx.AsyncClient, count: int, limit: float = 20) -> list[Json]:
    """Wait until there are so many Media Nodes and all of them run; return them."""
    with anyio.fail_after(limit):
        while True:
            nodes = await members(api)
            if [node["status"] for node in nodes] == ["running"] * count:
                return nodes
            await anyio.sleep(0.02)


async def until_gone(api: httpx.AsyncClient, node_id: str) -> None:
    await until(api, node_id, lambda node: node is None)


async def until_sessions(api: httpx.AsyncClient, node_id: str, count: int) -> Json | None:
    return await until(
        api, node_id, lambda node: node is not None and len(node["sessions"]) == count
    )


async def until_status(api: httpx.AsyncClient, node_id: str, status: str) -> Json | None:
    return await until(api, node_id, lambda node: node is not None and node["status"] == status)


async def until_diagnostics(
    api: httpx.AsyncClient, node_id: str, holds: Callable[[Json], bool], limit: float = 20
) -> Json:
    """Ask what a Media Node is judged on until a condition holds."""
    found: Json = {}
    with anyio.move_on_after(limit):
        while True:
            response = await api.get(f"/fleet/media-nodes/{node_id}/diagnostics")
            assert response.status_code == 200, response.text
            if holds(found := response.json()):
                return found
            await anyio.sleep(0.02)
    raise AssertionError(f"after {limit} s the diagnostics are {found}")


async def until_measured(api: httpx.AsyncClient, node_id: str) -> None:
    """Wait until the load of a Media Node is known."""
    await until_diagnostics(api, node_id, lambda found: found["loadTime"] is not None)


async def until_findings(api: httpx.AsyncClient, node_id: str, *wanted: str) -> dict[str, str]:
    """Wait until a Media Node has decisions of these kinds; the last reason of each kind."""

    def reasons(found: Json) -> dict[str, str]:
        return {decision["finding"]: decision["reason"] for decision in found["decisions"]}

    return reasons(
        await until_diagnostics(api, node_id, lambda found: reasons(found).keys() >= set(wanted))
    )
