"""The command that autoscaling passes requests to: bounded in time and output, without a shell."""

import os
import sys
from pathlib import Path
from types import MappingProxyType

import anyio
import pytest

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.services.hook import MAX_OUTPUT_BYTES, run_hook

pytestmark = pytest.mark.anyio

DOCUMENT = b'{"event":"autoscaling"}'


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, bool]]:
    """As the server runs: uvloop starts processes in its own way."""
    return "asyncio", {"use_uvloop": True}


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


async def refused(*command: str, document: bytes = DOCUMENT, limit: float = 10) -> str:
    with pytest.raises(EnvironmentFailureError) as error:
        await run_hook(command, document, environ={}, limit=limit)
    return error.value.detail


async def test_it_reads_the_document_and_has_no_other_variables(tmp_path: Path) -> None:
    code = "import os,sys; open(sys.argv[1],'w').write(sys.stdin.read()+repr(sorted(os.environ)))"
    environ = MappingProxyType({"A": "1"})
    await run_hook((*python(code), str(tmp_path / "$(id)")), DOCUMENT, environ=environ)

    output = (tmp_path / "$(id)").read_text()  # no shell has seen the name
    assert output.startswith(DOCUMENT.decode())
    assert "'A'" in output
    assert "PATH" not in output


async def test_a_command_that_reads_nothing_is_no_error() -> None:
    await run_hook(python("pass"), b"x" * 1_000_000, environ={})


async def test_a_command_that_fails_says_why_in_one_clean_line() -> None:
    output = await refused(*python("import sys; sys.exit('no\\x1b[31m\\nquota')"))

    assert output == "it ended with status 1; it says: no [31m quota "


async def test_a_command_that_is_not_there_is_named_by_its_error() -> None:
    assert "No such file" in await refused("/nowhere/add-node")


async def test_a_command_that_takes_too_long_is_ended_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    code = (
        "import os,subprocess,sys,time;"
        "p=subprocess.Popen(['sleep','60']);"
        f"open({str(pids)!r},'w').write(f'{{os.getpid()}} {{p.pid}}');time.sleep(60)"
    )
    assert "took longer than 2 s" in await refused(*python(code), limit=2)

    with anyio.fail_after(10):
        for pid in pids.read_text().split():
            while Path(f"/proc/{pid}/cmdline").exists() and _lives(int(pid)):
                await anyio.sleep(0.01)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


async def test_a_command_that_prints_without_end_is_ended() -> None:
    output = await refused(*python("while True: print('x' * 1000)"))

    assert f"more than {MAX_OUTPUT_BYTES} bytes" in output
    assert len(output) < 1000


async def test_a_command_ended_by_a_signal_says_so() -> None:
    assert "signal 9" in await refused(*python("import os; os.kill(os.getpid(), 9)"))
