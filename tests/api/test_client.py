"""What the generated client has beside the operations: its text form, and the wait for a status."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import pytest

from mediafleet_client import (
    AuthenticatedClient,
    Client,
    MediafleetError,
    StatusTimeoutError,
    connect,
    wait_until_status,
    wait_until_status_async,
)

NODE = {
    "id": "kms_1",
    "environmentId": None,
    "ip": None,
    "uri": None,
    "launchingTime": 1600678236916,
    "connected": False,
    "connectionTime": None,
    "load": None,
}
ERROR = {"timestamp": 1, "status": 404, "error": "Not Found", "message": "None such.", "path": "/"}


def wait_in_a_loop(client, *arguments, **options):
    async def wait():
        async with client:
            return await wait_until_status_async(client, *arguments, **options)

    return anyio.run(wait)


@pytest.fixture(params=[wait_until_status, wait_in_a_loop], ids=["blocking", "async"])
def wait(request):
    return request.param


@pytest.fixture
def server():
    """A node with the statuses that a test sets, one for each question; then there is none."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status = listener.statuses.pop(0) if listener.statuses else None
            body = json.dumps(NODE | {"status": status} if status else ERROR).encode()
            self.send_response(200 if status else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.statuses = []
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield listener
        listener.shutdown()
        thread.join()


@pytest.fixture
def client(server):
    client = connect(f"http://127.0.0.1:{server.server_port}", "secret")
    yield client
    client.get_httpx_client().close()


def test_it_waits_for_one_of_the_statuses(wait, client, server):
    server.statuses = ["launching", "launching", "running"]

    node = wait(client, "kms_1", ["running", "failed"], poll_interval=0.01)

    assert (node.id, str(node.status)) == ("kms_1", "running")
    assert server.statuses == []


def test_it_waits_for_a_node_to_be_gone_if_that_is_wanted(wait, client, server):
    server.statuses = ["terminating"]

    assert wait(client, "kms_1", "gone", poll_interval=0.01) is None


def test_an_error_ends_the_wait(wait, client):
    with pytest.raises(MediafleetError, match="404: None such") as caught:
        wait(client, "kms_1", "running")

    assert caught.value.status == 404


def test_the_time_is_up_when_the_next_question_would_come_too_late(wait, client, server):
    server.statuses = ["launching"]

    with pytest.raises(StatusTimeoutError, match="still launching after 5 s") as caught:
        wait(client, "kms_1", "running", timeout=5, poll_interval=6)

    assert caught.value.status == "launching"


def test_a_server_that_never_answers_takes_no_longer_than_the_wait(wait):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        client = connect(f"http://127.0.0.1:{mute.getsockname()[1]}", "secret", timeout=20)
        began = time.monotonic()

        with client, pytest.raises(StatusTimeoutError, match="still unknown") as caught:
            wait(client, "kms_1", "running", timeout=0.3)

        assert time.monotonic() - began < 5
        assert caught.value.status == "unknown"


def test_no_credentials_are_in_the_text_form():
    client = connect("http://127.0.0.1:1", "canary-secret")
    client.get_httpx_client().close()
    others = (
        AuthenticatedClient("http://127.0.0.1:1", "canary-token"),
        Client("http://127.0.0.1:1", httpx_args={"auth": ("x", "canary-auth")}),
    )
    texts = [
        repr(each.with_headers({"Authorization": "canary-header"}).with_cookies({"x": "canary"}))
        for each in (client, *others)
    ]

    assert client.token not in f"{client!r}{texts}"
    assert "canary" not in "".join(texts)
    assert all("http://127.0.0.1:1" in text for text in texts)
