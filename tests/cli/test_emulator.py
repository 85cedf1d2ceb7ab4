"""`mediafleet emulator`: nodes as a process of their own."""

import asyncio
import re
import signal
import socket
import subprocess
import sys

import pytest

from support.kurento_wire import wire


def is_open(port, address="127.0.1.1"):
    with socket.socket() as probe:
        return probe.connect_ex((address, port)) == 0


def test_each_uri_is_printed_when_all_nodes_answer(start):
    emulator = start("emulator", "--nodes", 3, "--port", 0)

    port = int(emulator.line(r"^ws://127\.0\.1\.3:(\d+)/kurento$")[1])

    assert emulator.out == [f"ws://127.0.1.{each}:{port}/kurento" for each in (1, 2, 3)]
    assert is_open(port, "127.0.1.3")


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(start, by):
    emulator = start("emulator", "--port", 0)
    port = int(emulator.line(r"^ws://.*:(\d+)/")[1])

    assert emulator.stop(by) == 0
    assert not is_open(port)
    assert "Traceback" not in emulator.text


def test_a_port_in_use_is_reported_in_one_line(run):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]

        done = run("emulator", "--port", port)

    assert done.code == 1
    assert f"Port {port}" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("nodes", ["0", "65001", "many"])
def test_a_senseless_number_of_nodes_is_a_usage_error(run, nodes):
    assert run("emulator", "--nodes", nodes).code == 2


def test_a_node_can_have_an_address_and_sessions_of_its_own(start):
    emulator = start("emulator", "--address", "127.93.4.5", "--port", 0, "--sessions", 2)

    port = int(emulator.line(r"^ws://127\.93\.4\.5:(\d+)/kurento$")[1])

    assert is_open(port, "127.93.4.5")
    assert not is_open(port, "127.0.1.1")
    assert len(emulator.out) == 1
    assert len(asyncio.run(pipelines_of(emulator.out[0]))) == 2


async def pipelines_of(uri):
    async with wire(uri) as client:
        return await client.invoke("manager_ServerManager", "getPipelines")


@pytest.mark.parametrize(
    "options",
    [["--address", "10.0.0.1"], ["--address", "::1"], ["--address", "127.0.0.1", "--nodes", "2"]],
)
def test_an_address_that_no_single_node_can_have_is_a_usage_error(run, options):
    done = run("emulator", *options)

    assert done.code == 2
    assert "address" in done.err


def test_it_ends_with_the_process_that_started_it():
    script = (
        "import os, subprocess, sys\n"
        "subprocess.Popen([sys.executable, '-m', 'mediafleet', 'emulator', '--port', '0',"
        " '--until-process-ends', str(os.getpid())])\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as starter:
        port = int(re.search(r":(\d+)/", starter.stdout.readline())[1])
        assert is_open(port)

        starter.kill()

        assert starter.stdout.read() == ""  # it closes with the last process that has it
        assert not is_open(port)


def test_it_does_not_begin_when_that_process_is_gone_already(run):
    assert run("emulator", "--port", 0, "--until-process-ends", 1).code == 0
