"""One server of the small contract per test module."""

import logging
from collections.abc import Callable, Iterable, Iterator

import pytest

from support.contract_app import SECRET, USER, Jars, make_app, serving
from support.raw_http import RawResponse, basic, exchange, request_bytes

Ask = Callable[..., RawResponse]


@pytest.fixture(scope="module")
def jars() -> Jars:
    return Jars()


@pytest.fixture(scope="module")
def address(jars: Jars) -> Iterator[tuple[str, int]]:
    with serving(make_app(jars)) as where:
        yield where


@pytest.fixture(autouse=True)
def forgotten_calls(request: pytest.FixtureRequest) -> None:
    if "jars" in request.fixturenames:
        jars = request.getfixturevalue("jars")
        jars.calls.clear()
        for event in (jars.waiting, jars.cancelled, jars.go_on, jars.closed):
            event.clear()


@pytest.fixture
def ask(address: tuple[str, int]) -> Ask:
    """Send one request with good credentials, and read the answer."""

    def ask(
        method: str,
        target: str | bytes,
        *,
        headers: Iterable[tuple[str, str | bytes]] = (),
        body: bytes | None = None,
        credentials: bool = True,
    ) -> RawResponse:
        fields = [basic(USER, SECRET)] if credentials else []
        data = request_bytes(method, target, headers=[*fields, *headers], body=body)
        return exchange(address, data, method=method)

    return ask


class LoggedErrors:
    """Records at error level or above, by anybody, tracebacks included."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog

    @property
    def records(self) -> list[logging.LogRecord]:
        return [r for r in self._caplog.get_records("call") if r.levelno >= logging.ERROR]


@pytest.fixture
def logged_errors(caplog: pytest.LogCaptureFixture) -> LoggedErrors:
    """For tests that provoke errors in the log; in all others the log must be free of them."""
    return LoggedErrors(caplog)


@pytest.fixture(autouse=True)
def log_without_errors(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> Iterator[None]:
    with caplog.at_level(logging.DEBUG):
        yield
    if "logged_errors" not in request.fixturenames:
        assert [r.getMessage() for r in LoggedErrors(caplog).records] == []
