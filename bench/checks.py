"""What a server has to answer before it is measured: what the contract says, nothing else."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
from bench.fleet import COLLECTION
from bench.peers import SECRET, USER

from mediafleet.app import load_contract
from mediafleet.contract import ContractSchemas

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Bytes of a server's right answers, least and most; spaces in the JSON are its own matter."""

    one: tuple[int, int]
    listing: tuple[int, int]


class WrongPeerError(Exception):
    """A server does not keep the contract, so its speed says nothing."""


class Checks:
    """Holds servers against the contract."""

    def __init__(self) -> None:
        schemas = ContractSchemas(load_contract())
        self._one = schemas.response("get_media_node", 200)
        self._list = schemas.response("list_media_nodes", 200)

    def fetch(self, port: int) -> list[Node]:
        """All nodes of a server whose list keeps the contract.

        Raises:
            WrongPeerError: It does not.
        """
        return self._list_of(port)[0]

    def require(self, port: int, expected: list[Node]) -> Lengths:
        """Hold one server against the contract, and against the nodes it was given.

        Raises:
            WrongPeerError: It answers something else.
        """
        nodes, listing = self._list_of(port)
        if _steady(nodes) != _steady(expected):
            raise WrongPeerError("the list does not hold the nodes it should")
        one = set()
        with _client(port) as client:
            for node in expected[:20]:
                response = client.get(f"{COLLECTION}/{node['id']}")
                body = _good(response)
                if not self._one.is_valid(body) or _steady([body]) != _steady([node]):
                    raise WrongPeerError(f"GET one answers {json.dumps(body)[:300]}")
                one.add(len(response.content))
        _require_errors(port, expected[0]["id"])
        return Lengths((min(one), max(one)), (listing, listing))

    def _list_of(self, port: int) -> tuple[list[Node], int]:
        with _client(port) as client:
            response = client.get(COLLECTION)
        body = _good(response)
        if not self._list.is_valid(body):
            raise WrongPeerError(self._list.explain(body, "the list", every=False))
        return body["content"], len(response.content)


def _require_errors(port: int, node_id: str) -> None:
    one = f"{COLLECTION}/{node_id}"
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as anonymous:
        for path in (COLLECTION, one):
            _refused(anonymous.get(path), {401})
            _refused(anonymous.get(path, auth=(USER, "wrong")), {401})
    with _client(port) as client:
        for path in (COLLECTION, one):
            for name in ("sessions", "extra-info"):
                _refused(client.get(path, params={name: "maybe"}), {400, 422})
        _refused(client.get(f"{COLLECTION}/kms_nobody"), {404})
        _refused(client.get(f"{COLLECTION}/not%20an%20id"), {400, 404, 422})


def _client(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=(USER, SECRET), timeout=30)


def _good(response: httpx.Response) -> Any:
    media_type = response.headers.get("content-type", "").partition(";")[0]
    if response.status_code != httpx.codes.OK or media_type != "application/json":
        raise WrongPeerError(f"{response.url} answers {response.status_code} {media_type}")
    return response.json()


def _refused(response: httpx.Response, statuses: set[int]) -> None:
    if response.status_code not in statuses:
        raise WrongPeerError(f"{response.url} answers {response.status_code}, not {statuses}")


def _steady(nodes: list[Node]) -> list[Node]:
    """Leave out the load, which changes on Mediafleet between two reads."""
    return sorted(
        ({**node, "load": isinstance(node["load"], int | float)} for node in nodes),
        key=lambda node: str(node["id"]),
    )
