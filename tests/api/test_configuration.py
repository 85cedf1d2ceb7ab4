import stat
from pathlib import Path

import anyio
import httpx
import pytest

from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import add, members

pytestmark = pytest.mark.anyio


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


async def restart(api: httpx.AsyncClient, **properties: object) -> httpx.Response:
    return await api.post("/pro/restart", json=properties)


async def test_a_restart_is_in_force_and_on_disk_when_it_answers(
    api: httpx.AsyncClient, dotenv: Path
) -> None:
    response = await restart(api, OPENVIDU_CDR=True, OPENVIDU_SESSIONS_GARBAGE_INTERVAL=60)

    assert (response.status_code, response.content) == (200, b"")
    config = (await api.get("/pro/config")).json()
    assert config["OPENVIDU_CDR"] is True
    assert config["OPENVIDU_SESSIONS_GARBAGE_INTERVAL"] == 60
    assert dotenv.read_text() == "OPENVIDU_CDR=true\nOPENVIDU_SESSIONS_GARBAGE_INTERVAL=60\n"
    assert stat.S_IMODE(dotenv.stat().st_mode) == 0o600


async def test_a_refused_restart_names_every_problem_and_changes_nothing(
    api: httpx.AsyncClient, dotenv: Path
) -> None:
    before = (await api.get("/pro/config")).json()

    response = await restart(
        api,
        OPENVIDU_CDR=True,
        OPENVIDU_WEBHOOK=True,
        OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=5,
        OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=4,
    )

    message = response.json()["message"]
    assert response.status_code == 400
    assert "OPENVIDU_WEBHOOK_ENDPOINT" in message
    assert "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES" in message
    assert (await api.get("/pro/config")).json() == before
    assert not dotenv.exists()


async def test_the_secret_is_accepted_unchanged_and_never_repeated(
    api: httpx.AsyncClient, dotenv: Path
) -> None:
    assert (await restart(api, OPENVIDU_SECRET=live.SECRET)).status_code == 200
    wrong = await restart(api, OPENVIDU_SECRET="another-secret-of-theirs")

    assert wrong.status_code == 400
    assert "another-secret-of-theirs" not in wrong.text
    assert live.SECRET not in wrong.text
    assert live.SECRET not in (await api.get("/pro/config")).text
    assert not dotenv.exists()


async def test_what_a_restart_stored_is_read_at_the_next_start(
    tmp_path: Path, dotenv: Path
) -> None:
    dotenv.write_text("# ours\nOPENVIDU_CDR=false\n\nUNKNOWN=kept\n")
    async with live.mediafleet(tmp_path) as api:
        assert (await restart(api, OPENVIDU_CDR=True)).status_code == 200

    assert dotenv.read_text() == "# ours\nOPENVIDU_CDR=true\n\nUNKNOWN=kept\n"
    async with live.mediafleet(tmp_path) as api:
        assert (await api.get("/pro/config")).json()["OPENVIDU_CDR"] is True


async def test_a_file_that_cannot_be_written_changes_nothing_and_says_so(
    tmp_path: Path, dotenv: Path
) -> None:
    async with live.mediafleet(tmp_path) as api:
        dotenv.mkdir()
        response = await restart(api, OPENVIDU_CDR=True)

        assert response.status_code == 503
        assert "Retry-After" in response.headers
        assert (await api.get("/pro/config")).json()["OPENVIDU_CDR"] is False


async def test_restarts_are_counted_and_close_no_session(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    pipeline = fleet.nodes[0].create_pipeline("room")
    before = (await api.get("/health")).json()

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            tasks.start_soon(lambda n=number: restart(api, OPENVIDU_PRO_CLUSTER_ID=f"cluster-{n}"))

    after = (await api.get("/health")).json()
    assert before["restartCounter"] == 0
    assert before["lastRestartTime"] == before["startTime"]
    assert after["restartCounter"] == 10
    assert after["lastRestartTime"] >= after["startTime"] == before["startTime"]
    assert pipeline in fleet.nodes[0].pipelines
    assert [each["id"] for each in await members(api)] == [node["id"]]


async def test_health_names_the_nodes_that_are_out_of_touch(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    node = await add(api, fleet.uri(0))
    assert (await api.get("/health")).json()["disconnectedMediaNodes"] == []

    fleet.nodes[0].crash()

    with anyio.fail_after(5):
        while (await api.get("/health")).json()["disconnectedMediaNodes"] != [node["id"]]:
            await anyio.sleep(0.02)


async def test_the_uris_shown_are_those_of_connected_nodes(
    api: httpx.AsyncClient, fleet: EmulatedCluster
) -> None:
    await add(api, fleet.uri(1))

    assert (await api.get("/pro/config")).json()["KMS_URIS"] == [fleet.uri(1)]
