"""Every page in both languages at two widths: readable, named, in order, reached by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import pytest
from authority_country import Country, country_at, until
from authority_person import Person, enrolled
from authority_walks import COMPARED, invite_person, invite_site, propose_roles
from playwright.sync_api import Browser, expect

PAGES = ("sign-in", "enrol", "directory", "approvals", "policy", "sites", "audit", "me", "start")
WIDTHS = (1280, 360)
CONTROLS = frozenset(
    {"button", "link", "textbox", "searchbox", "checkbox", "combobox", "tab", "radio", "switch"}
)
MOST_TABS = 80
"""Only so that a page that never lets go of the keyboard does not stop the tests."""


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    with country_at(tmp_path_factory.mktemp("country")) as country:
        yield country


@pytest.fixture(scope="module")
def officers(chromium: Browser, country: Country) -> Iterator[tuple[Person, Person]]:
    """Return two officers of a country in which every page has something to show."""
    with ExitStack() as browsers:
        anna = browsers.enter_context(enrolled(chromium, country, "anna.rossi"))
        bruno = browsers.enter_context(enrolled(chromium, country, "bruno.verdi"))
        invite_person(anna, "carla.bianchi", "Carla Bianchi-Cortelazzo della Rovere")
        enrolling = country.enrol_edge("roma", invite_site(anna, "office", "roma", "Roma"))
        until(lambda: "wait" in enrolling.talk.lower())
        propose_roles(anna, "carla.bianchi", ["Operator", "Fleet officer", "Auditor"])
        yield anna, bruno


def settled(member: Person) -> None:
    """Wait until the page has loaded what it shows."""
    expect(member.page.get_by_role("heading", level=1)).to_be_visible()
    expect(member.page.locator(".state-loading")).to_have_count(0)


def named(member: Person) -> list[dict[str, Any]]:
    """Return all that a screen reader would tell of the page."""
    nodes = member.devtools.send("Accessibility.getFullAXTree")["nodes"]
    return [each for each in nodes if not each.get("ignored")]


def value(node: dict[str, Any], what: str) -> str:
    return str(node.get(what, {}).get("value", ""))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", ["en", "it"])
def test_every_page_reads_well(officers: tuple[Person, Person], language: str, width: int) -> None:
    """No page is wider than its window, no control is nameless, no heading skips a level."""
    _, bruno = officers
    page = bruno.page
    page.set_viewport_size({"width": width, "height": 800})
    bruno.open("me")
    settled(bruno)
    if page.locator("main").get_attribute("lang") != language:
        page.locator("#language-switch").click()
    expect(page.locator("main")).to_have_attribute("lang", language)
    titles = set()
    for path in PAGES:
        bruno.open(path)
        settled(bruno)
        where = f"{path} {language} {width}"
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, where
        scrolling = page.evaluate(
            "() => { const at = document.querySelector('.authority-scroll');"
            " return at.scrollWidth - at.clientWidth; }"
        )
        assert scrolling <= 0, where
        nodes = named(bruno)
        nameless = [
            value(each, "role")
            for each in nodes
            if value(each, "role") in CONTROLS and not value(each, "name").strip()
        ]
        assert nameless == [], where
        levels = page.evaluate(
            "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')]"
            ".filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))"
        )
        assert levels.count(1) == 1, where
        assert levels[0] == 1, where
        steps = [after - before for before, after in pairwise(levels)]
        assert all(step <= 1 for step in steps), (where, levels)
        titles.add(page.title())
        assert bruno.complaints() == [], where
    assert len(titles) == len(PAGES)


def tab_to(member: Person, name: str) -> None:
    """Press Tab until a control has the keyboard; each on the way has to show that it does."""
    for _ in range(MOST_TABS):
        member.page.keyboard.press("Tab")
        told = member.page.evaluate(
            "() => { const at = document.activeElement; const look = getComputedStyle(at);"
            " return { name: at.ariaLabel ?? at.labels?.[0]?.innerText ?? at.innerText,"
            " body: at === document.body,"
            " seen: look.outlineStyle !== 'none' || look.boxShadow !== 'none' }; }"
        )
        if told["body"]:
            continue  # the browser's own controls come between the end and the beginning
        assert told["seen"], told
        if (told["name"] or "").strip() == name:
            return
    raise AssertionError(f"no key leads to {name}")


def test_approvals_by_keys_alone(officers: tuple[Person, Person]) -> None:
    _, bruno = officers
    page = bruno.page
    page.set_viewport_size({"width": 1280, "height": 800})
    bruno.open("approvals")
    settled(bruno)
    if page.locator("main").get_attribute("lang") != "en":
        page.locator("#language-switch").click()
    command = page.get_by_role("article", name="A new policy")
    expect(bruno.button("Approve", command)).to_be_enabled()
    page.locator("body").press("Control+Home")
    tab_to(bruno, "Approve")
    page.keyboard.press("Enter")
    expect(bruno.dialog).to_be_visible()
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        inside = "() => document.activeElement === document.body"
        assert page.evaluate(f"{inside} || !!document.activeElement.closest('dialog')")
    page.keyboard.press("Escape")
    expect(bruno.dialog).to_have_count(0)
    assert page.evaluate("() => document.activeElement.innerText") == "Approve"
    tab_to(bruno, "Refuse")
    tab_to(bruno, "Approve")  # of the request, whose device's key was compared
    page.keyboard.press("Enter")
    tab_to(bruno, COMPARED)
    page.keyboard.press("Space")
    tab_to(bruno, "Approve")
    page.keyboard.press("Enter")
    bruno.sees("The request was approved.")


@pytest.mark.parametrize(
    ("path", "button"),
    [
        ("directory", "Invite"),
        ("sites", "Invite a site"),
        ("sites", "Revoke a holder"),
        ("sites", "Propose mass revocation"),
        ("me", "Add a passkey"),
        ("me", "Add a device"),
        ("me", "Remove this browser's key"),
    ],
)
def test_escape_closes_a_dialog_and_gives_the_keyboard_back(
    officers: tuple[Person, Person], path: str, button: str
) -> None:
    anna, _ = officers
    anna.open(path)
    settled(anna)
    anna.button(button).focus()
    anna.page.keyboard.press("Enter")
    expect(anna.dialog).to_be_visible()
    name = anna.dialog.get_attribute("aria-labelledby")
    assert name
    anna.page.keyboard.press("Escape")
    expect(anna.dialog).to_have_count(0)
    expect(anna.button(button)).to_be_focused()
