"""Calls' media in Firefox: with another Firefox and with Chromium, either of them offering."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytest
from call_media_page import CallEnd, bundle, call_end, connect, media_browser, relays, site
from firefox import Firefox, own_address
from heard_sound import SILENT_RMS, hears_a_tone, loudest
from playwright.sync_api import Browser

SUITE = "AES_256_GCM_SHA512_128"
BIT_RATE = 24_000
SEALED = BIT_RATE * 20 // 8000 + 16
"""Octets of a sealed frame after its header: 20 ms at the call's rate, and the tag."""
ENOUGH_FRAMES = 40
STUTTER = """
const {gain} = end.volume, from = end.audio.currentTime;
for (let at = 0; at < 60; at++) gain.setValueAtTime(at % 2 ? 0.5 : 0, from + at / 10);
"""
"""Six seconds of a tone that comes and goes five times in each."""
PAIRS = [("firefox", "firefox"), ("firefox", "chromium"), ("chromium", "firefox")]


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("call-media-page")
    bundle(folder)
    with site(folder) as address:
        yield address


@pytest.fixture(scope="module")
def chromium(firefox: Firefox) -> Iterator[Browser]:  # noqa: ARG001 - without it nothing is tested
    with media_browser() as browser:
        yield browser


@contextmanager
def firefox_end(firefox: Firefox, url: str, leaf: int) -> Iterator[CallEnd]:
    """Open an end of a call in Firefox."""
    with firefox.page(f"{url}index.html") as page:
        made = CallEnd(page, page.complaints)  # type: ignore[arg-type]
        made.do("await End.begin(suite, leaf);", suite=SUITE, leaf=leaf)
        yield made


@pytest.fixture(params=PAIRS, ids=" calls ".join)
def pair(
    request: pytest.FixtureRequest, firefox: Firefox, chromium: Browser, url: str
) -> Iterator[tuple[CallEnd, CallEnd]]:
    """Return who offers and who answers, in two browsers' pages."""

    def opened(name: str, leaf: int) -> AbstractContextManager[CallEnd]:
        if name == "firefox":
            return firefox_end(firefox, url, leaf)
        return call_end(chromium, url, leaf=leaf, suite=SUITE)

    with ExitStack() as stack:
        first, second = (
            stack.enter_context(opened(name, leaf)) for leaf, name in enumerate(request.param)
        )
        yield first, second


def give_key(end: CallEnd, epoch: int = 1, fill: int = 1) -> None:
    """Give an epoch's key to an end, which seals under it at once."""
    script = "const left = await end.install(epoch, fill); await end.sealUnder(epoch); return left;"
    assert end.do(script, epoch=epoch, fill=fill) == 0  # the page's octets are overwritten


def test_a_tone_arrives_each_way_and_a_wrong_key_is_silence(pair: tuple[CallEnd, CallEnd]) -> None:
    anna, bruno = pair
    with relays(own_address()) as between:
        connect(anna, bruno, between)
        assert loudest(bruno.hear(500)) < SILENT_RMS
        assert between.speech() == []  # without a key not one frame leaves
        give_key(bruno, fill=2)
        give_key(anna, fill=1)
        for end in pair:
            end.until("(await end.seal.counts()).open.dropped['not-genuine'] > 50")
            assert loudest(end.do("return end.heard();")) < SILENT_RMS
            assert end.counts("open")["passed"] == 0
        for end in pair:
            give_key(end, epoch=2, fill=3)
        for end in pair:
            end.until("(await end.seal.counts()).open.passed > 100")
            assert hears_a_tone(end)
            negotiated = end.do("return end.negotiated();")
            assert (negotiated["codecs"], negotiated["extensions"]) == (["audio/opus"], 0)
        # No RTP header extension in any packet: the X bit of RFC 3550 section 5.1.
        assert not any(packet[0] & 0x10 for packet in between.speech())


def header_octets(frame: list[int]) -> int:
    """Return the length of an SFrame header (RFC 9605 section 4.3)."""
    fields = (frame[0] >> 4, frame[0] & 0x0F)
    return 1 + sum(bits % 8 + 1 for bits in fields if bits & 8)


def sizes_of(mallory: CallEnd) -> set[int]:
    """Return how long the frames are that came since the last time, without their headers."""
    mallory.page.wait_for_timeout(2000)
    frames = mallory.do("return end.payloads();")
    assert len(frames) > ENOUGH_FRAMES
    return {len(frame) - header_octets(frame) for frame in frames}


def rate_asked(end: CallEnd) -> int:
    """Return the bits per second that an end asks its encoder for, or 0 where no less."""
    script = "const [sent] = end.connection.getSenders(); return sent.getParameters().encodings;"
    return int(end.do(script)[0].get("maxBitrate", 0))


def test_speech_and_silence_are_frames_of_one_size(
    firefox: Firefox, chromium: Browser, url: str
) -> None:
    with (
        firefox_end(firefox, url, 0) as anna,
        call_end(chromium, url, leaf=1, suite=SUITE, hostile=True) as mallory,
        relays(own_address()) as between,
    ):
        connect(anna, mallory, between)
        negotiated = anna.do("return end.negotiated();")
        assert "cbr=1" not in negotiated["fmtp"].split(";")  # or there is nothing to mend
        give_key(anna)
        # The frames go into the decoder as they came: none is opened, each is counted.
        speaking = sizes_of(mallory)
        anna.do("end.volume.gain.value = 0;")
        silent = sizes_of(mallory)
        # Words begin and end: what is loud at once is where an encoder spends most.
        anna.do(STUTTER)
        stuttering = sizes_of(mallory)
        assert (speaking, silent, stuttering) == ({SEALED}, {SEALED}, {SEALED})
        # Less is asked of the encoder that varies, and nothing of the one that does not.
        give_key(mallory)
        assert rate_asked(anna) == BIT_RATE // 2
        assert rate_asked(mallory) == 0
