"""``python -m bench``: measures Mediafleet beside other servers, and says what it measured.

``python -m bench fleet`` measures what a growing cluster costs, ``python -m bench placements`` what a
placement costs, ``python -m bench calls`` what the signalling of calls costs; ``python -m bench
dashboard`` draws the picture of the dashboard.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from bench import calls, dashboard, growth, placements
from bench.checks import WrongPeerError
from bench.idle import measure_idle
from bench.machine import describe, load_average
from bench.measure import LIST, ONE, Row, Scenario, measure
from bench.peers import MEDIAFLEET, PEERS, Peer
from bench.processes import ServerFailedError
from bench.report import PAGE, Result

SCENARIOS = {scenario.key: scenario for scenario in (ONE, LIST)}
LONGEST_ROUND_S = 600.0


def main() -> None:
    if sys.argv[1:2] == ["fleet"]:
        growth.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["dashboard"]:
        dashboard.main()
        return
    if sys.argv[1:2] == ["placements"]:
        placements.main(sys.argv[2:])
        return
    if sys.argv[1:2] == ["calls"]:
        calls.main(sys.argv[2:])
        return
    options = _parser().parse_args()
    peers = [peer for peer in PEERS if not options.only or peer.key in options.only]
    scenarios = [SCENARIOS[key] for key in options.scenario or SCENARIOS]
    _require_bounded(options, peers)
    if options.write and (options.only or len(scenarios) < len(SCENARIOS)):
        sys.exit(f"--write wants the whole table, without --only and --scenario: {PAGE}")
    load_before = load_average()
    _log(f"{describe()}; load average {load_before:.2f}")
    try:
        rows: dict[Scenario, list[Row]] = {
            scenario: measure(
                scenario, peers, rounds=options.rounds, seconds=options.seconds, log=_log
            )
            for scenario in scenarios
        }
        idle = measure_idle(_log) if options.idle else []
    except (WrongPeerError, ServerFailedError) as error:
        sys.exit(f"{type(error).__name__}: {error}")
    result = Result(options.rounds, options.seconds, load_before, rows, idle)
    print(json.dumps(result.as_json(), indent=2) if options.json else result.as_markdown())
    if options.write:
        result.write_page()
        _log(f"written: {PAGE}")


def _parser() -> argparse.ArgumentParser:
    names = [peer.key for peer in PEERS]
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="of each scenario; 7 if not given")
    parser.add_argument(
        "--seconds", type=float, default=2.0, help="of load in each round; 2 if not given"
    )
    parser.add_argument("--only", action="append", choices=names, help="may be repeated")
    parser.add_argument("--scenario", action="append", choices=list(SCENARIOS))
    parser.add_argument("--idle", action="store_true", help="measure the cost of doing nothing too")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    return parser


def _require_bounded(options: argparse.Namespace, peers: Sequence[Peer]) -> None:
    if options.rounds < 1 or not 0.1 <= options.seconds <= LONGEST_ROUND_S:
        sys.exit("--rounds must be at least 1, --seconds from 0.1 to 600")
    if MEDIAFLEET not in peers:
        _log("Mediafleet runs in any case: the others answer with its nodes")


def _log(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
