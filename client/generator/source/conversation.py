"""What both clients share: where a request goes, whether it is repeated, what its answer means."""

import ipaddress
import json
import socket
import ssl
from contextlib import suppress
from typing import Any, Final, TypeVar
from urllib.parse import SplitResult, urlsplit
from urllib.request import getproxies

import httpx

from mediafleet_client.errors import (
    BY_STATUS,
    ApiStatusError,
    ConnectionFailed,
    InvalidResponse,
    MediafleetError,
    RequestTimedOut,
)
from mediafleet_client.models import ErrorDetail, StoredEvent
from mediafleet_client.types import Operation

T = TypeVar("T")

USER: Final = "OPENVIDUAPP"
CONNECT_S: Final = 10.0
_MAX_TEXT: Final = 8_192
_MAX_LINE: Final = 16 << 20
_MEMBERS: Final = {"timestamp", "status", "error", "message", "path"}
_OF_PROXIES: Final = (502, 503, 504)
_STOPPING: Final = "The server is stopping"
_LOCAL_NAMES: Final = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def checked_url(url: str) -> str:
    """Return the base of a server without a slash at its end.

    Raises:
        ValueError: It has not the form of one, or holds a user name or a password.
    """
    try:
        parts, _ = urlsplit(url), httpx.URL(url)
        port = parts.port
    except (ValueError, httpx.InvalidURL):
        raise ValueError("the URL of the server is not valid") from None
    if parts.username is not None or parts.password is not None:
        raise ValueError("the URL of the server may hold no user name and no password")
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0:
        raise ValueError("the URL of the server must have the form http://HOST:PORT or https://…")
    if parts.query or parts.fragment or " " in url or not url.isprintable():
        raise ValueError("the URL of the server may have no query, no fragment and no blanks")
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, which is known from its name or address alone."""
    name = host.lower().rstrip(".")
    address = _address(name)
    if address is not None:
        return address.is_loopback or address.is_unspecified
    return name in _LOCAL_NAMES or name.endswith(".localhost")


def proxy_for(url: str) -> str | None:
    """Find the proxy that the environment names for a server, as curl does.

    A server on this machine has none, for a proxy would take its address for one of its own.
    """
    parts = urlsplit(url)
    host, proxies = parts.hostname or "", getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    if not proxy or is_loopback(host) or _is_excepted(parts, proxies.get("no", "")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def transport_options(url: str, *, verify: bool | str | ssl.SSLContext, trust_env: bool) -> dict[str, Any]:
    """Make the arguments of an httpx transport.

    Raises:
        ValueError: The environment names a proxy that cannot be used.
        OSError: The file of authorities cannot be read.
    """
    proxy = proxy_for(url) if trust_env else None
    if isinstance(verify, str):
        verify = ssl.create_default_context(cafile=verify)
    try:
        made = None if proxy is None else httpx.Proxy(proxy)
    except (ValueError, httpx.InvalidURL):
        raise ValueError("the proxy that the environment names is no URL of a proxy") from None
    return {"verify": verify, "trust_env": trust_env, "proxy": made}


def pause_before_repeating(operation: Operation[Any], response: httpx.Response) -> float | None:
    """How long to wait before a request is sent once more; `None` if it must not be.

    Only 503 is repeated, and only if it says when to try again. What changes something is repeated only if the server
    itself says that nothing was changed.
    """
    if response.status_code != 503 or _is_result(operation, response):
        return None
    if not (operation.reads or _changed_nothing(response)):
        return None
    return _retry_after(response)


def result_of(operation: Operation[T], response: httpx.Response) -> T:
    """Read the answer to an operation.

    Args:
        operation: What was asked for.
        response: Read to its end.

    Raises:
        ApiStatusError: It is an error response.
        InvalidResponse: It is none of this API.
    """
    if not _is_result(operation, response):
        raise _error_of(operation, response)
    read = operation.results[response.status_code]
    try:
        if read is str:
            content: Any = response.text
        else:
            content = response.json() if response.content else None
        return read(content)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _strange(operation, response, "an answer that its API does not have") from error


def failure(
    operation: Operation[Any], error: httpx.HTTPError | httpx.InvalidURL, url: str, seconds: float
) -> MediafleetError:
    """Make the error for a request that got no answer."""
    unsent = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
    failed: MediafleetError
    if isinstance(error, httpx.TimeoutException):
        what = "take the request" if unsent else "answer"
        limit = min(seconds, CONNECT_S) if unsent else seconds
        failed = RequestTimedOut(f"{url} did not {what} within {limit:g} s")
    else:
        failed = ConnectionFailed(f"{url}: {str(error) or type(error).__name__}")
    failed.may_go_on = not (unsent or operation.reads)
    return failed


class LineBuffer:
    """Splits bytes at line feeds alone, since JSON may hold what `str.splitlines` takes for the end of a line."""

    def __init__(self) -> None:
        self._rest = b""

    @property
    def rest(self) -> str:
        """What follows the last line feed."""
        return _text(self._rest)

    def feed(self, data: bytes) -> list[str]:
        """Take in some bytes; return the lines that they complete.

        Raises:
            InvalidResponse: A line is too long.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > _MAX_LINE:
            raise InvalidResponse(200, "the answer", f"a line of more than {_MAX_LINE} bytes")
        return [_text(line) for line in lines]


def _text(line: bytes) -> str:
    return line.removesuffix(b"\r").decode("utf-8", "replace")


class EventParser:
    """Reads Server-Sent Events line by line (WHATWG HTML, section 9.2.6)."""

    def __init__(self) -> None:
        self._data: list[str] = []

    def feed(self, line: str) -> StoredEvent | None:
        """Take in a line; return the event that it completes, if it does.

        Raises:
            InvalidResponse: The data is no event of this API.
        """
        if line:
            name, _, value = line.partition(":")
            if name == "data":
                self._data.append(value.removeprefix(" "))
            return None
        data, self._data = "\n".join(self._data), []
        if not data:
            return None
        try:
            return StoredEvent.from_dict(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise InvalidResponse(200, "the stream of events", "an event that its API does not have") from error


def _is_result(operation: Operation[Any], response: httpx.Response) -> bool:
    """Whether an answer is what was asked for, which for a health may have the status of an error."""
    if response.status_code not in operation.results:
        return False
    return response.status_code < 400 or (isinstance(_json(response), dict) and not _is_error(response))


def _error_of(operation: Operation[Any], response: httpx.Response) -> MediafleetError:
    status, body, is_error = response.status_code, _json(response), _is_error(response)
    # OpenVidu answers some errors without a body, and so does the server.
    is_bare = not response.content and "X-Request-Id" in response.headers
    if not (is_error or is_bare or status in _OF_PROXIES):
        return _strange(operation, response, f"the status {status}")
    error = BY_STATUS.get(status, ApiStatusError)(
        status,
        response.reason_phrase,
        str(body["message"])[:_MAX_TEXT] if is_error else response.reason_phrase * is_bare,
        str(body["path"])[:_MAX_TEXT] if is_error else response.url.path,
        retry_after=_retry_after(response),
        from_server=is_error or is_bare,
        errors=_details(body) if is_error else (),
        body=body,
    )
    known = _changed_nothing(response) if status == 503 else (is_error or is_bare) and status != 500
    error.may_go_on = not (known or operation.reads)
    return error


def _details(body: dict[str, Any]) -> tuple[ErrorDetail, ...]:
    """Read the list of problems; what has another form is passed over, as the message has it too."""
    items = body.get("errors")
    return tuple(
        ErrorDetail.from_dict(item)
        for item in (items if isinstance(items, list) else ())
        if isinstance(item, dict) and isinstance(item.get("message"), str) and isinstance(item.get("field", ""), str)
    )


def _strange(operation: Operation[Any], response: httpx.Response, what: str) -> InvalidResponse:
    error = InvalidResponse(response.status_code, str(response.url.copy_with(query=None)), what)
    error.may_go_on = not operation.reads
    return error


def _is_error(response: httpx.Response) -> bool:
    """Whether an answer has the form of the API's errors; a proxy has forms of its own."""
    body = _json(response)
    return isinstance(body, dict) and _MEMBERS <= body.keys()


def _changed_nothing(response: httpx.Response) -> bool:
    """Whether this 503 is one after which nothing was changed, as the contract distinguishes them."""
    return _is_error(response) and not str(_json(response)["message"]).startswith(_STOPPING)


def _json(response: httpx.Response) -> Any:
    with suppress(ValueError, RecursionError):
        return json.loads(response.content)
    return None


def _retry_after(response: httpx.Response) -> float | None:
    seconds = response.headers.get("Retry-After", "").strip()
    return float(seconds) if seconds.isascii() and seconds.isdigit() else None


def _is_excepted(server: SplitResult, exceptions: str) -> bool:
    """Whether NO_PROXY names a server: its host, a domain above it, or a network around it."""
    name = (server.hostname or "").lower().rstrip(".")
    names, address = (name, f"{name}:{server.port}"), _address(name)
    for each in exceptions.lower().replace(",", " ").split():
        if each == "*":
            return True
        if address is not None:
            with suppress(ValueError):
                if address in ipaddress.ip_network(each.strip("[]"), strict=False):
                    return True
        domain = each.lstrip("*").lstrip(".").rstrip(".")
        if any(known == domain or known.endswith(f".{domain}") for known in names):
            return True
    return False


def _address(host: str) -> Address | None:
    """Read an address in every form that the resolver would take for one, such as `127.1`."""
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        mapped = getattr(address, "ipv4_mapped", None)
        return mapped if isinstance(mapped, ipaddress.IPv4Address) else address
    with suppress(OSError):
        return ipaddress.IPv4Address(socket.inet_aton(host))
    return None
