"""The server is killed at every write and every environment call of a scenario, once at each.

The server that recovers from that is killed too, in some of the runs.

A plain run tries some of the points, others each day; `tox -e kill` tries all of them.
"""

import os
import random
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.docker_engine import Engine, private_engine
from support.kill_environments import ENVIRONMENTS, MIN_POINTS, MakeEnvironment, docker
from support.kill_scenario import Scenario, Steps, faults, fork_server

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(3600), pytest.mark.slow]

POINTS_TRIED = int(os.environ.get("MEDIAFLEET_KILL_POINTS", "3"))
"""How many points are tried in each environment; 0 is all of them."""
RECOVERIES_TRIED = 3
"""After one kill of so many the next server is killed as well."""
POINTS_OF_RECOVERY = 12
"""How many of the points that the next server passes are taken for its recovery."""
SEED = os.environ.get("MEDIAFLEET_KILL_SEED", datetime.now(UTC).strftime("%Y-%m-%d"))


@pytest.fixture(scope="module")
def server() -> Iterator[subprocess.Popen[str]]:
    with fork_server() as process:
        yield process


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with private_engine() as engine:
        yield engine


async def run_scenario(
    server: subprocess.Popen[str],
    make_environment: MakeEnvironment,
    folder: Path,
    *fatal: str,
) -> tuple[Scenario, list[str]]:
    """Run a scenario whose servers are killed at one point each; list what was wrong."""
    folder.mkdir()
    async with make_environment(folder) as environment:
        scenario = Scenario(server, folder, environment, fatal)
        await Steps(scenario).play()
        wrong = await faults(scenario)
        await scenario.end()
    return scenario, wrong


@pytest.fixture
def environments(request: pytest.FixtureRequest) -> Mapping[str, MakeEnvironment]:
    """Context managers of the machines, by environment; the Engine starts when it is needed."""
    if request.node.callspec.params["environment"] != "docker":
        return ENVIRONMENTS
    engine = request.getfixturevalue("engine")
    return {**ENVIRONMENTS, "docker": lambda _: docker(engine)}


@pytest.mark.parametrize("environment", MIN_POINTS)
async def test_a_kill_anywhere_loses_nothing_and_leaves_nothing_behind(
    server: subprocess.Popen[str],
    environments: Mapping[str, MakeEnvironment],
    environment: str,
    tmp_path: Path,
    report: Callable[[str], None],
) -> None:
    began = time.monotonic()
    source = random.Random(SEED)
    make_environment = environments[environment]
    whole, wrong = await run_scenario(server, make_environment, tmp_path / "whole")
    assert wrong == []
    points = whole.points()
    assert len(points) >= MIN_POINTS[environment]
    count = min(POINTS_TRIED or len(points), len(points))
    chosen = [points[number] for number in sorted(source.sample(range(len(points)), count))]

    killed: set[str] = set()
    twice, found = 0, []
    for number, point in enumerate(chosen):
        scenario, wrong = await run_scenario(
            server, make_environment, tmp_path / f"{number}", point
        )
        found += [f"killed at {point}: {each}" for each in wrong]
        if scenario.starts == 1:
            # Nodes that are slow to answer crash and recover: the number of commits varies.
            assert point not in scenario.points(), "the server went on at a point that it came to"
            continue
        killed.add(point)
        if number % RECOVERIES_TRIED == 0:
            second = source.choice(scenario.points(start=2)[:POINTS_OF_RECOVERY])
            folder = tmp_path / f"{number}-again"
            scenario, wrong = await run_scenario(server, make_environment, folder, point, second)
            found += [f"killed at {point}, then at {second}: {each}" for each in wrong]
            twice += scenario.starts > 2
    report(
        f"{environment}: {len(points)} points, {count} tried (seed {SEED}), {len(killed)} kills, "
        f"{twice} of them twice, {len(found)} faults, {time.monotonic() - began:.0f} s"
    )
    assert found == []
    # What does not go on for a moment is not met midway.
    assert killed or all(point.endswith("midway") for point in chosen)
