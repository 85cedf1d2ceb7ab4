"""The page of `mediafleet demo`, as people in two tabs use it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import httpx
import psutil
import pytest

from support.browser import LIMIT_S, chromium
from support.local_nodes import end_local_nodes, local_nodes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from support.browser import Chromium, Page

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SEES = """(least) => {
  const videos = [...document.querySelectorAll("#streams video")].filter((each) => !each.muted);
  return videos.length > 0
    && videos.every((each) => each.getVideoPlaybackQuality().totalVideoFrames >= least);
}"""
"""Whether there is a stream of somebody else, and so many frames of it are decoded."""
NODES = 2
STATUS = "document.getElementById('status').textContent"
FOCUS = "document.activeElement.id"
CAPTIONS = "[...document.querySelectorAll('figcaption')].map((each) => each.textContent).join()"

COUNT = """[...document.querySelectorAll("#streams video")]
  .find((each) => !each.muted).getVideoPlaybackQuality().totalVideoFrames"""
TRACK = """[...document.querySelectorAll("#streams video")]
  .find((each) => !each.muted).srcObject.getVideoTracks()[0].id"""
"""The received video; a peer connection that is made again has another one."""

REFUSED = {
    "--use-fake-ui-for-media-stream=deny": "does not let this page use camera and microphone",
    "--use-fake-device-for-media-stream=device-count=0": "no camera or no microphone",
}
"""Switches of a browser, and what the page says then."""


class Demo:
    """A demo with the same address and data each time that it runs."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder

    @asynccontextmanager
    async def running(self, *more: str) -> AsyncIterator[str]:
        """Run it until its nodes are connected; the address of its page, as it prints it."""
        options = (
            "--nodes",
            str(NODES),
            "--port",
            str(self.port),
            "--data-dir",
            os.fspath(self.folder),
            *more,
        )
        with subprocess.Popen(
            [sys.executable, "-m", "mediafleet", "demo", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as self.process:
            try:
                lines = iter(self.process.stdout or ())
                url = next(found[1] for line in lines if (found := re.search(r"open (\S+)", line)))
                await self._until_connected(url)
                yield url.replace("127.0.0.1", "localhost")  # the only host that browser reaches
            finally:
                self.process.terminate()

    async def _until_connected(self, url: str) -> None:
        secret = (self.folder / "secret").read_text("ascii").strip()
        async with httpx.AsyncClient(
            base_url=url.removesuffix("call/"), auth=("OPENVIDUAPP", secret)
        ) as api:
            with anyio.fail_after(LIMIT_S):
                while True:
                    nodes = (await api.get("/pro/media-nodes")).json()["content"]
                    if [each["connected"] for each in nodes] == [True] * NODES:
                        return
                    await anyio.sleep(0.05)

    def kill(self) -> None:
        """End the server as a lack of memory does; its nodes go on."""
        self.process.kill()
        self.process.wait()

    def kill_node_of_the_call(self) -> None:
        """End the node that has forwarded media; the other one was idle."""
        nodes = [psutil.Process(each.pid) for each in local_nodes(self.folder)]
        max(nodes, key=lambda each: sum(each.cpu_times()[:2])).send_signal(signal.SIGKILL)


async def join(page: Page, name: str) -> None:
    await page.evaluate("(name) => { document.getElementById('name').value = name; }", name)
    await page.evaluate("document.getElementById('form').requestSubmit()")


async def says(page: Page, text: str) -> None:
    await page.until(f"(text) => {STATUS}.includes(text)", text)


@pytest.fixture
async def browser() -> AsyncIterator[Chromium]:
    async with chromium() as browser:
        yield browser


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    yield Demo(tmp_path)
    end_local_nodes(tmp_path)


async def both_see(*pages: Page, least: int = 10) -> None:
    for page in pages:
        await page.until(SEES, least)
        await says(page, "Others who publish: 1.")


async def click(page: Page, button: str) -> None:
    await page.evaluate("(id) => document.getElementById(id).click()", button)


async def test_two_tabs_see_each_other_until_one_leaves(demo: Demo, browser: Chromium) -> None:
    async with demo.running() as url, browser.page(url) as ada, browser.page(url) as bob:
        await join(ada, "Ada")
        await join(bob, "Bob")
        await both_see(ada, bob)
        assert await ada.evaluate(FOCUS) == "leave"

        for button, text in (("microphone", "microphone off"), ("camera", "camera off")):
            colour = f"getComputedStyle(document.getElementById('{button}')).backgroundColor"
            before = await ada.evaluate(colour)
            await click(ada, button)
            for page in (ada, bob):
                await page.until(f"(text) => {CAPTIONS}.includes(text)", text)
            assert await ada.evaluate(colour) != before
            await click(ada, button)
            for page in (ada, bob):
                await page.until(f"(text) => !{CAPTIONS}.includes(text)", text)

        await ada.reload()
        await says(bob, "Nobody else publishes.")
        await join(ada, "Ada")
        await both_see(ada, bob)

        await click(bob, "leave")
        await says(bob, "You left the call.")
        await says(ada, "Nobody else publishes.")
        assert await bob.evaluate(FOCUS) == "join"


async def test_a_call_outlives_the_server_and_ends_with_its_node(
    demo: Demo, browser: Chromium
) -> None:
    async with demo.running() as url, browser.page(url) as ada, browser.page(url) as bob:
        await join(ada, "Ada")
        await join(bob, "Bob")
        await both_see(ada, bob)

        demo.kill()
        await says(ada, "Connecting again")
        await ada.until(SEES, 20)  # the node goes on
        async with demo.running():
            await both_see(ada, bob, least=30)

            demo.kill_node_of_the_call()
            for page in (ada, bob):
                await says(page, "The Media Node of the call crashed.")
            await join(ada, "Ada")
            await join(bob, "Bob")
            await both_see(ada, bob)

            demo.kill()
            await says(ada, "Connecting again")
            await click(ada, "leave")
            await says(ada, "You left the call.")


async def test_with_failover_a_call_goes_on_when_its_node_crashes(
    demo: Demo, browser: Chromium
) -> None:
    async with (
        demo.running("--failover") as url,
        browser.page(url) as ada,
        browser.page(url) as guest,
    ):
        await join(ada, "Ada")
        await join(guest, "")
        await both_see(ada, guest)
        assert await ada.evaluate(CAPTIONS) == "Ada (you),Guest"
        assert sorted((await guest.evaluate(CAPTIONS)).split(",")) == ["Ada", "You"]

        tracks = [await page.evaluate(TRACK) for page in (ada, guest)]
        demo.kill_node_of_the_call()
        for page, track in zip((ada, guest), tracks, strict=True):
            await page.until(f"(track) => {TRACK} !== track", track)
            frames = await page.evaluate(COUNT)
            await page.until(f"(frames) => {COUNT} > frames + 10", frames)
        await both_see(ada, guest)


@pytest.mark.parametrize(("switch", "text"), REFUSED.items(), ids=["denied", "none"])
async def test_the_page_says_why_there_is_no_camera(demo: Demo, switch: str, text: str) -> None:
    async with (
        demo.running() as url,
        chromium(switch) as browser,
        browser.page(url) as page,
    ):
        await join(page, "Ada")
        await says(page, text)
        assert await page.evaluate(FOCUS) == "join"
        assert not await page.evaluate("document.getElementById('join').disabled")
