"""The environment `script`, against the suite of all environments and on its own.

The scripts are real ones; their machines are emulator processes.
"""

import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from pathlib import Path

import anyio
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mediafleet.domain.errors import EnvironmentFailureError
from mediafleet.domain.machines import MachineRequest
from mediafleet.environments.script import (
    Autodiscovery,
    Script,
    ScriptSettings,
    UntrustedError,
    check_folder,
)
from mediafleet.environments.script.machines import (
    BadOutputError,
    Machines,
    is_environment_id,
    read_machines,
)
from mediafleet.environments.script.runner import ScriptRunner
from support.environment_suite import CLUSTER, FIRST, SECOND, LaunchingSuite, until_it_answers
from support.factories import make_node
from support.machine_scripts import AUTODISCOVER, DROP, LAUNCH, MachineScripts, write_script

pytestmark = pytest.mark.anyio

LOOPBACK = ip_network("127.0.0.0/8")
BROKEN = (
    "printf '\\033[31mno \\007good\\nat all' >&2; head -c 5000 /dev/zero | tr '\\0' '!' >&2; exit 3"
)


class Lab:
    name = "script"

    def __init__(self, root: Path) -> None:
        self.scripts = MachineScripts(root)
        self.folder = self.scripts.write()
        self.settings = ScriptSettings(
            folder=lambda: self.folder,
            directory=root / "journal",
            is_allowed=lambda address: address in LOOPBACK,
            environ={"PATH": os.environ["PATH"]},
            launch_timeout=20,
            timeout=20,
        )

    def make(self, **changes: object) -> Script:
        return Script(replace(self.settings, **changes))  # type: ignore[arg-type]

    def make_with(self, folder: Path, **changes: object) -> Script:
        return self.make(folder=lambda: folder, **changes)

    async def machines(self) -> list[str]:
        return self.scripts.alive()

    def make_broken(self) -> Script:
        return self.make_with(self.scripts.write("broken", before=BROKEN))

    def make_slow(self) -> Script:
        return self.make_with(self.scripts.write("slow", before="sleep 30"))

    def replace(self, script: str, text: str) -> None:
        write_script(self.folder / script, f"#!/bin/sh\n{text}\n")


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    lab.scripts.end_all()


class TestScript(LaunchingSuite):
    """Launches what scripts launch."""


def request(node_id: str = FIRST) -> MachineRequest:
    return MachineRequest(node_id, None)


def alive(pid: int) -> bool:
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


async def until(condition: Callable[[], bool]) -> None:
    with anyio.fail_after(20):
        while not condition():
            await anyio.sleep(0.01)


async def failure_of(environment: Script) -> str:
    """The error of a launch that fails."""
    async with environment.open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.launch(request())
    return failure.value.detail


async def test_scripts_get_a_curated_environment_and_run_in_their_folder(lab: Lab) -> None:
    reported = lab.scripts.root / "reported"
    lab.replace(
        LAUNCH, f"env > '{reported}'; pwd -P >> '{reported}'; echo args=$# >> '{reported}'; exit 1"
    )
    os.environ["MEDIAFLEET_CANARY"] = "seen"
    try:
        await failure_of(lab.make(environ={"PATH": os.environ["PATH"], "OPENVIDU_SECRET": "s"}))
    finally:
        del os.environ["MEDIAFLEET_CANARY"]
    made_by_the_shell = ("PATH=", "PWD=", "OLDPWD=", "SHLVL=", "_=")
    lines = reported.read_text().splitlines()
    assert {line for line in lines if not line.startswith(made_by_the_shell)} == {
        "OPENVIDU_SECRET=s",
        f"MEDIAFLEET_CLUSTER_ID={CLUSTER}",
        f"MEDIAFLEET_NODE_ID={FIRST}",
        str(lab.folder),
        "args=0",
    }


async def test_scripts_inherit_no_descriptor(lab: Lab) -> None:
    listing = "import os; print(sorted(map(int, os.listdir('/proc/self/fd'))), file=sys.stderr)"
    lab.replace(LAUNCH, f"exec '{sys.executable}' -c \"import sys; {listing}; sys.exit(1)\"")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.set_inheritable(True)
        reported = await failure_of(lab.make())
    # The listing itself has one open.
    assert reported.endswith("it says: [0, 1, 2, 3]")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("", "printed nothing"),
        ("ok", "no JSON text"),
        ('{"id": "a", "ip": "127.0.0.1"} done', "no JSON text"),
        ('{"id": "a", "id": "b", "ip": "127.0.0.1"}', "no JSON text"),
        ('{"id": "a", "ip": NaN}', "no JSON text"),
        ('["a"]', "no JSON object"),
        ('{"ip": "127.0.0.1"}', '"id" that is not'),
        ('{"id": "-rf", "ip": "127.0.0.1"}', '"id" that is not'),
        ('{"id": "a\\n", "ip": "127.0.0.1"}', '"id" that is not'),
        ('{"id": 7, "ip": "127.0.0.1"}', '"id" that is not'),
        ('{"id": "a"}', '"ip" that is no IP address'),
        ('{"id": "a", "ip": 2130706433}', '"ip" that is no IP address'),
        ('{"id": "a", "ip": "host.example"}', '"ip" that is no IP address'),
        ('{"id": "a", "ip": "fe80::1%eth0"}', '"ip" that is no IP address'),
        ('{"id": "a", "ip": "10.0.0.1"}', "outside of MEDIAFLEET_ALLOWED_NODE_NETWORKS"),
        ('{"id": "a", "ip": "127.0.0.1", "node": "../x"}', '"node" that is no id'),
    ],
)
async def test_a_launch_that_prints_something_else_fails(
    lab: Lab, answer: str, expected: str
) -> None:
    (lab.folder / "answer").write_text(answer)
    lab.replace(LAUNCH, "cat answer")
    assert expected in await failure_of(lab.make())
    named = '"a"' in answer and answer.startswith("{") and "no JSON" not in expected
    assert lab.scripts.calls("drop") == (["a"] if named else [])


async def test_output_without_end_is_cut_off(lab: Lab) -> None:
    lab.replace(LAUNCH, "exec yes")
    assert "printed more than 1048576 bytes" in await failure_of(lab.make())


async def test_a_failure_reports_status_and_stderr(lab: Lab) -> None:
    lab.replace(LAUNCH, "echo no capacity >&2; exit 9")
    assert await failure_of(lab.make()) == f"{LAUNCH} ended with status 9; it says: no capacity"
    lab.replace(LAUNCH, "kill -9 $$")
    assert (
        await failure_of(lab.make()) == f"{LAUNCH} was ended by signal 9; it says nothing on stderr"
    )


async def test_what_cannot_be_run_is_a_failure(lab: Lab) -> None:
    write_script(lab.folder / LAUNCH, "#!/no/such/interpreter\n")
    assert f"{LAUNCH} ended with status 127; it says: " in await failure_of(lab.make())
    write_script(lab.folder / AUTODISCOVER, "#!/no/such/interpreter\n")
    assert f"{AUTODISCOVER} cannot be run: No such file" in await failure_of(lab.make())


def _stubborn(pids: Path) -> str:
    return f"trap '' TERM; sleep 1000 & echo $$ $! > '{pids}.new'; mv '{pids}.new' '{pids}'; wait"


async def test_the_time_limit_ends_the_whole_group(lab: Lab) -> None:
    pids = lab.scripts.root / "pids"
    lab.replace(LAUNCH, _stubborn(pids))
    assert "took longer than 0.5 s and was ended" in await failure_of(
        lab.make(launch_timeout=0.5, grace=0.1)
    )
    leader, child = map(int, pids.read_text().split())
    await until(lambda: not alive(leader) and not alive(child))


async def test_what_an_ended_script_leaves_in_its_group_is_ended(lab: Lab) -> None:
    pid = lab.scripts.root / "pid"
    left = f"(trap '' TERM; while :; do echo more >&2; sleep 0.01; done) & echo $! > '{pid}'"
    lab.replace(LAUNCH, f'{left}; echo \'{{"id": "m-1", "ip": "127.0.0.9"}}\'')
    async with (environment := lab.make(grace=0.1)).open(CLUSTER):
        assert (await environment.launch(request())).environment_id == "m-1"
        # It has got its signal; a busy machine takes a moment to end it.
        await until(lambda: not alive(int(pid.read_text())))


async def test_what_has_left_the_group_of_an_ended_script_stays(lab: Lab) -> None:
    pid = lab.scripts.root / "pid"
    # The script may well have ended before the other one has begun.
    left = f"setsid sh -c 'echo $$ > \"{pid}\"; exec sleep 1000' > /dev/null 2>&1 &"
    lab.replace(LAUNCH, f'{left} echo \'{{"id": "m-1", "ip": "127.0.0.9"}}\'')
    async with (environment := lab.make(grace=0.1)).open(CLUSTER):
        assert (await environment.launch(request())).environment_id == "m-1"
        await until(lambda: pid.exists() and bool(pid.read_text()))
        assert alive(int(pid.read_text()))
    os.kill(int(pid.read_text()), signal.SIGKILL)


async def test_cancelling_ends_the_whole_group(lab: Lab) -> None:
    pids = lab.scripts.root / "pids"
    lab.replace(LAUNCH, _stubborn(pids))
    async with (
        (environment := lab.make(grace=0.1)).open(CLUSTER),
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(environment.launch, request())
        await until(pids.exists)
        tasks.cancel_scope.cancel()
    leader, child = map(int, pids.read_text().split())
    await until(lambda: not alive(leader) and not alive(child))


@pytest.mark.parametrize(
    "name", ["-rf", "--help", "a b", "a;reboot", "$(reboot)", "a\n", "../a", ""]
)
async def test_what_is_no_name_never_becomes_an_argument(lab: Lab, name: str) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        await environment.terminate(make_node(id=FIRST, environment_id=name))
    assert lab.scripts.calls("drop") == []


@given(st.text(max_size=140))
@example("a" * 128)
@example("a" * 129)
@example("i-0abc\n")
@example("ä")
@example("aä")
def test_names_are_what_the_pattern_says(text: str) -> None:
    first = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    allowed = set(first + "_.:-")
    expected = 1 <= len(text) <= 128 and text[0] in first and set(text) <= allowed
    assert is_environment_id(text) == expected


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_whatever_is_listed_is_read_or_refused(value: object) -> None:
    try:
        machines = read_machines(json.dumps(value).encode())
    except BadOutputError:
        return
    assert machines == value == []


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ('{"id": "a", "ip": "127.0.0.1"}', "no JSON array"),
        ("[" * 100_000, "no JSON text"),
        ('[{"id": "a", "ip": "127.0.0.1"}, {"id": "a", "ip": "127.0.0.2"}]', "the same id twice"),
        ('[{"id": "a", "ip": "127.0.0.1"}, 7]', "(machine 1)"),
        (json.dumps([{"id": f"m{n}", "ip": "127.0.0.1"} for n in range(10_001)]), "more than"),
        ("\\377", "no JSON text"),
    ],
)  # fmt: skip
async def test_a_list_that_is_none_is_a_failure(lab: Lab, answer: str, expected: str) -> None:
    (lab.folder / "answer").write_text(answer)
    lab.replace(AUTODISCOVER, "cat answer")
    async with (environment := lab.make()).open(CLUSTER):
        with pytest.raises(EnvironmentFailureError) as failure:
            await environment.discover()
    assert expected in failure.value.detail


async def test_a_machine_outside_the_networks_does_not_hide_the_others(lab: Lab) -> None:
    lab.replace(
        AUTODISCOVER, """echo '[{"id": "a", "ip": "10.0.0.1"}, {"id": "b", "ip": "127.0.0.9"}]'"""
    )
    async with (environment := lab.make()).open(CLUSTER):
        (machine,) = await environment.discover()
    assert (machine.environment_id, machine.uri) == ("b", "ws://127.0.0.9:8888/kurento")


async def test_questions_at_once_share_a_look_that_began_after_them(lab: Lab) -> None:
    looks, go = lab.scripts.root / "looks", lab.scripts.root / "go"
    lab.replace(
        AUTODISCOVER,
        f"echo look >> '{looks}'; until [ -e '{go}' ]; do sleep 0.01; done; echo '[]'",
    )
    listing = Machines(ScriptRunner("script", lab.settings), lab.settings, CLUSTER)
    async with anyio.create_task_group() as questions:
        questions.start_soon(listing.list)
        await until(looks.exists)
        for _ in range(5):
            questions.start_soon(listing.list)
        await anyio.wait_all_tasks_blocked()
        go.touch()
    assert looks.read_text() == "look\n" * 2


async def test_launches_at_once_bring_a_machine_each(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER), anyio.create_task_group() as launches:
        for number in range(6):
            launches.start_soon(environment.launch, request(f"kms_{number}"))
    assert len(lab.scripts.alive()) == 6


# Interrupted launches


async def test_a_script_that_survives_the_server_is_awaited(lab: Lab) -> None:
    """The server is killed while its script runs: no result of it is reported."""
    folder = lab.scripts.write("slow", after="sleep 1.5", tells_nodes=False)
    await _begin_and_vanish(lab, folder)
    async with (environment := lab.make_with(folder)).open(CLUSTER):
        machine = await environment.launch(request())
        assert lab.scripts.alive() == [machine.environment_id]
    assert lab.scripts.calls("launch") == [FIRST]


async def test_a_termination_waits_for_a_script_that_survives_the_server(lab: Lab) -> None:
    folder = lab.scripts.write("slow", after="sleep 1.5", tells_nodes=False)
    await _begin_and_vanish(lab, folder)
    async with (environment := lab.make_with(folder)).open(CLUSTER):
        await environment.terminate(make_node(id=FIRST, environment_id=None))
    assert lab.scripts.alive() == []
    assert lab.scripts.calls("launch") == [FIRST]


async def _begin_and_vanish(lab: Lab, folder: Path) -> None:
    """Run a launch in a process that is killed half-way."""
    program = (
        "import anyio, pathlib, ipaddress, os\n"
        "from mediafleet.environments.script import Script, ScriptSettings\n"
        "from mediafleet.domain.machines import MachineRequest\n"
        "async def main():\n"
        f"    settings = ScriptSettings(folder=lambda: pathlib.Path({str(folder)!r}),\n"
        f"        directory=pathlib.Path({str(lab.settings.directory)!r}),\n"
        "        is_allowed=lambda _: True, environ={'PATH': os.environ['PATH']})\n"
        "    async with (it := Script(settings)).open(" + repr(CLUSTER) + "):\n"
        f"        await it.launch(MachineRequest({FIRST!r}, None))\n"
        "anyio.run(main)\n"
    )
    async with await anyio.open_process([sys.executable, "-c", program]) as process:
        await until(lambda: bool(lab.scripts.alive()))
        process.kill()
        await process.wait()


@pytest.mark.parametrize("tells_nodes", [True, False])
async def test_an_unknown_machine_is_that_of_the_interrupted_launch(
    lab: Lab, *, tells_nodes: bool
) -> None:
    """The script is killed together with the server, when the machine was made already."""
    known = lab.scripts.write(tells_nodes=tells_nodes)
    folder = lab.scripts.write("slow", after="sleep 1000", tells_nodes=tells_nodes)
    async with (
        (environment := lab.make_with(folder, grace=0.1)).open(CLUSTER),
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(environment.launch, request())
        await until(lambda: bool(lab.scripts.alive()))
        tasks.cancel_scope.cancel()
    async with (environment := lab.make_with(known)).open(CLUSTER):
        second = await environment.launch(request(SECOND))
        first = await environment.launch(request())
        assert sorted(lab.scripts.alive()) == sorted(
            [str(first.environment_id), str(second.environment_id)]
        )
        assert first.environment_id != second.environment_id
        nodes = {each.environment_id: each.node_id for each in await environment.discover()}
    assert nodes == {first.environment_id: FIRST, second.environment_id: SECOND}
    assert lab.scripts.calls("launch") == [FIRST, SECOND]


async def test_of_several_interrupted_launches_each_takes_a_machine(lab: Lab) -> None:
    names = [f"kms_{number}" for number in range(3)]
    known = lab.scripts.write(tells_nodes=False)
    folder = lab.scripts.write("slow", after="sleep 1000", tells_nodes=False)
    async with (
        (environment := lab.make_with(folder, grace=0.1)).open(CLUSTER),
        anyio.create_task_group() as tasks,
    ):
        for name in names:
            tasks.start_soon(environment.launch, request(name))
        await until(lambda: len(lab.scripts.alive()) == len(names))
        tasks.cancel_scope.cancel()
    found = {}
    async with (environment := lab.make_with(known)).open(CLUSTER):

        async def launch(name: str) -> None:
            found[name] = (await environment.launch(request(name))).environment_id

        async with anyio.create_task_group() as launches:
            for name in names:
                launches.start_soon(launch, name)
    assert sorted(found.values()) == lab.scripts.alive()
    assert sorted(lab.scripts.calls("launch")) == names


async def test_a_machine_that_is_being_launched_is_no_new_find(lab: Lab) -> None:
    folder = lab.scripts.write(after="sleep 1000", tells_nodes=False)
    async with (
        (environment := lab.make_with(folder, grace=0.1)).open(CLUSTER),
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(environment.launch, request())
        await until(lambda: bool(lab.scripts.alive()))
        assert await environment.discover() == []
        tasks.cancel_scope.cancel()
    async with (environment := lab.make_with(folder)).open(CLUSTER):
        machine = await environment.launch(request())
        assert [each.node_id for each in await environment.discover()] == [FIRST]
        await environment.terminate(make_node(id=FIRST, environment_id=machine.environment_id))
    assert lab.scripts.calls("launch") == [FIRST]


async def test_it_is_not_guessed_which_of_two_machines_an_interrupted_launch_made(
    lab: Lab,
) -> None:
    lab.replace(LAUNCH, f"touch '{lab.scripts.root}/begun'; sleep 1000")
    async with (environment := lab.make(grace=0.1)).open(CLUSTER):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(environment.launch, request())
            await until((lab.scripts.root / "begun").exists)
            tasks.cancel_scope.cancel()
        lab.replace(
            AUTODISCOVER, """echo '[{"id":"a","ip":"127.0.0.8"},{"id":"b","ip":"127.0.0.9"}]'"""
        )
        with pytest.raises(EnvironmentFailureError, match="not known which of a, b it launched"):
            await environment.launch(request())
        assert [each.environment_id for each in await environment.discover()] == ["a", "b"]


async def test_without_a_journal_a_script_that_lists_nodes_is_enough(lab: Lab) -> None:
    async with (before := lab.make()).open(CLUSTER):
        first = await before.launch(request())
    async with (after := lab.make(directory=lab.scripts.root / "new")).open(CLUSTER):
        assert (await after.launch(request())).environment_id == first.environment_id
    assert lab.scripts.calls("launch") == [FIRST]


async def test_a_spoilt_journal_is_a_launch_that_was_begun(lab: Lab) -> None:
    async with (before := lab.make()).open(CLUSTER):
        first = await before.launch(request())
    (kept,) = lab.settings.directory.glob("*/*.json")
    kept.write_text("{")
    (lab.settings.directory / kept.parent.name / f"{FIRST}.out").unlink()
    async with (after := lab.make()).open(CLUSTER):
        assert (await after.launch(request())).environment_id == first.environment_id


async def test_a_drop_that_fails_is_a_failure_while_the_machine_is_listed(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())
        node = make_node(id=FIRST, environment_id=machine.environment_id)
        drop = (lab.folder / DROP).read_text()
        lab.replace(DROP, "echo not authorized >&2; exit 1")
        with pytest.raises(EnvironmentFailureError, match="status 1; it says: not authorized"):
            await environment.terminate(node)
        write_script(lab.folder / DROP, drop)
        await environment.terminate(node)
        assert lab.scripts.alive() == []
        await environment.terminate(node)


async def test_machines_answer_where_they_are_said_to_be(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())
        await until_it_answers(machine.uri)


# Which scripts may be run

MODES = {0o755: True, 0o700: True, 0o500: True, 0o775: False, 0o757: False, 0o777: False}


@pytest.mark.parametrize(("mode", "fits"), MODES.items(), ids=lambda value: f"{value:o}")
@pytest.mark.parametrize("which", ["folder", *(LAUNCH, DROP, AUTODISCOVER)])
def test_other_users_may_not_write(lab: Lab, which: str, mode: int, *, fits: bool) -> None:
    (lab.folder if which == "folder" else lab.folder / which).chmod(mode)
    if fits:
        check_folder(lab.folder)
        return
    with pytest.raises(UntrustedError, match=f"mode {mode:04o}"):
        check_folder(lab.folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("which", ["folder", LAUNCH, DROP, AUTODISCOVER])
def test_files_of_others_are_not_run(lab: Lab, which: str) -> None:
    os.chown(lab.folder if which == "folder" else lab.folder / which, 4711, -1)
    with pytest.raises(UntrustedError, match="belongs to user 4711"):
        check_folder(lab.folder)


def _link_folder(lab: Lab, mode: int) -> Path:
    lab.folder.chmod(mode)
    (link := lab.scripts.root / "link").symlink_to(lab.folder)
    return link


def _link_file(lab: Lab, mode: int) -> Path:
    elsewhere = lab.scripts.root / "elsewhere"
    elsewhere.mkdir(mode=0o755)
    (lab.folder / LAUNCH).rename(elsewhere / "launch")
    (elsewhere / "launch").chmod(mode)
    (lab.folder / LAUNCH).symlink_to(elsewhere / "launch")
    return lab.folder


def _link_into_open_folder(lab: Lab, mode: int) -> Path:
    folder = _link_file(lab, 0o755)
    (lab.scripts.root / "elsewhere").chmod(mode)
    return folder


@pytest.mark.parametrize("make", [_link_folder, _link_file, _link_into_open_folder])
async def test_what_links_lead_to_is_what_counts(
    lab: Lab, make: Callable[[Lab, int], Path]
) -> None:
    link = make(lab, 0o755)
    async with (environment := lab.make_with(link)).open(CLUSTER):
        await environment.launch(request())


@pytest.mark.parametrize("make", [_link_folder, _link_file, _link_into_open_folder])
def test_links_hide_nothing(lab: Lab, make: Callable[[Lab, int], Path]) -> None:
    with pytest.raises(UntrustedError, match="mode 0777"):
        check_folder(make(lab, 0o777))


async def test_the_check_is_made_at_each_run(lab: Lab) -> None:
    async with (environment := lab.make()).open(CLUSTER):
        (lab.folder / LAUNCH).chmod(0o777)
        with pytest.raises(EnvironmentFailureError, match=f"{LAUNCH} is not run: .* mode 0777"):
            await environment.launch(request())
    assert lab.scripts.calls("launch") == []


def test_other_kinds_of_files_are_refused(lab: Lab) -> None:
    (lab.folder / LAUNCH).unlink()
    with pytest.raises(UntrustedError, match="does not exist"):
        check_folder(lab.folder)
    check_folder(lab.folder, required=())
    os.mkfifo(lab.folder / LAUNCH, 0o755)
    with pytest.raises(UntrustedError, match="is not a file"):
        check_folder(lab.folder)
    (lab.folder / LAUNCH).unlink()
    (lab.folder / LAUNCH).touch(0o644)
    with pytest.raises(UntrustedError, match="may not be executed"):
        check_folder(lab.folder)
    with pytest.raises(UntrustedError, match="not an absolute path"):
        check_folder(Path("scripts"))


async def test_a_folder_that_may_not_be_used_is_reported_at_the_start(lab: Lab) -> None:
    lab.folder.chmod(0o777)
    with pytest.raises(EnvironmentFailureError, match=r"OPENVIDU_PRO_CLUSTER_PATH: .* mode 0777"):
        async with lab.make().open(CLUSTER):
            pass


async def test_a_folder_that_others_may_write_to_is_refused_for_its_subfolder_too(
    lab: Lab,
) -> None:
    (cluster := lab.scripts.root / "cluster").mkdir(mode=0o755)
    lab.folder.rename(cluster / "aws")
    check_folder(cluster)
    cluster.chmod(0o777)
    with pytest.raises(UntrustedError, match="cluster has mode 0777"):
        check_folder(cluster)


async def test_the_subfolder_of_openvidus_deployments_serves_too(lab: Lab) -> None:
    (cluster := lab.scripts.root / "cluster").mkdir(mode=0o755)
    lab.folder.rename(cluster / "aws")
    async with (environment := lab.make_with(cluster)).open(CLUSTER):
        machine = await environment.launch(request())
    assert lab.scripts.alive() == [machine.environment_id]


async def test_on_premises_a_script_discovers_if_there_is_one(lab: Lab) -> None:
    discovery = Autodiscovery(lab.settings)
    async with (environment := lab.make()).open(CLUSTER):
        machine = await environment.launch(request())
    (found,) = await discovery.discover(CLUSTER)
    assert (found.environment_id, found.uri, found.node_id) == (
        machine.environment_id,
        machine.uri,
        None,
    )
    (lab.folder / AUTODISCOVER).chmod(0o777)
    with pytest.raises(
        EnvironmentFailureError, match=r"on_premise failed to discover: .* is not run"
    ):
        await discovery.discover(CLUSTER)
    (lab.folder / AUTODISCOVER).unlink()
    assert await discovery.discover(CLUSTER) == ()


async def test_on_premises_folders_are_not_read_on_the_event_loop(lab: Lab) -> None:
    threads = []

    def folder() -> Path:
        threads.append(threading.current_thread())
        return lab.scripts.root / "nowhere"

    settings = replace(lab.settings, folder=folder)
    assert await Autodiscovery(settings).discover(CLUSTER) == ()
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


def test_an_ipv6_address_stands_in_brackets() -> None:
    (reported,) = read_machines(b'[{"id": "a", "ip": "2001:DB8::1"}]')
    assert reported.to_machine(None).uri == "ws://[2001:db8::1]:8888/kurento"
    (mapped,) = read_machines(b'[{"id": "a", "ip": "::ffff:10.0.0.1"}]')
    assert mapped.address == ip_address("10.0.0.1")
