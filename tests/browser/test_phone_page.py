"""The page of the telephone: what it shows of calls, and what it asks of them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from browser_page import PATIENCE_MS, SOUND_FLAGS, opened, running_chromium
from phone_desk import PEOPLE, TUNNELLED, Authority, Desk, bundle, call_id, desk, phone_console
from playwright.sync_api import Browser, expect

NETWORK: Final = json.loads((Path(__file__).parent / "data/two_layers_answer.json").read_text())
"""What a site's edge answered that has two layers and two bearers."""
TURNED: Final = "Rossi \u202egpj.exe\u202c"
SCRIPT: Final = "<script>canary()</script>"
MINUTE_MS: Final = 60_000

expect.set_options(timeout=PATIENCE_MS / 3)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a Chromium with a microphone; skip by name where there is none."""
    with running_chromium(*SOUND_FLAGS) as browser:
        yield browser


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the page lies, built once."""
    return bundle(tmp_path_factory.mktemp("phone-page"))


@pytest.fixture
def authority() -> Authority:
    """Return an authority that is there, with Anna signed in."""
    network = json.loads(json.dumps(NETWORK))
    network["tunnels"][0]["peer"] = TUNNELLED
    return Authority(network=network)


@pytest.fixture
def url(built: Path, authority: Authority) -> Iterator[str]:
    """Return where the page is served."""
    with phone_console(built, authority) as address:
        yield address


@pytest.fixture
def anna(chromium: Browser, url: str) -> Iterator[Desk]:
    """Sit down as Anna; at the end nothing may have gone wrong on the page."""
    with desk(chromium, url) as made:
        expect(made.page.get_by_text("Chiara Neri")).to_be_visible()
        yield made


def test_people_of_the_directory_and_of_the_sites_stand_in_one_list(anna: Desk) -> None:
    rows = anna.page.locator(".phone-person")
    expect(rows).to_have_count(4)
    told = rows.all_inner_texts()
    assert "Bruno Verdi" in told[0]
    assert "reachable at Ship bergamini" in told[0]
    assert "dario.blu" in told[1]  # known by presence alone
    assert all("not reachable" in each for each in told[2:])
    anna.tell("connection", {"state": "waiting", "retryInS": 20})
    expect(rows.first).to_contain_text("not known")
    expect(anna.page.locator(".phone-connection")).to_contain_text("Edge not reached")
    expect(anna.page.locator(".phone-connection")).to_contain_text("again in")


def test_the_directory_stays_while_the_authority_is_away(anna: Desk, authority: Authority) -> None:
    page = anna.page
    authority.away = True
    anna.watched.page.reload()
    page.wait_for_selector(".phone-desk")
    expect(page.get_by_text("Chiara Neri")).to_be_visible()
    expect(page.locator(".phone-age")).to_contain_text("as this device saw it")
    kept = page.evaluate(
        "() => new Promise((done, failed) => {"
        " const asked = indexedDB.open('baluardo-trust');"
        " asked.onerror = failed;"
        " asked.onsuccess = () => { const all = asked.result.transaction('sealed')"
        ".objectStore('sealed').getAll(); all.onsuccess = () => done(all.result.map("
        "({name, sealed}) => [name, new TextDecoder('latin1').decode(sealed)])); }; })"
    )
    assert any("contacts" in name for name, _ in kept)
    assert all("Chiara" not in sealed and "chiara" not in sealed for _, sealed in kept)
    anna.watched.complaints[:] = [
        each for each in anna.watched.complaints if "status of 503" not in each
    ]


def test_by_keys_alone_somebody_is_found_and_called_with_a_precedence(anna: Desk) -> None:
    keyboard = anna.page.keyboard
    keyboard.press("/")
    keyboard.type("nicolo")
    keyboard.press("Enter")
    expect(anna.page.get_by_role("heading", name="Nicolò Bianchi")).to_be_focused()
    chosen = anna.page.get_by_role("radio", checked=True)
    keyboard.press("Tab")
    keyboard.press("Tab")
    expect(chosen).to_be_focused()
    keyboard.press("ArrowDown")
    keyboard.press("ArrowDown")
    expect(anna.page.get_by_role("radio", name="Immediate")).to_be_checked()
    override = anna.page.get_by_role("radio", name="Flash override")
    expect(override).to_be_disabled()  # above the ceiling that the authority told
    keyboard.press("Tab")
    keyboard.press("Space")
    keyboard.press("Tab")
    keyboard.press("Enter")
    assert anna.asked == [["dial", "nicolo.bianchi", "immediate", True]]


def test_somebody_is_found_by_their_number(anna: Desk) -> None:
    anna.page.fill("#phone-search", "06 6779")
    expect(anna.page.locator(".phone-person")).to_have_count(1)
    anna.page.get_by_role("button", name="Call Chiara Neri, routine").click()
    assert anna.asked == [["dial", "chiara.neri", "routine", False]]


def test_a_call_that_rings_is_seen_read_out_and_answered_by_a_key(anna: Desk) -> None:
    anna.talks({"call": call_id(1), "precedence": "flash"})
    expect(anna.page.get_by_role("alert").first).to_contain_text("Flash call from Bruno Verdi.")
    expect(anna.page).to_have_title("☎ Flash: Bruno Verdi calls")
    assert "ringing" in anna.page.locator("link[rel=icon]").get_attribute("href") or ""
    card = anna.call()
    expect(card).to_contain_text("Flash")
    expect(card.locator("svg.sign-flash")).to_be_visible()
    anna.page.keyboard.press("a")
    anna.talks({"call": call_id(1), "state": "talking", "answeredAt": anna.now() - 65_000})
    expect(card.get_by_role("timer")).to_have_text(re.compile(r"1:0\d"))
    anna.page.keyboard.press("m")
    anna.page.keyboard.press("h")
    anna.page.keyboard.press("e")
    call = call_id(1)
    assert anna.asked == [["answer", call], ["mute", call, True], ["hold", call], ["end", call]]
    expect(anna.page).not_to_have_title(re.compile("calls"))


def test_keys_do_nothing_while_somebody_writes_or_has_switched_them_off(anna: Desk) -> None:
    anna.talks({"call": call_id(1)})
    anna.page.fill("#phone-search", "")
    anna.page.keyboard.type("ae")
    assert anna.asked == []
    anna.page.keyboard.press("Escape")
    anna.page.get_by_role("heading", level=1).click()
    anna.page.keyboard.press("?")
    expect(anna.page.get_by_role("dialog")).to_contain_text("only while they are all at the same")
    switch = anna.page.get_by_label("Shortcuts by single keys")
    anna.page.keyboard.press("a")
    switch.uncheck()
    anna.page.keyboard.press("Escape")
    anna.page.keyboard.press("a")
    assert anna.asked == []


def test_answering_a_second_call_puts_the_first_on_hold(anna: Desk) -> None:
    talking = {"call": call_id(1), "state": "talking", "answeredAt": anna.now()}
    anna.talks(talking, {"call": call_id(2), "person": "chiara.neri", "precedence": "priority"})
    anna.page.get_by_role("button", name="Hold and answer").click()
    assert anna.asked == [["hold", call_id(1)], ["answer", call_id(2)]]
    second = {**talking, "call": call_id(2), "person": "chiara.neri"}
    anna.talks({**talking, "heldHere": True}, second)
    expect(anna.call(1)).to_contain_text("On hold, by you")
    anna.call(1).get_by_role("button", name="Hold").click()
    assert anna.asked[2:] == [["hold", call_id(2)], ["resume", call_id(1)]]
    anna.talks({**talking, "heldHere": True, "heldThere": True}, second)
    expect(anna.call(1)).to_contain_text("On hold, by both")


def test_a_refusal_is_told_to_who_calls(anna: Desk) -> None:
    anna.talks({"call": call_id(1), "emergency": True})
    expect(anna.page.get_by_role("alert").first).to_contain_text("EMERGENCY call from Bruno Verdi")
    anna.call().get_by_role("button", name="Refuse").click()
    assert anna.asked == [["refuse", call_id(1), "declined"]]


def test_a_call_that_had_to_yield_stays_in_sight_and_says_why(anna: Desk) -> None:
    ended = anna.now() - 10 * MINUTE_MS
    over = {"state": "over", "answeredAt": ended - 9_000, "endedAt": ended, "side": "caller"}
    anna.talks(
        {"call": call_id(1), **over, "cause": "pre-empted reserved"},
        {"call": call_id(2), **over, "cause": "hung up"},
    )
    expect(anna.call(1).locator(".notice-bad")).to_contain_text("Made to yield")
    expect(anna.call(1)).to_contain_text("yielded its room to a more urgent one")
    expect(anna.call(2)).to_have_count(0)
    anna.call(1).get_by_role("button", name="Dismiss").click()
    expect(anna.call(1)).to_have_count(0)


def test_the_sheet_of_a_call_says_who_how_and_what_is_not_protected(anna: Desk) -> None:
    answered = {"state": "talking", "answeredAt": anna.now(), "secured": True}
    anna.talks({"call": call_id(1), **answered})
    anna.call().get_by_role("button", name="Details").click()
    sheet = anna.page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", level=2)).to_contain_text("Bruno Verdi")
    expect(sheet).to_contain_text("bruno.verdi / phone")
    assert sheet.locator(".safety li").all_inner_texts() == [
        "04821", "77310", "19264", "50087", "66120", "93345", "27718", "40951",
    ]  # fmt: skip
    expect(sheet.get_by_role("img", name=re.compile("^Fingerprint: 0007 0e15"))).to_be_visible()
    expect(sheet).to_contain_text("entry 41, proven to this browser (witnessed by Office rome)")
    expect(sheet).to_contain_text("eu-hybrid")
    expect(sheet).to_contain_text("Tunnel to Ship bergamini")
    expect(sheet).to_contain_text("WireGuard, and IPsec within it")
    expect(sheet).to_contain_text("This page was served by Office rome: it is trusted.")
    expect(sheet).to_contain_text("This site's edge is the only witness of the log")
    expect(sheet).to_contain_text("Keys are believed at first sight")
    expect(sheet).to_contain_text("Operators of the links see when a call passes")
    expect(sheet).not_to_contain_text("is past its end")
    anna.page.keyboard.press("Escape")
    expect(anna.call().get_by_role("button", name="Details")).to_be_focused()
    anna.talks({"call": call_id(2), **answered, "grace": True})
    anna.call(2).get_by_role("button", name="Details").click()
    expect(sheet).to_contain_text("The certificate at the other end is past its end")


def test_the_sheet_names_the_satellite_of_the_moment_where_somebody_tells_it(
    anna: Desk, authority: Authority
) -> None:
    assert authority.network is not None
    bearers = authority.network["bearers"]
    serving = {"told": True, "name": "STARLINK-30123", "slot": 1_773_480_012.0, "left_s": 600.0}
    anna.talks({"call": call_id(1), "state": "talking", "answeredAt": anna.now(), "secured": True})
    anna.call().get_by_role("button", name="Details").click()
    sheet = anna.page.get_by_role("dialog")
    expect(sheet).to_contain_text("Tunnel to Ship bergamini")
    expect(sheet).not_to_contain_text("atellite")  # over a bearer that needs none
    for told, words in (
        (serving, "satellite STARLINK-30123 (observed) in the slot from 10:20:12"),
        ({**serving, "left_s": 0.0}, "not told of this moment"),
        ({**serving, "name": None}, "none in this slot (observed)"),
        ({"told": False, "name": None, "slot": None, "left_s": None}, "not told by the operator"),
    ):
        for bearer in bearers:
            bearer["satellite"] = told
        expect(sheet).to_contain_text(words)


def test_calls_that_rang_nowhere_stand_among_the_missed_ones_once_and_the_edge_is_told(
    anna: Desk,
) -> None:
    missed = [
        {
            "call": call_id(number),
            "caller": "person/bruno.verdi",
            "at": int(anna.now() / 1000) - 60 * number,
            "precedence": precedence,
            "emergency": False,
        }
        for number, precedence in ((1, "routine"), (2, "flash"))
    ]
    noted = ["noted", call_id(1), call_id(2)]
    for times in (1, 2):  # the edge did not hear it, and tells them again
        anna.tell("missed", missed)
        anna.page.wait_for_function(
            "([noted, times]) => told.asked.filter((each) => "
            "JSON.stringify(each) === JSON.stringify(noted)).length === times",
            arg=[noted, times],
        )
        expect(anna.page).to_have_title(re.compile(r"^\(2\) Telephone"))
    anna.page.get_by_role("tab", name="Recent").click()
    rows = anna.page.locator(".past")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("Bruno Verdi")
    expect(rows.filter(has_text="Missed")).to_have_count(2)
    anna.page.reload()
    expect(anna.page.locator(".phone-desk")).to_be_visible()
    anna.page.get_by_role("tab", name="Recent").click()
    expect(rows).to_have_count(2)


def test_missed_calls_are_counted_until_they_are_looked_at_and_outlive_the_page(
    anna: Desk,
) -> None:
    began = anna.now() - 5 * MINUTE_MS
    over = {"state": "over", "beganAt": began, "endedAt": began + 60_000}
    anna.talks(
        {"call": call_id(1), **over, "cause": "no answer"},
        {"call": call_id(2), **over, "cause": "declined"},
        {"call": call_id(3), **over, "side": "caller", "cause": "nobody there"},
    )
    expect(anna.page).to_have_title(re.compile(r"^\(1\) Telephone"))
    anna.page.reload()
    expect(anna.page).to_have_title(re.compile(r"^\(1\) Telephone"))
    anna.page.get_by_role("tab", name="Recent").click()
    rows = anna.page.locator(".past")
    expect(rows).to_have_count(3)
    expect(rows.filter(has_text="Missed")).to_have_count(1)
    expect(rows.filter(has_text="no device connected")).to_have_count(1)
    anna.page.get_by_role("tab", name="People").click()
    expect(anna.page).to_have_title(re.compile(r"^Telephone"))
    anna.page.get_by_role("tab", name="Recent").click()
    anna.page.get_by_role("button", name="Delete all").click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Delete all").click()
    expect(rows).to_have_count(0)
    anna.page.reload()
    anna.page.get_by_role("tab", name="Recent").click()
    expect(anna.page.get_by_text("No calls yet")).to_be_visible()


@pytest.mark.parametrize(("keys", "leads"), [("none", "/me"), ("waiting", "/me")])
def test_a_browser_without_a_key_is_led_to_where_it_gets_one(
    chromium: Browser, url: str, keys: str, leads: str
) -> None:
    with opened(chromium, "about:blank") as watched:
        watched.own = url
        watched.page.goto(f"{url}?keys={keys}")
        link = watched.page.get_by_role("link", name="Add this browser")
        expect(link).to_have_attribute("href", leads)
        expect(watched.page.locator("main")).to_contain_text(
            "A key waits here" if keys == "waiting" else "has a key of its own"
        )
        assert watched.complaints == []


def test_a_telephone_that_another_page_has_taken_can_be_taken_back(anna: Desk) -> None:
    anna.tell("connection", {"state": "replaced"})
    expect(anna.page.get_by_text("A device rings in one place.")).to_be_visible()
    anna.page.get_by_role("button", name="Take over here").click()
    expect(anna.page.locator(".phone-desk")).to_be_visible()


def test_what_others_wrote_stays_text(anna: Desk, authority: Authority) -> None:
    authority.directory = [*PEOPLE, ("eva.viola", f"{SCRIPT}{TURNED}", SCRIPT)]
    anna.page.reload()
    anna.page.wait_for_selector(".phone-desk")
    anna.page.fill("#phone-search", "eva")
    row = anna.page.locator(".phone-person")
    expect(row).to_contain_text(SCRIPT)
    row.click()
    anna.tell("problem", {"what": "edge", "sentence": f"{SCRIPT} {TURNED}"})
    anna.talks({"call": call_id(1), "person": "eva.viola"})
    expect(anna.page.locator(".notice bdi")).to_have_text(f"{SCRIPT} {TURNED}")
    assert anna.page.locator("main script").count() == 0
    assert anna.page.locator("bdi").filter(has_text=TURNED).count() >= 3


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_both_languages_fit_in_both_themes(
    chromium: Browser, url: str, width: int, scheme: str
) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with desk(chromium, url, **view, reduced_motion="reduce") as made:
        page = made.page
        now = made.now()
        talking = {"state": "talking", "answeredAt": now, "secured": True, "muted": True}
        made.talks(
            {"call": call_id(1), "precedence": "flash-override", "emergency": True},
            {"call": call_id(2), "person": "chiara.neri", **talking, "quality": {"mos": 3.2}},
            {"call": call_id(3), "state": "over", "endedAt": now, "cause": "pre-empted by path"},
        )
        page.locator(".phone-person").first.click()
        for title in ("Telephone", "Telefono"):
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            for wide in ("document.documentElement", "document.querySelector('.authority-scroll')"):
                assert made.watched.number(f"{wide}.scrollWidth - {wide}.clientWidth") <= 0, title
            made.call(2).locator(".call-protection .link").click()
            sheet = "document.querySelector('dialog')"
            assert made.watched.number(f"{sheet}.scrollWidth - {sheet}.clientWidth") <= 0, title
            page.keyboard.press("Escape")
            small = page.evaluate(
                "() => [...document.querySelectorAll('.act, .phone-call-now')]"
                ".map(each => each.getBoundingClientRect()).filter(box => box.height < 44).length"
            )
            assert small == 0
            animated = "getComputedStyle(document.querySelector('.call-rings')).animationName"
            assert page.evaluate(f"() => {animated}") == "none"
            page.locator("#language-switch").click()


def test_only_our_own_pages_may_ask_for_the_microphone(chromium: Browser, url: str) -> None:
    with opened(chromium, "about:blank") as watched:
        answer = watched.page.goto(url)
        assert answer is not None
        policy = answer.headers["permissions-policy"].split(", ")
        assert "microphone=(self)" in policy
        assert "camera=()" in policy
        features = "document.featurePolicy.allowsFeature"
        assert watched.page.evaluate(f"() => {features}('microphone')")
        assert not watched.page.evaluate(f"() => {features}('camera')")
