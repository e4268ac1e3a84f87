"""An emergency code from the sealed sheet: an hour, a banner for everybody, a line in the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from authority_country import Country, country_at
from authority_person import Person, enrolled, person
from authority_walks import looked
from playwright.sync_api import Browser, expect

REASON = "All passkeys of the duty officer burnt with the headquarters."
PAGES = ("directory", "approvals", "policy", "sites", "audit", "me", "start")


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


def break_glass(officer: Person, code: str) -> None:
    """Use a code with a name and a reason."""
    officer.open("sign-in")
    officer.page.get_by_text("Break-glass: an emergency code").click()
    officer.fill("Your name in the state", officer.name)
    officer.fill("Emergency code", code)
    officer.fill("Reason", REASON)
    officer.press("Break the glass")


def sees_banner(member: Person, *, by: str) -> None:
    """See the red banner; who it is, only the signed-in are told."""
    banner = member.page.get_by_role("alert").filter(has_text="Break-glass in use")
    expect(banner).to_be_visible()
    expect(banner).to_contain_text(f"Opened by {by}" if by else "It ends")
    if not by:
        expect(banner).not_to_contain_text("chiara")
    red, green, blue = member.page.evaluate(
        "() => getComputedStyle(document.querySelector('.banner-break-glass'))"
        ".backgroundColor.match(/[\\d.]+/g).slice(0, 3).map(Number)"
    )
    assert red > 1.3 * max(green, blue)


def test_break_glass_opens_an_hour_that_everybody_sees(chromium: Browser, country: Country) -> None:
    with (
        enrolled(chromium, country, "anna.rossi") as anna,
        enrolled(chromium, country, "chiara.neri"),
        person(chromium, country, "chiara.neri") as chiara,
        person(chromium, country, "bruno.verdi") as stranger,
    ):
        chiara.forgive("401")
        code = country.emergency_code()
        break_glass(chiara, code[:-1] + ("0" if code[-1] != "0" else "1"))
        expect(chiara.page.get_by_role("main").get_by_role("alert")).to_contain_text(
            "This code and this name open nothing"
        )
        anna.open("directory")
        expect(anna.page.get_by_text("Break-glass in use")).to_have_count(0)

        chiara.page.reload()
        break_glass(chiara, code)
        chiara.sees_heading("First steps")
        chiara.press("Signed in as Chiara Neri")
        chiara.sees("You are here by a break-glass code: you can sign nothing.")
        for path in PAGES:
            anna.open(path)
            sees_banner(anna, by="chiara.neri")
        stranger.open("sign-in")
        sees_banner(stranger, by="")

        looked(anna)
        entry = anna.page.get_by_role("listitem").filter(has_text="Emergency access used")
        expect(entry).to_contain_text("in the log")
        chiara.forgive("403")
        chiara.open("me")
        chiara.sees("You are here by an emergency code.")
        chiara.sign_out()
        anna.open("directory")
        sees_banner(anna, by="chiara.neri")  # leaving early does not make it unseen
        break_glass(chiara, code)  # a code serves once
        expect(chiara.page.get_by_role("main").get_by_role("alert")).to_contain_text(
            "This code and this name open nothing"
        )
