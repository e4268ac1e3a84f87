"""A person keeps a copy of the pages and removes it, by the buttons of the telephone's Help."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import pytest
from browser_page import PATIENCE_MS
from copied_site import CopiedSite, build, build_desk
from playwright.sync_api import Browser, Locator, Page, Route, expect

expect.set_options(timeout=PATIENCE_MS / 3)

KEPT: Final = """async () => ({
    databases: (await indexedDB.databases()).map(({ name }) => name),
    guards: (await navigator.serviceWorker.getRegistrations()).length,
})"""


@dataclass(frozen=True)
class Words:
    """What a language calls the things that are pressed and read."""

    help: str
    heading: str
    install: str
    kept: str
    list_1: str
    remove: str
    cancel: str
    consequence: str
    removed: str
    nothing_kept: str


WORDS: Final = {
    "en-GB": Words(
        "Keyboard shortcuts",
        "The page that runs",
        "Keep a copy on this device",
        "The copy is kept. It runs from the next start.",
        "This page came out of the copy on this device: list 1,",
        "Remove the copy",
        "Cancel",
        "this site's edge serves its pages",
        "The copy was removed.",
        "No copy was kept.",
    ),
    "it-IT": Words(
        "Scorciatoie da tastiera",
        "La pagina in uso",
        "Tieni una copia su questo dispositivo",
        "La copia è stata salvata. Vale dal prossimo avvio.",
        "Questa pagina viene dalla copia su questo dispositivo: elenco 1,",
        "Rimuovi la copia",
        "Annulla",
        "le pagine sono fornite dal nodo di questa sede",
        "La copia è stata rimossa.",
        "Nessuna copia è stata salvata.",
    ),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CopiedSite]:
    """Serve a site whose pages two officers have signed, with a telephone that anybody can open."""
    folder = tmp_path_factory.mktemp("site")
    built, edge = folder / "built", folder / "edge"
    for each in (built, edge):
        each.mkdir()
    static = build_desk(build(built), folder)
    with CopiedSite(static, edge) as site:
        site.hand_out(site.signed(site.listed(1)))
        yield site


@dataclass
class Person:
    """Somebody before the telephone."""

    page: Page
    site: CopiedSite
    words: Words

    def open(self) -> bool:
        """Open the telephone anew; say whether it came out of the copy."""
        answer = self.page.goto(self.site.url)
        self.page.wait_for_selector(".phone-desk")
        return answer is not None and answer.from_service_worker

    def help(self) -> Locator:
        """Open Help by the keyboard; return what it says about the page."""
        self.page.get_by_role("button", name=self.words.help).focus()
        self.page.keyboard.press("Enter")
        sheet = self.page.locator("dialog[open] section").filter(has_text=self.words.heading)
        expect(sheet.get_by_role("heading")).to_be_visible()
        return sheet

    def walk_to(self, button: str) -> None:
        """Press Tab until a button has the keyboard."""
        wanted = self.page.get_by_role("button", name=button).last
        expect(wanted).to_be_visible()
        for _ in range(12):
            if wanted.evaluate("(it) => it === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"the keyboard does not come to {button}")

    def kept(self) -> dict[str, Any]:
        """Return what the browser keeps for this site."""
        return dict(self.page.evaluate(KEPT))


@contextmanager
def person(chromium: Browser, site: CopiedSite, language: str, **view: Any) -> Iterator[Person]:
    context = chromium.new_context(locale=language, **view)
    context.set_default_timeout(PATIENCE_MS)

    try:
        yield Person(context.new_page(), site, WORDS[language])
    finally:
        context.close()


@contextmanager
def altered(site: CopiedSite) -> Iterator[None]:
    """Let the edge hand out another telephone than the one that was signed."""
    page = site.static / "phone.html"
    good = page.read_bytes()
    page.write_text("<!doctype html><title>Altered</title><p>An altered page.</p>")
    try:
        yield
    finally:
        page.write_bytes(good)


@pytest.mark.parametrize(
    ("language", "view"),
    [
        ("en-GB", {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}),
        ("it-IT", {"viewport": {"width": 360, "height": 640}, "color_scheme": "light"}),
    ],
)
def test_keeps_a_copy_and_removes_it_by_keyboard_alone(
    chromium: Browser, site: CopiedSite, language: str, view: dict[str, Any]
) -> None:
    with person(chromium, site, language, **view) as anna:
        words, keyboard = anna.words, anna.page.keyboard
        assert not anna.open()
        sheet = anna.help()
        expect(sheet.get_by_role("button", name=words.remove)).to_have_count(0)
        anna.walk_to(words.install)
        keyboard.press("Enter")
        expect(sheet.get_by_role("status")).to_have_text(words.kept)
        expect(sheet.get_by_role("heading")).to_be_focused()
        expect(sheet.get_by_role("button", name=words.install)).to_have_count(0)
        fits = "() => document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert anna.page.evaluate(fits)
        assert anna.kept()["guards"] == 1

        with altered(site):
            assert anna.open(), "what runs is the copy"
        sheet = anna.help()
        expect(sheet).to_contain_text(words.list_1)
        expect(sheet.get_by_role("button", name=words.install)).to_have_count(0)

        # Escape takes nothing away but the question, and gives the keyboard back.
        anna.walk_to(words.remove)
        keyboard.press("Enter")
        question = anna.page.locator("dialog[open] dialog[open]")
        expect(question).to_contain_text(words.consequence)
        keyboard.press("Escape")
        expect(question).to_have_count(0)
        expect(sheet.get_by_role("button", name=words.remove)).to_be_focused()
        assert anna.kept()["guards"] == 1

        keyboard.press("Enter")
        expect(question).to_contain_text(words.consequence)
        anna.walk_to(words.cancel)
        keyboard.press("Enter")
        expect(question).to_have_count(0)
        keyboard.press("Enter")
        expect(question).to_be_visible()
        question.get_by_role("button", name=words.remove).focus()
        keyboard.press("Enter")
        expect(sheet.get_by_role("status")).to_have_text(words.removed)
        expect(sheet.get_by_role("heading")).to_be_focused()
        expect(sheet.get_by_role("button", name=words.install)).to_be_visible()
        assert anna.kept()["guards"] == 0
        files = "() => new Promise((yes, no) => { const asked = indexedDB.open('baluardo-pages');"
        files += " asked.onerror = no; asked.onsuccess = () => {"
        files += (
            "   const counted = asked.result.transaction('files').objectStore('files').count();"
        )
        files += (
            "   counted.onsuccess = () => { asked.result.close(); yes(counted.result); }; }; })"
        )
        assert anna.page.evaluate(files) == 0

        with altered(site):
            anna.page.goto(site.url)
            expect(anna.page.get_by_text("An altered page.")).to_be_visible()


@pytest.mark.parametrize("language", WORDS)
def test_runs_without_an_edge_and_a_second_copy_can_be_kept(
    chromium: Browser, site: CopiedSite, language: str
) -> None:
    with person(chromium, site, language) as anna:
        words = anna.words
        anna.open()
        for _ in range(2):
            sheet = anna.help()
            sheet.get_by_role("button", name=words.install).click()
            expect(sheet.get_by_role("status")).to_have_text(words.kept)
            assert anna.open()
            anna.page.context.route("**/api/**", lambda route: route.abort())
            assert anna.page.goto(site.url) is not None
            expect(anna.page.get_by_role("heading", level=1)).to_be_visible()
            anna.page.context.unroute_all()
            assert anna.open()
            sheet = anna.help()
            sheet.get_by_role("button", name=words.remove).click()
            question = anna.page.locator("dialog[open] dialog[open]")
            question.get_by_role("button", name=words.remove).click()
            expect(sheet.get_by_role("status")).to_have_text(words.removed)
            assert anna.kept()["guards"] == 0
            assert not anna.open()


def test_says_where_it_was_pressed_that_no_copy_was_kept(
    chromium: Browser, site: CopiedSite
) -> None:
    with person(chromium, site, "it-IT") as anna:
        words = anna.words
        anna.open()
        sheet = anna.help()
        install = sheet.get_by_role("button", name=words.install)
        expect(install).to_be_visible()

        def torn(route: Route) -> None:
            route.fulfill(status=200, content_type="text/javascript", body="// cut off")

        anna.page.context.route("**/assets/told-1.js", torn)
        install.click()
        expect(sheet.get_by_role("alert")).to_contain_text(words.nothing_kept)
        expect(sheet.get_by_role("alert")).to_contain_text("it was cut off or altered")
        expect(install).to_be_enabled()
        assert anna.kept()["guards"] == 0
        anna.page.context.unroute_all()

        # A guard that the browser does not take leaves no half of a copy.
        refusal = "() => Promise.reject(new Error('No guard.'))"
        anna.page.evaluate(f"() => {{ navigator.serviceWorker.register = {refusal}; }}")
        install.click()
        expect(sheet.get_by_role("alert")).to_contain_text("No guard.")
        anna.open()
        sheet = anna.help()
        install = sheet.get_by_role("button", name=words.install)
        expect(install).to_be_visible()
        expect(sheet.get_by_role("button", name=words.remove)).to_have_count(0)
        install.click()
        expect(sheet.get_by_role("status")).to_have_text(words.kept)
        expect(sheet.get_by_role("alert")).to_have_count(0)
        assert anna.open()
