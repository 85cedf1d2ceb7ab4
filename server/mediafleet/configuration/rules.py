"""Rules between properties; each property's own rule is its kind."""

from collections.abc import Collection, Iterator, Mapping
from ipaddress import IPv4Network, ip_network
from typing import Final, cast

from mediafleet.configuration.kinds import Value
from mediafleet.configuration.problems import ConfigurationProblem

_SCALING: Final = "OPENVIDU_PRO_CLUSTER_AUTOSCALING_"
_LOCAL: Final = IPv4Network("127.64.0.0/10")
_PAIRS: Final = (
    (f"{_SCALING}MIN_NODES", f"{_SCALING}MAX_NODES"),
    (f"{_SCALING}MIN_LOAD", f"{_SCALING}MAX_LOAD"),
)


def conflicts(
    values: Mapping[str, Value], *, doubtful: Collection[str] = ()
) -> Iterator[ConfigurationProblem]:
    """Find what cannot stand together.

    Args:
        values: All values, each allowed by itself.
        doubtful: Names that have a problem already; rules that need one of them are left out, so
            that one mistake is told once.
    """
    for lower, upper in _PAIRS:
        if {lower, upper}.isdisjoint(doubtful):
            low, high = cast("int", values[lower]), cast("int", values[upper])
            if low > high:
                yield ConfigurationProblem(
                    property=lower, value=str(low), rule=f"must not be above {upper}={high}"
                )
    yield from _too_many_local_nodes(values, doubtful)
    yield from _unreachable_local_nodes(values, doubtful)
    yield from _missing_for_aws(values, doubtful)
    yield from _missing_for_registrar(values, doubtful)
    webhook, endpoint = "OPENVIDU_WEBHOOK", "OPENVIDU_WEBHOOK_ENDPOINT"
    if {webhook, endpoint}.isdisjoint(doubtful) and values[webhook] and not values[endpoint]:
        yield ConfigurationProblem(
            property=endpoint, value=None, rule=f"it is required when {webhook} is true"
        )


def _missing_for_registrar(
    values: Mapping[str, Value], doubtful: Collection[str]
) -> Iterator[ConfigurationProblem]:
    token, networks = "MEDIAFLEET_REGISTRAR_TOKEN", "MEDIAFLEET_REGISTRAR_NETWORKS"
    environment = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT"
    if token in doubtful or not values[token]:
        return
    if networks not in doubtful and not values[networks]:
        yield ConfigurationProblem(
            property=networks, value=None, rule=f"it is required when {token} is set"
        )
    if environment not in doubtful and values[environment] != "on_premise":
        yield ConfigurationProblem(
            property=environment,
            value=cast("str", values[environment]),
            rule=f"must be on_premise when {token} is set",
        )


def _missing_for_aws(
    values: Mapping[str, Value], doubtful: Collection[str]
) -> Iterator[ConfigurationProblem]:
    environment = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT"
    key_id, key = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"
    if environment in doubtful or values[environment] != "aws":
        return
    for name in ("AWS_DEFAULT_REGION", "AWS_IMAGE_ID", "AWS_INSTANCE_TYPE"):
        if name not in doubtful and not values[name]:
            yield ConfigurationProblem(
                property=name, value=None, rule="it is required in the environment aws"
            )
    if {key_id, key}.isdisjoint(doubtful) and bool(values[key_id]) != bool(values[key]):
        missing, given = (key, key_id) if values[key_id] else (key_id, key)
        yield ConfigurationProblem(
            property=missing, value=None, rule=f"it is required when {given} is set"
        )


def _too_many_local_nodes(
    values: Mapping[str, Value], doubtful: Collection[str]
) -> Iterator[ConfigurationProblem]:
    scales = values["OPENVIDU_PRO_CLUSTER_AUTOSCALING"]
    wanted = f"{_SCALING}MIN_NODES" if scales else "OPENVIDU_PRO_CLUSTER_MEDIA_NODES"
    environment, most = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT", "MEDIAFLEET_LOCAL_MAX_NODES"
    if values[environment] != "local" or not {wanted, environment, most}.isdisjoint(doubtful):
        return
    number, limit = cast("int", values[wanted]), cast("int", values[most])
    if number > limit:
        yield ConfigurationProblem(
            property=wanted,
            value=str(number),
            rule=f"must not be above {most}={limit} in the environment local",
        )


def _unreachable_local_nodes(
    values: Mapping[str, Value], doubtful: Collection[str]
) -> Iterator[ConfigurationProblem]:
    environment, networks = "OPENVIDU_PRO_CLUSTER_ENVIRONMENT", "MEDIAFLEET_ALLOWED_NODE_NETWORKS"
    if values[environment] != "local" or not {environment, networks}.isdisjoint(doubtful):
        return
    allowed = map(ip_network, cast("tuple[str, ...]", values[networks]))
    if not any(each.version == _LOCAL.version and _LOCAL.subnet_of(each) for each in allowed):
        yield ConfigurationProblem(
            property=networks,
            value=", ".join(cast("tuple[str, ...]", values[networks])),
            rule=f"must hold {_LOCAL}, where the nodes of the environment local are",
        )
