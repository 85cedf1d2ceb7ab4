"""What the shell is offered after a TAB."""

import json
import os
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest

LIMIT_S = 30
"""Far below the time that any of the servers here would take."""


def complete(run, *words, **variables):
    return run(
        **variables,
        _MEDIAFLEET_COMPLETE="complete_bash",
        COMP_WORDS=" ".join(["mediafleet", *words]),
        COMP_CWORD=str(len(words)),
    )


def offered(done):
    return done.out.split()


def test_commands_and_statuses_are_offered(run):
    assert "restart" in offered(complete(run, "re"))
    assert offered(complete(run, "nodes", "status", "kms_1", "wait")) == [
        "waiting-idle-to-terminate"
    ]
    assert offered(complete(run, "nodes", "remove", "kms_1", "--strategy", "if")) == [
        "if-no-sessions"
    ]


def test_names_of_properties_are_offered(run):
    assert offered(complete(run, "restart", "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX")) == [
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD=",
    ]


def test_ids_of_nodes_are_offered(run, start):
    demo = start("demo", "--nodes", 2, "--port", 0)
    access = demo.access

    ids = offered(complete(run, "nodes", "get", "kms_", **access))

    assert len(ids) == 2
    assert all(each.startswith("kms_") for each in ids)


@pytest.mark.parametrize("secret", ["", "wrong", os.fsdecode(b"\xff")])
def test_a_server_out_of_reach_offers_nothing_and_complains_of_nothing(run, secret):
    done = complete(
        run, "nodes", "get", "kms_", MEDIAFLEET_URL="http://127.0.0.1:9", OPENVIDU_SECRET=secret
    )

    assert done.all.strip() == ""


def member(node_id, uri):
    return {
        "id": node_id,
        "environmentId": None,
        "ip": "127.0.0.1",
        "uri": uri,
        "launchingTime": 1600678236916,
        "connected": True,
        "connectionTime": 1600678251771,
        "load": 12.45,
        "status": "running",
    }


@contextmanager
def answering(write):
    """A server whose whole answer is what a function writes to the connection."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()

    def serve():
        with suppress(OSError), listener.accept()[0] as connection:
            connection.recv(65536)
            write(connection, over)

    serving = threading.Thread(target=serve, daemon=True)
    serving.start()
    try:
        port = listener.getsockname()[1]
        yield {"MEDIAFLEET_URL": f"http://127.0.0.1:{port}", "OPENVIDU_SECRET": "canary"}
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)  # ends `accept` if nobody has come
        listener.close()
        serving.join()


def http(body):
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def be_silent(_connection, over):
    over.wait(2 * LIMIT_S)


def drop_by_drop(connection, over):
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.1):
        connection.sendall(b" ")


@pytest.mark.parametrize("write", [be_silent, drop_by_drop])
def test_completion_does_not_wait_long_for_a_slow_server(run, write):
    with answering(write) as access:
        began = time.monotonic()
        done = complete(run, "nodes", "get", "kms_", **access)
        took = time.monotonic() - began

    assert (done.code, done.all.strip()) == (0, "")
    assert took < LIMIT_S


def test_completion_does_not_wait_for_a_secret_that_is_never_written(run, tmp_path):
    os.mkfifo(tmp_path / "secret")

    done = complete(run, "nodes", "get", "--secret-file", str(tmp_path / "secret"), "kms_")

    assert (done.code, done.all.strip()) == (0, "")


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"content": [{}], "numberOfElements": 1}', "\x00", "<html>"]
)
def test_an_answer_that_is_not_of_the_api_offers_nothing_and_is_not_complained_of(run, body):
    with answering(lambda connection, _: connection.sendall(http(body))) as access:
        done = complete(run, "nodes", "get", "kms_", **access)

    assert (done.code, done.all.strip()) == (0, "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_server_cannot_write_into_the_line_of_the_shell(run, shell):
    harm = ["kms_$(canary)", "kms_`canary`", "kms_\ncanary", "kms_ canary", "kms_\x1bcanary"]
    nodes = [member("kms_good", "ws://$(canary)/"), *(member(each, "ws://a/") for each in harm)]
    body = json.dumps({"numberOfElements": len(nodes), "content": nodes})

    with answering(lambda connection, _: connection.sendall(http(body))) as access:
        done = run(
            **access,
            _MEDIAFLEET_COMPLETE=f"complete_{shell}",
            _TYPER_COMPLETE_ARGS="mediafleet nodes get kms_",
            _TYPER_COMPLETE_FISH_ACTION="get-args",
            COMP_WORDS="mediafleet nodes get kms_",
            COMP_CWORD="3",
        )

    assert "kms_good" in done.out
    assert "canary" not in done.all


def test_a_shell_can_be_taught(run):
    # What the shell is called is not looked up among the parents of the tests.
    done = run("--show-completion", "bash", _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1")

    assert done.code == 0
    assert "_MEDIAFLEET_COMPLETE" in done.out
