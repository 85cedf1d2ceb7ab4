"""What people in a call see when a Media Node or the server ends, by accident or on request."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from support.calls import (
    SDK_NEW,
    SDK_OLD,
    Callers,
    Certificates,
    Participant,
    Rest,
    free_port,
    server,
)
from support.cluster_client import delete, members, until_gone, until_status
from support.local_nodes import local_nodes, until_local_nodes

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(180)]

Report = Callable[[str], None]
BOTH = pytest.mark.parametrize("version", [SDK_OLD, SDK_NEW])
BOTH_GROUNDS = pytest.mark.parametrize(
    "ground", [(SDK_OLD, {}), (SDK_NEW, {})], indirect=True, ids=["2.15", "2.32"]
)


@dataclass(frozen=True)
class Ground:
    """A call of two on one of two Media Nodes.

    Attributes:
        version: Of the SDK.
        node_id: That which hosts it.
        people: Both see and hear each other.
    """

    version: str
    api: httpx.AsyncClient
    rest: Rest
    session: str
    node_id: str
    people: tuple[Participant, Participant]

    async def all_see_each_other(self) -> None:
        for person in self.people:
            await person.until_media(1)


@pytest.fixture
async def ground(
    request: pytest.FixtureRequest, callers: Callers, tls: Certificates, tmp_path: Path
) -> AsyncIterator[Ground]:
    version, properties = getattr(request, "param", (SDK_NEW, {}))
    async with (
        server(tmp_path, tls, port=free_port(), nodes=2, **properties) as (_, api),
        callers.participant(version) as ann,
        callers.participant(version) as bob,
    ):
        rest = Rest(api, version)
        session = await rest.create_session()
        for person, name in ((ann, "Ann"), (bob, "Bob")):
            await person.join(await rest.token(session), name)
        made = Ground(version, api, rest, session, await host_of(api, session), (ann, bob))
        await made.all_see_each_other()
        yield made


async def host_of(api: httpx.AsyncClient, session: str) -> str:
    """The id of the Media Node that shows a session."""
    with anyio.fail_after(10):
        while True:
            for node in await members(api, sessions="true"):
                if session in [each["sessionId"] for each in node["sessions"]]:
                    node_id: str = node["id"]
                    return node_id
            await anyio.sleep(0.02)


def kill_node(folder: Path, node_id: str) -> None:
    (found,) = (each for each in local_nodes(folder) if each.node_id == node_id)
    os.kill(found.pid, signal.SIGKILL)


@BOTH_GROUNDS
async def test_who_was_on_a_crashed_node_is_disconnected_and_joins_anew(
    ground: Ground, tmp_path: Path, report: Report
) -> None:
    kill_node(tmp_path, ground.node_id)
    began = time.monotonic()
    for person in ground.people:
        over = await person.until_event("sessionDisconnected")
        assert over["reason"] == "nodeCrashed"
    took = time.monotonic() - began
    report(f"node killed, {ground.version}: both are disconnected after {took:.1f} s")
    await ground.rest.until_over(ground.session)
    again = await ground.rest.create_session(customSessionId="again")
    for person in ground.people:
        await person.page.reload()
        await person.join(await ground.rest.token(again), "again")
    await ground.all_see_each_other()
    assert await host_of(ground.api, again) != ground.node_id


FAILOVER = {"MEDIAFLEET_SESSION_FAILOVER": "true"}


@pytest.mark.parametrize(
    "ground", [(SDK_OLD, FAILOVER), (SDK_NEW, FAILOVER)], indirect=True, ids=["2.15", "2.32"]
)
async def test_a_call_moves_from_a_crashed_node_to_another(
    ground: Ground, tmp_path: Path, report: Report
) -> None:
    kill_node(tmp_path, ground.node_id)
    began = time.monotonic()
    for person in ground.people:
        await person.until_rebuilt()
    took = time.monotonic() - began
    report(f"node killed, failover, {ground.version}: both see each other after {took:.1f} s")
    await ground.all_see_each_other()
    assert await host_of(ground.api, ground.session) != ground.node_id
    for person in ground.people:
        assert {"sessionDisconnected", "streamDestroyed"}.isdisjoint(await person.kinds())


@BOTH
async def test_a_call_of_three_outlives_the_server(
    callers: Callers, tls: Certificates, tmp_path: Path, report: Report, version: str
) -> None:
    port = free_port()
    async with (
        callers.participant(version) as ann,
        callers.participant(version) as bob,
        callers.participant(version) as cleo,
    ):
        people = (ann, bob, cleo)
        async with server(tmp_path, tls, port=port) as (running, api):
            rest = Rest(api, version)
            session = await rest.create_session()
            for number, person in enumerate(people):
                await person.join(await rest.token(session), f"person {number}")
            for person in people:
                await person.until_media(2)
            before = [await person.decoded() for person in people]
            running.kill()
            began = time.monotonic()
            for person in people:
                await person.until_media(2)
            during = [await person.decoded() for person in people]
        async with server(tmp_path, tls, port=port) as (_, api):
            rest = Rest(api, version)
            started = time.monotonic()
            for person in people:
                await person.until_event("reconnected")
            reconnected = time.monotonic()
            for person in people:
                await person.until_media(2)
                kinds = set(await person.kinds())
                assert kinds.isdisjoint({"sessionDisconnected", "streamDestroyed"})
            after = [await person.decoded() for person in people]
            report(
                f"server killed, {version}: frames {before} before, {during} during, {after} after;"
                f" restarted after {started - began:.1f} s,"
                f" all reconnected {reconnected - started:.1f} s later"
            )
            await cleo.leave()
            for person in (ann, bob):
                gone = await person.until_event("streamDestroyed", streamId=cleo.stream_id)
                assert gone["reason"] == "disconnect"
                await person.until_media(1)
            await ann.leave()
            await bob.leave()
            await rest.until_over(session)
            found = await events(api)
        check_events(found, participants=3)


async def events(api: httpx.AsyncClient) -> list[dict[str, Any]]:
    """All that the server has committed."""
    found = await api.get("/fleet/events", params={"limit": 1000})
    content: list[dict[str, Any]] = found.json()["content"]
    return content


def check_events(found: list[dict[str, Any]], *, participants: int) -> None:
    """All began and ended once, whichever server was there at the time."""
    notified = [
        (each["event"], each["payload"].get("participantId"), each["payload"].get("streamId"))
        for each in found
        if not each["event"].startswith("mediaNode")
    ]
    assert len(notified) == len(set(notified))
    assert Counter(name for name, *_ in notified) == {
        "sessionCreated": 1,
        "sessionDestroyed": 1,
        "participantJoined": participants,
        "participantLeft": participants,
        "webrtcConnectionCreated": participants * participants,
        "webrtcConnectionDestroyed": participants * participants,
    }


async def test_a_node_with_a_call_is_not_removed_if_it_must_be_idle(ground: Ground) -> None:
    refused = await delete(ground.api, ground.node_id, deletion_strategy="if-no-sessions")
    assert refused.status_code == 409
    await ground.all_see_each_other()


async def test_a_node_that_drains_takes_joins_to_its_call_and_no_other_call(
    ground: Ground, callers: Callers
) -> None:
    accepted = await delete(ground.api, ground.node_id, deletion_strategy="when-no-sessions")
    assert accepted.status_code == 202
    await until_status(ground.api, ground.node_id, "waiting-idle-to-terminate")
    async with callers.participant() as cleo, callers.participant() as dan:
        await cleo.join(await ground.rest.token(ground.session), "Cleo")
        await cleo.until_media(2)
        other = await ground.rest.create_session()
        await dan.join(await ground.rest.token(other), "Dan")
        assert await host_of(ground.api, other) != ground.node_id
        assert await host_of(ground.api, ground.session) == ground.node_id
        for person in (*ground.people, cleo):
            await person.leave()
        await until_gone(ground.api, ground.node_id)
        await dan.leave()
        await ground.rest.until_over(other)


@BOTH_GROUNDS
async def test_who_is_on_a_node_that_is_removed_now_is_disconnected(ground: Ground) -> None:
    before = len(await events(ground.api))
    removed = await delete(ground.api, ground.node_id, deletion_strategy="now")
    assert removed.status_code in {202, 204}
    for person in ground.people:
        over = await person.until_event("sessionDisconnected")
        assert over["reason"] == "mediaServerDisconnect"
    await until_gone(ground.api, ground.node_id)
    assert await ground.rest.session(ground.session) is None

    terminating, *of_call, terminated = (await events(ground.api))[before:]
    assert terminating["payload"]["newStatus"] == "terminating"
    assert terminated["payload"]["newStatus"] == "terminated"
    assert {each["payload"]["reason"] for each in of_call} == {"mediaServerDisconnect"}
    names = [each["event"] for each in of_call]
    assert Counter(names[:-1]) == {"webrtcConnectionDestroyed": 4, "participantLeft": 2}
    assert names[-1] == "sessionDestroyed"


@BOTH_GROUNDS
async def test_a_call_moves_from_a_drained_node_and_nobody_leaves(
    ground: Ground, tmp_path: Path, report: Report
) -> None:
    before = len(await events(ground.api))
    url = f"/fleet/media-nodes/{ground.node_id}/drain"
    began = time.monotonic()
    accepted = await ground.api.put(url, json={"move": True})
    assert accepted.status_code == 201, accepted.text
    for person in ground.people:
        await person.until_rebuilt()
    took = time.monotonic() - began
    report(f"node drained, {ground.version}: both see each other again after {took:.1f} s")
    await ground.all_see_each_other()
    await until_gone(ground.api, ground.node_id)
    assert await host_of(ground.api, ground.session) != ground.node_id
    await until_local_nodes(tmp_path, 1)

    for person in ground.people:
        assert {"sessionDisconnected", "streamDestroyed"}.isdisjoint(await person.kinds())
    assert [
        (each["event"], each["payload"].get("newStatus"), each["payload"]["id"])
        for each in (await events(ground.api))[before:]
        if each["event"] != "mediaNodeDrainChanged"
    ] == [
        ("mediaNodeStatusChanged", status, ground.node_id)
        for status in ("waiting-idle-to-terminate", "terminating", "terminated")
    ]
