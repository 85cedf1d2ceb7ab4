"""How commands reach a running server, and what its refusals mean for the exit status."""

import ipaddress
import os
import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

import attrs
import httpx

from mediafleet.cli import program
from mediafleet.cli.configuring import usual_data_dir
from mediafleet.cli.exits import CommandError, ExitCode, UsageFault
from mediafleet.cli.secret_file import NAME, read_given_secret, read_own_secret
from mediafleet_client import AuthenticatedClient, connect
from mediafleet_client.models import ErrorBody
from mediafleet_client.types import Response

_CONNECT_S: Final = 10.0
_MAX_REASON: Final = 500
_MAX_PROBLEMS: Final = 8_192
_BETWEEN_PROBLEMS: Final = re.compile(
    r"(?<=\.) (?=Property [A-Z_0-9]+(?:=| is )|\d+ more problems\.$)"
)
_NO_TLS: Final = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST")
_BESIDE_S: Final = 2.0
_EXIT_CODES: Final = {
    HTTPStatus.BAD_REQUEST: ExitCode.USAGE,
    HTTPStatus.UNAUTHORIZED: ExitCode.REFUSED,
    HTTPStatus.NOT_FOUND: ExitCode.NOT_FOUND,
    HTTPStatus.CONFLICT: ExitCode.CONFLICT,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ExitCode.USAGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ExitCode.USAGE,
    HTTPStatus.NOT_IMPLEMENTED: ExitCode.USAGE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Where the server is and what the command line says about getting in.

    Attributes:
        url: Its base.
        secret_file: File of the secret; `None` to look in the usual places.
        ca_file: Authorities to trust for https; `None` for the system's.
        timeout: Seconds to wait for one answer.
    """

    url: str
    secret_file: Path | None
    ca_file: Path | None
    timeout: float


class Server:
    """A server to ask, by way of the generated client."""

    def __init__(self, access: Access, client: AuthenticatedClient) -> None:
        self._access = access
        self.client = client

    def ask(
        self, operation: Callable[[], Response[Any]], *, problems_apart: bool = False
    ) -> Response[Any]:
        """Perform one operation and hand on its answer if it is a success.

        Args:
            operation: Asks the server.
            problems_apart: A refusal lists problems of properties, to be told one a line.

        Raises:
            CommandError: The server is not within reach, refuses, or is no Mediafleet server.
        """
        try:
            with self.understanding():
                answer = operation()
        except httpx.TimeoutException as error:
            raise CommandError(self._late(error)) from error
        except httpx.HTTPError as error:
            raise CommandError(self._unreachable(error)) from error
        if not HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
            raise self._refusal(answer.status_code, answer.parsed, problems_apart=problems_apart)
        return answer

    @contextmanager
    def understanding(self) -> Iterator[None]:
        """Read an answer; one that the contract does not allow is told, not crashed on.

        Raises:
            CommandError: The answer lacks something or has it in another form.
        """
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError, httpx.InvalidURL) as error:
            raise CommandError(self._strange("an answer that its API does not have")) from error

    @contextmanager
    def beside(self) -> Iterator["Server"]:
        """Open a second conversation, which may go on while this one waits for an answer."""
        client = attrs.evolve(self.client, timeout=httpx.Timeout(_BESIDE_S))
        with client as opened:
            yield Server(replace(self._access, timeout=_BESIDE_S), opened)

    def _refusal(self, status: HTTPStatus, body: object, *, problems_apart: bool) -> CommandError:
        if not isinstance(body, ErrorBody):
            return CommandError(self._strange(f"the status {status.value}"))
        if status is HTTPStatus.UNAUTHORIZED:
            return CommandError(
                f"The server {self._access.url} refuses the secret. Give the right one in "
                "OPENVIDU_SECRET or with --secret-file.",
                ExitCode.REFUSED,
            )
        message = str(body.message)
        if problems_apart and status is HTTPStatus.BAD_REQUEST:
            problems = _BETWEEN_PROBLEMS.sub("\n  ", message[:_MAX_PROBLEMS])
            return CommandError(f"Nothing was changed:\n  {problems}", ExitCode.USAGE)
        message = message[:_MAX_REASON]
        return CommandError(
            f"{message} ({status.value} {status.phrase})",
            _EXIT_CODES.get(status, ExitCode.FAILURE),
        )

    def _late(self, error: httpx.TimeoutException) -> str:
        if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            return f"No server answers at {self._access.url} within {_CONNECT_S:g} s."
        return (
            f"The server {self._access.url} did not answer within {self._access.timeout:g} s; it "
            "may still do what was asked. Give it more time with --timeout."
        )

    def _unreachable(self, error: httpx.HTTPError) -> str:
        reason = str(error)[:_MAX_REASON].rstrip(".")
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return (
                f"The certificate of {self._access.url} is not trusted: {reason}. Name its "
                "authority with --ca-file."
            )
        if _NO_TLS.search(reason):
            return f"The server at {self._access.url} speaks no TLS. Is it one for http://?"
        if isinstance(error, httpx.ConnectError):
            return (
                f"No server answers at {self._access.url} ({reason}). Is it running? Start one "
                f"with: {program.line('serve')}"
            )
        return f"The conversation with {self._access.url} failed: {reason or type(error).__name__}."

    def _strange(self, what: str) -> str:
        return f"{self._access.url} gave {what}. Is it the URL of a Mediafleet server?"


@contextmanager
def open_server(access: Access) -> Iterator[Server]:
    """Find the secret and make a client; nothing is sent before the first question.

    Raises:
        UsageFault: The URL, the secret or the CA file is not fit for use.
    """
    address = _checked_url(access.url)
    local = _is_local(address)
    secret = _find_secret(access, local=local)
    context = ssl.create_default_context() if access.ca_file is None else _trusting(access.ca_file)
    client = connect(access.url, secret, verify_ssl=context)
    # A proxy that the environment names knows another machine under the name of this one.
    client = attrs.evolve(client, httpx_args={"trust_env": not local})
    client = client.with_timeout(
        httpx.Timeout(access.timeout, connect=min(access.timeout, _CONNECT_S))
    )
    with client as opened:
        yield Server(access, opened)


def server_at(
    url: str, secret_file: Path | None, ca_file: Path | None, timeout: float
) -> AbstractContextManager[Server]:
    """Open the server that options name.

    Raises:
        UsageFault: The URL, the secret or the CA file is not fit for use.
    """
    return open_server(Access(url=url, secret_file=secret_file, ca_file=ca_file, timeout=timeout))


def _checked_url(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        raise UsageFault("The URL of the server is not valid.") from None
    if parts.username is not None or parts.password is not None:
        raise UsageFault("The URL of the server may hold no user name and no password.")
    if not fits or parts.query or parts.fragment or not url.isprintable():
        raise UsageFault("The URL of the server must have the form http://HOST:PORT or https://….")
    return parts


def _is_local(address: SplitResult) -> bool:
    host = address.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _find_secret(access: Access, *, local: bool) -> str:
    if access.secret_file is not None:
        return read_given_secret(access.secret_file)
    given = os.environ.get("OPENVIDU_SECRET")
    if given:
        try:
            given.encode("utf-8")
        except UnicodeEncodeError:
            raise UsageFault("OPENVIDU_SECRET is not a secret: it is not UTF-8.") from None
        return given
    if not local:
        raise UsageFault(
            "The secret of a server on another machine is needed: set OPENVIDU_SECRET or give "
            "--secret-file."
        )
    path = usual_data_dir() / NAME
    if not path.exists():
        raise UsageFault(
            f"No secret is known: OPENVIDU_SECRET is not set, --secret-file is not given and "
            f"there is no {path}, which a server on this machine makes at its first start."
        )
    return read_own_secret(path)


def _trusting(path: Path) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        reason = error.strerror or "it holds no certificate in PEM form"
        raise UsageFault(f"The CA file {path} cannot be used: {reason}.") from error
