"""Requests for the oracle, made from the contract: most as it says, many bent in a way or two."""

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_to_bytes

from hypothesis import strategies as st

from support.oracle_clean_twists import CLEAN
from support.oracle_contract import Operation, operations
from support.oracle_drawing import WEIGHTS, Drawing, Twist, plain
from support.oracle_request import Request
from support.oracle_servers import PLAN


def endless(request: Request) -> bool:
    """Whether the answer waits for the end of a session, which nobody ends."""
    query = unquote_to_bytes(request.query).lower()
    hosts = {planned.id for planned in PLAN if planned.session}
    named = unquote_to_bytes(request.path).decode("latin-1").strip("/").rsplit("/", 1)[-1]
    waits = b"true" in query and b"when-no-sessions" in query
    return request.method == "DELETE" and waits and named.strip() in hosts


@st.composite
def requests(draw: Any, port: int, fits: Callable[[Operation], bool], twist: Twist) -> Request:
    """Any request; one in four or five has a certain twist.

    Args:
        draw: Hypothesis's own.
        port: Of the emulated nodes.
        fits: Which operations the twist needs.
        twist: Makes a request for which the stock application is expected to be wrong.
    """
    kind = draw(st.sampled_from(["plain"] * 5 + ["clean"] * 8 + ["odd"] * 3 + ["both"]))
    odd = kind in ("odd", "both")
    fitting = [o for o in operations() if not odd or fits(o)]
    weighted = [o for o in fitting for _ in range(WEIGHTS.get(o.shared_name, 1))]
    drawing = Drawing(draw, draw(st.sampled_from(weighted)), port)
    request = plain(drawing)
    if kind in ("clean", "both"):
        request = draw(st.sampled_from(CLEAN))(drawing, request)
    return twist(drawing, request) if odd else request
