import logging
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from mediafleet.app import Server
from mediafleet.contract import FailedLogins
from support import fuzz_verdict, fuzzing, live

_folder = tempfile.TemporaryDirectory(prefix="mediafleet-fuzz-")
fuzzing.write_cdr_file(Path(_folder.name))
schema = fuzzing.make_schema()
schema.app = Server(
    live.configuration(Path(_folder.name)),
    # The fuzz sends thousands of wrong credentials from one peer, which would be slowed down.
    failed_logins=FailedLogins(most=sys.maxsize),
).app()
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", autouse=True)
def trouble(run: fuzzing.Run) -> Iterator[list[str]]:
    """Errors and tracebacks in the server's log; no request may cause one."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: (  # type: ignore[method-assign]
        found.append(record.getMessage())
        if record.levelno >= logging.ERROR or record.exc_info
        else None
    )
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)
    fuzzing.empty(schema)


@schema.parametrize()
def test_an_operation_keeps_the_contract(case) -> None:
    case.call_and_validate()


TestScenarios = fuzzing.scenarios(schema)


def test_the_run_met_what_it_had_to(run: fuzzing.Run, trouble: list[str]) -> None:
    fuzz_verdict.check(run)
    assert trouble == []
