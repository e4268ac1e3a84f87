"""The telephone's page with written messages: what it shows of them, and what it asks of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from browser_page import PATIENCE_MS, SOUND_FLAGS, running_chromium
from phone_desk import PEOPLE, Authority, Desk, bundle, call_id, desk, phone_console
from playwright.sync_api import Browser, Locator, expect

NARROW: Final = {"viewport": {"width": 360, "height": 740}}
BRUNO: Final = "bruno.verdi"
TURNED: Final = "Rossi \u202egpj.exe\u202c"
SCRIPT: Final = "<img src=x onerror=canary()><script>canary()</script>"
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
LONGEST: Final = 4_000
"""Characters of a text, at most."""

expect.set_options(timeout=PATIENCE_MS / 3)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a Chromium that sounds into nothing; skip by name where there is none."""
    with running_chromium(*SOUND_FLAGS) as browser:
        yield browser


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the page lies, built once."""
    return bundle(tmp_path_factory.mktemp("messages-page"))


@pytest.fixture
def authority() -> Authority:
    """Return an authority that is there, with Anna signed in."""
    return Authority()


@pytest.fixture
def url(built: Path, authority: Authority) -> Iterator[str]:
    """Return where the page is served."""
    with phone_console(built, authority) as address:
        yield address


@pytest.fixture
def anna(chromium: Browser, url: str) -> Iterator[Desk]:
    """Sit down as Anna before a wide screen; at the end nothing may have gone wrong on it."""
    with desk(chromium, url) as made:
        expect(made.page.get_by_text("Chiara Neri")).to_be_visible()
        yield made


@pytest.fixture
def pocket(chromium: Browser, url: str) -> Iterator[Desk]:
    """Hold a telephone as Anna; at the end nothing may have gone wrong on it."""
    with desk(chromium, url, **NARROW) as made:
        expect(made.page.get_by_text("Chiara Neri")).to_be_visible()
        yield made


def wrote(who: Desk, *entries: dict[str, Any], person: str = BRUNO) -> None:
    """Put entries at the end of the conversation with somebody."""
    who.tell("wrote", [person, list(entries)])


def state(who: Desk, text: str, now: str, problem: str = "") -> None:
    """Say how far the own text with these words has come."""
    who.page.evaluate(
        "([person, text, state, problem]) => { const { id } = told.letters.of(person).entries"
        ".find(each => each.text === text); told.letters.state(person, id, state, problem); }",
        [BRUNO, text, now, problem],
    )


def opened(who: Desk, name: str = "Bruno Verdi") -> Locator:
    """Open the conversation with somebody from the directory."""
    who.page.get_by_role("button", name=f"Write to {name}").first.click()
    thread = who.page.locator(".thread")
    expect(thread.get_by_role("heading", level=2)).to_have_text(name)
    return thread


def field(who: Desk) -> Locator:
    """Return where one writes."""
    return who.page.locator(".composer textarea")


def asked(who: Desk, what: str) -> list[list[Any]]:
    """Return what of this the page has asked for so far."""
    return [each[1:] for each in who.asked if each[0] == what]


def unseen_by_anybody(who: Desk, away: bool) -> None:
    """Let the page believe that nobody looks at it, or that somebody does again."""
    who.page.evaluate(
        "away => { for (const [name, value] of [['hidden', away],"
        " ['visibilityState', away ? 'hidden' : 'visible']])"
        " Object.defineProperty(document, name, { value, configurable: true });"
        " document.hasFocus = () => !away;"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        away,
    )


def gap(who: Desk) -> float:
    """Return how far the conversation stands above its end, CSS pixels."""
    return who.watched.number(
        "(box => box.scrollHeight - box.scrollTop - box.clientHeight)"
        "(document.querySelector('.thread-box'))"
    )


def test_the_list_tells_with_whom_what_was_last_and_how_much_is_unread(anna: Desk) -> None:
    now = anna.now()
    wrote(anna, {"text": "One\nof two"}, {"text": "Two\nof two"})
    own = {"mine": True, "state": "delivered", "text": "Good night", "at": now - 5 * DAY_MS}
    wrote(anna, own, person="chiara.neri")
    expect(anna.page).to_have_title(re.compile(r"^\(2\) Telephone"))
    tab = anna.page.get_by_role("tab", name="Messages")
    expect(tab).to_have_text("Messages2")
    tab.click()
    rows = anna.page.locator(".conversation")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Bruno Verdi")
    expect(rows.nth(0)).to_contain_text("Two of two")
    expect(rows.nth(0)).to_contain_text("2 unread")
    expect(rows.nth(1)).to_contain_text("You: Good night")
    expect(rows.nth(1)).to_contain_text("Delivered")
    rows.nth(0).click()
    expect(tab).to_have_text("Messages")
    expect(anna.page).to_have_title(re.compile(r"^Telephone"))
    expect(rows.nth(0)).to_have_attribute("aria-current", "true")


def test_enter_sends_and_what_is_only_composed_is_not_sent(anna: Desk) -> None:
    opened(anna)
    expect(field(anna)).to_be_focused()
    keyboard = anna.page.keyboard
    keyboard.press("Enter")
    keyboard.type("first")
    keyboard.press("Shift+Enter")
    keyboard.type("second ")
    composing = (
        "each => each.dispatchEvent(new KeyboardEvent('keydown',"
        " { key: 'Enter', isComposing: true, bubbles: true, cancelable: true }))"
    )
    assert field(anna).evaluate(composing) is True  # the browser may do with it what it does
    assert asked(anna, "send") == []
    keyboard.press("Enter")
    assert asked(anna, "send") == [[BRUNO, "first\nsecond"]]
    expect(field(anna)).to_have_value("")
    expect(field(anna)).to_be_focused()
    expect(anna.page.locator(".text-mine .text-words")).to_have_text("first\nsecond")


def test_each_state_of_a_text_has_its_shape_and_its_word(anna: Desk) -> None:
    thread = opened(anna)
    wrote(anna, {"mine": True, "text": "one", "state": "waiting"})
    mark = thread.locator(".text-mine .text-state")
    shapes = set()
    for word in ("waiting", "sent", "delivered", "read"):
        state(anna, "one", word)
        expect(mark).to_have_text(word.capitalize())
        shapes.add(mark.locator("path").get_attribute("d"))
    assert len(shapes) == 4
    state(anna, "one", "failed", "The mailbox of the other side is full.")
    failed = thread.locator(".text-failed")
    expect(failed).to_contain_text("Not sent")
    expect(failed).to_contain_text("The mailbox of the other side is full.")
    failed.get_by_role("button", name="Try again").click()
    [[person, _]] = asked(anna, "again")
    assert person == BRUNO
    expect(mark).to_have_text("Waiting")
    wrote(anna, {"text": "answer", "device": "tablet"})
    expect(mark.locator("span")).to_have_class("unseen")  # the newest alone is told in a word
    bubble = thread.locator(".text-theirs .text-bubble")
    expect(bubble).to_have_attribute("title", re.compile("Bruno Verdi.*, tablet, "))
    expect(bubble.locator(".unseen")).to_have_text("Bruno Verdi: ")


def test_texts_are_read_only_where_somebody_sees_them(anna: Desk) -> None:
    unseen_by_anybody(anna, True)
    wrote(anna, *({"text": f"old {number}", "state": "read"} for number in range(40)))
    thread = opened(anna)
    wrote(anna, {"text": "not seen"})
    expect(thread.get_by_text("not seen")).to_be_visible()
    expect(anna.page).to_have_title(re.compile(r"^\(1\)"))
    assert asked(anna, "read") == []
    unseen_by_anybody(anna, False)
    expect(anna.page).to_have_title(re.compile(r"^Telephone"))
    assert asked(anna, "read") == [[BRUNO]]
    anna.page.locator(".thread-box").evaluate("box => { box.scrollTop = 0; }")
    expect(thread.get_by_text("old 0", exact=True)).to_be_in_viewport()
    wrote(anna, {"text": "below"})
    more = thread.get_by_role("button", name="New messages")
    expect(more).to_be_visible()
    assert asked(anna, "read") == [[BRUNO]]
    more.click()
    expect(thread.get_by_text("below")).to_be_in_viewport()
    expect(more).to_have_count(0)
    anna.watched.wait("told.asked.filter(([what]) => what === 'read').length === 2")
    anna.page.get_by_role("button", name="Call Bruno Verdi", exact=True).click()
    wrote(anna, {"text": "while the dial panel is open"})
    expect(anna.page).to_have_title(re.compile(r"^\(1\)"))


def test_calls_that_have_ended_do_not_push_a_conversation_off_the_screen(anna: Desk) -> None:
    over = {"state": "over", "answeredAt": anna.now(), "endedAt": anna.now(), "cause": "hung up"}
    anna.talks(*({"call": call_id(number), "secured": True, **over} for number in (1, 2)))
    expect(anna.page.locator(".call")).to_have_count(2)
    wrote(anna, {"text": "after the calls"})
    thread = opened(anna)
    expect(thread.get_by_text("after the calls")).to_be_in_viewport(ratio=1)
    anna.watched.wait("told.asked.some(([what]) => what === 'read')")
    lines = anna.page.locator(".phone-calls > .card").evaluate_all(
        "cards => cards.map(({ classList }) => classList.contains('thread'))"
    )
    assert lines == [True, False, False]
    # A call that goes on stands above it.
    anna.talks({"call": call_id(3), "secured": True, "state": "talking"})
    expect(anna.page.locator(".phone-calls > .card").first).to_have_class(re.compile("call"))


def test_one_writes_from_a_call_and_calls_from_a_conversation(anna: Desk) -> None:
    page = anna.page
    talking = {"state": "talking", "answeredAt": anna.now(), "secured": True}
    anna.talks({"call": call_id(1), "person": "chiara.neri", **talking})
    anna.call().get_by_role("button", name="Write to Chiara Neri").click()
    expect(field(anna)).to_be_focused()
    field(anna).fill("not yet")
    page.get_by_role("button", name="Call Chiara Neri", exact=True).click()
    expect(page.get_by_role("heading", name="Chiara Neri", level=2)).to_be_focused()
    page.get_by_role("button", name="Close").click()
    expect(field(anna)).to_have_value("not yet")
    expect(field(anna)).to_be_focused()
    anna.talks()
    page.get_by_role("button", name="Call Chiara Neri", exact=True).click()
    page.get_by_role("radio", name="Flash Alert").check()
    page.get_by_role("button", name="Call", exact=True).click()
    assert asked(anna, "dial") == [["chiara.neri", "flash", False]]
    expect(field(anna)).to_have_value("not yet")
    page.locator(".phone-person").first.click()
    page.locator(".dial").get_by_role("button", name="Write").click()
    expect(page.locator(".thread h2")).to_have_text("Bruno Verdi")
    expect(field(anna)).to_have_value("")


def test_days_and_changes_of_keys_stand_between_the_texts(anna: Desk) -> None:
    now = anna.now()
    wrote(
        anna,
        {"text": "old", "at": now - 400 * DAY_MS, "state": "read"},
        {"kind": "change", "what": "added", "device": "tablet", "at": now},
        {"kind": "change", "what": "new keys", "device": "phone", "at": now},
        {"kind": "change", "what": "removed", "person": "anna.rossi", "device": "old", "at": now},
        {"text": "news", "at": now},
    )
    thread = opened(anna)
    days = thread.get_by_role("heading", level=3)
    expect(days).to_have_count(2)
    expect(days.nth(0)).to_have_text(re.compile(r"^\w+day, \d+ \w+ 20\d\d$"))
    expect(days.nth(1)).to_have_text("Today")
    assert thread.locator(".thread-change").all_inner_texts() == [
        "Bruno Verdi now also writes from tablet",
        "Bruno Verdi has new keys on phone: compare the safety number",
        "You write from old no more",
    ]
    expect(thread.locator(".thread-unread")).to_have_text("New")


def test_the_sheet_says_who_can_read_what_is_seen_and_erases(anna: Desk) -> None:
    wrote(anna, {"text": "secret"})
    opened(anna)
    protection = anna.page.get_by_role("button", name="How this conversation is protected")
    protection.click()
    sheet = anna.page.get_by_role("dialog")
    expect(sheet.get_by_role("heading", level=2)).to_contain_text("Bruno Verdi")
    assert sheet.locator(".safety li").all_inner_texts() == [
        "04821", "77310", "19264", "50087", "66120", "93345", "27718", "40951",
    ]  # fmt: skip
    assert sheet.locator(".member-devices").all_inner_texts() == [
        "phone",
        "laptop (this one)\ntablet",
    ]
    for told in ("eu-hybrid", "for 30 days at most", "a size in steps", "served by Office rome"):
        expect(sheet).to_contain_text(told)
    sheet.get_by_role("button", name="Delete the conversation").click()
    anna.page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    assert asked(anna, "erase") == []
    expect(protection).to_be_focused()
    protection.click()
    sheet.get_by_role("button", name="Delete the conversation").click()
    expect(sheet).to_contain_text("the other side keep theirs")
    sheet.get_by_role("button", name="Delete the conversation").click()
    assert asked(anna, "erase") == [[BRUNO]]
    expect(anna.page.locator(".thread")).to_have_count(0)
    expect(anna.page.locator(f"[data-writes='{BRUNO}']")).to_be_focused()


def test_that_nothing_leaves_is_said_where_one_writes_and_in_the_list(anna: Desk) -> None:
    anna.page.evaluate("() => told.letters.trouble('The authority is out of reach.')")
    anna.page.get_by_role("tab", name="Messages").click()
    notice = anna.page.locator(".held .notice")
    expect(notice).to_contain_text("The authority is out of reach.")
    anna.page.get_by_role("tab", name="People").click()
    opened(anna)
    expect(notice).to_have_count(1)
    expect(notice).to_contain_text("kept here, sealed")
    anna.page.evaluate("() => told.letters.trouble('')")
    expect(notice).to_have_count(0)


def test_a_new_text_is_read_out_and_heard_unless_one_looks_at_it(anna: Desk) -> None:
    anna.page.evaluate(
        "() => { const made = window.heard = []; const start = OscillatorNode.prototype.start;"
        " OscillatorNode.prototype.start = function (at) {"
        " made.push(this.frequency.value); return start.call(this, at); }; }"
    )
    anna.page.get_by_role("heading", level=1).click()
    said = anna.page.locator("[data-said=texts]")
    expect(said).to_have_text("")
    wrote(anna, {"text": "Are you\nthere?"})  # may find the browser's sound still opening
    expect(said).to_have_text("Bruno Verdi: Are you there?")
    anna.page.wait_for_timeout(2_100)  # sounds nearer to each other are one
    wrote(anna, {"text": "a"}, {"text": "b"})
    expect(said).to_have_text("Bruno Verdi: 2 new messages")
    anna.watched.wait("window.heard.includes(880)")
    assert set(anna.page.evaluate("() => heard")) == {660, 880}
    anna.page.get_by_role("button", name="Sound").click()
    anna.page.get_by_label("A soft tone for new messages").uncheck()
    anna.page.keyboard.press("Escape")
    count = anna.page.evaluate("() => heard.length")
    anna.page.wait_for_timeout(2_100)
    wrote(anna, {"text": "unheard"})
    expect(said).to_have_text("Bruno Verdi: unheard")
    wrote(anna, {"mine": True, "text": "own"})
    assert anna.page.evaluate("() => heard.length") == count
    expect(said).to_have_text("Bruno Verdi: unheard")


def test_in_the_background_the_browser_tells_who_has_written_and_not_what(
    chromium: Browser, url: str
) -> None:
    with desk(chromium, url) as made:
        made.page.evaluate(
            "() => { window.shown = []; window.Notification = class {"
            " static permission = 'granted'; static async requestPermission() { return 'granted'; }"
            " constructor(title, { tag, body }) { Object.assign(this, { title, tag, body });"
            " shown.push(this); } close() { this.closed = true; } }; }"
        )
        made.page.get_by_role("button", name="Sound").click()
        made.page.get_by_label("Tell me of calls and texts").check()
        made.page.keyboard.press("Escape")
        wrote(made, {"text": "seen"})
        unseen_by_anybody(made, True)
        wrote(made, {"text": "secret"})
        told = made.page.evaluate("() => shown.map(({ title, body }) => [title, body ?? ''])")
        assert told == [["Bruno Verdi has written", ""]]
        made.page.evaluate("() => { shown[0].onclick(); }")
        unseen_by_anybody(made, False)
        expect(made.page.locator(".thread")).to_contain_text("secret")
        made.watched.wait("shown[0].closed === true")


def test_list_and_conversation_stand_one_after_the_other_on_a_telephone(pocket: Desk) -> None:
    page = pocket.page
    wrote(pocket, {"text": "hello"})
    page.get_by_role("tab", name="Messages").click()
    row = page.locator(".conversation")
    row.click()
    expect(field(pocket)).to_be_focused()
    expect(row).to_be_hidden()
    page.keyboard.press("Escape")
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Back to the list").click()
    expect(row).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="How this conversation is protected").click()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(field(pocket)).to_be_visible()
    pocket.talks({"call": call_id(1), "person": "chiara.neri"})
    expect(pocket.call().get_by_role("button", name="Answer")).to_be_in_viewport(ratio=1)
    expect(field(pocket)).to_be_visible()
    talking = {"state": "talking", "answeredAt": pocket.now(), "secured": True}
    pocket.talks({"call": call_id(2), "person": "dario.blu", **talking})
    page.locator(".phone-calls").evaluate("cards => { cards.scrollTop = cards.scrollHeight; }")
    pocket.talks(
        {"call": call_id(2), "person": "dario.blu", **talking},
        {"call": call_id(3), "person": "chiara.neri"},
    )
    expect(pocket.call(3).get_by_role("heading")).to_be_in_viewport(ratio=1)
    pocket.talks()
    page.set_viewport_size({"width": 1280, "height": 800})
    field(pocket).press("Escape")
    expect(field(pocket)).to_be_visible()
    page.get_by_role("button", name="Close").click()
    expect(row).to_be_focused()


def test_of_two_thousand_texts_a_hundred_are_shown_and_earlier_ones_on_request(
    anna: Desk,
) -> None:
    many = ({"text": f"text {number}", "state": "read"} for number in range(2_000))
    wrote(anna, *many)
    thread = opened(anna)
    texts = thread.locator(".text")
    expect(texts).to_have_count(100)
    expect(thread.get_by_text("text 1999", exact=True)).to_be_in_viewport()
    box = thread.locator(".thread-box")
    box.evaluate("box => { box.scrollTop = 0; }")
    seen = thread.get_by_text("text 1900", exact=True)
    before = seen.bounding_box()
    thread.get_by_role("button", name="Earlier messages").click()
    expect(texts).to_have_count(200)
    after = seen.bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 60  # the button and the day above it have moved
    assert box.evaluate("box => box.scrollTop") > 0
    box.evaluate("box => { box.scrollTop = box.scrollHeight; }")
    wrote(anna, {"text": "text 2000"})
    expect(thread.get_by_text("text 2000", exact=True)).to_be_in_viewport()
    field(anna).fill("\n".join("abcdefgh"))
    anna.watched.wait("document.querySelector('.composer textarea').clientHeight > 100")
    expect(thread.get_by_text("text 2000", exact=True)).to_be_in_viewport(ratio=1)
    assert gap(anna) < 2


def test_what_is_too_long_is_counted_and_kept_and_not_sent(anna: Desk) -> None:
    opened(anna)
    count = anna.page.locator(".composer-count")
    field(anna).fill("\U0001f600" * (LONGEST - 400))
    expect(count).to_have_text("3,600 / 4,000")
    field(anna).fill("é" * (LONGEST + 1))
    expect(count).to_contain_text("4,001 of 4,000 characters: too long")
    expect(anna.page.get_by_role("button", name="Send")).to_be_disabled()
    field(anna).press("Enter")
    assert asked(anna, "send") == []
    assert len(field(anna).input_value()) == LONGEST + 1
    field(anna).fill("e\u0301" * LONGEST)
    expect(count).to_have_text("4,000 / 4,000")
    anna.page.get_by_role("button", name="Send").click()
    assert asked(anna, "send") == [[BRUNO, "é" * LONGEST]]
    expect(field(anna)).to_be_focused()


def test_a_text_that_is_not_taken_stays_where_it_was_typed(anna: Desk) -> None:
    opened(anna)
    anna.page.evaluate("() => { told.letters.send = () => { throw new Error('no'); }; }")
    field(anna).fill("keep me")
    field(anna).press("Enter")
    expect(anna.page.locator(".toast-problem")).to_contain_text("was not taken")
    expect(field(anna)).to_have_value("keep me")


def test_a_text_that_could_not_be_kept_comes_back_to_where_it_was_typed(anna: Desk) -> None:
    thread = opened(anna)
    anna.page.evaluate(
        "() => { told.letters.send = (person, text, lost) => { told.lose = lost; return ''; }; }"
    )
    field(anna).fill("keep me")
    field(anna).press("Enter")
    expect(field(anna)).to_have_value("")
    field(anna).fill("and this")
    anna.page.evaluate("() => told.lose()")
    expect(anna.page.locator(".toast-problem")).to_contain_text("could not keep your text")
    expect(field(anna)).to_have_value("keep me\nand this")
    # Also where the conversation was left meanwhile.
    field(anna).press("Enter")
    thread.get_by_role("button", name="Close").click()
    anna.page.evaluate("() => told.lose()")
    opened(anna)
    expect(field(anna)).to_have_value("keep me\nand this")


def test_what_somebody_wrote_stays_text(anna: Desk, authority: Authority) -> None:
    authority.directory = [*PEOPLE, ("eva.viola", f"{SCRIPT}{TURNED}", "1")]
    anna.page.reload()
    anna.page.wait_for_selector(".phone-desk")
    expect(anna.page.get_by_text("exe")).to_be_visible()
    words = f"{SCRIPT} https://example.invalid/ {TURNED}"
    wrote(anna, {"text": words, "device": SCRIPT}, person="eva.viola")
    expect(anna.page.locator("[data-said=texts]")).to_contain_text(SCRIPT)
    anna.page.get_by_role("tab", name="Messages").click()
    anna.page.locator(".conversation").click()
    expect(anna.page.locator(".text-words")).to_have_text(words)
    wrote(anna, {"kind": "change", "device": SCRIPT}, person="eva.viola")
    expect(anna.page.locator(".thread-change bdi")).to_contain_text(SCRIPT)
    assert anna.page.locator("main script, main img, .thread a").count() == 0
    isolated = "getComputedStyle(document.querySelector('.text-words')).unicodeBidi"
    assert anna.page.evaluate(f"() => {isolated}") == "plaintext"


def test_by_keys_alone_one_finds_somebody_writes_and_reads_back(anna: Desk) -> None:
    wrote(anna, *({"text": f"text {number}", "state": "read"} for number in range(60)))
    keyboard = anna.page.keyboard
    keyboard.press("/")
    keyboard.type("bruno")
    for _ in range(2):
        keyboard.press("Tab")
    expect(anna.page.get_by_role("button", name="Write to Bruno Verdi")).to_be_focused()
    keyboard.press("Enter")
    expect(field(anna)).to_be_focused()
    keyboard.type("/ and ? and a are letters here")
    keyboard.press("Enter")
    assert asked(anna, "send") == [[BRUNO, "/ and ? and a are letters here"]]
    keyboard.press("Shift+Tab")
    expect(anna.page.get_by_role("log")).to_be_focused()
    keyboard.press("Home")
    anna.watched.wait("document.querySelector('.thread-box').scrollTop === 0")


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_conversations_fit_in_both_languages_and_themes(
    chromium: Browser, url: str, width: int, scheme: str
) -> None:
    view: dict[str, Any] = {"viewport": {"width": width, "height": 740}, "color_scheme": scheme}
    with desk(chromium, url, **view) as made:
        page = made.page
        wrote(
            made,
            {"text": "x" * 600},
            {"kind": "change", "what": "began anew", "device": "d" * 64},
            {"mine": True, "text": "y" * 80, "state": "failed", "problem": "z" * 200},
            {"text": "مرحبا\nhello"},
        )
        page.get_by_role("tab").nth(1).click()
        for title in ("Telephone", "Telefono"):
            expect(page.get_by_role("heading", level=1)).to_have_text(title)
            _fits(made, "document.documentElement")
            _fits(made, "document.querySelector('.authority-scroll')")
            page.locator(".conversation").click()
            expect(field(made)).to_be_in_viewport(ratio=1)
            for place in (".authority-scroll", ".phone-calls", ".thread-box", ".thread-head"):
                _fits(made, f"document.querySelector('{place}')")
            small = page.evaluate(
                "() => [...document.querySelectorAll("
                "'.thread-button, .composer-send, .phone-write, .composer textarea')]"
                ".map(each => each.getBoundingClientRect())"
                ".filter(box => box.height > 0 && box.height < 44).length"
            )
            assert small == 0
            page.locator(".thread [aria-haspopup=dialog]").click()
            _fits(made, "document.querySelector('dialog')")
            page.keyboard.press("Escape")
            page.locator(".thread-back, .thread-close").locator("visible=true").click()
            expect(page.locator(".thread")).to_have_count(0)
            page.locator("#language-switch").click()


def _fits(who: Desk, element: str) -> None:
    assert who.watched.number(f"{element}.scrollWidth - {element}.clientWidth") <= 0, element
