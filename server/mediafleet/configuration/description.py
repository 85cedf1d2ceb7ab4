"""What GET /pro/config answers: the visible properties, in order, without any secret."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from mediafleet.configuration.configuration import Configuration
from mediafleet.configuration.kinds import JsonValue, Value
from mediafleet.configuration.properties import PROPERTIES
from mediafleet.configuration.property import OPENVIDU_SERVER_VERSION, Property, Shown

_SHOWN_WHEN: Final[Mapping[Shown, Callable[[Configuration, str], bool]]] = {
    Shown.NEVER: lambda _configuration, _name: False,
    Shown.ALWAYS: lambda _configuration, _name: True,
    Shown.RECORDING: lambda configuration, _name: configuration["OPENVIDU_RECORDING"] is True,
    Shown.WEBHOOK: lambda configuration, _name: configuration["OPENVIDU_WEBHOOK"] is True,
    Shown.AUTOSCALING: lambda configuration, _name: (
        configuration["OPENVIDU_PRO_CLUSTER_AUTOSCALING"] is True
    ),
    Shown.ELASTICSEARCH: lambda configuration, _name: _has_elasticsearch(configuration),
    Shown.KIBANA: lambda configuration, _name: _has_kibana(configuration),
    Shown.NOT_EMPTY: lambda configuration, name: (
        configuration["OPENVIDU_RECORDING"] is True and bool(configuration[name])
    ),
}


def describe(
    configuration: Configuration, *, version: str, kms_uris: Sequence[str]
) -> dict[str, JsonValue]:
    """Build the answer with real JSON types; keys of a feature that is off are absent.

    Args:
        configuration: The configuration in force; its cluster id is set.
        version: Release of OpenVidu Pro whose interface is spoken, such as `2.15.1`.
        kms_uris: URIs of the connected Media Nodes; when empty, the configured ones are shown.
    """
    reported: Mapping[str, Value] = {
        "VERSION": version,
        "OPENVIDU_SERVER_DEPENDENCY_VERSION": OPENVIDU_SERVER_VERSION,
        "OPENVIDU_PUBLICURL": configuration.public_url,
        "KMS_URIS": tuple(kms_uris) or configuration.kms_uris,
        "OPENVIDU_PRO_ELASTICSEARCH": _has_elasticsearch(configuration),
        "OPENVIDU_PRO_KIBANA": _has_kibana(configuration),
        "OPENVIDU_PRO_NETWORK_STAT": False,
    }
    return {
        each.name: _json(reported[each.name] if each.name in reported else configuration[each.name])
        for each in PROPERTIES
        if _is_shown(each, configuration)
    }


def _is_shown(each: Property, configuration: Configuration) -> bool:
    return not each.secret and _SHOWN_WHEN[each.shown](configuration, each.name)


def _json(value: Value) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value


def _has_elasticsearch(configuration: Configuration) -> bool:
    return bool(configuration["OPENVIDU_PRO_ELASTICSEARCH_HOST"])


def _has_kibana(configuration: Configuration) -> bool:
    return bool(configuration["OPENVIDU_PRO_KIBANA_HOST"])
