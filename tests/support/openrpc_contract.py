"""`openrpc.yaml` compiled: what answers and notifications must keep, besides what requests must."""

from collections.abc import Mapping, Sequence
from typing import Any

from mediafleet.app import load_contract
from mediafleet.contract import SchemaValidator, inlined
from mediafleet.signalling.openrpc import compiled_params

DOCUMENT = load_contract("openrpc.yaml")
_WHOLE = inlined(DOCUMENT, DOCUMENT)


def _codes(errors: Sequence[Mapping[str, Any]]) -> frozenset[int]:
    return frozenset(error["code"] for error in errors)


RESULTS = {
    each["name"]: SchemaValidator(each["result"]["schema"], None, f"{each['name']} result")
    for each in _WHOLE["methods"]
}
"""What accepts the result of each method, by its name."""
ERRORS = {
    each["name"]: _codes(_WHOLE["x-errors-of-all-methods"]) | _codes(each["errors"])
    for each in _WHOLE["methods"]
}
"""The codes of all errors that each method may end with."""
NOTIFICATIONS = {
    each["name"]: compiled_params(each, is_open=False) for each in _WHOLE["x-notifications"]
}
"""What accepts the parameters of each notification, by its name."""
