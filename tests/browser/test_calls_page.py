"""The page of a site's calls: what a real edge told of four, and what nobody hopes it tells."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest
from browser_page import PATIENCE_MS, Watched, opened
from fastapi import APIRouter
from playwright.sync_api import Browser, Locator, expect

from baluardo.console.app import create_console
from baluardo.console.part import ConsolePart
from baluardo.edge.calls.record_pages import RECORDS_PAGE
from served import served

RECORDED: Final = json.loads((Path(__file__).parent / "data/calls_answer.json").read_text())
"""What an edge answered: a call in talk, one that rings, one that was talked out and one declined.

What its devices reported was made up; the figures are what the edge made of it.
"""

DECIDED: Final = json.loads((Path(__file__).parent / "data/calls_decisions.json").read_text())
"""What an edge told of five calls on a path for two: let in, refused, and one that yielded."""

HOSTILE: Final = (
    "<script>canary()</script>",
    '"><img src=x onerror=canary()>',
    "Rossi \u202egpj.exe\u202c",
    "\x1b[2J\x1b]0;gone\x07",
    "è" * 10_000,
    "javascript:canary()",
    "",
)

Answer = dict[str, Any]

expect.set_options(timeout=PATIENCE_MS / 3)


@dataclass
class Site:
    """What the edge answers; a test changes it while the page is open."""

    url: str = ""
    asked: int = 0
    change: Callable[[Answer], object] | None = None
    """Applied to what was recorded."""
    instead: object = None
    """Answered in place of it."""
    decided: object = None
    """Answered of decisions in place of what was recorded."""

    def answer(self) -> object:
        """Return the recorded answer, its time as much further as it was asked for."""
        self.asked += 1
        if self.instead is not None:
            return self.instead
        answer = copy.deepcopy(RECORDED)
        answer["at"] += self.asked
        if self.change is not None:
            self.change(answer)
        return answer


@pytest.fixture(scope="module")
def console() -> Iterator[Site]:
    """Serve a console with the page."""
    site = Site()
    router = APIRouter()

    @router.get("/api/calls/records")
    async def records() -> object:
        return site.answer()

    @router.get("/api/calls/decisions")
    async def decisions() -> object:
        return DECIDED if site.decided is None else site.decided

    part = ConsolePart("call records", router=router, pages=(RECORDS_PAGE,))
    with served(create_console([part], ("127.0.0.1",))) as url:
        site.url = f"{url}/calls"
        yield site


@pytest.fixture
def site(console: Site) -> Iterator[Site]:
    """Return the edge as recorded, whatever the test before it did."""
    console.change, console.instead, console.decided = None, None, None
    yield console
    console.change, console.instead, console.decided = None, None, None


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Watched]:
    """Return the page with its first answer; nothing may go wrong on it."""
    with opened(chromium, site.url) as watched:
        expect(watched.page.get_by_role("heading", name="In progress")).to_be_visible()
        yield watched
        assert watched.complaints == []


def row(watched: Watched, table: str, person: str) -> Locator:
    rows = watched.page.get_by_role("table", name=table).locator("tbody tr")
    return rows.filter(has=watched.page.locator("th", has_text=person))


def wait_for_answers(watched: Watched, site: Site, more: int = 2) -> None:
    """Wait until what is answered from now on is also what is shown."""
    wanted = site.asked + more
    watched.page.wait_for_timeout(100)
    while site.asked < wanted:
        watched.page.wait_for_timeout(100)


def test_who_talks_and_how_each_device_hears(page: Watched) -> None:
    talking = row(page, "In progress", "bruno")
    expect(talking).to_contain_text("Flash")
    expect(talking).to_contain_text("talking")
    legs = talking.locator(".call-legs li")
    expect(legs.nth(0)).to_contain_text("good")
    expect(legs.nth(0)).to_contain_text("anna/phone")
    expect(legs.nth(0)).to_contain_text("MOS 4.4, R 91")
    expect(legs.nth(1)).to_contain_text("poor")
    expect(legs.nth(1)).to_contain_text("MOS 2.8, R 53")
    expect(legs.nth(1)).to_contain_text("3.6 % lost")
    ringing = row(page, "In progress", "carla")
    expect(ringing).to_contain_text("ringing")
    expect(ringing.locator(".call-legs")).to_have_count(0)


def test_what_is_over_is_told_with_its_reason(page: Watched) -> None:
    poor = row(page, "The last that are over", "bruno")
    expect(poor).to_contain_text("Emergency")
    expect(poor).to_contain_text("The call was ended.")
    expect(poor).to_contain_text("MOS 2.4, R 46")
    expect(poor).to_contain_text("worst 1.1")
    declined = row(page, "The last that are over", "carla").filter(has_text="anna")
    expect(declined).to_contain_text("The call was declined.")
    expect(declined).to_contain_text('Q.850 ;cause=21 ;text="declined"')


def test_why_a_call_was_refused_or_had_to_yield_is_told_in_both_languages(
    page: Watched, site: Site
) -> None:
    rows = page.page.get_by_role("table", name="Decisions").locator("tbody tr")
    expect(rows).to_have_count(6)
    yielded = rows.filter(has_text="had to yield")
    expect(yielded).to_contain_text("anna")
    expect(yielded).to_contain_text("to bruno")
    expect(yielded).to_contain_text("A call of precedence routine yields its room.")
    expect(yielded).to_contain_text('preemption ;cause=2 ;text="Reserved Resources Preempted"')
    refused = rows.filter(has_text="refused")
    expect(refused).to_have_count(2)
    expect(refused.filter(has_text="dario")).to_contain_text("above the one permitted")
    expect(rows.filter(has_text="giulia")).to_contain_text("Emergency")
    page.page.locator("#language-switch").click()
    rows = page.page.get_by_role("table", name="Decisioni").locator("tbody tr")
    expect(rows.filter(has_text="ha ceduto")).to_contain_text("cede il posto")
    expect(rows.filter(has_text="rifiutata")).to_have_count(2)
    page.page.locator("#language-switch").click()
    site.decided = DECIDED | {"decisions": []}
    expect(page.page.locator("main")).to_contain_text("Nothing was decided")


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1280, 360])
def test_both_languages_read_well(page: Watched, site: Site, width: int, scheme: Any) -> None:
    page.page.emulate_media(color_scheme=scheme)
    page.page.set_viewport_size({"width": width, "height": 800})
    for title, going, reason in (
        ("Calls", "talking", "The call was declined."),
        ("Chiamate", "in conversazione", "La chiamata è stata rifiutata."),
    ):
        expect(page.page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.page).to_have_title(f"{title} · Baluardo")
        expect(page.page.locator("main")).to_contain_text(going)
        expect(page.page.locator("main")).to_contain_text(reason)
        wait_for_answers(page, site, 1)
        for wide in ("document.documentElement", "document.querySelector('.authority-scroll')"):
            assert page.number(f"{wide}.scrollWidth - {wide}.clientWidth") <= 0, title
        levels = page.page.evaluate(
            "() => [...document.querySelectorAll('h1,h2,h3,h4,h5,h6')]"
            ".filter((each) => each.checkVisibility()).map((each) => Number(each.tagName[1]))"
        )
        assert levels[0] == 1
        assert all(after - before <= 1 for before, after in pairwise(levels))
        page.page.locator("#language-switch").click()


def test_a_site_without_calls_says_so(page: Watched, site: Site) -> None:
    site.change = lambda answer: answer.update(going=[], over=[])
    expect(page.page.locator("main")).to_contain_text("Nobody is on the telephone.")
    expect(page.page.locator("main")).to_contain_text("No call has ended")


def test_a_call_ends_while_somebody_looks(page: Watched, site: Site) -> None:
    before = page.page.get_by_role("table", name="The last that are over").locator("tbody tr")
    expect(before).to_have_count(2)

    def change(answer: Answer) -> None:
        ended = answer["going"].pop()
        why = {"it": "Il collegamento porta meno.", "en": "The link carries less."}
        reason = 'preemption ;cause=2 ;text="Reserved Resources Preempted"'
        ended |= {"ended_at": answer["at"], "cause": "pre-empted by path", "why": why}
        ended["reason"] = reason
        answer["over"].insert(0, {name: ended[name] for name in ended if name != "state"})

    site.change = change
    expect(before).to_have_count(3)
    expect(before.first).to_contain_text("The link carries less.")


def test_hostile_texts_stay_texts(page: Watched, site: Site) -> None:
    def change(answer: Answer) -> None:
        for name in ("going", "over"):
            (pattern,) = [each for each in answer[name] if each["legs"]]
            answer[name] = [hostile(pattern, text) for text in HOSTILE]
        answer["site"] = HOSTILE[0]

    def hostile(pattern: Answer, text: str) -> Answer:
        call = copy.deepcopy(pattern) | {"call": text, "callee": text, "device": text}
        call["caller"] = f"person/{text}/{text}"
        for number, leg in enumerate(call["legs"]):
            leg["device"] = f"{number}{text}"
        if "why" in call:
            call |= {"why": {"it": text, "en": text}, "reason": text}
        return call

    site.change = change
    site.decided = DECIDED | {
        "decisions": [
            DECIDED["decisions"][0]
            | {"call": text, "caller": text, "callee": text, "reason": text}
            | {"why": {"it": text, "en": text}}
            for text in HOSTILE
        ]
    }
    for table in ("In progress", "The last that are over", "Decisions"):
        rows = page.page.get_by_role("table", name=table).locator("tbody tr")
        expect(rows).to_have_count(len(HOSTILE))
    assert page.page.locator("main script, main img").count() == 0
    shown = page.page.locator("main").inner_text()
    assert "canary()" in shown
    assert not re.search("[\u202e\x1b]", shown)
    assert page.number("document.documentElement.scrollWidth - innerWidth") <= 0


def test_nonsense_is_said_to_be_misunderstood(chromium: Browser, site: Site) -> None:
    site.instead = {"site": "office/rome", "at": "now", "going": [], "over": []}
    with opened(chromium, site.url) as watched:
        expect(watched.page.get_by_role("alert")).to_be_visible()
        assert watched.complaints == []
