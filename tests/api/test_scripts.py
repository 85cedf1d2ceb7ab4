"""Scripts behind the whole server: launches, another folder by restart, discovery on premises."""

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import histories, live
from support.cluster_client import (
    NODES,
    delete,
    members,
    until_gone,
    until_sessions,
    until_status,
)
from support.environment_suite import until_it_answers
from support.kurento_wire import wire
from support.machine_scripts import AUTODISCOVER, DROP, LAUNCH, MachineScripts, write_script

pytestmark = pytest.mark.anyio

RESTART = "/pro/restart"
PATH = "OPENVIDU_PRO_CLUSTER_PATH"


@pytest.fixture
def scripts(tmp_path: Path) -> Iterator[MachineScripts]:
    yield (scripts := MachineScripts(tmp_path))
    scripts.end_all()


async def test_a_cluster_of_scripts_is_found_again_after_a_restart(
    scripts: MachineScripts, tmp_path: Path
) -> None:
    properties = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "script", PATH: str(scripts.write())}
    async with live.mediafleet(tmp_path, **properties) as api:
        (node,) = await members(api)
        await until_status(api, node["id"], "running")
        (node,) = await members(api)
        assert [node["environmentId"]] == scripts.alive()
    async with live.mediafleet(tmp_path, **properties) as api:
        await until_status(api, node["id"], "running")
        assert scripts.calls("launch") == [node["id"]]
        assert (await api.put(NODES)).json()["content"] == []
        assert (await delete(api, node["id"], wait="true")).status_code == 204
    assert scripts.alive() == []


async def test_a_machine_at_the_address_of_one_that_is_gone_is_left_alone(
    scripts: MachineScripts, tmp_path: Path
) -> None:
    """A node is to go at once, its machine is gone, and another has its address and a session."""
    folder = scripts.write()
    properties = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "script", PATH: str(folder)}
    drop = (folder / DROP).read_text()
    async with live.mediafleet(tmp_path, **properties) as api:
        (old,) = await members(api)
        old = await until_status(api, old["id"], "running")
        write_script(folder / DROP, "#!/bin/sh\nexit 1\n")
        removed = await delete(api, old["id"], deletion_strategy="now", wait="true")
        assert removed.status_code == 502
    scripts.supersede(old["environmentId"], "m-other", "kms_Other001")
    await until_it_answers(old["uri"])
    async with wire(old["uri"]) as client:
        session = await client.create("MediaPipeline")
    write_script(folder / DROP, drop)

    async with live.mediafleet(tmp_path, **properties) as api:
        await until_gone(api, old["id"])
        await until_status(api, "kms_Other001", "running")
        await until_sessions(api, "kms_Other001", 1)
        async with wire(old["uri"]) as client:
            await client.call("describe", object=session)
    database = tmp_path / "mediafleet.db"
    events = histories.read_events(database)
    assert histories.faults(events, histories.read_members(database)) == []
    assert "sessionDestroyed" not in {event["name"] for event in events}


async def test_a_node_whose_address_another_machine_has_leaves_as_a_crashed_one(
    scripts: MachineScripts, tmp_path: Path
) -> None:
    properties = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "script", PATH: str(scripts.write())}
    async with live.mediafleet(tmp_path, **properties) as api:
        (old,) = await members(api)
        old = await until_status(api, old["id"], "running")
    scripts.supersede(old["environmentId"], "m-other", "kms_Other001")

    async with live.mediafleet(tmp_path, **properties) as api:
        await until_gone(api, old["id"])
        await until_status(api, "kms_Other001", "running")
        assert len(await members(api)) == 1
    database = tmp_path / "mediafleet.db"
    events = histories.read_events(database)
    assert histories.faults(events, histories.read_members(database)) == []
    assert [event["name"] for event in events].count("nodeCrashed") == 1


async def test_a_restart_takes_only_a_folder_that_may_be_used(
    scripts: MachineScripts, tmp_path: Path
) -> None:
    other = scripts.write("other")
    (other / LAUNCH).chmod(0o775)
    async with live.mediafleet(
        tmp_path,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="script",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
        **{PATH: str(scripts.write())},
    ) as api:
        for path, reported in (
            (other, f"{other}/{LAUNCH} has mode 0775"),
            (tmp_path / "none", f"{LAUNCH} does not exist"),
            ("scripts", "not an absolute path"),
        ):
            refused = await api.post(RESTART, json={PATH: str(path)})
            assert refused.status_code == 400
            assert reported in refused.json()["message"]
        (other / LAUNCH).chmod(0o755)
        write_script(other / LAUNCH, "#!/bin/sh\necho the other one >&2; exit 1\n")
        assert (await api.post(RESTART, json={PATH: str(other)})).status_code == 200
        failed = await api.post(NODES, params={"wait": "true"})
        assert failed.status_code == 502
        assert failed.json()["message"].endswith("it says: the other one")


TRACE = """
set -x
: user "OPENVIDUAPP:$OPENVIDU_SECRET"
credentials=$(printf 'OPENVIDUAPP:%s' "$OPENVIDU_SECRET" | base64)
printf 'x%sy' "$OPENVIDU_SECRET" | base64 | tr '+/' '-_' | fold -w 7 >&2
printf '%s' "$OPENVIDU_SECRET" | od -An -tx1 | tr -d ' ' >&2
"""


@pytest.mark.parametrize("secret", [live.SECRET, 'it\'s 100% "my" w\\ord: \u00e9/+?'])
async def test_a_secret_that_a_script_prints_is_masked_everywhere(
    scripts: MachineScripts, tmp_path: Path, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    folder = scripts.write(before=TRACE + "exit 1")
    properties = {"OPENVIDU_PRO_CLUSTER_ENVIRONMENT": "script", PATH: str(folder)}
    async with live.mediafleet(
        tmp_path, OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0, OPENVIDU_SECRET=secret, **properties
    ) as api:
        api.auth = ("OPENVIDUAPP", secret)
        failed = await api.post(NODES, params={"wait": "true"})
        assert failed.status_code == 502
        assert "***" in failed.json()["message"]
        (node,) = await members(api)
        health = await api.get("/health")
        diagnostics = await api.get(f"/fleet/media-nodes/{node['id']}/diagnostics")
        reported = [failed.text, str(node), health.text, diagnostics.text]
    reported += [str(vars(record)) for record in caplog.records]
    reported += [(tmp_path / f"mediafleet.db{end}").read_bytes().decode("latin-1") for end in ("",)]

    raw = secret.encode()
    forms = [secret, json.dumps(secret)[1:-1], raw.hex(), raw.decode("latin-1")]
    forms += [b64encode(before + raw).decode()[4:-4] for before in (b"", b"x", b"OPENVIDUAPP:")]
    for text in reported:
        found = "".join(text.split()).replace("-", "+").replace("_", "/")
        assert not [form for form in forms if form.replace("-", "+").replace(" ", "") in found]


async def test_secrets_of_before_a_restart_and_after_it_are_masked(
    scripts: MachineScripts, tmp_path: Path
) -> None:
    folder = scripts.write(before="echo old-header-value new-header-value >&2; exit 1")
    async with live.mediafleet(
        tmp_path,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="script",
        OPENVIDU_PRO_CLUSTER_MEDIA_NODES=0,
        OPENVIDU_WEBHOOK_HEADERS='["Authorization: Bearer old-header-value"]',
        **{PATH: str(folder)},
    ) as api:
        changes = {"OPENVIDU_WEBHOOK_HEADERS": ["X-Key: new-header-value"]}
        assert (await api.post(RESTART, json=changes)).status_code == 200
        failed = await api.post(NODES, params={"wait": "true"})

    assert failed.json()["message"].endswith("it says: *** ***")


async def test_put_on_premises_runs_the_script(scripts: MachineScripts, tmp_path: Path) -> None:
    folder = scripts.write()
    async with live.mediafleet(
        tmp_path,
        OPENVIDU_PRO_CLUSTER_ENVIRONMENT="script",
        OPENVIDU_PRO_CLUSTER_ID="clu_same",
        **{PATH: str(folder)},
    ) as api:
        (node,) = await members(api)
        await until_status(api, node["id"], "running")
    async with live.mediafleet(
        tmp_path / "on-premises", OPENVIDU_PRO_CLUSTER_ID="clu_same", **{PATH: str(folder)}
    ) as api:
        (found,) = (await api.put(NODES)).json()["content"]
        assert [found["environmentId"]] == scripts.alive()
        assert (await api.put(NODES)).json()["content"] == []
        write_script(folder / AUTODISCOVER, "#!/bin/sh\nexit 1\n")
        failed = await api.put(NODES)
        assert failed.status_code == 502
        assert "on_premise failed to discover" in failed.json()["message"]
        folder.chmod(0o777)
        refused = await api.post(RESTART, json={PATH: str(folder)})
        assert refused.status_code == 400
        assert (await delete(api, found["id"], wait="true")).status_code == 204
    assert scripts.alive() != [], "on premises machines stay"
