"""Texts of a configuration that no log may show."""

from __future__ import annotations

from base64 import b64encode
from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mediafleet.configuration.configuration import Configuration

USER: Final = "OPENVIDUAPP"
"""Whoever asks the API; there is one user."""


def secret_texts(configuration: Configuration) -> Iterator[str]:
    """The secret, also as Basic credentials, key for AWS, token, header values, passwords."""
    secret = configuration.secret or ""
    yield secret
    yield b64encode(f"{USER}:{secret}".encode()).decode()
    yield cast("str | None", configuration["AWS_SECRET_ACCESS_KEY"]) or ""
    yield cast("str | None", configuration["MEDIAFLEET_REGISTRAR_TOKEN"]) or ""
    for header in cast("tuple[str, ...]", configuration["OPENVIDU_WEBHOOK_HEADERS"]):
        yield header.partition(":")[2].strip()
    with suppress(ValueError):
        url = urlsplit(configuration.database_url)
        for password in [url.password or "", *_passwords(url.query)]:
            yield password
            yield unquote(password)


def _passwords(query: str) -> Iterator[str]:
    for key, value in parse_qsl(query):
        if "pass" in key.lower():
            yield value
