"""`mediafleet emulator`: nodes as a process of their own."""

import re
import signal
import socket
import subprocess

import pytest


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


def test_a_port_in_use_is_told_in_one_line(run):
    with socket.create_server(("0.0.0.0", 0)) as listener:
        port = listener.getsockname()[1]

        done = run("emulator", "--port", port)

    assert done.code == 1
    assert f"Port {port}" in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize("nodes", ["0", "65001", "many"])
def test_a_senseless_number_of_nodes_is_a_usage_error(run, nodes):
    assert run("emulator", "--nodes", nodes).code == 2


def test_it_ends_with_the_process_that_holds_its_pipe(start):
    emulator = start("emulator", "--port", 0, "--until-stdin-closes", stdin=subprocess.PIPE)
    port = int(emulator.line(r"^ws://.*:(\d+)/")[1])
    emulator.process.stdin.write("what is written there means nothing\n")
    emulator.process.stdin.flush()
    assert emulator.process.poll() is None

    emulator.process.stdin.close()

    assert emulator.join() == 0
    assert not is_open(port)
    assert re.fullmatch(r"(ws://\S+\n?)+", emulator.text)
