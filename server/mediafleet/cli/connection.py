"""How commands reach a running server, and what its refusals mean for the exit status."""

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

from mediafleet.cli import program
from mediafleet.cli.configuring import usual_data_dir
from mediafleet.cli.exits import CommandError, ExitCode, UsageFault
from mediafleet.cli.secret_file import NAME, read_given_secret, read_own_secret
from mediafleet_client import (
    ApiStatusError,
    BadRequest,
    Conflict,
    ContentTooLarge,
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

T = TypeVar("T")

_MAX_REASON: Final = 500
_MAX_PROBLEMS: Final = 8_192
_BETWEEN_PROBLEMS: Final = re.compile(
    r"(?<=\.) (?=Property [A-Z_0-9]+(?:=| is )|\d+ more problems\.$)"
)
_NO_TLS: Final = re.compile("WRONG_VERSION_NUMBER|RECORD_LAYER_FAILURE|HTTP_REQUEST")
_BESIDE_S: Final = 2.0
_EXIT_CODES: Final[dict[type[ApiStatusError], ExitCode]] = {
    BadRequest: ExitCode.USAGE,
    ContentTooLarge: ExitCode.USAGE,
    UnsupportedMediaType: ExitCode.USAGE,
    NotSupported: ExitCode.USAGE,
    Unauthorized: ExitCode.REFUSED,
    NotFound: ExitCode.NOT_FOUND,
    Conflict: ExitCode.CONFLICT,
}


class UnknownOutcomeError(CommandError):
    """Whether what was asked for is done, or goes on, is not known.

    Attributes:
        what: What happened instead of an answer.
        likely: Whether it goes on; `None` if the server itself has said what it could.
    """

    def __init__(self, what: str, likely: str | None) -> None:
        super().__init__(what if likely is None else f"{what} What was asked for {likely}.")
        self.what = what
        self.likely = likely


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
    """A server to ask.

    Attributes:
        content: The body of its last answer, as it came.
    """

    def __init__(self, url: str, timeout: float, connect: Callable[..., Mediafleet]) -> None:
        self.content = b""
        self._url = url
        self._timeout = timeout
        self._connect = connect
        self._client = connect(timeout=timeout, wait_timeout=timeout, on_response=self._keep)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def ask(self, question: Callable[[Mediafleet], T], *, problems_apart: bool = False) -> T:
        """Ask the server for something.

        Args:
            question: Asks by way of the client.
            problems_apart: A refusal lists problems of properties, to be told one a line.

        Raises:
            UnknownOutcomeError: There is no answer, and a change may go on.
            CommandError: The server is not within reach, refuses, or is no Mediafleet server.
        """
        try:
            return question(self._client)
        except ApiStatusError as error:
            raise self._refusal(error, problems_apart=problems_apart) from error
        except InvalidResponse as error:
            raise CommandError(self._strange(error.what)) from error
        except MediafleetError as error:
            told = self._late(error) if isinstance(error, RequestTimedOut) else self._broken(error)
            if error.may_go_on:
                raise UnknownOutcomeError(told, "goes on") from error
            raise CommandError(told) from error

    @contextmanager
    def understanding(self) -> Iterator[None]:
        """Read an answer; one that the contract does not allow is told, not crashed on.

        Raises:
            CommandError: The answer lacks something or has it in another form.
        """
        try:
            yield
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise CommandError(self._strange("an answer that its API does not have")) from error

    def beside(self) -> "Server":
        """Open a second conversation, which may go on while this one waits for an answer."""
        return Server(self._url, _BESIDE_S, partial(self._connect, retries=0))

    def _keep(self, response: httpx.Response) -> None:
        self.content = response.content

    def _refusal(self, error: ApiStatusError, *, problems_apart: bool) -> CommandError:
        if not error.from_server:
            told = f"No answer came in time: a proxy before {self._url} answered {error.status}."
            likely = "goes on if the server got the request"
            return UnknownOutcomeError(told, likely) if error.may_go_on else CommandError(told)
        if isinstance(error, Unauthorized):
            return CommandError(
                f"The server {self._url} refuses the secret. Give the right one in "
                "OPENVIDU_SECRET or with --secret-file.",
                ExitCode.REFUSED,
            )
        if problems_apart and isinstance(error, BadRequest):
            problems = _BETWEEN_PROBLEMS.sub("\n  ", error.message[:_MAX_PROBLEMS])
            return CommandError(f"Nothing was changed:\n  {problems}", ExitCode.USAGE)
        message = program.with_options(error.message[:_MAX_REASON])
        told = f"{message} ({error.status} {error.reason})"
        if error.may_go_on:
            return UnknownOutcomeError(f"{told}.", None)
        return CommandError(told, _EXIT_CODES.get(type(error), ExitCode.FAILURE))

    def _late(self, error: RequestTimedOut) -> str:
        if isinstance(error.__cause__, httpx.ConnectTimeout | httpx.PoolTimeout):
            return f"No server answers at {self._url} within {CONNECT_S:g} s."
        return (
            f"The server {self._url} did not answer within {self._timeout:g} s; give it more "
            "time with --timeout."
        )

    def _broken(self, error: MediafleetError) -> str:
        cause = error.__cause__
        reason = (str(cause) or type(cause).__name__)[:_MAX_REASON].rstrip(".")
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            return (
                f"The certificate of {self._url} is not trusted: {reason}. Name its authority "
                "with --ca-file."
            )
        if _NO_TLS.search(reason):
            return f"The server at {self._url} speaks no TLS. Is it one for http://?"
        if isinstance(cause, httpx.ConnectError):
            return (
                f"No server answers at {self._url} ({reason}). Is it running? Start one with: "
                f"{program.line('serve')}"
            )
        return f"The conversation with {self._url} failed: {reason}."

    def _strange(self, what: str) -> str:
        return f"{self._url} gave {what}. Is it the URL of a Mediafleet server?"


def open_server(access: Access) -> Server:
    """Find the secret and make a client; nothing is sent before the first question.

    Raises:
        UsageFault: The URL, the secret or the CA file is not fit for use.
    """
    with _usage_faults():
        url = checked_url(access.url)
    secret = _find_secret(access, local=is_loopback(urlsplit(url).hostname or ""))
    # As curl does: what the system trusts, not what a library brings along.
    context = ssl.create_default_context() if access.ca_file is None else _trusting(access.ca_file)
    with _usage_faults():
        return Server(access.url, access.timeout, partial(Mediafleet, url, secret, verify=context))


def server_at(url: str, secret_file: Path | None, ca_file: Path | None, timeout: float) -> Server:
    """Open the server that options name.

    Raises:
        UsageFault: The URL, the secret or the CA file is not fit for use.
    """
    return open_server(Access(url=url, secret_file=secret_file, ca_file=ca_file, timeout=timeout))


@contextmanager
def _usage_faults() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        sentence = str(error)
        raise UsageFault(f"{sentence[0].upper()}{sentence[1:]}.") from None


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
