"""Our layer means what the stock Connexion application means, except where that one is wrong."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import seed as seeded_with
from hypothesis import strategies as st

from support.oracle_deviations import DEVIATIONS
from support.oracle_odd_twists import ODD
from support.oracle_request import Request
from support.oracle_requests import endless, requests

REQUESTS_FOR_EACH_TWIST = 80
LEAST_SHARE_WITHOUT_DEVIATION = 0.6
pytestmark = [pytest.mark.timeout(300), pytest.mark.slow]


def test_both_answer_alike_except_where_the_stock_one_is_wrong(
    oracle, figures, seed, record_property
) -> None:
    for number, (fits, twist) in enumerate(ODD):
        run(requests(oracle.port, fits, twist), seed * len(ODD) + number, oracle.compare)

    record_property("oracle", figures.table())
    never = [each.name for each in DEVIATIONS if not figures.differed[each.name]]
    assert never == [], "the stock application did not show these deviations"
    assert figures.clean_share >= LEAST_SHARE_WITHOUT_DEVIATION


def run(
    strategy: st.SearchStrategy[Request], seed: int, compare: Callable[[Request], None]
) -> None:
    """Compare on many requests; one on which they differ is made as simple as can be."""

    @seeded_with(seed)
    @settings(
        max_examples=REQUESTS_FOR_EACH_TWIST,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(request=strategy)
    def alike(request: Request) -> None:
        assume(not endless(request))
        compare(request)

    alike()
