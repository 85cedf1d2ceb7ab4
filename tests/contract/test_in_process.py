import logging
import tempfile
from pathlib import Path

import pytest

from mediafleet.app import create_app
from support import fuzz_verdict, fuzzing, live

_folder = tempfile.TemporaryDirectory(prefix="mediafleet-fuzz-")
schema = fuzzing.make_schema()
schema.app = create_app(live.configuration(Path(_folder.name)))
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", autouse=True)
def errors_in_the_log():
    """No request may bring an error into the log, let alone a traceback."""
    found: list[logging.LogRecord] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = found.append  # type: ignore[method-assign]
    logging.getLogger().addHandler(handler)
    yield found
    logging.getLogger().removeHandler(handler)


@schema.parametrize()
def test_an_operation_keeps_the_contract(case) -> None:
    case.call_and_validate()


TestScenarios = fuzzing.scenarios(schema)


def test_the_run_met_what_it_had_to(errors_in_the_log, request: pytest.FixtureRequest) -> None:
    fuzz_verdict.check(request.config.getoption("--hypothesis-seed"))
    assert [record.getMessage() for record in errors_in_the_log] == []
