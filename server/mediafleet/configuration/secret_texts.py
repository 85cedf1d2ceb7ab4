"""Texts of a configuration that no log, answer or record may show."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediafleet.configuration.configuration import Configuration

USER: Final = "OPENVIDUAPP"
"""Whoever asks the API; there is one user."""


_PROPERTIES: Final = (
    "OPENVIDU_SECRET",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "MEDIAFLEET_REGISTRAR_TOKEN",
)
_OF_LIBRARIES: Final = ("PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
"""Variables that are no properties of ours and are read by libraries of the server."""
_LEAST_HEADER: Final = 4
"""A shorter value of a header is no secret, and would be found in every text."""


def secret_texts(configuration: Configuration) -> Iterator[str]:
    """The secret, keys for AWS, token, values of headers, passwords."""
    for name in _PROPERTIES:
        yield cast("str | None", configuration[name]) or ""
    for name in _OF_LIBRARIES:
        yield os.environ.get(name, "")
    for header in cast("tuple[str, ...]", configuration["OPENVIDU_WEBHOOK_HEADERS"]):
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
