"""A raw HTTP/1.1 client: sends the bytes it is given and reads one response, in bounded time.

It exists to say what no HTTP library would: half a request, two bodies, a header in odd case.
"""

import base64
import json
import socket
import ssl
import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

_MAX_RESPONSE_BYTES = 64 << 20
_READ_BYTES = 65536


class NoResponseError(AssertionError):
    """The server closed the connection, or sent nothing, instead of answering completely."""


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One response as it came.

    Attributes:
        headers: In the order of the wire, names in lower case.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def all(self, name: str) -> list[str]:
        """List the values of one header."""
        return [value for known, value in self.headers if known == name.lower()]

    def header(self, name: str) -> str | None:
        """Give the value of a header that must not be repeated."""
        values = self.all(name)
        assert len(values) <= 1, f"{name} is repeated: {values}"
        return values[0] if values else None

    def json(self) -> Any:
        """Decode the body."""
        return json.loads(self.body)


class RawConnection:
    """One TCP connection to a server on loopback; every wait ends after *timeout* seconds.

    Args:
        address: Of the server.
        timeout: Of each wait.
        source: Address of this end; the system's choice if empty.
        tls: What to encrypt with, if at all.
    """

    def __init__(
        self,
        address: tuple[str, int],
        *,
        timeout: float = 10.0,
        source: str = "",
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout = timeout
        own = (source, 0) if source else None
        self._socket = socket.create_connection(address, timeout=timeout, source_address=own)
        if tls is not None:
            self._socket = tls.wrap_socket(self._socket, server_hostname=address[0])
        self._buffer = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def reset(self) -> None:
        """Hang up without a farewell."""
        linger = struct.pack("ii", 1, 0)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """Send bytes as they are; False when the server has reset the connection already."""
        try:
            self._socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def read_response(self, method: str = "GET") -> RawResponse:
        """Read one final response; interim ones (1xx) are skipped.

        Args:
            method: What was asked: the answer to a HEAD has no body.

        Raises:
            NoResponseError: Connection closed or time over before the response was complete.
        """
        deadline = time.monotonic() + self._timeout
        response = self.read_head()
        if method == "HEAD" or response.status in (204, 304):
            return response
        return replace(response, body=self._read_body(response.headers, deadline))

    def read_head(self) -> RawResponse:
        """Read the head of one final response, whose body is left to be read."""
        deadline = time.monotonic() + self._timeout
        while True:
            status, reason, headers = _parse_head(self._read_until(b"\r\n\r\n", deadline))
            if status >= 200:
                return RawResponse(status, reason, headers, b"")

    def read_chunk(self) -> bytes:
        """Read one chunk of a chunked body; empty at its end."""
        deadline = time.monotonic() + self._timeout
        size = int(self._read_until(b"\r\n", deadline).split(b";")[0], 16)
        return self._read_exactly(size + 2, deadline)[:-2]

    def read_interim(self) -> int:
        """Read one response head and give its status, e.g. 100."""
        return _parse_head(self._read_until(b"\r\n\r\n", time.monotonic() + self._timeout))[0]

    def has_answer(self) -> bool:
        """Whether anything is there to be read, without waiting for it."""
        self._socket.setblocking(False)
        try:
            return bool(self._buffer or self._socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self._socket.settimeout(self._timeout)

    def is_closed_by_peer(self) -> bool:
        """Wait for the server to close the connection; False when it says anything or stays."""
        if self._buffer:
            return False
        self._socket.settimeout(self._timeout)
        try:
            return self._socket.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False

    def ends(self) -> bool:
        """Wait for the server to close the connection, whatever it says before."""
        self._socket.settimeout(self._timeout)
        try:
            while self._socket.recv(_READ_BYTES):
                pass
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        return True

    def ends_cleanly(self) -> bool:
        """Wait for the server to end the connection without resetting it."""
        self._socket.settimeout(self._timeout)
        try:
            return not self._buffer and self._socket.recv(1) == b""
        except (ConnectionResetError, TimeoutError):
            return False

    def _read_body(self, headers: tuple[tuple[str, str], ...], deadline: float) -> bytes:
        fields = dict(headers)
        if fields.get("transfer-encoding", "").lower() == "chunked":
            return self._read_chunks(deadline)
        return self._read_exactly(int(fields["content-length"]), deadline)

    def _read_chunks(self, deadline: float) -> bytes:
        body = bytearray()
        while chunk := self.read_chunk():
            body += chunk
            if time.monotonic() > deadline:
                raise NoResponseError(f"no complete response; so far {bytes(body[:200])!r}")
        return bytes(body)

    def _read_until(self, end: bytes, deadline: float) -> bytes:
        while (index := self._buffer.find(end)) < 0:
            self._fill(deadline)
        return self._take(index + len(end))

    def _read_exactly(self, size: int, deadline: float) -> bytes:
        while len(self._buffer) < size:
            self._fill(deadline)
        return self._take(size)

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _fill(self, deadline: float) -> None:
        remaining = deadline - time.monotonic()
        if remaining <= 0 or len(self._buffer) > _MAX_RESPONSE_BYTES:
            raise NoResponseError(f"no complete response; so far {bytes(self._buffer[:200])!r}")
        self._socket.settimeout(remaining)
        try:
            data = self._socket.recv(_READ_BYTES)
        except TimeoutError:
            data = None
        except ConnectionResetError:
            data = b""
        if not data:
            what = "silence" if data is None else "end of connection"
            raise NoResponseError(f"{what} after {bytes(self._buffer[:200])!r}")
        self._buffer += data


def request_bytes(
    method: str,
    target: str | bytes,
    *,
    headers: Iterable[tuple[str, str | bytes]] = (),
    body: bytes | None = None,
    host: str = "127.0.0.1",
) -> bytes:
    """Compose a request; a Content-Length is added when there is a body and no framing is given."""
    fields = [(name, _bytes(value)) for name, value in headers]
    names = {name.lower() for name, _ in fields}
    if body is not None and not names & {"content-length", "transfer-encoding"}:
        fields.append(("Content-Length", str(len(body)).encode()))
    lines = [method.encode() + b" " + _bytes(target) + b" HTTP/1.1", b"Host: " + host.encode()]
    lines += [name.encode() + b": " + value for name, value in fields]
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


def chunked(*chunks: bytes) -> bytes:
    """Frame a body for ``Transfer-Encoding: chunked``."""
    framed = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return framed + b"0\r\n\r\n"


def basic(user: str, secret: str) -> tuple[str, str]:
    """Make an Authorization header."""
    return "Authorization", "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()


def exchange(
    address: tuple[str, int], data: bytes, *, method: str = "GET", timeout: float = 10.0
) -> RawResponse:
    """Send one request on a connection of its own and read the answer."""
    with RawConnection(address, timeout=timeout) as connection:
        connection.send(data)
        return connection.read_response(method)


def _parse_head(head: bytes) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    version, status, reason = (*first.split(" ", 2), "")[:3]
    assert version.startswith("HTTP/1."), first
    pairs = (line.partition(":") for line in lines if line)
    return int(status), reason, tuple((name.lower(), value.strip()) for name, _, value in pairs)


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("latin-1")
