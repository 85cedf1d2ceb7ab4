"""Nothing is lost while the sender is killed and the receiver is down or slow most of the time.

`MEDIAFLEET_DELIVERY_EVENTS` and `MEDIAFLEET_DELIVERY_KILL_S` make it longer.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from mediafleet.delivery import CdrFiles
from mediafleet.domain.events import event_hash
from support.event_source import event_source
from support.hostile_servers import raw_server

EVENTS = int(os.environ.get("MEDIAFLEET_DELIVERY_EVENTS", "2000"))
KILL_S = float(os.environ.get("MEDIAFLEET_DELIVERY_KILL_S", "2"))
PHASE_S = KILL_S / 4
LIMIT_S = 120 + EVENTS / 50
DELAY_S = 0.01
MAX_MEMORY_MB = 250
COMMAND = [sys.executable, "-m", "support.delivery_child"]
pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.timeout(LIMIT_S)]

TESTS = Path(__file__).resolve().parents[1]


class Receiver:
    """Down for half of the time, slow for a quarter; it keeps what it has accepted."""

    def __init__(self):
        self.accepted = []
        self.port = 0
        self.delay = 0.0

    async def run(self):
        while True:
            self.delay = 0.0
            async with raw_server(self.serve, port=self.port) as self.port:
                await anyio.sleep(PHASE_S)
                self.delay = DELAY_S
                await anyio.sleep(PHASE_S)
            await anyio.sleep(2 * PHASE_S)

    async def serve(self, reader, writer):
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            length = re.search(r"(?i)content-length: (\d+)", head)[1]
            body = await reader.readexactly(int(length))
            sequence = int(re.search(r"(?i)webhook-id: (\d+)-", head)[1])
            if self.delay:
                await anyio.sleep(self.delay)
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
            await writer.drain()
            self.accepted.append((sequence, json.loads(body)["sessionId"]))


class Sender:
    """A process that is killed after a while, and started again until it ends by itself.

    It is killed at the latest when it has delivered a third of the events: twice in any run.
    """

    def __init__(self, folder, receiver):
        self._arguments = [str(folder), str(EVENTS), str(receiver.port)]
        self._receiver = receiver
        self.kills = 0
        self.memory_mb = 0.0

    async def run(self):
        while True:
            process = subprocess.Popen(
                [*COMMAND, *self._arguments], cwd=TESTS, stdout=subprocess.PIPE
            )
            assert await anyio.to_thread.run_sync(process.stdout.readline) == b"started\n"
            enough = len(self._receiver.accepted) + EVENTS // 3
            with anyio.move_on_after(KILL_S):
                while process.poll() is None and len(self._receiver.accepted) < enough:
                    self._measure(process.pid)
                    await anyio.sleep(0.05)
            ended = process.poll()
            process.kill()
            process.wait()
            process.stdout.close()
            if ended is not None:
                assert ended == 0
                return
            self.kills += 1

    def _measure(self, pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            status = Path(f"/proc/{pid}/status").read_text("ascii")
            if peak := re.search(r"VmHWM:\s+(\d+) kB", status):
                self.memory_mb = max(self.memory_mb, int(peak[1]) / 1024)


async def test_no_event_is_lost_while_everything_fails(tmp_path, report):
    receiver = Receiver()
    began = time.monotonic()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(receiver.run)
        while not receiver.port:
            await anyio.sleep(0.01)
        sender = Sender(tmp_path, receiver)
        await sender.run()
        tasks.cancel_scope.cancel()
    seconds = time.monotonic() - began

    async with event_source(tmp_path, retention=10 * EVENTS) as source:
        check_chain([event async for event in all_events(source)])
    check_order(receiver.accepted)
    records = check_records(CdrFiles(tmp_path / "cdr"))
    report(
        f"{EVENTS} events in {seconds:.0f} s, sender killed {sender.kills} times, at most "
        f"{sender.memory_mb:.0f} MB: 0 lost, {len(receiver.accepted) - EVENTS} delivered twice, "
        f"{records} files of records"
    )
    assert sender.kills >= 2
    assert sender.memory_mb < MAX_MEMORY_MB


async def test_what_ten_events_a_second_cost(tmp_path, report):
    """Reports the share of a core that the commits, both readers and a stream take."""
    receiver, count, rate = Receiver(), 200, 10
    async with raw_server(receiver.serve) as port:
        command = [*COMMAND, str(tmp_path), str(count), str(port), str(rate)]
        process = subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE)
        with process, process.stdout as output:
            assert await anyio.to_thread.run_sync(output.readline) == b"started\n"
            while len(receiver.accepted) < count / 4:  # it has imported and begun everything
                await anyio.sleep(0.01)
            before, began = cpu_s(process.pid), time.monotonic()
            while len(receiver.accepted) < count - 1:
                await anyio.sleep(0.01)
            used, seconds = cpu_s(process.pid) - before, time.monotonic() - began
            while len(receiver.accepted) < count:
                await anyio.sleep(0.01)
    assert process.returncode == 0
    report(
        f"{rate} events a second, committed and read by all readers: {used / seconds:.2%} of a core"
    )


def cpu_s(pid):
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def all_events(source):
    after = 0
    while events := await source.log.read(after):
        for event in events:
            yield event
        after = events[-1].sequence


def check_chain(events):
    assert len(events) == EVENTS
    last = ""
    for sequence, event in enumerate(events, start=1):
        last = event_hash(last, sequence, event.name, event.payload)
        assert (event.sequence, event.hash) == (sequence, last)


def check_order(accepted):
    """Each event comes after the one before it; one that comes again follows a kill."""
    newest = 0
    for sequence, session_id in accepted:
        assert sequence <= newest + 1
        assert session_id == str(sequence)
        newest = max(newest, sequence)
    assert newest == EVENTS


def check_records(files):
    lines = [
        json.loads(line)["sessionDestroyed"]["sessionId"]
        for name in files.names()
        for line in (files.directory / name).read_text().splitlines()
    ]
    assert lines == [str(number) for number in range(1, EVENTS + 1)]
    return len(files.names())
