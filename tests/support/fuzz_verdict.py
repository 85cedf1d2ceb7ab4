"""What a fuzz run must have met to count."""

from typing import Any

import yaml

from support import fuzzing


def documented(kinds: tuple[str, ...]) -> set[tuple[str, int]]:
    contract: Any = yaml.safe_load((fuzzing.ROOT / "openapi.yaml").read_text())
    return {
        (operation["operationId"], int(status))
        for item in contract["paths"].values()
        for operation in item.values()
        for status in operation["responses"]
        if status.startswith(kinds)
    }


def check(seed: object) -> None:
    seen = fuzzing.seen
    added = seen.share("add_media_node", 200)
    print(
        f"\nseed {seed}: {seen.answers.total()} answers, {seen.share(None, 2):.0%} of them 2xx; "
        f"{added:.0%} of the POSTs added a node; {seen.scenarios} scenarios"
    )
    missing = documented(("2", "409")) - set(seen.answers)
    undocumented = {
        each for each in seen.answers if each not in documented(("2", "4", "5")) and each[1] != 405
    }
    assert not missing, f"never seen: {sorted(missing)}"
    assert not undocumented, f"seen but not documented: {sorted(undocumented)}"
    assert added >= 0.3
    assert seen.scenarios >= fuzzing.SCENARIOS
    assert seen.stayed == []
