"""The server is killed at every write and every environment call of a life, once at each.

The server that recovers from that is killed too, in some of the lives.

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
from support.kill_grounds import FLOORS, GROUNDS, MakeGround, docker
from support.kill_life import Life, Script, faults, zygote

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(3600), pytest.mark.slow]

LIVES = int(os.environ.get("MEDIAFLEET_KILLED_LIVES", "3"))
"""How many points are tried in each environment; 0 is all of them."""
RECOVERIES_TRIED = 3
"""After one kill of so many the next server is killed as well."""
POINTS_OF_RECOVERY = 12
"""How many of the points that the next server passes are taken for its recovery."""
SEED = os.environ.get("MEDIAFLEET_KILL_SEED", datetime.now(UTC).strftime("%Y-%m-%d"))


@pytest.fixture(scope="module")
def nursery() -> Iterator[subprocess.Popen[str]]:
    with zygote() as process:
        yield process


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with private_engine() as engine:
        yield engine


async def live(
    nursery: subprocess.Popen[str], make_ground: MakeGround, folder: Path, *fatal: str
) -> tuple[Life, list[str]]:
    """Live a life whose servers are killed at a point each; what was wrong in the end."""
    folder.mkdir()
    async with make_ground(folder) as ground:
        life = Life(nursery, folder, ground, fatal)
        await Script(life).play()
        wrong = await faults(life)
        await life.end()
    return life, wrong


@pytest.fixture
def grounds(request: pytest.FixtureRequest) -> Mapping[str, MakeGround]:
    """How to make a ground, by environment; the Engine is started when it is needed."""
    if request.node.callspec.params["environment"] != "docker":
        return GROUNDS
    engine = request.getfixturevalue("engine")
    return {**GROUNDS, "docker": lambda _: docker(engine)}


@pytest.mark.parametrize("environment", FLOORS)
async def test_a_kill_anywhere_loses_nothing_and_leaves_nothing_behind(
    nursery: subprocess.Popen[str],
    grounds: Mapping[str, MakeGround],
    environment: str,
    tmp_path: Path,
    report: Callable[[str], None],
) -> None:
    began = time.monotonic()
    source = random.Random(SEED)
    make_ground = grounds[environment]
    whole, wrong = await live(nursery, make_ground, tmp_path / "whole")
    assert wrong == []
    points = whole.points()
    assert len(points) >= FLOORS[environment]
    count = min(LIVES or len(points), len(points))
    chosen = [points[number] for number in sorted(source.sample(range(len(points)), count))]

    killed: set[str] = set()
    twice, told = 0, []
    for number, point in enumerate(chosen):
        life, wrong = await live(nursery, make_ground, tmp_path / f"{number}", point)
        told += [f"killed at {point}: {each}" for each in wrong]
        if life.starts == 1:
            # Nodes that are slow to answer crash and recover: not each life has as many commits.
            assert point not in life.points(), "the server went on at a point that it came to"
            continue
        killed.add(point)
        if number % RECOVERIES_TRIED == 0:
            second = source.choice(life.points(start=2)[:POINTS_OF_RECOVERY])
            folder = tmp_path / f"{number}-again"
            life, wrong = await live(nursery, make_ground, folder, point, second)
            told += [f"killed at {point}, then at {second}: {each}" for each in wrong]
            twice += life.starts > 2
    report(
        f"{environment}: {len(points)} points, {count} tried (seed {SEED}), {len(killed)} kills, "
        f"{twice} of them twice, {len(told)} faults, {time.monotonic() - began:.0f} s"
    )
    assert told == []
    # What does not go on for a moment is not met midway.
    assert killed or all(point.endswith("midway") for point in chosen)
