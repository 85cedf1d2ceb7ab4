"""The first day: an application makes a session, two people talk, both leave."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from support.calls import Callers, Certificates, Rest, free_port, server
from support.cluster_client import members, until_sessions

pytestmark = pytest.mark.anyio


async def test_two_people_see_and_hear_each_other_and_leave_nothing(
    callers: Callers, tls: Certificates, tmp_path: Path, report: Callable[[str], None]
) -> None:
    async with (
        server(tmp_path, tls, port=free_port()) as (_, api),
        callers.participant() as ann,
        callers.participant() as bob,
    ):
        rest = Rest(api)
        session = await rest.create_session()
        tokens = [await rest.token(session) for _ in range(2)]
        assert len(set(tokens)) == 2
        await ann.join(tokens[0], "Ann")
        await bob.join(tokens[1], "Bob")
        of_ann, of_bob = await bob.until_media(1), await ann.until_media(1)
        assert (list(of_ann), list(of_bob)) == ([ann.stream_id], [bob.stream_id])

        shown = await rest.session(session)
        assert shown is not None
        assert [
            (
                each["connectionId"],
                each["clientData"],
                [stream["streamId"] for stream in each["publishers"]],
                [stream["streamId"] for stream in each["subscribers"]],
            )
            for each in shown["connections"]["content"]
        ] == [
            (ann.connection_id, "Ann", [ann.stream_id], [bob.stream_id]),
            (bob.connection_id, "Bob", [bob.stream_id], [ann.stream_id]),
        ]
        (node,) = await members(api, sessions="true")
        assert [each["sessionId"] for each in node["sessions"]] == [session]

        await ann.leave()
        gone = await bob.until_event("streamDestroyed", streamId=ann.stream_id)
        assert gone["reason"] == "disconnect"
        await bob.leave()
        await rest.until_over(session)
        await until_sessions(api, node["id"], 0)
        for name, each, media in (("Ann", ann, of_bob), ("Bob", bob, of_ann)):
            (seen,) = media.values()
            report(
                f"{name}: joined in {each.joined_ms} ms, published in {each.published_ms} ms,"
                f" first frame after {seen['firstFrameMs']} ms, {seen['decoded']} frames decoded"
            )
