"""People telephone from page to page over a real edge and its relay: what is said is heard."""

from __future__ import annotations

import json
import struct
import sys
import time
from collections import Counter
from collections.abc import Iterator
from math import log2
from pathlib import Path

import pytest
from call_community import text
from call_media_page import media_browser
from heard_sound import hears_a_tone, hears_nothing
from playwright.sync_api import Browser
from talk_relay import check_layers
from talk_site import PATIENCE_S, Person, TalkSite, bundle, people, talk_site

from baluardo.calls.messages import Message
from baluardo.edge.calls.missed_calls import Missed
from baluardo.edge.calls.seat import CloseCode, Seat
from baluardo.edge.calls.service import CallService
from baluardo.terms import Precedence

ANNA = "person/anna.rossi/phone"
BRUNO, DESK = "person/bruno.verdi/phone", "person/bruno.verdi/desk"
USERNAME = 0x0006


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with media_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("talk-page"))


def until_tones(*persons: Person) -> None:
    """Wait until each hears the other."""
    for each in persons:
        each.until("person.since.tone !== undefined")


def connected(site: TalkSite, caller: Person, callee: Person, name: str = "bruno.verdi") -> None:
    """Let one dial and the other answer, once both ends know who the other is."""
    caller.dial(name)
    callee.until("talk?.state === 'ringing here' && talk.security.state === 'secured'")
    caller.until("talk.state === 'ringing there' && talk.media === 'connected'")
    for each in (caller, callee):
        sends_only_silence(each)
    assert site.relay.speech()  # which runs through everything already
    assert callee.do("return person.microphones.length;") == 0
    callee.do("person.since.clicked = Date.now();")
    callee.act("answer")
    until_tones(caller, callee)


def sends_only_silence(person: Person) -> None:
    """Check that what leaves an end that nobody talks at is silence, and of no microphone.

    A microphone of these pages is a loud tone, so its energy would show at once.
    """
    person.until("(await person.sent()).packets > 10")
    sent = person.do("return await person.sent();")
    assert sent["energy"] == 0.0
    assert sent["microphones"] == 0
    assert all(each["rms"] == 0.0 for each in person.hear(300))


def test_two_people_talk(chromium: Browser, page: Path, tmp_path: Path) -> None:
    with talk_site(tmp_path, page) as site, people(chromium, site, ANNA, BRUNO) as pages:
        anna, bruno = pages[ANNA], pages[BRUNO]
        connected(site, anna, bruno)
        for each in (anna, bruno):
            assert hears_a_tone(each)
        told = {"anna": anna.do("return person.since;"), "bruno": bruno.do("return person.since;")}
        began = anna.talk["beganAt"]
        answered = told["bruno"]["clicked"]
        times = {
            "dial to ringing": told["anna"]["ringing there"] - began,
            "dial to secured": told["anna"]["secured"] - began,
            "answer to tone": max(each["tone"] for each in told.values()) - answered,
        }
        sys.stdout.write(f"two pages, ms: {json.dumps(times)}\n")
        views = anna.talk, bruno.talk
        assert [each["person"] for each in views] == ["bruno.verdi", "anna.rossi"]
        assert [each["device"] for each in views] == ["phone", "phone"]
        assert [each["security"]["peer"] for each in views] == [BRUNO, ANNA]
        assert views[0]["security"]["safety"] == views[1]["security"]["safety"]
        assert [each["security"]["epoch"] for each in views] == [1, 1]
        prints = [each["security"]["keyPrint"] for each in views]
        assert len(set(prints)) == 2
        assert all(len(each) == 64 for each in prints)
        assert all(each["security"]["witnesses"] for each in views)
        assert [each["problem"] for each in views] == ["", ""]

        anna.act("hold")
        bruno.until("talk.heldThere")
        assert hears_nothing(anna)
        assert hears_nothing(bruno)
        sent = len(site.relay.speech())
        assert hears_nothing(bruno)
        assert len(site.relay.speech()) == sent  # held, not one packet leaves either side
        anna.act("resume")
        bruno.until("!talk.heldThere")
        for each in (anna, bruno):
            each.until("person.blocks.splice(0).some(({ rms }) => rms > 0.1)")
            assert hears_a_tone(each)

        bruno.act("mute", True)
        assert hears_nothing(anna)
        assert hears_a_tone(bruno)
        bruno.act("mute", False)
        anna.until("person.blocks.splice(0).some(({ rms }) => rms > 0.1)")
        assert hears_a_tone(anna)
        for each in (anna, bruno):
            # How good it is depends on what else this machine does.
            each.until("talk.quality !== null && talk.quality.r < 95")

        speech = site.relay.speech()
        is_unreadable(speech)
        check_layers(speech)
        bruno.act("end")
        anna.until("talk.state === 'over'")
        for each in (anna, bruno):
            assert each.talk["cause"] == "hung up"
            states = "return person.microphones.map(({ readyState }) => readyState);"
            assert each.do(states) == ["ended"]
            assert each.do("return person.played.size;") == 0
        bruno.page.wait_for_timeout(500)
        assert site.relay.running.sessions == ()
        assert {each.device for each in site.service.records[-1].legs} == {ANNA, BRUNO}


def is_unreadable(speech: list[bytes]) -> None:
    """Check that packets of a tone tell nothing of it: of one size, and like noise.

    Of each sender they grow by the octets of SFrame's counter, and by no others (RFC 9605, 4.3).
    """
    assert len(speech) > 200
    sizes: dict[bytes, list[int]] = {}
    for each in speech:
        sizes.setdefault(each[8:12], []).append(len(each))
    for of_sender in sizes.values():
        assert of_sender == sorted(of_sender)
        assert of_sender[-1] - of_sender[0] <= 2
    payload = b"".join(each[12:] for each in speech)
    shares = [count / len(payload) for count in Counter(payload).values()]
    assert -sum(share * log2(share) for share in shares) > 7.9


def test_a_way_that_is_lost_is_found_again_under_other_names(
    chromium: Browser, page: Path, tmp_path: Path
) -> None:
    with talk_site(tmp_path, page) as site, people(chromium, site, ANNA, BRUNO) as pages:
        anna, bruno = pages[ANNA], pages[BRUNO]
        connected(site, anna, bruno)
        # From now on nothing passes until checks come under names that were never said before.
        names = {user_of(each) for each in list(site.relay.captured)} - {b""}
        assert names
        lost = [True]

        def passes(datagram: bytes) -> bool:
            if user_of(datagram) not in {b"", *names}:
                lost[0] = False
            return not lost[0]

        site.relay.passes = passes
        for each in (anna, bruno):
            each.until("talk.media === 'connecting'")
        for each in (anna, bruno):
            each.until("talk.media === 'connected'")
            each.until("person.blocks.splice(0).some(({ rms }) => rms > 0.1)")
            assert hears_a_tone(each)
        assert not lost[0]
        assert anna.talk["security"]["safety"] == bruno.talk["security"]["safety"]


def user_of(datagram: bytes) -> bytes:
    """Return the USERNAME of a request of STUN (RFC 8489 section 14.3); nothing if it is none."""
    at = 20
    while datagram[:2] == b"\x00\x01" and at + 4 <= len(datagram):
        kind, octets = struct.unpack_from(">HH", datagram, at)
        if kind == USERNAME:
            return datagram[at + 4 : at + 4 + octets]
        at += 4 + octets + -octets % 4
    return b""


def test_a_page_that_comes_back_brings_what_was_missed_until_it_is_kept(
    chromium: Browser, page: Path, tmp_path: Path
) -> None:
    missed = Missed("0a" * 16, "person/anna.rossi", int(time.time()), Precedence.FLASH, True)
    with talk_site(tmp_path, page) as site, people(chromium, site, BRUNO) as pages:
        bruno, book = pages[BRUNO], site.service._missed.calls
        assert bruno.do("return person.telephone.missed;") == []
        for _ in range(2):  # what nobody has confirmed is told again
            bruno.do("globalThis.before = person.telephone.missed;")
            site.do(lambda: book.keep("person/bruno.verdi", missed))
            site.do(lambda: site.service.presence.close_all(CloseCode.GOING, "Come again."))
            bruno.until("telephone.missed !== before && telephone.missed.length === 1")
            assert bruno.do("return person.telephone.missed;") == [missed.fields()]
        assert len(book) == 1
        bruno.do("person.telephone.noted(person.telephone.missed);")
        bruno.until("telephone.missed.length === 0")
        give_up = time.monotonic() + PATIENCE_S
        while len(book) > 0:
            assert time.monotonic() < give_up
            bruno.page.wait_for_timeout(20)


class RewritingService(CallService):
    """An edge that puts a key of its own into what its browsers offer."""

    def hear(self, seat: Seat, octets: bytes) -> None:
        """Rewrite the fingerprint of an offer."""
        message = Message.decode(octets)
        opaque = getattr(message.body, "opaque", b"")
        at = opaque.find(b"a=fingerprint:sha-256 ")
        if at >= 0 and b"/offer/" in opaque:
            colons = at + len(b"a=fingerprint:sha-256 ")
            other = b"00" if opaque[colons : colons + 2] != b"00" else b"01"
            changed = opaque[:colons] + other + opaque[colons + 2 :]
            assert changed != opaque
            octets = octets.replace(text(opaque).encode(), text(changed).encode())
            assert Message.decode(octets) != message
        super().hear(seat, octets)


def test_an_edge_that_rewrites_a_key_ends_the_call_with_a_sentence(
    chromium: Browser, page: Path, tmp_path: Path
) -> None:
    with (
        talk_site(tmp_path, page, RewritingService) as site,
        people(chromium, site, ANNA, BRUNO) as pages,
    ):
        anna, bruno = pages[ANNA], pages[BRUNO]
        anna.dial("bruno.verdi")
        bruno.until("talk?.state === 'over'")
        anna.until("talk.state === 'over'")
        sentence = "The call's keys were changed on the way, or are old: nothing was connected."
        assert bruno.talk["security"] == {"state": "refused", "sentence": sentence}
        assert bruno.talk["problem"] == sentence
        assert bruno.talk["trouble"] == "changed"
        assert [each.talk["cause"] for each in (anna, bruno)] == ["unable", "unable"]
        assert site.relay.speech() == []
        assert bruno.do("return person.microphones.length;") == 0
        # The telephone is as good as before: nothing of it hangs on the call that was refused.
        assert bruno.do("return person.telephone.connection.state;") == "attending"


@pytest.mark.parametrize("precedence", ["routine", "flash"])
def test_a_second_device_answers(
    chromium: Browser, page: Path, tmp_path: Path, precedence: str
) -> None:
    with talk_site(tmp_path, page) as site, people(chromium, site, ANNA, BRUNO, DESK) as pages:
        anna = pages[ANNA]
        anna.dial("bruno.verdi", precedence)
        for path in (BRUNO, DESK):
            pages[path].until("talk?.state === 'ringing here' && talk.security.state === 'secured'")
        anna.until("talk.security.state === 'secured'")
        prepared = anna.talk["security"]["peer"]
        answering, other = (DESK, BRUNO) if prepared == BRUNO else (BRUNO, DESK)
        pages[answering].act("answer")
        until_tones(anna, pages[answering])
        for each in (anna, pages[answering]):
            assert hears_a_tone(each)
        pages[other].until("talk.state === 'over'")
        assert pages[other].talk["cause"] == "answered elsewhere"
        assert pages[other].do("return person.microphones.length;") == 0
        anna.until("talk.security.state === 'secured'")
        assert anna.talk["security"]["peer"] == answering
        assert anna.talk["device"] == answering.rsplit("/", 1)[1]
        safeties = [each.talk["security"]["safety"] for each in (anna, pages[answering])]
        assert safeties[0] == safeties[1]
        is_unreadable(site.relay.speech())
        anna.act("end")
        pages[answering].until("talk.state === 'over'")
