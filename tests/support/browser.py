"""Chromium, driven over the DevTools protocol: pages that make calls, as users have them.

Commands go through a pipe: nothing listens, Chromium works in any network namespace, and it ends
by itself if the test run is killed.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import tempfile
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import psutil

from support.tools import require, require_tool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence

LIMIT_S = 30
"""How long anything in a page may take: the machine may be busy."""

USER_AGENT = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
    " Chrome/156.0.0.0 Safari/537.36"
)
"""That of a desktop: openvidu-browser 2.15 takes the one of a headless Chromium for Safari."""

SWITCHES = (
    "--headless=new",
    "--no-sandbox",
    "--no-first-run",
    "--disable-gpu",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-background-networking",
    # A page in the background counts frames as often as the one in front.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--ignore-certificate-errors",
    "--allow-loopback-in-peer-connection",
    # No packet leaves this machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)
_LARGEST_MESSAGE = 16 * 1024 * 1024
_LAST_LINES = 20
_END_S = 10


class PageError(Exception):
    """A script in a page failed, or did not do within the limit what was expected of it."""


class Chromium:
    """A running browser; pages share nothing with each other."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: psutil.Process
    ) -> None:
        self.process = process
        self.pages: dict[str, Page] = {}
        self._reader = reader
        self._writer = writer
        self._replies: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._has_ended = False

    async def read(self) -> None:
        """Hand out replies and events until the pipe ends."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                message = json.loads((await self._reader.readuntil(b"\0"))[:-1])
                if (reply := self._replies.pop(message.get("id"), None)) is not None:
                    if not reply.done():
                        reply.set_result(message)
                elif (page := self.pages.get(message.get("sessionId", ""))) is not None:
                    page.receive(message["method"], message["params"])
        self._has_ended = True
        for reply in self._replies.values():
            if not reply.done():
                reply.set_exception(PageError("Chromium has ended"))

    async def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """The result of a command of the DevTools protocol.

        Raises:
            PageError: It failed, took longer than the limit, or Chromium has ended.
        """
        if self._has_ended:
            raise PageError("Chromium has ended")
        self._count += 1
        number = self._count
        message = {"id": number, "method": method, "params": parameters}
        if session is not None:
            message["sessionId"] = session
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        self._writer.write(json.dumps(message).encode() + b"\0")
        try:
            with anyio.fail_after(LIMIT_S):
                answer = await reply
        except TimeoutError:
            raise PageError(f"{method} has no answer after {LIMIT_S} s") from None
        finally:
            self._replies.pop(number, None)
        if "error" in answer:
            raise PageError(f"{method}: {answer['error']}")
        return answer["result"]

    @asynccontextmanager
    async def page(self, url: str, *, user_agent: str | None = USER_AGENT) -> AsyncIterator[Page]:
        """A page in a browser context of its own, with its scripts loaded.

        Args:
            url: Its address.
            user_agent: None leaves that of a headless Chromium.
        """
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        try:
            created = await self.call(
                "Target.createTarget", url="about:blank", browserContextId=context
            )
            target = created["targetId"]
            attached = await self.call("Target.attachToTarget", targetId=target, flatten=True)
            page = self.pages[attached["sessionId"]] = Page(self, attached["sessionId"], target)
            await page.call("Runtime.enable")
            await page.call("Page.enable")
            await page.call("Page.setLifecycleEventsEnabled", enabled=True)
            await page.call("Network.enable")
            if user_agent is not None:
                await page.call("Emulation.setUserAgentOverride", userAgent=user_agent)
            await page.load(url)
            yield page
        finally:
            self.pages = {
                key: p for key, p in self.pages.items() if p.target != created["targetId"]
            }
            with anyio.CancelScope(shield=True), suppress(PageError):
                await self.call("Target.disposeBrowserContext", browserContextId=context)


class Page:
    """One tab.

    Attributes:
        lines: What it printed last, and its errors.
    """

    def __init__(self, browser: Chromium, session: str, target: str) -> None:
        self.target = target
        self.lines: list[str] = []
        self._browser = browser
        self._session = session
        self._url = ""
        self._loader = ""
        self._has_loaded = asyncio.Event()

    def receive(self, method: str, parameters: dict[str, Any]) -> None:
        """Take an event of the DevTools protocol."""
        if method == "Page.lifecycleEvent" and parameters["name"] == "load":
            self._loader = parameters["loaderId"]
            self._has_loaded.set()
        elif method == "Runtime.exceptionThrown":
            self._note("uncaught", _text_of(parameters["exceptionDetails"]))
        elif method == "Runtime.consoleAPICalled":
            values = [
                str(each.get("value", each.get("description"))) for each in parameters["args"]
            ]
            self._note(parameters["type"], " ".join(values))

    def _note(self, kind: str, text: str) -> None:
        self.lines = [*self.lines[1 - _LAST_LINES :], f"{kind}: {text[:500]}"]

    async def call(self, method: str, **parameters: Any) -> Any:
        """The result of a command to this tab."""
        return await self._browser.call(method, self._session, **parameters)

    async def load(self, url: str) -> None:
        """Go to an address; returns when the page and its scripts are loaded."""
        self._url = url
        navigated = await self.call("Page.navigate", url=url)
        if "errorText" in navigated:
            raise self._error(navigated["errorText"])
        await self._until_loaded(lambda: self._loader == navigated["loaderId"])

    async def reload(self) -> None:
        """Load the page again; returns when it and its scripts are loaded."""
        before = self._loader
        await self.call("Page.reload")
        await self._until_loaded(lambda: self._loader != before)

    async def _until_loaded(self, is_loaded: Callable[[], bool]) -> None:
        try:
            with anyio.fail_after(LIMIT_S):
                while not is_loaded():
                    self._has_loaded.clear()
                    await self._has_loaded.wait()
        except TimeoutError:
            raise self._error("has not loaded") from None

    async def evaluate(self, script: str, *arguments: Any) -> Any:
        """The value of an expression, or what its promise gives.

        Args:
            script: An expression; a function if there are arguments.
            arguments: JSON values with which the function is called.

        Raises:
            PageError: It threw, or its promise was rejected or not settled within the limit.
        """
        if arguments:
            script = f"({script})({', '.join(map(json.dumps, arguments))})"
        done = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in done:
            raise self._error(_text_of(done["exceptionDetails"]))
        return done["result"].get("value")

    async def until(self, script: str, *arguments: Any, seconds: float = LIMIT_S) -> Any:
        """The first value of an expression that is true.

        Raises:
            PageError: There was none within the limit; says the last one.
        """
        value = None
        try:
            with anyio.fail_after(seconds):
                while not (value := await self.evaluate(script, *arguments)):
                    await anyio.sleep(0.05)
        except TimeoutError:
            raise self._error(f"{script} is {value!r} after {seconds:g} s") from None
        return value

    async def close(self) -> None:
        """Close the tab as a user does; its page is not asked."""
        await self._browser.call("Target.closeTarget", targetId=self.target)

    def _error(self, what: str) -> PageError:
        return PageError("\n  ".join([f"{self._url}: {what}", *self.lines]))


class Network:
    """The connections of one browser, which can be cut as if its cable were pulled.

    Packets of the browser's processes are known by their group, and those to them by the mark of
    their connection. Needs root.

    Attributes:
        before: What starts a browser in this group.
    """

    def __init__(self, group: int) -> None:
        self.before = ("setpriv", "--regid", str(group), "--clear-groups")
        self._marked = ["-m", "connmark", "--mark", str(group), "-j", "DROP"]

    def cut(self) -> None:
        """Drop every packet to and from the browser."""
        for chain in ("OUTPUT", "INPUT"):
            _iptables("-A", chain, *self._marked)

    def restore(self) -> None:
        """Let packets pass again."""
        for chain in ("OUTPUT", "INPUT"):
            _iptables("-D", chain, *self._marked)


@contextmanager
def network() -> Iterator[Network]:
    """A network for one browser; restored at the end."""
    require(os.geteuid() == 0, "only root can drop packets")
    group = 100_000 + os.getpid()
    mark = ["-m", "owner", "--gid-owner", str(group), "-j", "CONNMARK", "--set-mark", str(group)]
    _iptables("-A", "OUTPUT", *mark)
    made = Network(group)
    try:
        yield made
    finally:
        with suppress(subprocess.CalledProcessError):
            made.restore()
        _iptables("-D", "OUTPUT", *mark)


def _iptables(*arguments: str) -> None:
    for program in ("iptables", "ip6tables"):
        subprocess.run([require_tool(program), "-w", *arguments], check=True, capture_output=True)


def _text_of(details: dict[str, Any]) -> str:
    exception = details.get("exception", {})
    return str(exception.get("description", exception.get("value", details["text"])))


@asynccontextmanager
async def chromium(*switches: str, before: Sequence[str] = ()) -> AsyncIterator[Chromium]:
    """Run Chromium until the block ends; then no process and no file of it is left.

    Args:
        switches: More of them.
        before: A program and its arguments that start it: those of `Network`.
    """
    program = require_tool("chromium")
    ours, theirs = socket.socketpair()
    with tempfile.TemporaryDirectory(prefix="chromium-") as folder, ours:
        home = {"HOME": folder, "TMPDIR": folder, "XDG_RUNTIME_DIR": folder}
        # Chromium reads commands from descriptor 3 and writes to descriptor 4.
        shell = ["sh", "-c", 'exec "$@" 3<&0 4>&0 0< /dev/null', "sh"]
        options = [*SWITCHES, *switches, f"--user-data-dir={folder}/data", "about:blank"]
        with theirs, Path(folder, "errors").open("wb") as errors:
            process = subprocess.Popen(
                [*before, *shell, program, *options],
                stdin=theirs.fileno(),
                stdout=errors,
                stderr=errors,
                env={**os.environ, **home},
            )
        try:
            reader, writer = await asyncio.open_connection(sock=ours, limit=_LARGEST_MESSAGE)
            browser = Chromium(reader, writer, psutil.Process(process.pid))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(browser.read)
                try:
                    await browser.call("Browser.getVersion")
                    yield browser
                finally:
                    with anyio.CancelScope(shield=True):
                        with suppress(PageError):
                            await browser.call("Browser.close")
                        await anyio.to_thread.run_sync(_end, process, folder)
                        writer.close()
                    tasks.cancel_scope.cancel()
        finally:
            _end(process, folder)


def _end(process: subprocess.Popen[bytes], folder: str) -> None:
    """Wait for the end of Chromium and all its processes; kill those that do not end."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(_END_S)
    # Some have sessions of their own and other parents, but all have its environment.
    left = [each for each in psutil.process_iter() if _home_of(each) == folder]
    for each in psutil.wait_procs(left, _END_S)[1]:
        with suppress(psutil.NoSuchProcess):
            each.kill()
    psutil.wait_procs(left, _END_S)
    process.wait()


def _home_of(process: psutil.Process) -> str | None:
    try:
        home: str | None = process.environ().get("HOME")
    except (psutil.Error, OSError):
        return None
    return home
