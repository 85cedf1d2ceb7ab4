"""A browser for each module, with pages that hold the official SDK."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from support.browser import chromium
from support.calls import SDK_NEW, SDK_OLD, Callers, Certificates, certificates, pages, sdk
from support.local_nodes import end_local_nodes


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def tls(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def bundles(pytestconfig: pytest.Config) -> dict[str, Path]:
    """The SDKs, fetched once and kept in the cache of pytest."""
    folder = pytestconfig.cache.mkdir("openvidu-browser")
    return {version: sdk(version, folder) for version in (SDK_OLD, SDK_NEW)}


@pytest.fixture(scope="module")
async def callers(bundles: dict[str, Path], tls: Certificates) -> AsyncIterator[Callers]:
    async with chromium() as browser, pages(bundles, tls) as url:
        yield Callers(browser, url)


@pytest.fixture(autouse=True)
def _no_media_nodes_are_left(tmp_path: Path) -> Iterator[None]:
    yield
    end_local_nodes(tmp_path)
