"""The media of calls in a browser: it shows itself through a media server, without signalling."""

from __future__ import annotations

import anyio
import pytest
from starlette.applications import Starlette
from starlette.responses import HTMLResponse
from starlette.routing import Route

from mediafleet.domain.media import EndpointRequest, IceCandidate
from support.browser import LIMIT_S, chromium
from support.links import NODE
from support.live import serving
from support.media import PATIENT, REAL_SERVER, emulated, linked

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

PAGE = """
const peers = {};
async function offer(name, direction) {
  const peer = (peers[name] = new RTCPeerConnection());
  peer.found = [];
  peer.onicecandidate = ({ candidate }) => candidate && peer.found.push(candidate.toJSON());
  const video = { width: 160, height: 120 };
  const stream = direction === 'sendonly'
    && (await navigator.mediaDevices.getUserMedia({ audio: true, video }));
  for (const kind of ['audio', 'video']) {
    const track = stream && stream.getTracks().find((each) => each.kind === kind);
    peer.addTransceiver(track || kind, { direction });
  }
  await peer.setLocalDescription(await peer.createOffer());
  return peer.localDescription.sdp;
}
const accept = (name, sdp) => peers[name].setRemoteDescription({ type: 'answer', sdp });
const add = (name, candidate) => peers[name].addIceCandidate(candidate);
const take = (name) => peers[name].found.splice(0);
const decoded = async (name) => [...(await peers[name].getStats()).values()]
  .filter(({ type, kind }) => type === 'inbound-rtp' && kind === 'video')
  .map(({ framesDecoded }) => framesDecoded)[0] || 0;
"""


class BrowserPeer:
    """A peer connection of a page, and its endpoint."""

    def __init__(self, page, node, media, name):
        self.page, self.node, self.media, self.name = page, node, media, name
        self.endpoint = None
        self.passed = 0

    async def offer(self, direction):
        sdp = await self.page.evaluate("offer", self.name, direction)
        return EndpointRequest(self.name, sdp)

    async def accept(self, endpoint):
        self.endpoint = endpoint
        await self.page.evaluate("accept", self.name, endpoint.sdp_answer)

    async def trickle(self):
        """Pass on the candidates that both sides have found."""
        for each in await self.page.evaluate("take", self.name):
            found = IceCandidate(each["candidate"], each["sdpMid"], each["sdpMLineIndex"])
            self.node.media.add_candidate(self.media, self.endpoint.id, found)
        found = self.node.log.candidates_of(self.endpoint.id)[self.passed :]
        self.passed += len(found)
        for each in found:
            candidate = {
                "candidate": each.candidate,
                "sdpMid": each.sdp_mid,
                "sdpMLineIndex": each.sdp_m_line_index,
            }
            await self.page.evaluate("add", self.name, candidate)


async def empty_page(_):
    return HTMLResponse(f"<!doctype html><title>A call</title><script>{PAGE}</script>")


@pytest.fixture(params=["emulated", "real"] if REAL_SERVER else ["emulated"])
async def uri(request):
    if request.param == "real":
        yield REAL_SERVER
        return
    async with emulated() as node:
        yield node.uri


async def test_a_browser_sees_what_another_one_shows(uri):
    app = Starlette(routes=[Route("/", empty_page)])
    async with (
        linked(uri, **PATIENT) as node,
        serving(app) as url,
        chromium() as browser,
        browser.page(url) as page,
    ):
        media = await node.media.create_pipeline(NODE, "ses_A")
        one, two = (BrowserPeer(page, node, media, name) for name in ("one", "two"))
        published = await node.media.create_publisher(
            media, await one.offer("sendonly"), loops_back=False
        )
        await one.accept(published)
        await two.accept(
            await node.media.create_subscriber(
                media, await two.offer("recvonly"), published.pass_through
            )
        )
        with anyio.fail_after(LIMIT_S):
            while await page.evaluate("decoded", "two") < 10:
                await one.trickle()
                await two.trickle()
                await anyio.sleep(0.05)
        for each in (one, two):
            assert "NewCandidatePairSelected" in node.log.types_of(each.endpoint.id)
        assert "MediaFlowOutStateChanged" in node.log.types_of(published.id)
        assert (await node.media.stats(media, [published.id])).keys() == {published.id}
        node.media.release(media, [media.pipeline])
