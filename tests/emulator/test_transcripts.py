"""The recorded transcripts of a real Kurento 7.3.0 are played to the emulator, frame by frame.

With MEDIAFLEET_TEST_KMS=ws://host:port/kurento the transcripts that need no special
configuration are played to that server instead, in real time; it must have all modules. It may be
of any build, and objects of other clients do not affect the replay.
"""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

import anyio
import pytest
from websockets.exceptions import ConnectionClosed

from emulator.matching import Renaming
from emulator.replay import TRANSCRIPTS, Action, Replay, Time, read_deviations, read_transcript
from mediafleet.emulator import EmulatedCluster, EmulatorSettings
from support.kurento_wire import TIMEOUT_S, ManualClock, open_wire, until

pytestmark = pytest.mark.anyio

REAL_SERVER = os.environ.get("MEDIAFLEET_TEST_KMS", "")
CORE_ONLY = {"modules": ("core",)}


async def crash(replay: Replay) -> None:
    assert replay.node is not None
    replay.node.crash()


async def hang(replay: Replay) -> None:
    assert replay.node is not None
    replay.node.hang()


async def resume(replay: Replay) -> None:
    assert replay.node is not None
    replay.node.resume()


async def restart(replay: Replay) -> None:
    assert replay.node is not None
    replay.node.restart()


def abort(name: str) -> Action:
    async def direction(replay: Replay) -> None:
        replay.wires.pop(name).connection.transport.abort()

    return direction


def open_early(name: str) -> Action:
    async def direction(replay: Replay) -> None:
        await replay.wire(name)

    return direction


def stays_silent(name: str) -> Action:
    async def direction(replay: Replay) -> None:
        assert await replay.wires[name].receives_nothing()

    return direction


async def handshake_gets_no_answer(replay: Replay) -> None:
    with pytest.raises(TimeoutError):
        await open_wire(replay.uri, seconds=0.2)


async def ping_frame_is_answered(replay: Replay) -> None:
    pong = await replay.wires["bin"].connection.ping(b"x")
    with anyio.fail_after(TIMEOUT_S):
        await pong


def send_big_request(size: int) -> Action:
    async def direction(replay: Replay) -> None:
        wire = await replay.wire(f"big{size}")
        frame = {"jsonrpc": "2.0", "id": 1, "method": "ping", "params": {"fill": ""}}
        frame["params"] = {"fill": "x" * (size - len(json.dumps(frame)))}
        with suppress(ConnectionClosed):  # the next note of the transcript expects the end
            await wire.connection.send(json.dumps(frame))

    return direction


async def terminate_during_get_used_cpu(replay: Replay) -> None:
    await replay.wire("t2")
    wire = await replay.wire("t")
    params = {"object": "manager_ServerManager", "operation": "getUsedCpu"}
    await wire.request("invoke", **params, operationParams={"interval": 4000})
    node = replay.node
    assert node is not None
    await until(lambda: node.busy_workers == 1)
    node.terminate()


@dataclass(frozen=True)
class Part:
    """Some lines of a transcript, recorded from one server."""

    last: int = 10_000
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """How a transcript is replayed.

    Attributes:
        parts: The servers it was recorded from, by the last line of each.
        actions: Actions of the recorder, by the line that they precede.
        options: How connections are opened.
        after: The transcript that was recorded before it from the same server, and the seconds
            between their beginnings.
        real: It can be played to a server without special configuration.
    """

    parts: tuple[Part, ...] = (Part(settings=CORE_ONLY),)
    actions: Mapping[int, Action] = field(default_factory=dict)
    options: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    after: tuple[str, float] | None = None
    real: bool = False


FULL = (Part(),)
FAST_COLLECTOR = (Part(settings={**CORE_ONLY, "garbage_collector_period": 4.0}),)
PATHS = {
    name: {"path": name.removeprefix("path ")}
    for name in ("path /some/path?x=1", "path /some/path/", "path /kurento", "path /")
}
OFFERS: dict[str, dict[str, Any]] = {
    "{'subprotocols': ['kurento']}": {"subprotocols": ["kurento"]},
    "{'compression': 'deflate'}": {"compression": "deflate"},
    "{'origin': 'http://evil.example'}": {"origin": "http://evil.example"},
    "{'additional_headers': {'Authorization': 'Bearer x'}}": {
        "additional_headers": {"Authorization": "Bearer x"}
    },
}
CASES = {
    "01-manager": Case(),
    "02-pipeline-lifecycle": Case(real=True),
    "03-events": Case(real=True),
    "04-errors": Case(),
    "05-request-cache-and-ids": Case(real=True),
    "06-malformed-frames": Case(
        actions={
            155: ping_frame_is_answered,
            161: send_big_request(1_000_000),
            164: send_big_request(30_000_000),
            167: send_big_request(33_000_000),
        },
        real=True,
    ),
    "07-sessions-reconnect": Case(FAST_COLLECTOR, actions={43: abort("a"), 44: abort("b")}),
    "08-garbage-collection": Case(FAST_COLLECTOR, after=("07-sessions-reconnect", 2.419)),
    "09-transactions": Case(real=True),
    "10-used-cpu-concurrency": Case(real=True),
    "12-stop-kill-crash": Case(
        actions={
            **dict.fromkeys((8, 18, 27, 36, 45), crash),
            62: hang,
            63: stays_silent("stop"),
            64: handshake_gets_no_answer,
            65: resume,
            69: restart,
            73: restart,
        }
    ),
    "13-config-limits-tls": Case(
        (
            Part(4, {**CORE_ONLY, "metadata": {"zone": "eu-1", "weight": 3, "n": 5}}),
            Part(16, CORE_ONLY),
            Part(46, {**CORE_ONLY, "path": "/some/path"}),
            Part(settings={**CORE_ONLY, "threads_limit": 0}),
        ),
        options={**PATHS, **OFFERS},
    ),
    "14-http-and-raw-socket": Case(
        actions={45: terminate_during_get_used_cpu, 52: open_early("idle")}
    ),
    "15-full-modules-webrtc": Case(FULL),
    "16-used-cpu-values": Case(real=True),
    "17-registrar-and-misc": Case(FULL),
    "18-no-session-no-params": Case(FULL),
    "19-linked-elements-and-double-subscription": Case(FULL, real=True),
    "20-official-js-client-nonstrict": Case(),
    "21-official-js-client-implicit-tx": Case(real=True),
    "22-official-js-client-strict-all-modules": Case(FULL, real=True),
    "23-official-js-client-reconnect": Case(FULL, actions={17: crash}),
    "24-webrtc-without-a-peer": Case(FULL, real=True),
}
# Figures without frames: test_many_connections.py. A call that needs browsers: test_media.py.
NOT_PLAYED = {"11-big-and-many", "25-call-of-two-browsers"}


def test_every_transcript_is_played() -> None:
    names = {path.stem for path in TRANSCRIPTS.glob("*.jsonl")}
    assert names == CASES.keys() | NOT_PLAYED


NAMES = [name for name, case in CASES.items() if case.real or not REAL_SERVER]


@pytest.mark.parametrize("name", NAMES)
async def test_answers_are_as_recorded(name: str) -> None:
    compared = await (play_to_real_server(name) if REAL_SERVER else play_to_emulator(name))
    expected = [line for line in read_transcript(name) if is_expected(line.content)]
    gone = [kind for kind in read_deviations(name).values() if kind == "absent"]
    assert compared >= len(expected) - len(gone)


async def play_to_emulator(name: str) -> int:
    """Play each part to a fresh cluster; how many frames were compared."""
    first, compared = 1, 0
    for part in CASES[name].parts:
        clock = ManualClock()
        cluster = EmulatedCluster(
            nodes=1, settings=EmulatorSettings(**part.settings), random=Random(name), clock=clock
        )
        async with cluster:
            cluster.nodes[0].set_load(0.0)
            replay = Replay(cluster.uri(0), Time(cluster, clock), cluster.nodes[0])
            await play(replay, name, first, part.last)
        compared += replay.compared
        first = part.last + 1
    return compared


async def play_to_real_server(name: str) -> int:
    replay = Replay(REAL_SERVER, Time(None, None), renaming=Renaming(shared=True))
    try:
        await play(replay, name, 1, 10_000)
    finally:
        await replay.clean_up()
    return replay.compared


def is_expected(content: dict[str, Any]) -> bool:
    return content["dir"] == "<" and ("frame" in content or "raw" in content)


async def play(replay: Replay, name: str, first: int, last: int) -> None:
    case = CASES[name]
    if case.after is not None:
        await play(replay, case.after[0], 1, 10_000)
        replay.offset = case.after[1]
    replay.actions = dict(case.actions)
    replay.options = dict(case.options)
    lines = [line for line in read_transcript(name) if first <= line.number <= last]
    await replay.run(lines, read_deviations(name))
