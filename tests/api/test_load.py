from pathlib import Path

import pytest

from support import live
from support.cluster_client import add, get, until, until_diagnostics
from support.fake_kurento import fake_kurento
from support.links import until as until_holds

pytestmark = pytest.mark.anyio


async def test_the_last_load_is_shown_while_measurements_fail_and_none_of_another_process(
    tmp_path: Path,
) -> None:
    async with (
        fake_kurento() as server,
        live.mediafleet(tmp_path, MEDIAFLEET_LOAD_INTERVAL="1") as api,
    ):
        node = await add(api, server.uri)
        await until(api, node["id"], lambda found: found is not None and found["load"] == 25)

        server.cpu = "null"
        tried = len(server.asked("getUsedCpu"))
        await until_holds(lambda: len(server.asked("getUsedCpu")) > tried + 1)
        diagnostics = await until_diagnostics(api, node["id"], lambda found: found["loadTime"])
        await until_holds(lambda: len(server.asked("getUsedCpu")) > tried + 2)

        assert (await get(api, node["id"]))["load"] == 25
        later = await until_diagnostics(api, node["id"], lambda _: True)
        assert later["loadTime"] == diagnostics["loadTime"]

        await server.restart()
        await until(api, node["id"], lambda n: n is not None and n["connected"] and not n["load"])
        await until_diagnostics(api, node["id"], lambda found: found["loadTime"] is None)
