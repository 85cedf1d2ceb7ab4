"""What is shown of a configuration: GET /pro/config and the documents; and what is masked."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from mediafleet.configuration.configuration import Configuration
from mediafleet.configuration.properties import FAMILIES, PROPERTIES
from mediafleet.configuration.property import (
    OPENVIDU_SERVER_VERSION,
    JsonValue,
    Property,
    Shown,
    Use,
    Value,
)

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
    """Build the response with real JSON types; keys of a feature that is off are absent.

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


_TITLES: Final = ("Property", "Meaning", "Value", "Default", "GET /pro/config", "Restart")
_GET: Final = {
    Shown.NEVER: "",
    Shown.ALWAYS: "yes",
    Shown.RECORDING: "if recording is on",
    Shown.WEBHOOK: "if webhook is on",
    Shown.AUTOSCALING: "if autoscaling is on",
    Shown.ELASTICSEARCH: "if its host is set",
    Shown.KIBANA: "if its host is set",
    Shown.NOT_EMPTY: "if recording is on and it is set",
}


def render_table() -> str:
    """Write the table in Markdown, then the names that are accepted without effect."""
    used = [each for each in PROPERTIES if each.use in {Use.ACTIVE, Use.PLANNED}]
    kept = sorted(
        [each.name for each in PROPERTIES if each.use is Use.KEPT]
        + [f"{prefix}*" for prefix in FAMILIES]
    )
    return "\n".join(
        [
            f"| {' | '.join(_TITLES)} |",
            "|---" * len(_TITLES) + "|",
            *(f"| {' | '.join(_cells(each))} |" for each in used),
            "",
            "\\* Stored and shown; the feature behind it does not exist yet.",
            "",
            "Known from OpenVidu, up to 2.32, and left in the `.env` file without effect: "
            + ", ".join(f"`{name}`" for name in kept)
            + ".",
        ]
    )


def _cells(each: Property) -> Iterator[str]:
    star = " \\*" if each.use is Use.PLANNED else ""
    yield f"`{each.name}`{star}"
    yield each.doc
    yield each.kind.allowed
    yield _default(each)
    yield _GET[each.shown]
    yield "yes" if each.modifiable else ""


def _default(each: Property) -> str:
    if each.default_note is not None:
        return each.default_note
    text = each.kind.write(each.default)
    return f"`{text}`" if text else ""


USER: Final = "OPENVIDUAPP"
"""The one user of the API."""


_PROPERTIES: Final = (
    "OPENVIDU_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MEDIAFLEET_REGISTRAR_TOKEN",
    "MEDIAFLEET_WEBHOOK_SECRET",
    "ELASTICSEARCH_PASSWORD",
)
_OF_LIBRARIES: Final = ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables that are no properties of ours and are read by libraries of the server."""
_LEAST_HEADER: Final = 4
"""A shorter value of a header is no secret, and would be found in every text."""


def secret_texts(configuration: Configuration) -> Iterator[str]:
    """The secret, keys for AWS, token, values of headers, passwords."""
    for name in _PROPERTIES:
        yield configuration.find(name, str) or ""
    for name in _OF_LIBRARIES:
        yield os.environ.get(name, "")
    for header in configuration.get("OPENVIDU_WEBHOOK_HEADERS", tuple):
        value = header.partition(":")[2].strip()
        # A scheme such as Bearer stands before the secret itself.
        yield from (each for each in (value, *value.split()[1:]) if len(each) >= _LEAST_HEADER)
    with suppress(ValueError):
        url = urlsplit(configuration.database_url)
        for password in [url.password or "", *_passwords(url.query)]:
            yield password
            yield unquote(password)


def _passwords(query: str) -> Iterator[str]:
    for key, value in parse_qsl(query):
        if "pass" in key.lower():
            yield value
