"""The connection of a command to a running server, and the exit status of its errors."""

import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

import httpx
from rich.table import Table

from mediafleet.cli.errors import CommandError, ExitCode, UnknownOutcomeError, UsageError
from mediafleet.cli.server_configuration import (
    SECRET_FILE,
    read_secret,
    usual_data_dir,
)
from mediafleet.cli.tables import print_table
from mediafleet.cli.terminal import command_line, print_json, with_options
from mediafleet_client import (
    ApiStatusError,
    BadRequest,
    Conflict,
    ContentTooLarge,
    Gone,
    InvalidResponse,
    Mediafleet,
    MediafleetError,
    NotFound,
    NotSupported,
    RequestTimedOut,
    Unauthorized,
    UnsupportedMediaType,
)
from mediafleet_client.conversation import CONNECT_S, checked_url, is_loopback

TIMEOUT_S: Final = 30.0
WAIT_TIMEOUT_S: Final = 3_600.0

T = TypeVar("T")

_MAX_REASON: Final = 500
_MAX_PROBLEM: Final = 2_000
_NO_TLS_ERRORS: Final = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST")
_SECOND_CONNECTION_TIMEOUT_S: Final = 2.0
_EXIT_CODES: Final[dict[type[ApiStatusError], ExitCode]] = {
    BadRequest: ExitCode.USAGE,
    ContentTooLarge: ExitCode.USAGE,
    UnsupportedMediaType: ExitCode.USAGE,
    NotSupported: ExitCode.USAGE,
    Unauthorized: ExitCode.UNAUTHORIZED,
    NotFound: ExitCode.NOT_FOUND,
    Gone: ExitCode.NOT_FOUND,
    Conflict: ExitCode.CONFLICT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The connection options of a command.

    Attributes:
        url: Base URL of the server.
        secret_file: File of the secret; `None` for `OPENVIDU_SECRET` or the server's own file.
        ca_file: Certificate authorities to trust for https; `None` for those of the system.
        timeout: Seconds to wait for a response; `None` for the default.
    """

    url: str
    secret_file: Path | None
    ca_file: Path | None
    timeout: float | None

    def connect(self, *, wait: bool = False) -> "Server":
        """Find the secret and make a client; nothing is sent before the first request.

        Args:
            wait: Whether the server waits for the end of the change before it responds.

        Raises:
            UsageError: The URL, the secret or the CA file cannot be used.
        """
        timeout = self.timeout or (WAIT_TIMEOUT_S if wait else TIMEOUT_S)
        with _usage_errors():
            url = checked_url(self.url)
        secret = _find_secret(self.secret_file, local=is_loopback(urlsplit(url).hostname or ""))
        # Like curl: the authorities of the system, not those that a library ships.
        context = _tls_context(self.ca_file)
        with _usage_errors():
            return Server(self.url, timeout, partial(Mediafleet, url, secret, verify=context))

    def show(
        self, request: Callable[[Mediafleet], T], table_of: Callable[[T], Table], *, json: bool
    ) -> None:
        """Send a request, and print the response; see `Server.ask` and `Server.print`."""
        with self.connect() as server:
            server.print(server.ask(request), table_of, json=json)


class Server:
    """A connection to a server.

    Attributes:
        content: The body of the last response.
        timeout: Seconds to wait for a response.
    """

    def __init__(self, url: str, timeout: float, connect: Callable[..., Mediafleet]) -> None:
        self.content = b""
        self._url = url
        self.timeout = timeout
        self._connect = connect
        self._client = connect(timeout=timeout, wait_timeout=timeout, on_response=self._keep)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, request: Callable[[Mediafleet], T]) -> T:
        """Send a request.

        Args:
            request: Calls a method of the client.

        Raises:
            UnknownOutcomeError: There is no response, and a change may go on.
            CommandError: The server is not reachable, responds with an error, or is no Mediafleet
                server.
        """
        try:
            return request(self._client)
        except ApiStatusError as error:
            raise self._status_error(error) from error
        except InvalidResponse as error:
            raise CommandError(self._unexpected(error.what)) from error
        except MediafleetError as error:
            timed_out = isinstance(error, RequestTimedOut)
            message = self._timed_out(error) if timed_out else self._failed(error)
            if error.may_go_on:
                raise UnknownOutcomeError(message, "goes on") from error
            raise CommandError(message) from error

    def print(
        self,
        result: T,
        table_of: Callable[[T], Table],
        *,
        json: bool,
        in_place: bool = False,
    ) -> None:
        """Print the last response as a table, or as it is.

        Args:
            result: Of the last request.
            table_of: Makes the table.
            json: Print the response body.
            in_place: Let a table replace what is on the screen, if stdout is a terminal.

        Raises:
            CommandError: The response does not have the form of the contract.
        """
        if json:
            print_json(self.content)
            return
        try:
            table = table_of(result)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(self._unexpected("an answer that its API does not have")) from error
        print_table(table, in_place=in_place)

    def second_connection(self) -> "Server":
        """Open another connection, to use while this one waits for a response."""
        connect = partial(self._connect, retries=0)
        return Server(self._url, _SECOND_CONNECTION_TIMEOUT_S, connect)

    def _keep(self, response: httpx.Response) -> None:
        self.content = response.content

    def _status_error(self, error: ApiStatusError) -> CommandError:
        if not error.from_server:
            message = f"No answer came in time: a proxy before {self._url} answered {error.status}."
            likely = "goes on if the server got the request"
            return (
                UnknownOutcomeError(message, likely) if error.may_go_on else CommandError(message)
            )
        if isinstance(error, Unauthorized):
            return CommandError(
                f"The server {self._url} refuses the secret. Give the right one in "
                "OPENVIDU_SECRET or with --secret-file.",
                ExitCode.UNAUTHORIZED,
            )
        if isinstance(error, BadRequest) and error.errors:
            problems = [with_options(each.message[:_MAX_PROBLEM]) for each in error.errors]
            return CommandError("\n  ".join(["Nothing was changed:", *problems]), ExitCode.USAGE)
        reason = with_options(error.message[:_MAX_REASON])
        message = f"{reason} ({error.status} {error.reason})"
        if error.may_go_on:
            return UnknownOutcomeError(f"{message}.", None)
        return CommandError(message, _EXIT_CODES.get(type(error), ExitCode.FAILURE))

    def _timed_out(self, error: MediafleetError) -> str:
        if isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout):
            return f"No server answers at {self._url} within {CONNECT_S:g} s."
        return (
            f"The server {self._url} did not answer within {self.timeout:g} s; give it more "
            "time with --timeout."
        )

    def _failed(self, error: MediafleetError) -> str:
        cause = error.__cause__
        reason = (str(cause) or type(cause).__name__)[:_MAX_REASON].rstrip(".")
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return (
                f"The certificate of {self._url} is not trusted: {reason}. Name its authority "
                "with --ca-file."
            )
        if _NO_TLS_ERRORS.search(reason):
            return f"The server at {self._url} speaks no TLS. Is it one for http://?"
        if isinstance(cause, httpx.ConnectError):
            return (
                f"No server answers at {self._url} ({reason}). Is it running? Start one with: "
                f"{command_line('serve')}"
            )
        return f"The connection to {self._url} failed: {reason}."

    def _unexpected(self, what: str) -> str:
        return f"{self._url} gave {what}. Is it the URL of a Mediafleet server?"


@contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        sentence = str(error)
        raise UsageError(f"{sentence[0].upper()}{sentence[1:]}.") from None


def _find_secret(given: Path | None, *, local: bool) -> str:
    if given is not None:
        return read_secret(given, private=False)
    secret = os.environ.get("OPENVIDU_SECRET")
    if secret:
        try:
            secret.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageError("OPENVIDU_SECRET is not a secret: it is not UTF-8.") from None
        return secret
    if not local:
        raise UsageError(
            "The secret of a server on another machine is needed: set OPENVIDU_SECRET or give "
            "--secret-file."
        )
    path = usual_data_dir() / SECRET_FILE
    if not path.exists():
        raise UsageError(
            f"No secret is known: OPENVIDU_SECRET is not set, --secret-file is not given and "
            f"there is no {path}, which a server on this machine makes at its first start."
        )
    return read_secret(path, private=True)


def _tls_context(ca_file: Path | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = error.strerror or "it holds no certificate in PEM form"
        raise UsageError(f"The CA file {ca_file} cannot be used: {reason}.") from error
