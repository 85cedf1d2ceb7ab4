"""Calls of both generations of the SDK, and what people do in them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import pytest

from support.browser import USER_AGENT, PageError, chromium, network
from support.calls import (
    SDK_NEW,
    SDK_OLD,
    Callers,
    Certificates,
    Participant,
    Rest,
    free_port,
    pages,
    server,
)
from support.local_nodes import end_local_nodes

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(180)]

GRACE_S = 10
BOTH = pytest.mark.parametrize("version", [SDK_OLD, SDK_NEW])


@pytest.fixture(scope="module")
async def rest(
    tls: Certificates, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[dict[str, Rest]]:
    """A server for the module, with one Media Node."""
    folder = tmp_path_factory.mktemp("participants")
    try:
        async with server(folder, tls, port=free_port()) as (_, api):
            yield {version: Rest(api, version) for version in (SDK_OLD, SDK_NEW)}
    finally:
        end_local_nodes(folder)


@asynccontextmanager
async def call(
    callers: Callers,
    rest: dict[str, Rest],
    *versions: str,
    roles: tuple[str, ...] = (),
    user_agent: str | None = USER_AGENT,
) -> AsyncIterator[tuple[str, list[Participant]]]:
    """A session in which each sees all others; all leave at the end, and it is over."""
    by_version = rest[versions[0]]
    session = await by_version.create_session()
    async with AsyncExitStack() as stack:
        people = []
        for number, version in enumerate(versions):
            role = roles[number] if roles else "PUBLISHER"
            person = await stack.enter_async_context(
                callers.participant(version, user_agent=user_agent)
            )
            await person.join(await rest[version].token(session, role), f"person {number}")
            people.append(person)
        for person in people:
            await person.until_media(len(people) - 1)
        yield session, people
        for person in people:
            with suppress(PageError):
                await person.leave()
    await by_version.until_over(session)


@pytest.mark.parametrize(
    ("versions", "user_agent"),
    [
        ((SDK_OLD, SDK_OLD), USER_AGENT),
        ((SDK_NEW, SDK_OLD), USER_AGENT),
        # It takes this browser for Safari and offers four media, two of them without a sender.
        ((SDK_OLD, SDK_OLD), None),
        ((SDK_NEW, SDK_NEW, SDK_OLD), USER_AGENT),
    ],
    ids=["2.15", "mixed", "2.15 headless", "three"],
)
async def test_all_see_and_hear_all_others(
    callers: Callers,
    rest: dict[str, Rest],
    report: Callable[[str], None],
    versions: tuple[str, ...],
    user_agent: str | None,
) -> None:
    async with call(callers, rest, *versions, user_agent=user_agent) as (_, people):
        for version, person in zip(versions, people, strict=True):
            media = await person.until_media(len(people) - 1)
            assert {each.stream_id for each in people if each is not person} == set(media)
            report(
                f"{version} of {' '.join(versions)}{'' if user_agent else ' headless'}: joined in"
                f" {person.joined_ms} ms, published in {person.published_ms} ms, first frames after"
                f" {[each['firstFrameMs'] for each in media.values()]} ms"
            )


@BOTH
async def test_a_page_that_is_reloaded_comes_back_as_somebody_else(
    callers: Callers, rest: dict[str, Rest], version: str
) -> None:
    async with call(callers, rest, version, version) as (session, (ann, bob)):
        before = ann.connection_id, ann.stream_id
        await ann.page.reload()
        await ann.join(await rest[version].token(session), "again")
        assert ann.connection_id != before[0]
        assert ann.stream_id != before[1]
        left = await bob.until_event("streamDestroyed", streamId=before[1])
        assert left["reason"] == "networkDisconnect"
        for person in (ann, bob):
            await person.until_media(1)


@BOTH
async def test_who_closes_the_tab_is_gone_after_the_grace_period(
    callers: Callers, rest: dict[str, Rest], version: str
) -> None:
    async with call(callers, rest, version, version) as (_, (ann, bob)):
        await ann.page.close()
        began = time.monotonic()
        left = await bob.until_event("connectionDestroyed", connectionId=ann.connection_id)
        assert left["reason"] == "networkDisconnect"
        assert time.monotonic() - began >= GRACE_S - 1


@BOTH
async def test_a_cut_network_interrupts_a_call_and_does_not_end_it(
    callers: Callers,
    rest: dict[str, Rest],
    bundles: dict[str, Path],
    tls: Certificates,
    version: str,
) -> None:
    async with call(callers, rest, version) as (session, (ann,)):
        with network() as cable:
            async with (
                chromium(before=cable.before) as browser,
                pages(bundles, tls) as url,
                Callers(browser, url).participant(version) as bob,
            ):
                await bob.join(await rest[version].token(session), "Bob")
                for person in (ann, bob):
                    await person.until_media(1)
                cable.cut()
                await bob.until_event("reconnecting")
                cable.restore()
                await bob.until_event("reconnected")
                for person in (ann, bob):
                    await person.until_media(1)
                assert "streamDestroyed" not in await ann.kinds()
                assert "sessionDisconnected" not in await bob.kinds()
                await bob.leave()


async def test_who_stays_away_leaves_the_call(
    callers: Callers, rest: dict[str, Rest], bundles: dict[str, Path], tls: Certificates
) -> None:
    async with call(callers, rest, SDK_NEW) as (session, (ann,)):
        with network() as cable:
            async with (
                chromium(before=cable.before) as browser,
                pages(bundles, tls) as url,
                Callers(browser, url).participant() as bob,
            ):
                await bob.join(await rest[SDK_NEW].token(session), "Bob")
                await ann.until_media(1)
                cable.cut()
                left = await ann.until_event("connectionDestroyed")
                assert left["connectionId"] == bob.connection_id
                assert left["reason"] == "networkDisconnect"
                cable.restore()
                over = await bob.until_event("sessionDisconnected")
                assert over["reason"] == "networkDisconnect"


async def test_signals_reach_those_they_are_for(callers: Callers, rest: dict[str, Rest]) -> None:
    async with call(callers, rest, SDK_NEW, SDK_OLD) as (session, (ann, bob)):
        await rest[SDK_NEW].signal(session, type="signal:all", data="from the server")
        for person in (ann, bob):
            got = await person.until_event("signal", signal="signal:all")
            assert (got["data"], got.get("from")) == ("from the server", None)
        await rest[SDK_OLD].signal(session, type="signal:one", data="1", to=[bob.connection_id])
        await bob.until_event("signal", signal="signal:one")

        await ann.page.evaluate("call.session.signal({ type: 'chat', data: 'hello', to: [] })")
        for person in (ann, bob):
            got = await person.until_event("signal", signal="signal:chat")
            assert (got["data"], got["from"]) == ("hello", ann.connection_id)
        # What was for Bob only would have come to Ann before this.
        assert [each["signal"] for each in await ann.events() if each["type"] == "signal"] == [
            "signal:all",
            "signal:chat",
        ]


@BOTH
async def test_a_mute_is_seen_by_the_others_and_in_the_session(
    callers: Callers, rest: dict[str, Rest], version: str
) -> None:
    async with call(callers, rest, version, version) as (session, (ann, bob)):
        await ann.page.evaluate("call.publisher.publishVideo(false)")
        seen = await bob.until_event("streamPropertyChanged", streamId=ann.stream_id)
        assert (seen["changedProperty"], seen["newValue"]) == ("videoActive", False)
        assert seen["reason"] == "publishVideo"
        shown = await rest[version].session(session)
        assert shown is not None
        (of_ann,) = shown["connections"]["content"][0]["publishers"]
        assert of_ann["mediaOptions"]["videoActive"] is False
        assert of_ann["mediaOptions"]["audioActive"] is True
        await ann.page.evaluate("call.publisher.publishVideo(true)")
        await bob.until_event("streamPropertyChanged", newValue=True)
        await bob.until_media(1)


@BOTH
async def test_a_moderator_ends_a_stream_and_then_a_connection(
    callers: Callers, rest: dict[str, Rest], version: str
) -> None:
    roles = ("MODERATOR", "PUBLISHER")
    async with call(callers, rest, version, version, roles=roles) as (_, (ann, bob)):
        await ann.page.evaluate(
            "id => call.session.forceUnpublish(call.streams[id])", bob.stream_id
        )
        for person, kind in ((ann, "streamDestroyed"), (bob, "publisherStreamDestroyed")):
            ended = await person.until_event(kind, streamId=bob.stream_id)
            assert ended["reason"] == "forceUnpublishByUser"
        await bob.until_media(1)
        await ann.page.evaluate(
            "id => call.session.forceDisconnect(call.connections[id])", bob.connection_id
        )
        gone = await ann.until_event("connectionDestroyed", connectionId=bob.connection_id)
        assert gone["reason"] == "forceDisconnectByUser"
        over = await bob.until_event("sessionDisconnected")
        assert over["reason"] == "forceDisconnectByUser"
