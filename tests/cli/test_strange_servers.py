"""`mediafleet nodes` when the other end is not there, not ours, or means harm."""

import json
import os
import pty
import re
import socket
import subprocess
import sys
import threading

import pytest

NODE = {
    "id": "kms_1",
    "environmentId": None,
    "ip": "127.0.0.1",
    "uri": "ws://127.0.0.1:1/kurento",
    "launchingTime": 1600678236916,
    "connected": True,
    "connectionTime": 1600678251771,
    "load": 12.45,
    "status": "running",
}
HARM = "\x1b]0;owned\x07\x1b[2J[red]\u202egpj\r\nforged\x9b1m"
SECRET = "canary-secret"


@pytest.fixture
def server(answering_server):
    return answering_server


@pytest.fixture
def nodes(run_here, server):
    def ask(*arguments, **variables):
        url = variables.pop("MEDIAFLEET_URL", server.url)
        return run_here(
            "nodes", *arguments, MEDIAFLEET_URL=url, OPENVIDU_SECRET=SECRET, **variables
        )

    return ask


def listing(**changes):
    return json.dumps({"numberOfElements": 1, "content": [NODE | changes]}, ensure_ascii=False)


def test_json_is_passed_on_byte_for_byte(nodes, server):
    server.body = b'{ "content" : [ ],"numberOfElements":0, "more":"\xc3\xa9" }'

    assert nodes("list", "--json").out.encode() == server.body + b"\n"


def test_texts_of_the_server_cannot_steer_the_terminal(nodes, server):
    server.body = listing(id=HARM, uri=HARM, status="running").encode()

    done = nodes("list")

    assert done.code == 0
    assert len(done.out.splitlines()) == 2
    assert "[red]" in done.out
    assert all(harmful not in done.out for harmful in "\x1b\x07\u202e\r\x9b")


def test_messages_of_the_server_cannot_steer_the_terminal(nodes, server):
    server.status = 404
    error = {"timestamp": 1, "status": 404, "error": "x", "message": HARM * 100, "path": "/"}
    server.body = json.dumps(error).encode()

    done = nodes("get", "kms_1")

    assert done.code == 3
    assert "[red]" in done.err
    assert len(done.err) < 2_000
    assert all(harmful not in done.err for harmful in "\x1b\x07\u202e\r\x9b")


def on_a_terminal(environ, home, url, *arguments):
    """Run a command whose stdout is a terminal; what the terminal gets."""
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "mediafleet", "nodes", *arguments],
            env=environ | {"MEDIAFLEET_URL": url, "OPENVIDU_SECRET": SECRET, "TERM": "xterm"},
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=theirs,
            stderr=subprocess.PIPE,
            timeout=40,
            check=True,
        )
        assert done.stderr == b""
        return os.read(ours, 65536)
    finally:
        os.close(theirs)
        os.close(ours)


def test_a_terminal_gets_colours_of_ours_alone(environ, home, server):
    server.body = listing(uri=HARM).encode()

    written = on_a_terminal(environ, home, server.url, "list")

    assert b"\x1b[32mrunning" in written
    assert b"\x1b]0" not in written
    assert b"\x1b[2J" not in written
    assert b"\x07" not in written


def test_a_server_that_is_away_is_polled_again_while_its_list_is_watched(start, server):
    access = {"MEDIAFLEET_URL": server.url, "OPENVIDU_SECRET": SECRET}
    server.body = listing().encode()
    watching = start("nodes", "list", "-o", "json", "--watch", **access)
    watching.line('"kms_')

    server.status, server.body = 500, b"{}"
    watching.line("^mediafleet: ")
    server.status, server.body = 200, listing(id="kms_later").encode()

    watching.line('"kms_later"')
    assert watching.stop() == 0


def test_a_narrow_terminal_gets_ids_statuses_and_uris_whole(environ, home, server):
    uri = f"ws://{'a-very-long-name.' * 5}example.org:8888/kurento"
    status = "waiting-idle-to-terminate"
    server.body = listing(uri=uri, status=status).encode()

    written = on_a_terminal(environ | {"COLUMNS": "80"}, home, server.url, "list").decode()

    assert uri in written
    assert status in written
    assert written.count("\r\n") == 2
    assert " \r\n" not in written


def test_a_terminal_gets_json_in_ascii(environ, home, server):
    server.body = (
        listing(uri=HARM.replace("\x1b", "").replace("\r\n", "") + "\x7f")
        .replace("\x07", "")
        .encode()
    )

    written = on_a_terminal(environ, home, server.url, "list", "--json")

    assert json.loads(written) == json.loads(server.body)
    assert all(0x20 <= byte < 0x7F for byte in written.strip())


def test_no_colour_where_it_is_not_wanted(environ, home, server):
    server.body = listing().encode()

    written = on_a_terminal(environ | {"NO_COLOR": "1"}, home, server.url, "list")

    assert b"running" in written
    assert b"\x1b[3" not in written


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>Welcome</html>"),
        (200, b""),
        (200, b"[]"),
        (200, b'{"content": [{}], "numberOfElements": 1}'),
        (200, listing(load="much").encode()),
        (404, b"nothing here"),
        (401, b"{}"),
        (302, b""),
        (418, b"{}"),
        (599, b"{}"),
    ],
)
def test_a_response_that_is_not_of_the_api_is_reported_in_one_line(nodes, server, status, body):
    server.status, server.body = status, body
    server.headers = {"Location": f"{server.url}/elsewhere"}

    done = nodes("list")

    assert done.code == 1
    assert done.err.count("\n") == 1, done.err
    assert "Traceback" not in done.err
    assert SECRET not in done.all
    assert len(server.asked) == 1


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_a_newer_server_adds_is_shown_as_it_is(nodes, server, options):
    newer = {"status": "dancing", "mood": "good", "sessions": None, "kurentoInfo": None}
    server.body = listing(**newer).encode()

    done = nodes("list", *options)

    assert (done.code, done.err) == (0, "")
    assert "dancing" in done.out


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("body", [b"<html>nginx</html>", b"", b'{"error": "upstream"}'])
@pytest.mark.parametrize("options", [(), ("--wait",)])
def test_a_proxy_that_lost_the_answer_leaves_the_removal_going_on(
    nodes, server, status, body, options
):
    server.status, server.body = status, body

    done = nodes("remove", "kms_1", *options)

    assert (done.code, done.err.count("\n"), len(server.asked)) == (1, 1, 1)
    assert f"No answer came in time: a proxy before {server.url} answered {status}." in done.err
    assert "The removal goes on" in done.err
    assert "nodes get kms_1" in done.err
    assert "Is it the URL" not in done.err


@pytest.mark.parametrize(
    ("command", "expected", "look"),
    [
        (("add",), "The launch goes on", "nodes list"),
        (("add", "--wait"), "The launch goes on", "nodes list"),
        (("discover",), "The search goes on", "nodes list"),
        (("status", "kms_1", "running"), "The change goes on", "nodes get kms_1"),
        (("drain", "kms_1"), "The drain goes on", "nodes progress kms_1"),
        (("undrain", "kms_1"), "The end of the drain goes on", "nodes get kms_1"),
    ],
)
def test_a_proxy_that_lost_an_answer_leaves_any_change_going_on(
    nodes, server, command, expected, look
):
    server.status, server.body = 504, b"<html>nginx</html>"

    done = nodes(*command)

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert expected in done.err
    assert look in done.err


def test_a_proxy_without_a_server_is_reported_to_commands_that_only_read(nodes, server):
    server.status, server.body = 502, b"<html>nginx</html>"

    done = nodes("list")

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "a proxy before" in done.err
    assert "goes on" not in done.err


def test_a_server_that_stops_says_what_goes_on(nodes, server):
    reported = "The server is stopping; its removal goes on."
    error = {"timestamp": 1, "status": 503, "error": "x", "message": reported, "path": "/"}
    server.status, server.body = 503, json.dumps(error).encode()
    server.headers = {"Retry-After": "1"}

    done = nodes("remove", "kms_1", "--wait")

    assert (done.code, len(server.asked)) == (1, 1)
    assert reported in done.err
    assert "Look at it with: " in done.err


def test_a_server_that_is_busy_for_a_moment_is_asked_again(nodes, server):
    error = {"timestamp": 1, "status": 503, "error": "x", "message": "Busy.", "path": "/"}
    server.status, server.body = 503, json.dumps(error).encode()
    server.headers = {"Retry-After": "0"}

    done = nodes("list")

    assert (done.code, len(server.asked)) == (1, 3)
    assert "Busy. (503 Service Unavailable)" in done.err


@pytest.mark.parametrize("answered", [True, False])
def test_no_proxy_may_list_networks(nodes, server, answered):
    server.body = b'{"content":[],"numberOfElements":0}'
    network = "127.0.0.0/8" if answered else "10.0.0.0/8"

    done = nodes("list", http_proxy="http://127.0.0.1:1", NO_PROXY=network)

    assert done.code == 0


def test_no_server_is_reported_in_one_line(nodes):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))

        done = nodes("list", MEDIAFLEET_URL=f"http://127.0.0.1:{unused.getsockname()[1]}")

    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "mediafleet serve" in done.err


def test_a_server_that_hangs_up_is_reported_in_one_sentence(nodes):
    def hang_up():
        peer, _ = listener.accept()
        peer.recv(65536)
        peer.close()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        hanging_up = threading.Thread(target=hang_up)
        hanging_up.start()
        done = nodes("list", MEDIAFLEET_URL=f"http://127.0.0.1:{listener.getsockname()[1]}")
        hanging_up.join()

    assert (done.code, done.err.count("\n")) == (1, 1)
    assert re.search(r"[^.]\.$", done.err)


@pytest.mark.parametrize(
    ("launched", "expected"),
    [
        ({}, False),
        ({"uri": None, "ip": None, "status": "launching"}, True),
        ({"environmentId": "4711-1", "uri": "ws://127.87.0.1:1/kurento"}, True),
    ],
    ids=["on premises", "to be launched", "launched"],
)
def test_an_ignored_uri_is_reported(nodes, server, launched, expected):
    server.body = json.dumps(NODE | launched).encode()

    done = nodes("add", "ws://127.0.0.1:1/kurento")

    assert done.code == 0
    assert ("was ignored" in done.err) == expected


def test_a_server_that_never_answers_is_given_up(nodes):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        done = nodes(
            "list", "--timeout", "0.3", MEDIAFLEET_URL=f"http://127.0.0.1:{mute.getsockname()[1]}"
        )

    assert done.code == 1
    assert "did not answer within 0.3 s" in done.err


def test_a_server_that_hangs_up_is_reported_in_one_line(nodes):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

        def accept_and_close():
            listener.accept()[0].close()

        hang_up = threading.Thread(target=accept_and_close, daemon=True)
        hang_up.start()

        done = nodes("list", MEDIAFLEET_URL=f"http://127.0.0.1:{port}")
        hang_up.join()

    assert done.code == 1
    assert done.err.count("\n") == 1


def test_a_proxy_of_the_environment_is_not_used_for_this_machine(nodes, server):
    server.body = b'{"content":[],"numberOfElements":0}'

    assert nodes("list", http_proxy="http://127.0.0.1:1", ALL_PROXY="http://127.0.0.1:1").code == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://canary-user:canary-password@127.0.0.1:1",
        "ftp://127.0.0.1",
        "127.0.0.1:5443",
        "http://",
        "http://127.0.0.1:0",
        "http://127.0.0.1:99999",
        "http://127.0.0.1/?a=b",
        "http://[::1",
        "",
    ],
)
def test_a_url_that_is_none_is_a_usage_error(nodes, url):
    done = nodes("list", "--url", url)

    assert done.code == 2
    assert "Traceback" not in done.err
    assert "canary" not in done.all


def test_the_secret_of_this_machine_is_not_sent_to_another_one(run_here, home):
    directory = home / ".local/share/mediafleet"
    directory.mkdir(parents=True)
    (directory / "secret").touch(0o600)
    (directory / "secret").write_text("canary-local\n")

    done = run_here("nodes", "list", "--url", "http://192.0.2.1:5443", "--timeout", "0.2")

    assert done.code == 2
    assert "--secret-file" in done.err
    assert "canary" not in done.all


def test_a_missing_secret_is_reported_with_the_places_to_put_it(run_here, tmp_path):
    done = run_here("nodes", "list", HOME=str(tmp_path))

    assert done.code == 2
    assert all(place in done.err for place in ("OPENVIDU_SECRET", "--secret-file", str(tmp_path)))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_ca_file_that_is_none_is_a_usage_error(nodes, tmp_path, content):
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)

    done = nodes("list", "--ca-file", path)

    assert done.code == 2
    assert str(path) in done.err
