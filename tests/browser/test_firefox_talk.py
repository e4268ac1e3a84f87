"""People telephone between Firefox and Chromium, and between two Firefoxes, at a real edge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from call_media_page import media_browser
from firefox import Firefox, own_address
from heard_sound import SILENT_RMS, hears_a_tone, hears_nothing
from playwright.sync_api import Browser
from talk_relay import check_layers
from talk_site import Person, TalkSite, begin, bundle, opened, talk_site

ANNA, BRUNO = "person/anna.rossi/phone", "person/bruno.verdi/phone"
PAIRS = [("firefox", "firefox"), ("firefox", "chromium"), ("chromium", "firefox")]


@pytest.fixture(scope="module")
def chromium(firefox: Firefox) -> Iterator[Browser]:  # noqa: ARG001 - without it nothing is tested
    with media_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return bundle(tmp_path_factory.mktemp("talk-page"))


@contextmanager
def opened_in_firefox(firefox: Firefox, site: TalkSite) -> Iterator[Person]:
    """Open a telephone's page in Firefox; nothing may be complained of."""
    with firefox.page(f"http://127.0.0.1:{site.port}/telephone") as page:
        page.wait_for_function("() => 'Person' in globalThis")
        yield Person(page, [])  # type: ignore[arg-type]


@contextmanager
def people(
    firefox: Firefox, chromium: Browser, site: TalkSite, browsers: Mapping[str, str]
) -> Iterator[Mapping[str, Person]]:
    """Open a telephone for each device, in the browser that is named for it."""
    with ExitStack() as stack:
        pages = {
            path: stack.enter_context(
                opened_in_firefox(firefox, site) if name == "firefox" else opened(chromium, site)
            )
            for path, name in browsers.items()
        }
        begin(site, pages)
        yield pages


@pytest.mark.parametrize("names", PAIRS, ids=" calls ".join)
def test_two_people_talk(
    firefox: Firefox, chromium: Browser, page: Path, tmp_path: Path, names: tuple[str, str]
) -> None:
    browsers = dict(zip((ANNA, BRUNO), names, strict=True))
    with (
        talk_site(tmp_path, page, near=own_address()) as site,
        people(firefox, chromium, site, browsers) as pages,
    ):
        anna, bruno = pages[ANNA], pages[BRUNO]
        anna.dial("bruno.verdi")
        bruno.until("talk?.state === 'ringing here' && talk.security.state === 'secured'")
        anna.until("talk.state === 'ringing there' && talk.media === 'connected'")
        for each in (anna, bruno):  # before somebody has answered
            assert all(block["rms"] < SILENT_RMS for block in each.hear(300))
        assert bruno.do("return person.microphones.length;") == 0
        bruno.act("answer")
        for each in (anna, bruno):
            each.until("person.since.tone !== undefined")
            assert hears_a_tone(each)
        views = anna.talk, bruno.talk
        assert [each["security"]["peer"] for each in views] == [BRUNO, ANNA]
        assert views[0]["security"]["safety"] == views[1]["security"]["safety"]
        assert [each["problem"] for each in views] == ["", ""]
        anna.act("hold")
        bruno.until("talk.heldThere")
        assert hears_nothing(anna)
        assert hears_nothing(bruno)
        anna.act("resume")
        bruno.until("!talk.heldThere")
        for each in (anna, bruno):
            assert hears_a_tone(each)
        bruno.act("mute", True)
        assert hears_nothing(anna)
        bruno.act("mute", False)
        assert hears_a_tone(anna)
        for each in (anna, bruno):
            each.until("talk.quality !== null && talk.quality.r < 95")
        check_layers(site.relay.speech())
        bruno.act("end")
        anna.until("talk.state === 'over'")
        for each in (anna, bruno):
            assert each.talk["cause"] == "hung up"
            states = "return person.microphones.map(({ readyState }) => readyState);"
            assert each.do(states) == ["ended"]
