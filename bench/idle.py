"""What the server costs without requests, with its nodes connected and measured."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.fleet import fleet
from bench.measure import idle
from bench.processes import cores, pin, pss_mb

NODES = (20, 200)
SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class IdleCost:
    """One server left alone.

    Attributes:
        nodes: Connected Media Nodes.
        share: Of one core.
        memory_mb: Of the process; shared pages counted by its share.
    """

    nodes: int
    share: float
    memory_mb: float


def measure_idle(log: Callable[[str], None]) -> list[IdleCost]:
    """Measure a server of its own for each number of nodes."""
    here, aside = cores()
    costs = []
    for nodes in NODES:
        with fleet(nodes, core=aside) as (process, _):
            pin(process.pid, here)
            cost = IdleCost(nodes, idle(process.pid, SECONDS), pss_mb(process.pid))
        log(f"idle, {nodes} nodes: {cost.share:.2%} of a core, {cost.memory_mb:.1f} MB")
        costs.append(cost)
    return costs
