"""Whatever a Media Node says of itself and its sessions: no list answers 5xx because of it."""

import json
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support import live
from support.cluster_client import NODES, PREFIXES, add
from support.fake_kurento import SUFFIX, FakeKurento, fake_kurento
from support.hostile_answers import INFO, JSON, MOST_INFO

ASKED = {"extra-info": "true", "sessions": "true"}


class World:
    """A server and the node it is linked to, which may say anything."""

    def __init__(self, api: httpx.AsyncClient, fake: FakeKurento, node_id: str) -> None:
        self._api = api
        self._fake = fake
        self._node_id = node_id

    async def answers(
        self, expected: dict[str, Any], created: dict[str, Any]
    ) -> list[httpx.Response]:
        """What the lists and the node itself are answered with while the node says all that.

        Args:
            reported: By operation.
            created: Names of new pipelines, by the beginning of their object ids.
        """
        for operation, value in expected.items():
            self._say(operation, value)
        for object_id, name in created.items():
            self._say("getName", name)
            self._fake.emit("ObjectCreated", {"object": object_id + SUFFIX})
        paths = [f"{prefix}/media-nodes" for prefix in PREFIXES]
        paths.append(f"{NODES}/{self._node_id}")
        return [await self._api.get(path, params=ASKED) for path in paths]

    def _say(self, operation: str, value: Any) -> None:
        text = json.dumps(value)
        self._fake.answers[operation] = lambda request: (
            f'{{"id":{request["id"]},"jsonrpc":"2.0","result":{{"value":{text}}}}}'
        )


@asynccontextmanager
async def a_world(data_dir: Path) -> AsyncIterator[World]:
    async with (
        fake_kurento() as fake,
        live.mediafleet(data_dir, MEDIAFLEET_LOAD_INTERVAL="1") as api,
    ):
        node = await add(api, fake.uri)
        yield World(api, fake, node["id"])


@pytest.fixture(scope="module")
def portal() -> Iterator[BlockingPortal]:
    with start_blocking_portal() as started:
        yield started


@pytest.fixture(scope="module")
def world(portal: BlockingPortal) -> Iterator[World]:
    with (
        tempfile.TemporaryDirectory() as directory,
        portal.wrap_async_context_manager(a_world(Path(directory))) as opened,
    ):
        yield opened


@given(
    expected=st.fixed_dictionaries(
        {"getInfo": JSON | INFO, "getUsedMemory": JSON, "getUsedCpu": JSON}
    ),
    created=st.dictionaries(st.text(max_size=200), JSON, max_size=5),
)
@example(
    expected={"getInfo": MOST_INFO, "getUsedMemory": 1e15, "getUsedCpu": 1e15},
    created={"x" * 1000: "room"},
)
@settings(max_examples=60)
def test_whatever_a_node_says_the_lists_are_answered(
    portal: BlockingPortal, world: World, expected: dict[str, Any], created: dict[str, Any]
) -> None:
    for response in portal.call(world.answers, expected, created):
        assert response.status_code == 200, response.text


def test_what_the_node_says_reaches_the_lists(portal: BlockingPortal, world: World) -> None:
    reported = {"getInfo": MOST_INFO, "getUsedMemory": 2048}
    for response in portal.call(world.answers, reported, {}):
        body = response.json()
        (node,) = body.get("content", [body])
        assert node["kurentoInfo"]["memory"] == 2
        assert len(node["kurentoInfo"]["modules"]) == 64
