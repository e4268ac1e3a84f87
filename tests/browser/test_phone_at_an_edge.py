"""Two people talk by the telephone's page of a real edge: keys, evidence, relay and sound."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from authority_country import Country, country_at, until
from authority_person import Person, enrolled
from authority_walks import enrol_edge
from browser_page import SOUND_FLAGS, Watched, running_chromium
from playwright.sync_api import Browser, Locator, expect

from baluardo.console.app import STATIC

SETTLED_MS = 60_000
UNAVAILABLE = 503
"""What a site answers that has no channel to the authority; its pages ask again."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a Chromium with a microphone; skip by name without one, or without built pages."""
    if not (STATIC / "phone.html").is_file():
        pytest.skip("the pages are not built (make pages)")
    with running_chromium(*SOUND_FLAGS) as browser:
        yield browser


@pytest.fixture(scope="module")
def people(
    chromium: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Person, Person]]:
    """Bring two people to the telephone of the office in Rome, each with a key in the browser."""
    with country_at(tmp_path_factory.mktemp("country")) as country, ExitStack() as browsers:
        anna = browsers.enter_context(enrolled(chromium, country, "anna.rossi"))
        bruno = browsers.enter_context(enrolled(chromium, country, "bruno.verdi"))
        enrol_edge(country, anna, bruno, "office", "rome", "Rome")
        url = edge_url(country)
        for each in (anna, bruno):
            sit_down(each, url)
            assert each.complaints() == []
        yield anna, bruno


@pytest.fixture(autouse=True)
def nothing_went_wrong(people: tuple[Person, Person]) -> Iterator[None]:
    """Tell it of the test in which it did, and of whom: their browsers stay open for all tests."""
    yield
    assert {each.name: each.complaints() for each in people} == {each.name: [] for each in people}


def edge_url(country: Country) -> str:
    """Run the edge; return where its pages are, once it has a channel to the authority."""
    said = country.run_edge("rome").line().split()[0]
    url = urlsplit(said)
    asked = f"http://127.0.0.1:{url.port}/api/authority/state"
    with httpx.Client(headers={"host": url.netloc}, trust_env=False, timeout=30.0) as client:
        until(lambda: client.get(asked).status_code != UNAVAILABLE)
    return said if said.endswith("/") else f"{said}/"


def sit_down(who: Person, url: str) -> None:
    """Sign in at the site, make this browser a device there, and open its telephone."""
    # The authority's page asks it things now and then: no longer, once all are told of by then.
    who.page.goto("about:blank")
    who.watched.own = url
    who.forgive(f"{UNAVAILABLE}")  # a busy machine may lose a channel for a moment
    who.sign_in()
    who.open("me")
    who.press("Add this browser as a device of yours")
    who.sees("This browser is a device of yours now")
    who.open("phone")
    expect(who.page.locator(".phone-connection")).to_contain_text("Reachable", timeout=SETTLED_MS)


def card(who: Person) -> Locator:
    """Return the card of the newest call."""
    return who.page.locator("[data-call]").first


def test_they_ring_answer_compare_hold_and_end(people: tuple[Person, Person]) -> None:
    anna, bruno = people
    row = anna.page.locator(".phone-person").filter(has_text="Bruno Verdi")
    expect(row).to_contain_text("reachable at Office rome")
    row.click()
    anna.page.get_by_role("radio", name="Priority").check()
    anna.press("Call")
    expect(card(anna).get_by_role("heading")).to_be_focused()
    expect(card(bruno)).to_contain_text("Calls you")
    expect(card(bruno)).to_contain_text("Priority")
    expect(card(bruno)).to_contain_text("Anna Rossi")
    expect(bruno.page.get_by_role("alert").first).to_contain_text("call from Anna Rossi")
    expect(card(anna)).to_contain_text("Ringing there")
    bruno.page.keyboard.press("a")
    for each in people:
        expect(card(each)).to_contain_text("In the call")
        expect(card(each)).to_contain_text("Sealed from browser to browser")
        expect(card(each)).to_contain_text("First call with this device")
        expect(card(each).get_by_role("timer")).to_have_text(re.compile(r"0:\d\d"))
        # What the receiver hears is judged every 5 s: sound arrives.
        expect(card(each).locator(".line-quality")).to_be_visible(timeout=SETTLED_MS)
    numbers = [shown_number(each) for each in people]
    assert numbers[0] == numbers[1]
    anna.page.keyboard.press("h")
    expect(card(anna)).to_contain_text("On hold, by you")
    expect(card(bruno)).to_contain_text("On hold, by the other side")
    anna.page.keyboard.press("h")
    expect(card(bruno)).to_contain_text("In the call")
    bruno.press("End")
    expect(card(bruno).get_by_role("heading")).to_be_focused()
    for each in people:
        expect(card(each)).to_contain_text("The call was ended.")


def shown_number(who: Person) -> list[str]:
    """Open the sheet of a call; return its safety number, once all else on it is right."""
    card(who).get_by_role("button", name="Details").click()
    other = "bruno.verdi" if who.name == "anna.rossi" else "anna.rossi"
    expect(who.dialog).to_contain_text(f"{other} / ")
    expect(who.dialog.get_by_text(re.compile(r"entry \d+, proven to this browser"))).to_be_visible()
    expect(who.dialog).to_contain_text("(witnessed by Office rome)")
    expect(who.dialog).to_contain_text("Within this site: it does not leave it.")
    number = who.dialog.locator(".safety li").all_inner_texts()
    assert len(number) == 8
    who.page.keyboard.press("Escape")
    return number


def test_a_call_that_nobody_took_is_missed_and_both_remember_it(
    people: tuple[Person, Person],
) -> None:
    anna, bruno = people
    anna.press("Call Bruno Verdi, routine")
    expect(card(bruno)).to_contain_text("Calls you")
    # Both have talked with the other's key before: nothing is to be said of it.
    expect(card(bruno)).to_contain_text("Sealed from browser to browser")
    expect(card(bruno)).not_to_contain_text("with this device")
    expect(card(bruno)).not_to_contain_text("New key")
    anna.press("Cancel")
    expect(bruno.page).to_have_title(re.compile(r"^\(1\) Telephone"))
    bruno.page.get_by_role("tab", name="Recent").click()
    expect(bruno.page.locator(".past").first).to_contain_text("Missed")
    expect(bruno.page.locator(".past").nth(1)).to_contain_text("Taken")
    anna.page.get_by_role("tab", name="Recent").click()
    expect(anna.page.locator(".past").first).to_contain_text("Not connected")
    expect(anna.page.locator(".past").nth(1)).to_contain_text("Made")


def test_the_same_telephone_on_a_second_page_takes_over(people: tuple[Person, Person]) -> None:
    anna, _ = people
    second = Watched(anna.context.new_page(), anna.watched.own)
    second.page.goto(f"{second.own}phone")
    reachable = second.page.locator(".phone-connection")
    expect(reachable).to_contain_text("Reachable", timeout=SETTLED_MS)
    expect(anna.page.get_by_text("Your telephone is open on another page")).to_be_visible()
    anna.press("Take over here")
    expect(anna.page.locator(".phone-connection")).to_contain_text("Reachable", timeout=SETTLED_MS)
    expect(second.page.get_by_text("Your telephone is open on another page")).to_be_visible()
    second.page.close()
    assert [each for each in second.complaints if f"{UNAVAILABLE}" not in each] == []
