"""A copy of the pages in a real browser: it changes by what two officers have signed alone."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from browser_page import PATIENCE_MS
from copied_site import OFFICERS, CopiedSite, build, told
from playwright.sync_api import Browser, Page, expect

from baluardo.edge.page_copy.page_list import GUARD, PageFile
from baluardo.trust.commands.approval import Decision
from baluardo.trust.identity import DAY


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the pages, built once."""
    return build(tmp_path_factory.mktemp("pages"))


@contextmanager
def first_site(built: Path, folder: Path) -> Iterator[CopiedSite]:
    """Serve a site whose first list is signed."""
    static, edge = folder / "static", folder / "edge"
    shutil.copytree(built, static)
    edge.mkdir()
    with CopiedSite(static, edge) as site:
        site.hand_out(site.signed(site.listed(1)))
        yield site


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Iterator[CopiedSite]:
    """Serve a site of the test's own."""
    with first_site(built, tmp_path) as site:
        yield site


@dataclass
class Visitor:
    """A person's browser."""

    page: Page
    site: CopiedSite

    def open(self, path: str = "/phone") -> int:
        """Open a page anew; return the status."""
        answer = self.page.goto(self.site.url.replace("/phone", path))
        if path == "/phone":
            self.page.wait_for_function("() => 'pageStanding' in globalThis")
        return 0 if answer is None else answer.status

    def standing(self) -> dict[str, Any]:
        """Return how the page stands."""
        return dict(self.page.evaluate("() => pageStanding()"))

    def install(self) -> dict[str, Any]:
        """Install the pages."""
        return dict(self.page.evaluate("() => installCopy()"))

    @property
    def runs(self) -> int:
        """Which release's script runs; it may still load."""
        self.page.wait_for_function("() => 'versionOfScript' in globalThis")
        return int(self.page.evaluate("() => versionOfScript"))


@contextmanager
def visitor(chromium: Browser, site: CopiedSite) -> Iterator[Visitor]:
    context = chromium.new_context()
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield Visitor(context.new_page(), site)
    finally:
        context.close()


@contextmanager
def installed(chromium: Browser, site: CopiedSite) -> Iterator[Visitor]:
    """Open a browser that has installed release 1, and started it from the copy."""
    with visitor(chromium, site) as anna:
        anna.open()
        assert anna.standing()["state"] == "fresh"
        assert anna.standing()["installable"]
        anna.install()
        assert anna.standing()["state"] == "fresh", "this page itself did not come from the copy"
        anna.open()
        standing = anna.standing()
        assert (standing["state"], standing["number"]) == ("installed", 1), standing
        yield anna


@pytest.fixture
def anna(chromium: Browser, site: CopiedSite) -> Iterator[Visitor]:
    """Return a browser of the test's own with the first list installed."""
    with installed(chromium, site) as anna:
        yield anna


@pytest.fixture(scope="module")
def steadfast(
    chromium: Browser, built: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Visitor]:
    """Return one for tests after which the copy must be what it was."""
    folder = tmp_path_factory.mktemp("steadfast")
    with first_site(built, folder) as site, installed(chromium, site) as anna:
        yield anna


def test_what_nobody_signed_is_fresh_and_installs_nothing(
    chromium: Browser, site: CopiedSite
) -> None:
    (site.edge / "pages.json").unlink()
    with visitor(chromium, site) as anna:
        anna.open()
        standing = anna.standing()
        assert (standing["state"], standing["installable"]) == ("fresh", False)
        said = anna.page.evaluate("() => installCopy().then(() => '', (e) => e.message)")
        assert said == "Nobody has signed the pages of this site."
        script = "async () => (await navigator.serviceWorker.getRegistrations()).length"
        assert anna.page.evaluate(script) == 0


def test_an_installed_page_needs_no_edge_and_its_rules_are_signed(anna: Visitor) -> None:
    for path in (anna.site.static / "phone.html", *anna.site.static.glob("assets/*")):
        path.write_bytes(b"gone")
    answer = anna.page.goto(anna.site.url)
    assert answer is not None
    assert answer.from_service_worker
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "require-trusted-types-for" in answer.headers["content-security-policy"]
    assert anna.runs == 1
    # Another page of the same origin, and one that the list does not have.
    assert anna.open("/me") == 200
    (anna.site.static / "evil.html").write_text("<script>1</script>")
    assert anna.open("/api/calls/trust") == 404, "data of the edge is never shown as a page"
    assert anna.open("/evil.html") == 404


def test_what_a_script_asks_the_edge_for_is_not_kept(anna: Visitor) -> None:
    script = (
        "async () => { await fetch('/api/calls/trust');"
        " const names = await caches.keys(); const databases = await indexedDB.databases();"
        " return [names, databases.map(({ name }) => name).sort()]; }"
    )
    caches, databases = anna.page.evaluate(script)
    assert caches == []
    assert databases == ["baluardo-pages", "baluardo-trust"]
    answered = anna.page.evaluate(
        "async () => (await (await fetch('/api/calls/pages')).json()) !== null"
    )
    assert answered


def other_guard(site: CopiedSite) -> None:
    guard = site.static / GUARD.removeprefix("/")
    guard.write_text(guard.read_text() + "\n// of the edge\n")


def altered_script(site: CopiedSite) -> None:
    site.release(2)
    (site.static / "assets" / "told-2.js").write_text("globalThis.versionOfScript = 666;\n")


def older_list(site: CopiedSite) -> None:
    told(site.static, 9)
    site.hand_out(site.signed(replace(site.listed(1), version="0.0.9")))


def signed_by_somebody_else(site: CopiedSite) -> None:
    told(site.static, 2)
    pages = site.listed(2, ("anna.rossi", "carla.neri"))
    site.hand_out(site.signed(pages, "carla.neri", ("anna.rossi",)))


def signed_by_one(site: CopiedSite) -> None:
    told(site.static, 2)
    site.hand_out(site.signed(site.listed(2), approvers=()))


def refused_by_the_other(site: CopiedSite) -> None:
    told(site.static, 2)
    site.hand_out(site.signed(site.listed(2), decision=Decision.REFUSE))


def signed_too_long_ago(site: CopiedSite) -> None:
    told(site.static, 2)
    site.hand_out(site.signed(site.listed(2), age=32 * DAY))


def lacks_a_file(site: CopiedSite) -> None:
    site.release(2)
    (site.static / "assets" / "told-2.js").unlink()


def torn(site: CopiedSite) -> None:
    site.release(2)
    script = next(site.static.glob("assets/phone-*.js"))
    octets = script.read_bytes() + b"\n"
    pages = site.listed(3)
    changed = PageFile.of_octets(f"/assets/{script.name}", "text/javascript; charset=utf-8", octets)
    files = tuple(changed if each.path == changed.path else each for each in pages.files)
    site.hand_out(site.signed(replace(pages, files=files)))
    script.write_bytes(octets[: len(octets) // 2])


def no_list_at_all(site: CopiedSite) -> None:
    site.hand_out(b'{"proposal":{},"approvals":[]}')


WRONG: dict[str, tuple[Callable[[CopiedSite], None], str]] = {
    "an altered script": (altered_script, "another /assets/told-2.js than the one"),
    "an older list": (older_list, "offers list 1 of its pages, and list 1 is kept"),
    "a list signed by others": (signed_by_somebody_else, "none of those who may"),
    "a list that one officer signed": (signed_by_one, "0 of the 1 approvals"),
    "a list that the other refused": (refused_by_the_other, "0 of the 1 approvals"),
    "a list that has expired": (signed_too_long_ago, "expired"),
    "a list that lacks a file": (lacks_a_file, "failed here"),
    "a torn download": (torn, "it was cut off or altered"),
    "rubbish": (no_list_at_all, "An envelope has"),
}


@pytest.mark.parametrize("what", WRONG)
def test_the_installed_page_runs_on_unaltered_and_tells(
    steadfast: Visitor, built: Path, what: str
) -> None:
    falsify, sentence = WRONG[what]
    site = steadfast.site
    good = site.signed(site.listed(1))
    falsify(site)
    refuses(steadfast, sentence)
    shutil.copytree(built, site.static, dirs_exist_ok=True)
    site.hand_out(good)
    steadfast.open()
    assert steadfast.standing()["state"] == "installed", "an edge that mends itself is told too"


def test_another_guard_is_told(anna: Visitor) -> None:
    other_guard(anna.site)
    refuses(anna, "another /phone-worker.js than the one that was signed")


def refuses(anna: Visitor, sentence: str) -> None:
    """Start the page; see that it is the one installed, and says what it has refused."""
    anna.open()
    standing = anna.standing()
    assert standing["state"] == "refused", standing
    assert sentence in standing["sentence"]
    assert (standing["number"], anna.runs) == (1, 1)
    expect(anna.page.locator(".notice-bad")).to_contain_text(sentence)


def test_a_good_update_runs_from_the_next_start(anna: Visitor) -> None:
    anna.site.release(2)
    anna.open()
    standing = anna.standing()
    assert (standing["state"], standing["number"], standing["next"]) == ("installed", 1, 2)
    assert anna.runs == 1
    # The page that runs can still load what it was made of.
    loads = "async () => (await import('/assets/told-1.js')) && versionOfScript"
    assert anna.page.evaluate(loads) == 1
    anna.open()
    standing = anna.standing()
    assert (standing["state"], standing["number"], standing["next"]) == ("installed", 2, None)
    assert anna.runs == 2
    # Nothing old can be played again.
    anna.site.hand_out(anna.site.signed(anna.site.listed(1)))
    anna.open()
    assert anna.standing()["state"] == "refused"
    assert anna.runs == 2


def test_another_guard_comes_with_its_list_alone(anna: Visitor) -> None:
    other_guard(anna.site)
    anna.site.release(2)
    anna.open()
    assert anna.standing()["next"] == 2, anna.standing()
    anna.open()
    assert anna.standing()["state"] == "installed", anna.standing()
    assert anna.runs == 2


@pytest.mark.parametrize(
    "false",
    [
        "",
        "addEventListener('install', () => skipWaiting());",
        "addEventListener('install', () => skipWaiting());"
        "addEventListener('activate', (event) => event.waitUntil(clients.claim()));",
    ],
    ids=["waiting", "at once", "over the page"],
)
def test_a_guard_that_the_browser_alone_is_given_is_told(anna: Visitor, false: str) -> None:
    anna.site.false_guard = f"\n{false}// of the edge\n"
    anna.open()
    assert anna.runs == 1, "the page that runs is still the one that was signed"
    give_up = time.monotonic() + PATIENCE_MS / 1000
    while anna.standing()["state"] == "installed" and time.monotonic() < give_up:
        anna.page.wait_for_timeout(50)  # browsers look after their guard a while after the start
    assert "another guard" in anna.standing()["sentence"]


def test_signers_change_by_those_before_them(anna: Visitor) -> None:
    site = anna.site
    told(site.static, 2)
    pages = site.listed(2, ("bruno.verdi", "carla.neri", *OFFICERS[:1]))
    site.hand_out(site.signed(pages))
    anna.open()
    assert anna.standing()["next"] == 2
    told(site.static, 3)
    last = site.listed(3, ("bruno.verdi", "carla.neri"))
    site.hand_out(site.signed(last, "bruno.verdi", ("carla.neri",)))
    anna.open()
    assert anna.standing()["next"] == 3, anna.standing()


def test_an_edge_that_is_silent_is_no_sign_of_harm(anna: Visitor) -> None:
    anna.page.context.route("**/api/calls/**", lambda route: route.abort())
    anna.open()
    standing = anna.standing()
    assert standing["state"] == "installed"
    assert "does not answer" in standing["sentence"]


def test_a_reload_past_the_copy_is_told_as_fresh(anna: Visitor) -> None:
    session = anna.page.context.new_cdp_session(anna.page)
    with anna.page.expect_navigation():
        session.send("Page.reload", {"ignoreCache": True})
    anna.page.wait_for_function("() => 'pageStanding' in globalThis")
    if anna.page.evaluate("() => navigator.serviceWorker.controller !== null"):
        session.send("Network.enable")
        session.send("Network.setBypassServiceWorker", {"bypass": True})
        anna.open()
    standing = anna.standing()
    assert standing["state"] == "fresh", standing
    assert "did not come out of it" in standing["sentence"]


def test_a_file_that_was_damaged_on_the_device_is_never_shown(anna: Visitor) -> None:
    spoil = (
        "async () => { const done = (r) => new Promise((y, n) => {"
        " r.onsuccess = () => y(r.result); r.onerror = n; });"
        " const database = await done(indexedDB.open('baluardo-pages'));"
        " const files = database.transaction('files', 'readwrite').objectStore('files');"
        " for (const each of await done(files.getAll()))"
        "   { each.octets[0] ^= 1; await done(files.put(each)); }"
        " database.close(); }"
    )
    anna.page.evaluate(spoil)
    answer = anna.page.goto(anna.site.url)
    assert answer is not None
    assert answer.status == 500
    assert "was damaged" in answer.text()


def test_a_person_removes_the_copy(anna: Visitor) -> None:
    anna.site.release(2)
    anna.page.evaluate("() => removeCopy()")
    anna.open()
    standing = anna.standing()
    assert (standing["state"], standing["number"]) == ("fresh", None)
    assert anna.runs == 2, "served by the edge again"
