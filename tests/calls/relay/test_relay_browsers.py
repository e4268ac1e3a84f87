"""Two ordinary Chromium pages hear each other through two relays, each shown one port alone."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from relay_ends import SEED, adds_up, until

from baluardo.calls.relay.counts import Cause
from baluardo.calls.relay.engine import MediaRelay
from baluardo.calls.relay.sockets import open_pair
from browser import find_browser

FLAGS = [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
PACKETS = 150
PATIENCE_S = 60.0

BEGIN = """() => {
  const tones = new AudioContext();
  const tone = new OscillatorNode(tones, {frequency: 1000});
  const out = new MediaStreamAudioDestinationNode(tones);
  tone.connect(out);
  tone.start();
  globalThis.connection = new RTCPeerConnection();
  connection.addTrack(out.stream.getTracks()[0], out.stream);
  connection.ontrack = (event) => {
    globalThis.heard = new Audio();
    heard.srcObject = new MediaStream([event.track]);
    heard.play();
  };
}"""
OFFER = """async () => {
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""
ANSWER = """async (sdp) => {
  await connection.setRemoteDescription({type: "offer", sdp});
  await connection.setLocalDescription();
  return connection.localDescription.sdp;
}"""
ACCEPT = """(sdp) => connection.setRemoteDescription({type: "answer", sdp})"""
RECEIVED = """async () => {
  for (const each of (await connection.getStats()).values()) {
    if (each.type === "inbound-rtp") {
      return [each.packetsReceived, each.packetsLost, each.totalAudioEnergy ?? 0];
    }
  }
  return [0, 0, 0];
}"""


@pytest.fixture
def chromium() -> Iterator[Browser]:
    """Return the machine's Chromium; skip by name where there is none."""
    path = find_browser()
    if path is None:
        pytest.skip("there is no Chromium on this machine (package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, headless=True, args=FLAGS)
        yield browser
        browser.close()


def fragment(sdp: str) -> str:
    found = re.search(r"^a=ice-ufrag:(\S+)", sdp, re.MULTILINE)
    assert found
    return found[1]


def with_one_candidate(sdp: str, port: int) -> str:
    """Replace all candidates by one: the port of the relay before whom this is shown to."""
    lines = [each for each in sdp.splitlines() if "candidate" not in each]
    lines += [f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host", "a=end-of-candidates"]
    return "".join(f"{each}\r\n" for each in lines)


def wait_for_sound(page: Page, already: int) -> list[float]:
    """Wait until so many packets more have come and were decoded to sound."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        received: list[float] = page.evaluate(RECEIVED)
        if received[0] >= already + PACKETS and received[2] > 0:
            return received
        page.wait_for_timeout(100)
    raise AssertionError(f"only {received} came: {page.evaluate('connection.connectionState')}")


def test_two_chromium_pages_hear_each_other_through_two_relays(chromium: Browser) -> None:
    anywhere = [ip_network("0.0.0.0/0"), ip_network("::/0")]
    with MediaRelay(SEED, anywhere) as rome, MediaRelay(SEED[::-1], anywhere) as frigate:
        ports, relays = [], (rome, frigate)
        for relay in relays:
            near, far = open_pair("127.0.0.1", "127.0.0.1")
            ports.append((near.getsockname()[1], far.getsockname()[1]))
            relay.add("call", near, far)
        pages = [chromium.new_context().new_page() for _ in relays]
        for page in pages:
            page.evaluate(BEGIN)
        offer = pages[0].evaluate(OFFER)
        answer = pages[1].evaluate(ANSWER, with_one_candidate(offer, ports[1][0]))
        fragments = fragment(offer), fragment(answer)
        for mine in (0, 1):
            relays[mine].expect("call", fragments[mine], fragments[1 - mine])
            relays[mine].set_other("call", "127.0.0.1", ports[1 - mine][1])
        pages[0].evaluate(ACCEPT, with_one_candidate(answer, ports[0][0]))
        for page in pages:
            _, lost, _ = wait_for_sound(page, 0)
            assert lost == 0
        # A call that becomes flash: each packet twice from now on, and still each once to the page.
        for relay in relays:
            relay.set_shift("call", 40)
        for page in pages:
            received, lost, _ = wait_for_sound(page, page.evaluate(RECEIVED)[0])
            assert received >= 2 * PACKETS
            assert lost == 0
        for page in pages:
            page.evaluate("connection.close()")
        for relay in relays:
            until(lambda relay=relay: relay.silences(0.2) != [])
            counts = relay.counts("call")
            assert counts.outward.copies_sent >= PACKETS
            assert counts.inward.dropped[Cause.COPY] >= PACKETS
            assert adds_up(counts.outward)
            assert adds_up(counts.inward)
