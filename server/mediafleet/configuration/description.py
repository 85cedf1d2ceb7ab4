"""What is shown of a configuration by GET /pro/config; and what is masked."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl, unquote, urlsplit

from mediafleet.configuration.configuration import Configuration
from mediafleet.configuration.properties import BY_NAME, PROPERTIES
from mediafleet.configuration.property import (
    OPENVIDU_SERVER_VERSION,
    JsonValue,
    Property,
    Shown,
    Value,
)


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
        "OPENVIDU_PRO_ELASTICSEARCH": bool(configuration["OPENVIDU_PRO_ELASTICSEARCH_HOST"]),
        "OPENVIDU_PRO_KIBANA": bool(configuration["OPENVIDU_PRO_KIBANA_HOST"]),
        "OPENVIDU_PRO_NETWORK_STAT": False,
    }
    return {
        each.name: _json(reported[each.name] if each.name in reported else configuration[each.name])
        for each in PROPERTIES
        if not each.secret and _is_shown(each, configuration)
    }


def _is_shown(each: Property, configuration: Configuration) -> bool:
    match each.shown:
        case Shown.NEVER | Shown.ALWAYS:
            return each.shown is Shown.ALWAYS
        case Shown.NOT_EMPTY:
            return bool(configuration["OPENVIDU_RECORDING"] and configuration[each.name])
        case condition:
            return bool(configuration[condition.value])


def _json(value: Value) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value


USER: Final = "OPENVIDUAPP"
"""The one user of the API."""


_DATABASE_URL: Final = "MEDIAFLEET_DATABASE_URL"
_OF_LIBRARIES: Final = ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables that are no properties of ours and are read by libraries of the server."""
_LEAST_HEADER: Final = 4
"""A shorter value of a header is no secret, and would be found in every text."""


def secret_texts(configuration: Configuration) -> Iterator[str]:
    """All secret properties, values of headers, passwords in URLs and those of libraries."""
    for name in configuration.values:
        # Of a URL only the password is a secret.
        if BY_NAME[name].secret and name != _DATABASE_URL:
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
