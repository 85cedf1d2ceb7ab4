"""The result as Markdown tables, as JSON, and as docs/performance.md."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.idle import SECONDS, IdleCost
from bench.machine import describe, with_versions
from bench.measure import ONE, Row, Scenario
from bench.peers import FASTAPI, FLOOR, Peer
from bench.processes import ROOT

PAGE = ROOT / "docs" / "performance.md"
_TIMES = "\N{MULTIPLICATION SIGN}"
TEMPLATE = ROOT / "bench" / "performance.template.md"


@dataclass(frozen=True, slots=True)
class Result:
    """A whole run.

    Attributes:
        rounds: Of each scenario.
        seconds: Of load in each round; half as long the server is left alone before it.
        load_before: The machine's load average when it began.
        rows: By scenario.
        idle: Empty when it was not measured.
    """

    rounds: int
    seconds: float
    load_before: float
    rows: dict[Scenario, list[Row]]
    idle: list[IdleCost]

    def as_json(self) -> dict[str, Any]:
        return {
            "machine": describe(),
            "load_average": round(self.load_before, 2),
            "rounds": self.rounds,
            "seconds": self.seconds,
            "scenarios": {
                scenario.key: [row.as_json() for row in rows]
                for scenario, rows in self.rows.items()
            },
            "idle": [asdict(cost) for cost in self.idle],
        }

    def as_markdown(self) -> str:
        parts = [f"### {scenario.title}\n\n{_table(rows)}" for scenario, rows in self.rows.items()]
        if self.idle:
            parts.append(f"### Idle\n\n{_idle_table(self.idle)}")
        return "\n\n".join(parts)

    def write_page(self) -> None:
        """Write docs/performance.md from its template."""
        one = self.rows[ONE][0].samples[0].answer_bytes
        many = next(rows for scenario, rows in self.rows.items() if scenario is not ONE)
        page = TEMPLATE.read_text("utf-8").format(
            tables=self.as_markdown(),
            machine=describe(),
            load=f"{self.load_before:.1f}",
            rounds=self.rounds,
            seconds=f"{self.seconds:g}",
            one_bytes=one,
            list_kilobytes=round(many[0].samples[0].answer_bytes / 1000),
        )
        PAGE.write_text(page, "utf-8")


def _table(rows: Sequence[Row]) -> str:
    lines = [
        f"| server | checks of an answer | CPU µs per request | {_TIMES} FastAPI | of the floor "
        "| requests/s | memory MB |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {with_versions(row.peer.title)} | {row.peer.validates} | {_three(row.cpu_us)} "
        f"| {_ratio(rows, FASTAPI, row)} | {_ratio(rows, FLOOR, row)} "
        f"| {_three(row.rate)} | {row.memory_mb:.0f} |"
        for row in sorted(rows, key=lambda row: row.cpu_us)
    ]
    return "\n".join(lines)


def _ratio(rows: Sequence[Row], reference: Peer, row: Row) -> str:
    for known in rows:
        if known.peer is reference:
            return f"{row.times(known):.2f}"
    return "–"


def _idle_table(costs: Sequence[IdleCost]) -> str:
    lines = [
        f"| connected Media Nodes | CPU over {SECONDS:g} s, of one core | memory MB |",
        "|---:|---:|---:|",
    ]
    lines += [f"| {cost.nodes} | {cost.share:.2%} | {cost.memory_mb:.0f} |" for cost in costs]
    return "\n".join(lines)


def _three(value: float) -> str:
    """Three significant digits, thousands separated."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}"
