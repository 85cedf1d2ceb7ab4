"""The page of `mediafleet demo`, as people in two tabs use it."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

from support.browser import chromium
from support.local_nodes import end_local_nodes, local_nodes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.browser import Page

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

SEES = """(least) => {
  const videos = [...document.querySelectorAll("#streams video")].filter((each) => !each.muted);
  return videos.length > 0
    && videos.every((each) => each.getVideoPlaybackQuality().totalVideoFrames >= least);
}"""
"""Whether there is a stream of somebody else, and so many frames of it are decoded."""
STATUS = "document.getElementById('status').textContent"
FOCUS = "document.activeElement.id"
CAPTIONS = "[...document.querySelectorAll('figcaption')].map((each) => each.textContent).join()"

FAILING_CAMERA = """(name) => {
  navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", name); };
}"""
ERRORS = {
    "NotAllowedError": "does not let this page use camera and microphone",
    "NotFoundError": "no camera or no microphone",
    "NotReadableError": "another program uses it",
}


class Demo:
    """A demo with the same address and data each time that it runs."""

    def __init__(self, folder: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.folder = folder

    @contextmanager
    def running(self) -> Iterator[str]:
        """Run it; the address of its page, as it prints it."""
        options = ("--nodes", "2", "--port", str(self.port), "--data-dir", os.fspath(self.folder))
        with subprocess.Popen(
            [sys.executable, "-m", "mediafleet", "demo", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        ) as self.process:
            try:
                lines = iter(self.process.stdout or ())
                yield next(found[1] for line in lines if (found := re.search(r"open (\S+)", line)))
            finally:
                self.process.terminate()

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


async def test_two_tabs_see_each_other_until_their_node_crashes(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    try:
        async with chromium() as browser:
            with demo.running() as url:
                async with browser.page(url) as ada, browser.page(url) as bob:
                    await call_of_two(demo, ada, bob)
    finally:
        end_local_nodes(tmp_path)


async def call_of_two(demo: Demo, ada: Page, bob: Page) -> None:
    for page, name in ((ada, "Ada"), (bob, "Bob")):
        await join(page, name)
    for page in (ada, bob):
        await page.until(SEES, 10)
        await says(page, "Others who publish: 1.")
        assert await page.evaluate(FOCUS) == "leave"

    for button, text in (("microphone", "microphone off"), ("camera", "camera off")):
        await ada.evaluate("(id) => document.getElementById(id).click()", button)
        await bob.until(f"(text) => {CAPTIONS}.includes(text)", text)
        await ada.evaluate("(id) => document.getElementById(id).click()", button)
        await bob.until(f"(text) => !{CAPTIONS}.includes(text)", text)

    await ada.reload()
    await says(bob, "Nobody else publishes.")
    await join(ada, "Ada")
    for page in (ada, bob):
        await page.until(SEES, 10)

    await bob.evaluate("document.getElementById('leave').click()")
    await says(bob, "You left the call.")
    await says(ada, "Nobody else publishes.")
    assert await bob.evaluate(FOCUS) == "join"
    await join(bob, "Bob")
    await bob.until(SEES, 10)

    demo.kill()
    await says(ada, "Connecting again")
    await ada.until(SEES, 10)  # the node goes on
    with demo.running():
        for page in (ada, bob):
            await says(page, "Others who publish: 1.")
            await page.until(SEES, 20)

        demo.kill_node_of_the_call()
        for page in (ada, bob):
            await says(page, "The Media Node of the call crashed.")
            await join(page, "again")
        for page in (ada, bob):
            await page.until(SEES, 10)

        demo.kill()
        await says(ada, "Connecting again")
        await ada.evaluate("document.getElementById('leave').click()")
        await says(ada, "You left the call.")


async def test_the_page_says_why_there_is_no_camera(tmp_path: Path) -> None:
    demo = Demo(tmp_path)
    try:
        async with chromium() as browser:
            with demo.running() as url:
                async with browser.page(url) as page:
                    for error, text in ERRORS.items():
                        await page.evaluate(FAILING_CAMERA, error)
                        await join(page, "Ada")
                        await says(page, text)
                        assert await page.evaluate(FOCUS) in {"join", ""}
                        assert not await page.evaluate("document.getElementById('join').disabled")
    finally:
        end_local_nodes(tmp_path)
