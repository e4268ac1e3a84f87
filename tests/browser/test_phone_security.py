"""What the telephone's page says of refused calls, of what failed, and of keys that are new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import pytest
from browser_page import PATIENCE_MS, SOUND_FLAGS, running_chromium
from phone_desk import Authority, Desk, bundle, call_id, desk, phone_console
from playwright.sync_api import Browser, expect

COLOUR: Final = "each => getComputedStyle(each).color"


expect.set_options(timeout=PATIENCE_MS / 3)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a Chromium with sound; skip by name where there is none."""
    with running_chromium(*SOUND_FLAGS) as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the page is served, built once."""
    built = bundle(tmp_path_factory.mktemp("phone-security"))
    with phone_console(built, Authority()) as address:
        yield address


@pytest.fixture
def anna(chromium: Browser, url: str) -> Iterator[Desk]:
    """Sit down as Anna; at the end nothing may have gone wrong on the page."""
    with desk(chromium, url) as made:
        expect(made.page.get_by_text("Chiara Neri")).to_be_visible()
        yield made


def test_a_call_that_was_not_secured_says_so(anna: Desk) -> None:
    over = {"state": "over", "endedAt": anna.now(), "cause": "unable"}
    anna.talks({"call": call_id(1), **over, "refused": "changed"})
    problem = anna.call().locator(".problem")
    expect(problem).to_contain_text("Not secured: no word is sent")
    expect(problem).to_contain_text("Somebody may stand between you")
    expect(anna.call()).not_to_contain_text("No device can take the call")


def test_a_call_that_was_refused_for_security_stays_among_the_recent_ones_in_both_languages(
    anna: Desk,
) -> None:
    now = anna.now()
    over = {"state": "over", "endedAt": now, "cause": "unable"}
    anna.talks(
        {"call": call_id(1), "beganAt": now, **over, "refused": "changed"},
        {"call": call_id(2), "beganAt": now - 1, **over, "side": "caller", "refused": "taken back"},
        {"call": call_id(3), "beganAt": now - 2, **over, "trouble": "microphone"},
    )
    for _ in range(2):  # what is shown comes out of the sealed list when the page is opened anew
        anna.page.get_by_role("tab", name="Recent").click()
        rows = anna.page.locator(".past")
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text("Refused for security")
        expect(rows.nth(0)).to_contain_text("bruno.verdi / phone")
        expect(rows.nth(0)).to_contain_text("Somebody may stand between you")
        expect(rows.nth(1)).to_contain_text("was taken back")
        expect(rows.nth(2)).not_to_contain_text("Refused for security")
        assert rows.nth(0).locator(".past-refusal").evaluate(COLOUR) == anna.page.locator(
            ".past-refused"
        ).first.evaluate(COLOUR)
        anna.page.locator("#language-switch").click()
        expect(rows.nth(0)).to_contain_text("Rifiutata per sicurezza")
        expect(rows.nth(0)).to_contain_text("Qualcuno può stare in mezzo")
        anna.page.locator("#language-switch").click()
        anna.page.reload()
        expect(anna.page.locator(".phone-desk")).to_be_visible()


@pytest.mark.parametrize(
    ("trouble", "english", "italian"),
    [
        ("microphone", "The microphone could not be used", "Il microfono non si è potuto usare"),
        ("no edge", "has not reached its edge", "non ha ancora raggiunto la sede"),
        ("no relay", "no relay for the sound", "non ha un relè per l'audio"),
        ("failed", "Something failed in this browser", "Qualcosa in questo browser"),
    ],
)
def test_why_a_call_failed_here_is_told_in_the_readers_language(
    anna: Desk, trouble: str, english: str, italian: str
) -> None:
    over = {"state": "over", "endedAt": anna.now(), "cause": "unable"}
    anna.talks({"call": call_id(1), **over, "trouble": trouble, "problem": "For who looks closer."})
    ending = anna.call().locator(".call-ending")
    expect(ending).to_have_text(re.compile(english))
    anna.page.locator("#language-switch").click()
    expect(ending).to_have_text(re.compile(italian))
    assert anna.page.locator("main [lang=en]").count() == 0
    expect(anna.call()).not_to_contain_text("For who looks closer")


def test_what_was_refused_beside_calls_is_told_in_the_readers_language(anna: Desk) -> None:
    anna.tell("problem", {"what": "forged", "sentence": "A key package was not signed."})
    notice = anna.page.locator(".notice")
    expect(notice).to_contain_text("was not signed by anybody of this community")
    anna.page.locator("#language-switch").click()
    expect(notice).to_contain_text("non è firmato da nessuno di questa comunità")
    expect(notice.locator("[lang=en]")).to_have_text("A key package was not signed.")
    anna.page.locator("#language-switch").click()


def test_a_key_that_is_new_since_the_last_call_is_told_and_one_that_is_known_is_not(
    anna: Desk,
) -> None:
    talking = {"state": "talking", "answeredAt": anna.now(), "secured": True}

    def talk_over(number: int, *, says: str, **key: int) -> None:
        """Have one call after the other; each is told with the sheet, in both languages."""
        anna.talks({"call": call_id(number), **talking, **key})
        card = anna.call(number)
        expect(card).to_contain_text("Sealed from browser to browser")
        for told in ("First call with this device", "New key since"):
            expect(card.get_by_text(told)).to_have_count(1 if told == says else 0)
        card.get_by_role("button", name="Details").click()
        sheet = anna.page.get_by_role("dialog")
        expect(sheet.locator(".safety")).to_be_visible()
        expect(sheet.locator(".notice")).to_have_count(1 if says else 0)
        if says:
            expect(sheet.locator(".notice")).to_contain_text(says)
        anna.page.keyboard.press("Escape")

    talk_over(1, says="First call with this device")
    talk_over(2, says="")
    talk_over(3, key=2, says="New key since")
    told = anna.call(3).get_by_role("alert")
    expect(told).to_have_text(
        re.compile(r"New key since \d+ \w+ 20\d\d.*compare the safety number")
    )
    anna.page.locator("#language-switch").click()
    expect(told).to_have_text(re.compile(r"Chiave nuova dal .*confrontate il numero di sicurezza"))
    anna.page.locator("#language-switch").click()
    expect(told).to_contain_text("New key")
    anna.page.reload()
    expect(anna.page.locator(".phone-desk")).to_be_visible()
    talk_over(4, key=2, says="")
    talk_over(5, key=3, says="New key since")
    # Who deletes the list of calls has this forgotten too.
    anna.talks()
    anna.page.get_by_role("tab", name="Recent").click()
    over = {"state": "over", "endedAt": anna.now(), "cause": "hung up"}
    anna.talks({"call": call_id(6), **over})
    anna.page.get_by_role("button", name="Delete all").click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Delete all").click()
    expect(anna.page.locator(".past")).to_have_count(0)
    talk_over(7, key=3, says="First call with this device")


def test_a_call_that_only_rang_makes_no_key_a_known_one(anna: Desk) -> None:
    ringing = {"state": "ringing here", "secured": True, "key": 5}
    for number in (1, 2):
        anna.talks({"call": call_id(number), **ringing})
        expect(anna.call(number)).to_contain_text("First call with this device")
