import stat
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from mediafleet.app.contract_file import load_contract
from mediafleet.configuration.properties import PROPERTIES
from mediafleet.configuration.property import Use
from mediafleet.emulator import EmulatedCluster
from support import live
from support.cluster_client import PREFIXES, add, members

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


async def test_a_restart_that_would_leave_a_file_that_no_start_takes_is_refused(
    tmp_path: Path, dotenv: Path
) -> None:
    async with live.mediafleet(tmp_path) as api:
        dotenv.write_text("OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=5\n")
        response = await restart(api, OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=2)
        count = (await api.get("/health")).json()["restartCounter"]

    assert response.status_code == 400
    assert response.json()["message"] == (
        "Property OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=5: must not be above"
        f" OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=2 ({dotenv}, line 1)."
    )
    assert count == 0
    assert dotenv.read_text() == "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=5\n"


async def test_properties_newly_set_in_vain_are_logged_once_each(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    interval = {"OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT": 1}
    assert (await restart(api, **interval, OPENVIDU_PRO_CLUSTER_ID="x")).status_code == 200
    assert (await restart(api, **interval, OPENVIDU_RECORDING=True)).status_code == 200
    assert (await restart(api, OPENVIDU_RECORDING=False)).status_code == 200
    assert (await restart(api, OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT=-1)).status_code == 400

    reported = [record for record in caplog.records if "no effect yet" in record.getMessage()]
    assert [vars(record)["property"] for record in reported] == [
        "OPENVIDU_RECORDING_AUTOSTOP_TIMEOUT",
        "OPENVIDU_RECORDING",
    ]
    assert {record.levelname for record in reported} == {"WARNING"}


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


async def test_health_names_the_nodes_that_are_disconnected(
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


CHANGEABLE: dict[str, Any] = load_contract()["components"]["schemas"]["RestartProperties"][
    "properties"
]


@pytest.mark.parametrize("path", [f"{prefix}/restart" for prefix in PREFIXES])
async def test_problems_of_every_kind_are_reported_in_one_response(
    api: httpx.AsyncClient, dotenv: Path, path: str
) -> None:
    response = await api.post(
        path,
        json={
            "OPENVIDU_CDR": "a-wrong-type",
            "OPENVIDU_RECORDING_PATH": "/x\u2028OPENVIDU_SECRET=mine",
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD": 101,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_LOAD": 10,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES": 5,
            "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES": 4,
            "OPENVIDU_WEBHOOK": True,
            "OPENVIDU_WEBHOOK_HEADERS": ["Authorization: canary", 7, "canary"],
            "OPENVIDU_SECRET": "another-secret-of-theirs",
            "HTTPS_PORT": 444,
            "OPENVIDU_SECRTE": "canary",
        },
    )

    assert response.status_code == 400
    assert response.json()["message"] == (
        "body: takes no properties 'HTTPS_PORT', 'OPENVIDU_SECRTE'; "
        "body/OPENVIDU_CDR: must be of type boolean; "
        "body/OPENVIDU_RECORDING_PATH: must match the pattern"
        r" ^[^\x00-\x1F\x7F-\x9F\u2028\u2029]*$; "
        "body/OPENVIDU_WEBHOOK_HEADERS/1: must be of type string; "
        "body/OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD: must be 100 or less; "
        "body/OPENVIDU_WEBHOOK_HEADERS/2: must match the pattern"
        f" {CHANGEABLE['OPENVIDU_WEBHOOK_HEADERS']['items']['pattern']}. "
        "Property OPENVIDU_SECRET=***: cannot be changed by a restart; it may only repeat the"
        " current one. "
        "Property OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES=5: must not be above"
        " OPENVIDU_PRO_CLUSTER_AUTOSCALING_MAX_NODES=4. "
        "Property OPENVIDU_WEBHOOK_ENDPOINT is not set: it is required when OPENVIDU_WEBHOOK is"
        " true."
    )
    assert [each.get("field") for each in response.json()["errors"]] == [
        "HTTPS_PORT",
        "OPENVIDU_SECRTE",
        "OPENVIDU_CDR",
        "OPENVIDU_RECORDING_PATH",
        "OPENVIDU_WEBHOOK_HEADERS/1",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_LOAD",
        "OPENVIDU_WEBHOOK_HEADERS/2",
        "OPENVIDU_SECRET",
        "OPENVIDU_PRO_CLUSTER_AUTOSCALING_MIN_NODES",
        "OPENVIDU_WEBHOOK_ENDPOINT",
    ]
    assert not dotenv.exists()


async def test_values_of_the_right_type_that_do_not_fit_together_are_listed(
    api: httpx.AsyncClient,
) -> None:
    wrong = {"OPENVIDU_SECRET": "another-secret-of-theirs", "OPENVIDU_WEBHOOK": True}

    body = (await api.post("/pro/restart", json=wrong)).json()

    assert body["errors"] == [
        {
            "field": "OPENVIDU_SECRET",
            "message": "Property OPENVIDU_SECRET=***: cannot be changed by a restart; it may only"
            " repeat the current one.",
        },
        {
            "field": "OPENVIDU_WEBHOOK_ENDPOINT",
            "message": "Property OPENVIDU_WEBHOOK_ENDPOINT is not set: it is required when"
            " OPENVIDU_WEBHOOK is true.",
        },
    ]
    assert body["message"] == " ".join(each["message"] for each in body["errors"])


@pytest.mark.parametrize("padding", [0, 8_000], ids=["small", "large"])
async def test_every_wrong_property_of_a_body_is_reported(
    api: httpx.AsyncClient, padding: int
) -> None:
    with_effect = {each.name for each in PROPERTIES if each.use is not Use.KEPT}
    others = sorted(with_effect - set(CHANGEABLE))
    wrong = {name: {"x": "y" * padding} for name in [*CHANGEABLE, *others]}

    message = (await api.post("/pro/restart", json=wrong)).json()["message"]

    names, *sentences = message.split("; ")
    assert names == f"body: takes no properties {', '.join(map(repr, others))}"
    assert {sentence.split(":")[0] for sentence in sentences} == {
        f"body/{name}" for name in CHANGEABLE
    }
    assert len(message) <= 8192


async def test_rules_of_the_machine_are_reported_beside_those_between_properties(
    api: httpx.AsyncClient, tmp_path: Path
) -> None:
    (tmp_path / "openvidu_pro_autodiscover.sh").write_text("#!/bin/sh\n")
    tmp_path.chmod(0o777)

    response = await restart(
        api, OPENVIDU_PRO_CLUSTER_PATH=str(tmp_path), OPENVIDU_WEBHOOK=True, OPENVIDU_CDR=1
    )

    message = response.json()["message"]
    assert response.status_code == 400
    assert message.startswith("body/OPENVIDU_CDR: must be of type boolean. Property ")
    assert "Property OPENVIDU_WEBHOOK_ENDPOINT is not set" in message
    assert f"Property OPENVIDU_PRO_CLUSTER_PATH={tmp_path}" in message
