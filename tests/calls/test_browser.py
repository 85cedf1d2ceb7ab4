"""The means of these tests: Chromium with a camera, and what a test can do with its pages."""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio
import psutil
import pytest

from support.browser import USER_AGENT, PageError, chromium, network
from support.calls import FRAMES, SDK_NEW, SDK_OLD, Callers, Certificates, pages

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

LOOPBACK = """async () => {  // a call of the page with itself
  const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()];
  here.onicecandidate = ({ candidate }) => there.addIceCandidate(candidate);
  there.onicecandidate = ({ candidate }) => here.addIceCandidate(candidate);
  const video = { width: 160, height: 120 };
  const camera = await navigator.mediaDevices.getUserMedia({ audio: true, video });
  camera.getTracks().forEach((track) => here.addTrack(track, camera));
  await here.setLocalDescription(await here.createOffer());
  await there.setRemoteDescription(here.localDescription);
  await there.setLocalDescription(await there.createAnswer());
  await here.setRemoteDescription(there.localDescription);
  const stream = { streamId: 'loopback', getRTCPeerConnection: () => there };
  call.streams.loopback = stream;
  count(stream);
}"""

ICE = "() => call.streams.loopback.getRTCPeerConnection().iceConnectionState"


async def test_a_page_has_a_camera_and_counts_what_it_decodes(callers: Callers) -> None:
    async with callers.participant(SDK_NEW) as participant:
        await participant.page.evaluate(f"({LOOPBACK})()")
        media = (await participant.until_media(1))["loopback"]
        assert media["decoded"] >= FRAMES
        assert media["audio"] >= FRAMES
        assert media["connections"] == 1
        assert media["firstFrameMs"] > 0


async def test_a_cut_network_passes_nothing_until_it_is_restored(
    bundles: dict[str, Path], tls: Certificates
) -> None:
    with network() as cable:
        async with (
            chromium(before=cable.before) as browser,
            pages(bundles, tls) as url,
            Callers(browser, url).participant() as participant,
        ):
            await participant.page.evaluate(f"({LOOPBACK})()")
            await participant.until_media(1)
            cable.cut()
            await participant.page.until(f"({ICE})() !== 'connected'")
            at_the_cut = await participant.decoded()
            await anyio.sleep(1)
            assert await participant.decoded() == at_the_cut
            cable.restore()
            await participant.until_media(1)


@pytest.mark.parametrize("version", [SDK_OLD, SDK_NEW])
async def test_each_sdk_loads_and_pages_share_nothing(callers: Callers, version: str) -> None:
    async with callers.participant(version) as one, callers.participant(version) as other:
        assert await one.page.evaluate("typeof new OpenVidu().initSession") == "function"
        await one.page.evaluate("localStorage.setItem('left', 'here')")
        assert await other.page.evaluate("localStorage.getItem('left')") is None
        assert await other.page.evaluate("navigator.userAgent") == USER_AGENT
        await one.page.reload()
        assert await one.page.evaluate("[localStorage.getItem('left'), call.events.length]") == [
            "here",
            0,
        ]


async def test_a_failing_script_says_what_the_page_printed(callers: Callers) -> None:
    async with callers.participant() as participant:
        with pytest.raises(PageError, match=r"(?s)Error: no\n.*log: before"):
            await participant.page.evaluate(
                "() => { console.log('before'); throw Error('no'); }", 1
            )
        with pytest.raises(PageError, match=r"1 > 2 is False after 0\.1 s"):
            await participant.page.until("1 > 2", seconds=0.1)


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs; one that has ended may wait for its parent to notice."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_nothing_is_left_of_a_browser_that_is_killed() -> None:
    before = set(Path(tempfile.gettempdir()).glob("chromium-*"))
    async with chromium() as browser:
        left = [browser.process, *browser.process.children(recursive=True)]
        assert len(left) > 1
        browser.process.kill()
        with pytest.raises(PageError, match="Chromium has ended"):
            await browser.call("Browser.getVersion")
    assert [each for each in left if is_alive(each)] == []
    assert set(Path(tempfile.gettempdir()).glob("chromium-*")) <= before
