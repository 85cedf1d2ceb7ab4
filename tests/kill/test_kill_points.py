"""The server is killed at every commit and every environment call of a life, once at each.

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

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(3600)]

LIVES = int(os.environ.get("MEDIAFLEET_KILLED_LIVES", "3"))
"""How many points are tried in each environment; 0 is all of them."""
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
    nursery: subprocess.Popen[str], make_ground: MakeGround, folder: Path, fatal: str
) -> tuple[Life, list[str]]:
    """Live a life whose server is killed at a point; what was wrong in the end."""
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
    tell: Callable[[str], None],
) -> None:
    began = time.monotonic()
    whole, wrong = await live(nursery, grounds[environment], tmp_path / "whole", "")
    assert wrong == []
    points = whole.points()
    assert len(points) >= FLOORS[environment]
    count = min(LIVES or len(points), len(points))
    chosen = sorted(random.Random(SEED).sample(range(len(points)), count))

    killed, told = 0, []
    for number in chosen:
        life, wrong = await live(
            nursery, grounds[environment], tmp_path / str(number), points[number]
        )
        killed += life.starts > 1
        told += [f"killed at {points[number]}: {each}" for each in wrong]
    tell(
        f"{environment}: {len(points)} points, {count} tried (seed {SEED}), {killed} kills, "
        f"{len(told)} faults, {time.monotonic() - began:.0f} s"
    )
    assert told == []
    assert killed > 0
