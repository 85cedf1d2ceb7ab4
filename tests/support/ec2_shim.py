"""EC2 for tests: moto over HTTP, with what moto lacks, and addresses that lead to loopback.

moto repeats a launch whose ClientToken it knows, has no time between pending and running, no errors
of capacity, and invents addresses. The shim stands before it: a token launches once, states take
time, errors come when a test wants them, and every instance has the address of an emulated node.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import pytest
from botocore.loaders import create_loader
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
from werkzeug.test import EnvironBuilder

from mediafleet.emulator import EmulatedCluster, address_of

os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"  # for each test anew, a third of a second

NAMESPACE = "{http://ec2.amazonaws.com/doc/2016-11-15}"
CODES = {"pending": "0", "running": "16", "shutting-down": "32", "terminated": "48"}


@dataclass
class Fault:
    """An answer instead of the right one.

    Attributes:
        action: Which question gets it.
        code: AWS's word.
        message: In words.
        status: Of the answer.
        times: How often.
        delay: Seconds before it; before the right answer if there is no code.
    """

    action: str
    code: str = ""
    message: str = "as the test wants it"
    status: int = 400
    times: int = 1
    delay: float = 0.0


@dataclass
class Instance:
    id: str
    number: int
    launched: float
    tags: dict[str, str]
    ended: float | None = None


@dataclass
class Ec2Shim:
    """A WSGI application; one region, one account.

    Attributes:
        address_of: The loopback address of the instance of that number.
        started: Called for an instance that runs, by number.
        ended: Called for an instance that must end, by number.
        boot: Seconds an instance is pending.
        shutdown: Seconds it is shutting down.
        faults: Answers to come.
        asked: How often each action was asked for.
    """

    address_of: Callable[[int], str]
    started: Callable[[int], object]
    ended: Callable[[int], object]
    boot: float = 0.2
    shutdown: float = 0.1
    faults: list[Fault] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    instances: dict[str, Instance] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._tokens: dict[str, tuple[list[tuple[str, str]], bytes]] = {}
        self._lock = threading.Lock()
        self._forget_other_tests()

    def _forget_other_tests(self) -> None:
        environ = EnvironBuilder("/moto-api/reset", method="POST").get_environ()
        status, _ = self._ask_moto(environ)
        assert status == 200

    def alive(self) -> list[str]:
        """Ids of the instances that run or will."""
        return [each.id for each in self.instances.values() if each.ended is None]

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length)
        environ["wsgi.input"] = BytesIO(body)
        fields = {key: values[0] for key, values in parse_qs(body.decode()).items()}
        action = fields.get("Action", "")
        self.asked[action] += 1
        fault = self._fault(action)
        if fault is not None and fault.code:
            time.sleep(fault.delay)
            return self._answer(start, fault.status, _error(fault.code, fault.message))
        with self._lock:
            status, answer = self._right_answer(action, fields, environ)
        if fault is not None:
            time.sleep(fault.delay)
        return self._answer(start, status, answer)

    def _fault(self, action: str) -> Fault | None:
        for fault in self.faults:
            if fault.action == action and fault.times > 0:
                fault.times -= 1
                return fault
        return None

    def _right_answer(
        self, action: str, fields: dict[str, str], environ: dict[str, Any]
    ) -> tuple[int, bytes]:
        token = fields.get("ClientToken")
        if action == "RunInstances" and token is not None:
            wanted = sorted(pair for pair in fields.items() if pair[0] != "ClientToken")
            if token in self._tokens:
                known, answer = self._tokens[token]
                if known != wanted:
                    return 400, _error("IdempotentParameterMismatch", "other parameters")
                return 200, self._shaped(answer)
            status, answer = self._ask_moto(environ)
            if status < 300:
                self._note_launched(answer, _tags(fields))
                self._tokens[token] = (wanted, answer)
            return status, self._shaped(answer)
        if action == "TerminateInstances":
            self._note_ended(value for key, value in fields.items() if "InstanceId" in key)
        status, answer = self._ask_moto(environ)
        return status, self._shaped(answer) if status < 300 else answer

    def _note_launched(self, answer: bytes, tags: dict[str, str]) -> None:
        for item in _items(ET.fromstring(answer)):
            instance_id = _text(item, "instanceId")
            number = len(self.instances)
            self.instances[instance_id] = Instance(instance_id, number, time.monotonic(), tags)
            self.started(number)

    def _note_ended(self, ids: Iterator[str]) -> None:
        for each in ids:
            instance = self.instances.get(each)
            if instance is not None and instance.ended is None:
                instance.ended = time.monotonic()
                self.ended(instance.number)

    def _shaped(self, answer: bytes) -> bytes:
        """Give instances the states and addresses that they have here."""
        root = ET.fromstring(answer)
        for item in _items(root):
            instance = self.instances[_text(item, "instanceId")]
            state = self._state(instance)
            for place in ("instanceState", "currentState"):
                _set(item, f"{place}/code", CODES[state])
                _set(item, f"{place}/name", state)
            for each in item.iter(f"{NAMESPACE}privateIpAddress"):
                each.text = self.address_of(instance.number)
        return ET.tostring(root)

    def _state(self, instance: Instance) -> str:
        now = time.monotonic()
        if instance.ended is not None:
            return "terminated" if now - instance.ended > self.shutdown else "shutting-down"
        return "running" if now - instance.launched > self.boot else "pending"

    def _ask_moto(self, environ: dict[str, Any]) -> tuple[int, bytes]:
        reported: dict[str, Any] = {}

        def start(status: str, headers: Any, _: Any = None) -> None:
            reported["status"] = int(status.split(maxsplit=1)[0])

        body = b"".join(self._moto(environ, start))
        return reported["status"], body

    @staticmethod
    def _answer(start: Callable[..., Any], status: int, body: bytes) -> list[bytes]:
        headers = [("Content-Type", "text/xml"), ("Content-Length", str(len(body)))]
        start(f"{status} as it is", headers)
        return [body]


_loader = cache(create_loader)


def backed_by(cluster: EmulatedCluster) -> Ec2Shim:
    """A shim whose instances are the nodes of an emulated cluster, all down to begin with."""
    loop = asyncio.get_running_loop()
    for node in cluster.nodes:
        node.crash()
    return Ec2Shim(
        address_of,
        started=lambda number: loop.call_soon_threadsafe(cluster.nodes[number].restart),
        ended=lambda number: loop.call_soon_threadsafe(cluster.nodes[number].crash),
    )


@contextmanager
def serving(shim: Ec2Shim) -> Iterator[str]:
    """Serve the shim on a free port of loopback; its URL.

    Clients in this process share the description of EC2, which takes half a second to read.
    """
    server = make_server("127.0.0.1", 0, shim, threaded=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr("botocore.session.create_loader", lambda _: _loader())
            yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _items(root: ET.Element) -> Iterator[ET.Element]:
    for item in root.iter(f"{NAMESPACE}item"):
        if item.find(f"{NAMESPACE}instanceId") is not None:
            yield item


def _tags(fields: dict[str, str]) -> dict[str, str]:
    """The tags that an order gives to an instance."""
    prefix = "TagSpecification.1.Tag."
    names = {key: name for key, name in fields.items() if key.startswith(prefix) and "Key" in key}
    return {name: fields[key.replace(".Key", ".Value")] for key, name in names.items()}


def _text(item: ET.Element, name: str) -> str:
    found = item.findtext(f"{NAMESPACE}{name}")
    assert found is not None
    return found


def _set(item: ET.Element, path: str, text: str) -> None:
    found = item.find("/".join(f"{NAMESPACE}{name}" for name in path.split("/")))
    if found is not None:
        found.text = text


def _error(code: str, message: str) -> bytes:
    return (
        f"<Response><Errors><Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
        "</Errors><RequestID>request-1</RequestID></Response>"
    ).encode()
