"""Two browsers that speak through relays: what is heard is what was said, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

import pytest
from call_media_page import CallEnd, bundle, call_end, connect, media_browser, relays, site
from heard_sound import SILENT_RMS, TONE_RMS, hears_a_tone, is_tone, loudest
from playwright.sync_api import Browser

SUITES = ["AES_128_GCM_SHA256_128", "AES_256_GCM_SHA512_128"]
GRACE_MS = 2000
"""How long frames of the epoch before are still opened (epochs.ts)."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with media_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("call-media-page")
    bundle(folder)
    with site(folder) as address:
        yield address


def give_key(end: CallEnd, epoch: int = 1, fill: int = 1) -> None:
    """Give an epoch's key to an end, which seals under it at once."""
    left = end.do(
        "const left = await end.install(epoch, fill); await end.sealUnder(epoch); return left;",
        epoch=epoch,
        fill=fill,
    )
    assert left == 0  # the page's octets are overwritten


@pytest.mark.parametrize("suite", SUITES)
def test_a_tone_arrives_each_way_and_joining_is_silent(
    chromium: Browser, url: str, suite: str
) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=suite) as anna,
        call_end(chromium, url, leaf=1, suite=suite) as bruno,
    ):
        connect(anna, bruno, between)
        assert loudest(bruno.hear(500)) < SILENT_RMS
        assert between.speech() == []  # without a key not one frame leaves
        give_key(anna)
        # Bruno has no key yet: what comes is dropped, and heard by nobody.
        bruno.until("(await end.seal.counts()).open.dropped['unknown-key'] > 20")
        assert loudest(bruno.do("return end.heard();")) < SILENT_RMS
        give_key(bruno)
        for end in (anna, bruno):
            end.until("(await end.seal.counts()).open.passed > 60")
            assert hears_a_tone(end)
            negotiated = end.do("return end.negotiated();")
            assert negotiated["codecs"] == ["audio/opus"]
            assert negotiated["extensions"] == 0
            assert {"cbr=1", "usedtx=0"} <= set(negotiated["fmtp"].split(";"))
        # No RTP header extension in any packet: the X bit of RFC 3550 section 5.1.
        assert not any(packet[0] & 0x10 for packet in between.speech())
        assert set(anna.counts("open")) == {"passed"}


def test_a_wrong_key_is_silence(chromium: Browser, url: str) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=SUITES[1]) as anna,
        call_end(chromium, url, leaf=1, suite=SUITES[1]) as bruno,
    ):
        connect(anna, bruno, between)
        give_key(bruno, fill=2)
        give_key(anna, fill=1)
        bruno.until("(await end.seal.counts()).open.dropped['not-genuine'] > 100")
        assert loudest(bruno.do("return end.heard();")) < SILENT_RMS
        assert set(bruno.counts("open")) == {"passed", "not-genuine"}
        assert bruno.counts("open")["passed"] == 0
        # And the transform lives: with the right key of the next epoch all is heard.
        give_key(bruno, epoch=2, fill=3)
        give_key(anna, epoch=2, fill=3)
        bruno.until("(await end.seal.counts()).open.passed > 60")
        assert hears_a_tone(bruno)


def test_orders_that_make_no_sense_are_refused_and_an_ended_call_is_silent(
    chromium: Browser, url: str
) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=SUITES[1]) as anna,
        call_end(chromium, url, leaf=1, suite=SUITES[1]) as bruno,
    ):
        connect(anna, bruno, between)
        for end in (anna, bruno):
            give_key(end, epoch=2, fill=1)
        for end in (anna, bruno):
            end.until("(await end.seal.counts()).open.passed > 60")
        refusals = {
            "await end.install(2);": "Epoch 2 is not newer than those already held.",
            "await end.install(1);": "Epoch 1 is not newer than those already held.",
            "await end.sealUnder(3);": "Epoch 3 is not one to seal under now.",
            "await end.seal.install({...next, peer: 0}, new Uint8Array(32));": (
                "A call is between two leaves of its group."
            ),
            "await end.seal.install(next, new Uint8Array(16));": (
                "A base key of AES_256_GCM_SHA512_128 has 32 octets."
            ),
        }
        for order, sentence in refusals.items():
            begin = "const next = {number: 3n, leaves: 2, own: 0, peer: 1};"
            assert anna.refusal(begin + order) == sentence
        assert hears_a_tone(anna)
        anna.do("end.seal.close();")
        bruno.do("end.seal.close();")
        assert "has ended" in anna.refusal("await end.seal.counts();")
        bruno.page.wait_for_timeout(2000)  # the decoder fades out what it has heard last
        sent = len(between.speech())
        assert loudest(bruno.hear(500)) < SILENT_RMS
        assert len(between.speech()) == sent


def test_keys_change_under_way_without_a_gap(chromium: Browser, url: str) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=SUITES[1]) as anna,
        call_end(chromium, url, leaf=1, suite=SUITES[1]) as bruno,
    ):
        connect(anna, bruno, between)
        give_key(bruno)
        give_key(anna)
        for end in (anna, bruno):
            end.until("(await end.seal.counts()).open.passed > 60")
        # Who had the first key first was heard by nobody until the other had it too.
        before, at_anna = bruno.counts("open"), anna.counts("open")
        bruno.do("end.heard();")
        for epoch in range(2, 8):
            # Anna changes the keys; Bruno takes them and seals; Anna hears it and follows.
            anna.do("await end.install(epoch);", epoch=epoch)
            bruno.do("await end.install(epoch); await end.sealUnder(epoch);", epoch=epoch)
            bruno.page.wait_for_timeout(400)
        blocks = bruno.do("return end.heard();")
        assert is_tone(blocks)
        quiet = [each["rms"] < TONE_RMS / 10 for each in blocks]
        assert not any(all(quiet[at : at + 6]) for at in range(len(quiet) - 5))  # 60 ms
        after = bruno.counts("open")
        assert after["passed"] > before["passed"] + 80
        assert {**after, "passed": 0} == {**before, "passed": 0}  # no frame was dropped
        assert {**anna.counts("open"), "passed": 0} == {**at_anna, "passed": 0}
        assert set(anna.counts("seal")) <= {"passed", "no-key"}


def test_replayed_old_and_unsealed_frames_are_dropped(chromium: Browser, url: str) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=SUITES[1], hostile=True) as mallory,
        call_end(chromium, url, leaf=1, suite=SUITES[1]) as bruno,
    ):
        connect(mallory, bruno, between)
        give_key(bruno)
        mallory.do("await end.install(1, 1); await end.sealUnder(1);")
        bruno.until("(await end.seal.counts()).open.passed > 60")
        assert hears_a_tone(bruno)
        mallory.do("end.hostile.postMessage({instead: 'replayed'});")
        bruno.until("(await end.seal.counts()).open.dropped.replayed > 30")
        mallory.do("end.hostile.postMessage({instead: 'plain'});")
        # What Opus begins with reads as no SFrame header, or as one that names no key.
        bruno.until(
            "end.seal.counts().then(({open: {dropped}}) =>"
            " dropped.malformed + dropped['unknown-key'] > 30)"
        )
        mallory.do("end.hostile.postMessage({instead: '', keep: 40});")
        bruno.do("await end.install(2);")
        mallory.page.wait_for_timeout(1500)  # frames of epoch 1 are kept back, never shown yet
        mallory.do("await end.install(2); await end.sealUnder(2);")
        passed = bruno.counts("open")["passed"]
        bruno.until(f"(await end.seal.counts()).open.passed > {passed + 30}")
        mallory.page.wait_for_timeout(GRACE_MS + 500)
        mallory.do("end.hostile.postMessage({instead: 'kept'});")
        bruno.until("(await end.seal.counts()).open.dropped['old-epoch'] > 20")
        mallory.do("end.hostile.postMessage({instead: ''});")
        bruno.page.wait_for_timeout(300)
        assert hears_a_tone(bruno)  # nothing of it has harmed the transform
        assert bruno.counts("open").get("failure", 0) == 0


def test_sealed_frames_hold_no_tone_and_do_not_tell_speech_from_silence(
    chromium: Browser, url: str
) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=SUITES[1]) as anna,
        call_end(chromium, url, leaf=1, suite=SUITES[1], hostile=True) as mallory,
    ):
        connect(anna, mallory, between)
        give_key(anna)
        mallory.page.wait_for_timeout(500)
        # The frames go into the decoder as they came: this is what a thief could hear.
        heard = mallory.hear(1500)
        assert median(each["share"] for each in heard) < 0.5
        speaking = mallory.do("return end.payloads();")
        anna.do("end.volume.gain.value = 0;")
        mallory.page.wait_for_timeout(500)
        mallory.do("return end.payloads();")
        mallory.page.wait_for_timeout(1500)
        silent = mallory.do("return end.payloads();")
        sizes = [
            {len(frame) - header_octets(frame) for frame in each} for each in (speaking, silent)
        ]
        # 24 kbit/s for 20 ms are 60 octets, and the tag has 16.
        assert sizes == [{76}, {76}]
        assert min(len(speaking), len(silent)) > 40


def header_octets(frame: list[int]) -> int:
    """Return the length of an SFrame header (RFC 9605 section 4.3)."""
    fields = (frame[0] >> 4, frame[0] & 0x0F)
    return 1 + sum(bits % 8 + 1 for bits in fields if bits & 8)


def test_an_altered_description_is_refused_before_the_browser_sees_it(
    chromium: Browser, url: str
) -> None:
    with (
        relays() as between,
        call_end(chromium, url, leaf=0, suite=SUITES[1]) as anna,
        call_end(chromium, url, leaf=1, suite=SUITES[1]) as bruno,
    ):
        offer = anna.do("return end.offer();")
        assert "candidate" not in offer
        changes = [
            offer + "a=candidate:1 1 udp 2130706431 203.0.113.9 9 typ host\r\n",
            offer + "m=video 9 UDP/TLS/RTP/SAVPF 96\r\n",
            offer.replace("cbr=1", "cbr=0"),
            offer.replace("c=IN IP4 0.0.0.0", "c=IN IP4 203.0.113.9"),
            offer.replace("a=sendrecv", "a=sendrecv\r\na=extmap:1 urn:x"),
        ]
        for changed in changes:
            sentence = bruno.refusal(
                "await end.answer(offer, relay);", offer=changed, relay=between.address(1)
            )
            assert sentence.startswith("The other side's description was refused")
        assert bruno.do("return end.connection.signalingState;") == "stable"
        mirrored = offer.replace("actpass", "active")
        assert "not one to this call's offer" in anna.refusal(
            "await end.accept(answer, relay);", answer=mirrored, relay=between.address(0)
        )
