"""Which documented answers were seen, and the table that shows it."""

from collections import defaultdict
from functools import cache
from pathlib import Path
from typing import Any

from mediafleet.app import load_contract

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "reachability.md"

PREFACE = """# Reachability

Every status that `openapi.yaml` documents for an operation is an answer that clients can get. The
suite in `tests/reachability` drives a running server to each of them and fails if one is not
reached, or if an answer appears that is not documented. This table is what it prints.

- `live`: seen on a running server with connected Media Nodes, on premises, local ones and ones
  that scripts launch.
- `test app`: the same contract and error table over handlers that fail on purpose, since no
  production code exists only to fail.
"""


class Operation:
    def __init__(self, method: str, path: str, definition: dict[str, Any]) -> None:
        self.method, self.path = method.upper(), path
        self.id: str = definition["operationId"]
        self.statuses = sorted(map(int, definition["responses"]))
        self.takes_body = "requestBody" in definition


@cache
def operations() -> tuple[Operation, ...]:
    return tuple(
        Operation(method, path, definition)
        for path, item in load_contract()["paths"].items()
        for method, definition in item.items()
    )


class Reached:
    """Documented answers, and what reached them."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, int], set[str]] = defaultdict(set)

    def note(self, operation: str, status: int, how: str) -> None:
        self.found[operation, status].add(how)

    def missing(self) -> list[tuple[str, int]]:
        return sorted(self._documented() - set(self.found))

    def undocumented(self) -> list[tuple[str, int]]:
        return sorted(set(self.found) - self._documented())

    @staticmethod
    def _documented() -> set[tuple[str, int]]:
        return {(each.id, status) for each in operations() for status in each.statuses}

    def table(self) -> str:
        lines = ["| operation | " + " | ".join(map(str, self._columns())) + " |"]
        lines.append("|---|" + "---|" * len(self._columns()))
        for each in operations():
            cells = (self._cell(each, status) for status in self._columns())
            lines.append(f"| `{each.method} {each.path}` | " + " | ".join(cells) + " |")
        return "\n".join(lines) + "\n"

    @staticmethod
    def _columns() -> list[int]:
        return sorted({status for each in operations() for status in each.statuses})

    def _cell(self, operation: Operation, status: int) -> str:
        if status not in operation.statuses:
            return ""
        return ", ".join(sorted(self.found.get((operation.id, status), {"**missing**"})))


def document(reached: Reached) -> str:
    return f"{PREFACE}\n{reached.table()}"
