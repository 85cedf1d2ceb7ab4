"""Both clients, and the examples of the documents, against a real server with emulated Media Nodes."""

import re
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import anyio.to_thread
import httpx
import pytest

from client.conftest import close, do
from mediafleet.domain.machines import (Machine, MachineRequest)
from mediafleet.emulator import EmulatedCluster
from mediafleet_client import (
    AsyncMediafleet,
    BadRequest,
    Conflict,
    NotFound,
    NotSupported,
    RequestTimedOut,
    Unauthorized,
)
from mediafleet_client.api.openvidu import openvidu_get_status
from support import live
from support.cluster_client import members
from support.documents import ROOT
from support.failing_environment import FailingEnvironment

pytestmark = pytest.mark.anyio

class Launching(FailingEnvironment):
    """Launches that last until the test is over, and then fail."""

    def __init__(self, data_dir: Path) -> None:
        super().__init__(data_dir)
        self.is_over = anyio.Event()
        self.failing.add("launch")

    async def launch(self, request: MachineRequest) -> Machine:
        await self.is_over.wait()
        return await super().launch(request)


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with live.mediafleet(tmp_path) as api:
        yield api


@pytest.fixture
async def launching(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A server whose Media Nodes are launched and never ready."""
    environment = Launching(tmp_path)
    async with live.mediafleet(
        tmp_path, environment=environment, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0
    ) as api:
        yield api
        environment.is_over.set()


async def test_every_operation_of_the_client(connect, api, fleet: EmulatedCluster):
    client = connect(str(api.base_url), live.SECRET)
    nodes, drains = client.media_nodes, client.drains

    first = await do(nodes.add, uri=fleet.uri(0), wait=True)
    second = await do(nodes.add, fleet.uri(1))
    found = {node.id for node in await do(nodes.list, sessions=True, extra_info=True)}
    assert found == {first.id, second.id}
    assert (await do(nodes.wait_until, first.id, "running")).uri == fleet.uri(0)
    assert (await do(nodes.get, first.id, sessions=True)).sessions == []
    assert (await do(nodes.diagnostics, first.id)).id == first.id
    assert await do(nodes.discover) == []
    assert await do(nodes.modify, first.id, "running") is None

    limit = {"deadline": 60, "at_deadline": "force"}
    options = {"together_with": [first.id], "force": True, "dry_run": True}
    plan = await do(drains.begin, second.id, **limit, **options)
    assert (plan.deadline, plan.at_deadline) == (60, "force")
    moved = await do(nodes.modify, first.id, "waiting-idle-to-terminate")
    assert moved.status == "waiting-idle-to-terminate"
    await do(nodes.wait_until_gone, first.id, timeout=10)

    fleet.nodes[1].create_pipeline("physics-101")
    drain = await do(drains.begin, second.id, force=True)
    assert (await do(drains.get, second.id)).id == drain.id == second.id
    await do(drains.end, second.id)

    assert (await do(client.cluster.config)).openvidu_cdr is False
    await do(client.cluster.restart, {"OPENVIDU_CDR": True})
    assert (await do(client.cluster.config)).openvidu_cdr is True
    assert (await do(client.cluster.health)).restart_counter == 1
    assert (await do(client.call, openvidu_get_status())).restart_counter == 1

    assert await do(nodes.remove, second.id, deletion_strategy="when-no-sessions") is False
    assert await do(nodes.remove, second.id, deletion_strategy="now", wait=True) is True


async def test_what_the_server_refuses(connect, api, fleet: EmulatedCluster):
    client = connect(str(api.base_url), live.SECRET)
    node = await do(client.media_nodes.add, fleet.uri(0))
    fleet.nodes[0].create_pipeline("physics-101")

    with pytest.raises(NotFound, match="kms_none") as missing:
        await do(client.media_nodes.get, "kms_none")
    with pytest.raises(Conflict):
        await do(client.media_nodes.add, fleet.uri(0))
    with pytest.raises(NotSupported):
        await do(client.media_nodes.add)
    with pytest.raises(BadRequest):
        await do(client.media_nodes.modify, node.id, "launching")
    with pytest.raises(BadRequest, match="OPENVIDU_CDR"):
        await do(client.cluster.restart, {"OPENVIDU_CDR": "perhaps"})
    with pytest.raises(BadRequest, match="NO_SUCH_NAME"):
        await do(client.cluster.restart, {"NO_SUCH_NAME": 1})
    with pytest.raises(Unauthorized):
        await do(connect(str(api.base_url), "another").media_nodes.list)

    assert (missing.value.status, missing.value.path) == (404, "/pro/media-nodes/kms_none")


async def test_a_time_out_leaves_the_change_going_on(connect, launching):
    nodes = connect(str(launching.base_url), live.SECRET, wait_timeout=0.5).media_nodes

    with pytest.raises(RequestTimedOut) as caught:
        await do(nodes.add, wait=True)

    assert caught.value.may_go_on
    assert [node.status for node in await do(nodes.list)] == ["launching"]


async def test_a_cancelled_wait_leaves_the_client_and_the_change_as_they_are(launching):
    async with AsyncMediafleet(str(launching.base_url), live.SECRET) as client:
        async with anyio.create_task_group() as tasks:

            async def add() -> None:
                await client.media_nodes.add(wait=True)

            tasks.start_soon(add)
            with anyio.fail_after(10):
                while not await client.media_nodes.list():
                    await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()

        assert [node.status for node in await client.media_nodes.list()] == ["launching"]


async def test_an_interrupted_wait_leaves_the_client_and_the_change_as_they_are(launching):
    program = f"""
        from mediafleet_client import Mediafleet
        with Mediafleet({str(launching.base_url)!r}, {live.SECRET!r}) as client:
            try:
                client.media_nodes.add(wait=True)
            except KeyboardInterrupt:
                print(*[node.status for node in client.media_nodes.list()])
    """
    async with await anyio.open_process(
        [sys.executable, "-c", textwrap.dedent(program)], stderr=subprocess.PIPE
    ) as process:
        with anyio.fail_after(20):
            while not await members(launching):
                await anyio.sleep(0.02)
            process.send_signal(signal.SIGINT)
            assert process.stdout is not None
            assert await process.stdout.receive(9) == b"launching"
            assert await process.wait() == 0


async def test_a_client_that_is_closed_has_no_connection_left(kind, api):
    client = kind(str(api.base_url), live.SECRET)
    assert await do(client.media_nodes.list) == []

    await close(client)

    with pytest.raises(RuntimeError, match="closed"):
        await do(client.media_nodes.list)


@pytest.mark.parametrize("page", ["README.md", "docs/getting-started.md", "docs/events.md", "client/README.md"])
async def test_the_examples_of_the_documents_run(page, api, fleet: EmulatedCluster, capsys):
    text = (ROOT / page).read_text("utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)

    for example in examples:
        runnable = (
            example.replace("http://127.0.0.1:5443", str(api.base_url))
            .replace('secret="..."', f"secret={live.SECRET!r}")
            .replace(', "..."', f", {live.SECRET!r}")
            .replace("ws://172.17.0.5:8888/kurento", fleet.uri(0))
        )
        await anyio.to_thread.run_sync(exec, runnable, {})

    assert examples
    assert await members(api) == [] or page.startswith("client")


async def test_the_example_of_the_readme_prints_an_error(api, fleet: EmulatedCluster, capsys):
    (example,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    fleet.nodes[0].create_pipeline("physics-101")
    runnable = (
        example.replace("http://127.0.0.1:5443", str(api.base_url))
        .replace('secret="..."', f"secret={live.SECRET!r}")
        .replace("ws://172.17.0.5:8888/kurento", fleet.uri(0))
    )

    await anyio.to_thread.run_sync(exec, runnable, {})

    assert capsys.readouterr().out.startswith("409 ")
