"""The environment `local`, against the suite of all environments and on its own."""

import errno
import os
import resource
import select
import shlex
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import MachineRequest
from mediafleet.environments.local import Local, LocalSettings
from mediafleet.environments.local.launch import MAX_OUTPUT_BYTES, OUTPUT, Folders
from mediafleet.environments.local.processes import (
    Mark,
    MarkedProcess,
    Owner,
    held,
    read_mark,
    read_process,
)
from support.environment_suite import CLUSTER, FIRST, SECOND, LaunchingSuite, until_it_answers
from support.factories import make_node
from support.local_nodes import end_local_nodes, local_nodes

pytestmark = pytest.mark.anyio

EMULATOR = f"{shlex.quote(sys.executable)} -m mediafleet emulator"
AT_ITS_PLACE = "--address {address} --port {port}"
BROKEN = "import sys; sys.exit('\\x1b[31mno \\x07good\\nat all\\x00' + '!' * 5000)"


class Lab:
    name = "local"

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.settings = LocalSettings(
            directory=directory / "local",
            command="emulator",
            environ=dict(os.environ),
            launch_timeout=30,
        )

    def make(self, **changes: object) -> Local:
        return Local(replace(self.settings, **changes))  # type: ignore[arg-type]

    async def machines(self) -> list[str]:
        return [node.environment_id for node in local_nodes(self.directory)]

    def make_broken(self) -> Local:
        return self.make(command=f"{shlex.quote(sys.executable)} -c {shlex.quote(BROKEN)}")

    def make_slow(self) -> Local:
        script = f"sleep 5; exec {EMULATOR} {AT_ITS_PLACE}"
        return self.make(command=f"sh -c {shlex.quote(script)}")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    yield Lab(tmp_path)
    end_local_nodes(tmp_path)


class TestLocal(LaunchingSuite):
    """Launches processes."""


async def test_the_cap_is_an_error_that_says_so(lab: Lab) -> None:
    async with (environment := lab.make(max_nodes=1)).open(CLUSTER):
        first = await environment.launch(MachineRequest(FIRST, None))
        with pytest.raises(EnvironmentFailureError, match="MEDIAFLEET_LOCAL_MAX_NODES=1 allows"):
            await environment.launch(MachineRequest(SECOND, None))
        assert await environment.launch(MachineRequest(FIRST, None)) == first
        assert await lab.machines() == [first.environment_id]


async def test_launches_at_once_keep_the_cap(lab: Lab) -> None:
    refused = []
    async with (environment := lab.make(max_nodes=2)).open(CLUSTER):

        async def launch(number: int) -> None:
            try:
                await environment.launch(MachineRequest(f"kms_{number}", None))
            except EnvironmentFailureError as error:
                refused.append(error)

        async with anyio.create_task_group() as launches:
            for number in range(5):
                launches.start_soon(launch, number)
        assert len(refused) == 3
        assert len({machine.uri for machine in await environment.discover()}) == 2


async def test_a_process_of_its_own_session_with_nothing_of_the_server_but_its_environ(
    lab: Lab,
) -> None:
    async with (environment := lab.make(environ={**os.environ, "COLOUR": "blue"})).open(CLUSTER):
        machine = await environment.launch(MachineRequest(FIRST, None))
        (node,) = local_nodes(lab.directory)
        assert os.getsid(node.pid) == os.getpgid(node.pid) == node.pid
        files = {each.name: str(each.readlink()) for each in Path(f"/proc/{node.pid}/fd").iterdir()}
        assert files["0"] == "/dev/null"
        assert files["1"] == files["2"] == str(lab.directory / "local" / FIRST / "output.log")
        assert [name for name in files.values() if name.startswith(str(lab.directory))] == [
            files["1"],
            files["2"],
        ]
        environ = Path(f"/proc/{node.pid}/environ").read_text().split("\0")
        assert {"COLOUR=blue", f"MEDIAFLEET_NODE_URI={machine.uri}"} <= set(environ)


async def test_a_process_inherits_no_descriptor(lab: Lab) -> None:
    reported = lab.directory / "reported"
    listing = "; ".join(
        [
            "import os, sys",
            "fds = [n for n in map(int, os.listdir('/proc/self/fd')) if n > 2]",
            "links = {n: os.readlink(f'/proc/self/fd/{n}') for n in fds if "
            "os.path.exists(f'/proc/self/fd/{n}')}",
            f"open({str(reported)!r}, 'w').write(repr(links))",
            "os.execvp(sys.argv[1], sys.argv[1:])",
        ]
    )
    command = f"{shlex.quote(sys.executable)} -c {shlex.quote(listing)} {EMULATOR} {AT_ITS_PLACE}"
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        client = stack.enter_context(socket.create_connection(listener.getsockname()))
        accepted = stack.enter_context(listener.accept()[0])
        for each in (listener, client, accepted):
            # As one that this server got from its own parent, or that a library opened.
            each.set_inheritable(True)
        async with (environment := lab.make(command=command)).open(CLUSTER):
            await environment.launch(MachineRequest(FIRST, None))
    assert reported.read_text() == "{}"


async def test_nodes_that_end_by_themselves_leave_no_zombie(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with (environment := lab.make()).open(CLUSTER):
        await environment.launch(MachineRequest(FIRST, None))
        (node,) = local_nodes(lab.directory)
        os.kill(node.pid, signal.SIGKILL)
        with anyio.fail_after(10):
            while Path(f"/proc/{node.pid}").exists():
                await anyio.sleep(0.01)
        assert list(await environment.discover()) == []
    assert [record.how for record in caplog.records if hasattr(record, "how")] == [
        "was ended by signal 9"
    ]


async def test_what_ignores_sigterm_is_killed_with_its_children(lab: Lab) -> None:
    stubborn = f"trap '' TERM; sleep 1000 & {EMULATOR} {AT_ITS_PLACE} & while :; do wait; done"
    command = f"sh -c {shlex.quote(stubborn)}"
    async with (environment := lab.make(command=command, grace=0.2)).open(CLUSTER):
        machine = await environment.launch(MachineRequest(FIRST, None))
        assert len(local_nodes(lab.directory)) == 3
        assert [each.environment_id for each in await environment.discover()] == [
            machine.environment_id
        ]
        await environment.terminate(make_node(id=FIRST, environment_id=machine.environment_id))
        assert local_nodes(lab.directory) == []
        assert not (lab.directory / "local" / FIRST).exists()


async def test_a_pid_that_passed_to_another_process_is_left_alone(lab: Lab) -> None:
    mark = Mark(Owner("cluster", "directory"), FIRST, "ws://127.64.1.1:8888/kurento")
    async with (
        (environment := lab.make()).open(CLUSTER),
        await anyio.open_process(["sleep", "1000"]) as foreign,
    ):
        await environment.terminate(make_node(id=FIRST, environment_id=f"{foreign.pid}-1"))
        with held(MarkedProcess(1, foreign.pid, mark)) as handle:
            assert handle is None
        assert foreign.returncode is None
        foreign.kill()


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-program {port}", "no-such-program cannot be run: No such file or directory"),
        ("sh -c 'echo to stdout; echo to stderr >&2; exit 7'", "ended with status 7 before"),
        ("sh -c 'echo to stdout; echo to stderr >&2; exit 7'", "to stdout to stderr"),
        ("sh -c 'kill -9 $$'", "was ended by signal 9 before"),
        (
            "sh -c 'printf \"\\033[31mred\\033[0m\\tand\\n more\"; sleep 100'",
            "took too long before",
        ),
        (
            "sh -c 'printf \"\\033[31mred\\033[0m\\tand\\n more\"; sleep 100'",
            "last output: red and  more",
        ),
        ("sleep 100", "it printed nothing"),
    ],
)
async def test_a_launch_that_fails_reports_what_the_command_did(
    lab: Lab, command: str, said: str
) -> None:
    async with (environment := lab.make(command=command, launch_timeout=0.5)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.launch(MachineRequest(FIRST, None))
    assert said in failure.value.detail
    assert local_nodes(lab.directory) == []


async def test_a_process_that_hides_its_environment_is_no_node_and_is_ended(lab: Lab) -> None:
    pid = lab.directory / "pid"
    script = (
        f"import os, sys; open({str(pid)!r}, 'w').write(str(os.getpid()));"
        "os.execve(sys.executable, sys.argv[1:], {'PATH': os.environ['PATH']})"
    )
    hiding = f"{sys.executable} -c {shlex.quote(script)} {EMULATOR} {AT_ITS_PLACE}"
    async with (environment := lab.make(command=hiding)).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError, match="hides its environment"):
            await environment.launch(MachineRequest(FIRST, None))
        assert not Path(f"/proc/{pid.read_text()}").exists()


@contextmanager
def no_more_files() -> Iterator[None]:
    """This process can open no file for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    os.close(lowest := os.dup(0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_without_a_file_to_look_with_no_process_is_taken_for_gone(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(MachineRequest(FIRST, None))
        (node,) = local_nodes(lab.directory)
        process = read_process(node.pid)
        assert process is not None
        with no_more_files():
            with pytest.raises(EnvironmentFailureError, match="Too many open files"):
                await environment.discover()
            with pytest.raises(OSError, match="Too many open files"):
                read_process(node.pid)
            with pytest.raises(OSError, match="Too many open files"), held(process):
                pass
        assert [each.environment_id for each in await environment.discover()] == [
            machine.environment_id
        ]


async def test_a_process_that_cannot_be_inspected_after_its_start_is_ended(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    spawn, pids = os.posix_spawnp, []
    with ExitStack() as shortage:

        def spawn_the_last(*args: Any, **options: Any) -> int:
            pids.append(spawn(*args, **options))
            shortage.enter_context(no_more_files())
            return pids[-1]

        async with (environment := lab.make()).open(CLUSTER):
            monkeypatch.setattr(os, "posix_spawnp", spawn_the_last)
            with pytest.raises(EnvironmentFailureError, match="Too many open files"):
                await environment.launch(MachineRequest(FIRST, None))
    assert not Path(f"/proc/{pids[0]}").exists()


async def test_a_process_that_cannot_be_watched_now_is_watched_later(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    pidfd_open, refused = os.pidfd_open, []
    ended = anyio.Event()
    environment = lab.make()
    environment.on_machine_end(lambda *_: ended.set())

    def refuse_twice(pid: int, flags: int = 0) -> int:
        if len(refused) < 2:
            refused.append(pid)
            raise OSError(errno.EMFILE, "Too many open files")
        return pidfd_open(pid, flags)

    async with environment.open(CLUSTER):
        monkeypatch.setattr(os, "pidfd_open", refuse_twice)
        await environment.launch(MachineRequest(FIRST, None))
        (node,) = local_nodes(lab.directory)
        os.kill(node.pid, signal.SIGKILL)
        with anyio.fail_after(10):
            await ended.wait()
    assert refused == [node.pid, node.pid]


async def test_the_end_of_a_child_is_not_that_of_the_node(
    lab: Lab, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    command = f"sh -c {shlex.quote(f'sleep 1000 & exec {EMULATOR} {AT_ITS_PLACE}')}"
    async with (before := lab.make(command=command)).open(CLUSTER):
        await before.launch(MachineRequest(FIRST, None))
    ended = anyio.Event()
    reported: list[tuple[str, str]] = []
    after = lab.make()
    after.on_machine_end(lambda *end: (reported.append(end), ended.set()))
    own, child = sorted(node.pid for node in local_nodes(lab.directory))
    async with after.open(CLUSTER):
        for pid in (child, own):
            with ended_process(pid):
                os.kill(pid, signal.SIGKILL)
            await after.discover()
        with anyio.fail_after(10):
            await ended.wait()
    assert reported == [(FIRST, "the process was ended by signal 9")]


@contextmanager
def ended_process(pid: int) -> Iterator[None]:
    """See a process to its end, which is brought about inside."""
    descriptor = os.pidfd_open(pid)
    try:
        yield
        select.select([descriptor], [], [], 10)
    finally:
        os.close(descriptor)


async def test_an_installed_kurento_is_used_with_a_configuration_of_its_own(lab: Lab) -> None:
    kurento = lab.directory / "bin" / "kurento-media-server"
    kurento.parent.mkdir()
    kurento.write_text(
        f"#!{sys.executable}\n"
        "import json, os, sys\n"
        "socket = json.load(open(sys.argv[2]))['mediaServer']['net']['websocket']\n"
        "assert (sys.argv[1], socket['path']) == ('--conf-file', 'kurento')\n"
        "os.execv(sys.executable, [sys.executable, '-m', 'mediafleet', 'emulator', '--address', "
        "socket['address'], '--port', str(socket['port'])])\n"
    )
    kurento.chmod(0o700)
    path = f"{kurento.parent}:{os.environ['PATH']}"
    async with (environment := lab.make(command=None, environ={**os.environ, "PATH": path})).open(
        CLUSTER
    ):
        machine = await environment.launch(MachineRequest(FIRST, None))
        await until_it_answers(machine.uri)
        assert (lab.directory / "local" / FIRST / "kurento.conf.json").exists()


async def test_a_long_output_is_cut_at_its_beginning(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "local")
    output = folders.make(FIRST, running=()) / OUTPUT
    with output.open("ab") as file:
        file.write(b"first " + b"." * MAX_OUTPUT_BYTES + b" last\n")
        file.flush()
        folders.cut(FIRST)
        file.write(b"and on\n")
    assert output.stat().st_size < 100_000
    assert output.read_bytes().endswith(b". last\nand on\n")
    assert folders.tail(FIRST).endswith(". last\nand on")


async def test_folders_of_nodes_that_are_gone_do_not_pile_up(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "local")
    for number in range(20):
        folders.make(f"kms_{number}", running=["kms_0"])
    assert len(list((tmp_path / "local").iterdir())) <= 10
    assert (tmp_path / "local" / "kms_0").exists()
    assert (tmp_path / "local" / "kms_19").exists()


@pytest.mark.parametrize(
    "expected",
    ["", "{", "[]", "{}", '{"owner": {"cluster": "a", "directory": "b"}, "node_id": "../x", "uri": "ws://a/"}',
     '{"owner": {"cluster": 1, "directory": "b"}, "node_id": "x", "uri": "ws://a/"}',
     '{"owner": {"cluster": "a", "directory": "b"}, "node_id": 1, "uri": "ws://a/"}',
     '{"owner": {"cluster": "a", "directory": "b"}, "node_id": "x", "uri": "http://a/"}',
     '{"owner": {"cluster": "a", "directory": "b"}, "node_id": "x", "uri": 1}',
     '{"owner": {"cluster": "a"}, "node_id": "x", "uri": "ws://a/"}', "[" * 100_000],
)  # fmt: skip
def test_a_mark_that_is_none_is_passed_over(expected: str) -> None:
    assert read_mark(f"A=b\0MEDIAFLEET_LOCAL_NODE={expected}\0".encode()) is None


def test_a_mark_is_read_as_it_was_written() -> None:
    mark = Mark(Owner('clu"ster\n', "/dir ectory"), FIRST, "ws://127.64.1.1:8888/kurento")
    lines = [f"{name}={value}" for name, value in mark.variables.items()]
    assert read_mark("\0".join(lines).encode()) == mark
