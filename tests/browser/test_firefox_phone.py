"""The telephone's page in Firefox: calls and written messages, by keyboard and by mouse.

What the page does in each state is tested in Chromium (test_phone_page.py, test_messages_page.py);
here a person goes the ways of every day.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from firefox import Firefox, FirefoxPage
from phone_desk import PRESENT, TUNNELLED, Authority, bundle, call_id, phone_console

NETWORK: Final = json.loads((Path(__file__).parent / "data/two_layers_answer.json").read_text())
"""What a site's edge answered that has two layers and two bearers."""
BRUNO: Final = "bruno.verdi"
ACTS: Final = ".call-acts .act"
FIELD: Final = ".composer textarea"
ONLY_OURS: Final = """() => performance.getEntriesByType("resource")
  .filter(({name, responseStatus}) =>
    new URL(name).origin !== location.origin || responseStatus >= 400)
  .map(({name, responseStatus}) => `${responseStatus} ${name}`)"""
HEARD: Final = """() => {
  globalThis.heard = [];
  const {start} = OscillatorNode.prototype;
  OscillatorNode.prototype.start = function (at) {
    heard.push(this.context);
    return start.call(this, at);
  };
}"""
"""Notes in which graph of sound a tone begins."""
GROUND: Final = "() => getComputedStyle(document.body).backgroundColor"
SECURED: Final[dict[str, Any]] = {"state": "talking", "secured": True}


class Seat:
    """Somebody before the page in Firefox."""

    def __init__(self, page: FirefoxPage) -> None:
        """Sit down; people of the sites stand in the list from the beginning."""
        self.page = page
        self.tell("people", PRESENT)

    def tell(self, what: str, value: object) -> None:
        """Let the telephone show something."""
        self.page.evaluate("([what, value]) => told[what](value)", [what, value])

    def talk(self, **talk: Any) -> None:
        """Let the telephone have this call, and no other."""
        self.tell("talks", [{"call": call_id(1), **talk}])

    def wrote(self, *entries: dict[str, Any]) -> None:
        """Put entries at the end of the conversation with Bruno."""
        self.tell("wrote", [BRUNO, list(entries)])

    def now(self) -> int:
        """Return the page's time, milliseconds."""
        return int(self.page.evaluate("() => Date.now()"))

    def asked(self) -> list[list[Any]]:
        """Return what the telephone was asked since the last time."""
        return list(self.page.evaluate("() => told.asked.splice(0)"))

    def until(self, condition: str) -> None:
        """Wait until a JavaScript expression holds; `one` is the document's querySelector."""
        self.page.wait_for_function(
            f"() => {{ const one = (css) => document.querySelector(css); return {condition}; }}"
        )

    def shows(self, selector: str, *words: str) -> None:
        """Wait until one element has all of these words in what is drawn of it."""
        self.until(
            f"[...document.querySelectorAll({json.dumps(selector)})].some((each) =>"
            f" {json.dumps(words)}.every((word) => each.innerText.includes(word)))"
        )

    def read(self, selector: str) -> list[str]:
        """Return what is drawn of each element that a CSS selector finds."""
        script = "css => [...document.querySelectorAll(css)].map(({innerText}) => innerText)"
        return list(self.page.evaluate(script, selector))

    def focused(self, selector: str) -> None:
        """Wait until the keyboard is in what a CSS selector finds."""
        self.until(f"document.activeElement?.matches({json.dumps(selector)})")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the page is served; its edge has a tunnel to where Bruno is."""
    network = json.loads(json.dumps(NETWORK))
    network["tunnels"][0]["peer"] = TUNNELLED
    built = bundle(tmp_path_factory.mktemp("firefox-phone-page"))
    with phone_console(built, Authority(network=network)) as address:
        yield address


@contextmanager
def seat(firefox: Firefox, url: str, width: int = 1280) -> Iterator[Seat]:
    """Sit down before the page in English; at the end nothing was complained of, none asked."""
    with firefox.page("about:blank") as page:
        page.resize(width, 740)
        page.goto(url)
        page.wait_for_function("() => document.querySelectorAll('.phone-person').length > 2")
        yield Seat(page)
        assert page.evaluate(ONLY_OURS) == []


@pytest.fixture
def anna(firefox: Firefox, url: str) -> Iterator[Seat]:
    with seat(firefox, url) as made:
        yield made


def test_the_directory_is_searched_and_a_call_is_dialled_with_a_precedence(anna: Seat) -> None:
    anna.until("document.querySelectorAll('.phone-person').length === 4")
    # A person is there before the name is: it is asked for.
    anna.until("document.querySelector('.phone-person').textContent.includes('Bruno Verdi')")
    rows = anna.read(".phone-person")
    assert "reachable at Ship bergamini" in rows[0]
    assert all("not reachable" in each for each in rows[2:])
    anna.page.press("/", *"nicolo", "Enter")
    anna.focused(".dial h2")
    assert anna.read(".dial h2") == ["Nicolò Bianchi"]
    anna.page.press("Tab", "Tab")
    anna.focused("input[type=radio][value=routine]")
    anna.page.press("ArrowDown", "ArrowDown")
    anna.focused("input[type=radio][value=immediate]:checked")
    anna.until("one('input[value=flash-override]').disabled")  # above the ceiling that was told
    anna.page.press("Tab", " ", "Tab", "Enter")
    anna.until("told.asked.length > 0")
    assert anna.asked() == [["dial", "nicolo.bianchi", "immediate", True]]
    anna.page.click("#phone-search")
    anna.page.evaluate("() => document.getElementById('phone-search').select()")
    anna.page.press(*"06 6779")
    anna.until("document.querySelectorAll('.phone-person').length === 1")
    anna.page.click(".phone-call-now")
    assert anna.asked() == [["dial", "chiara.neri", "routine", False]]


def test_a_call_rings_is_answered_held_muted_and_ended(anna: Seat) -> None:
    anna.page.evaluate(HEARD)
    anna.page.click("h1")  # sound begins where somebody has touched the page
    anna.talk(precedence="flash")
    anna.shows("[role=alert]", "Flash call from Bruno Verdi.")
    anna.until("document.title === '☎ Flash: Bruno Verdi calls'")
    anna.until("one('link[rel=icon]').href.includes('ringing')")
    anna.until("heard.length > 0 && heard.at(-1).state === 'running'")
    anna.page.press("a")
    call = call_id(1)
    anna.until("told.asked.length > 0")
    assert anna.asked() == [["answer", call]]
    talking = {**SECURED, "answeredAt": anna.now() - 65_000}
    anna.talk(**talking)
    anna.shows("[role=timer]", "1:0")
    anna.until("!document.title.includes('calls')")
    mute, hold, end = (f"{ACTS}:nth-child({place})" for place in (1, 2, 3))
    anna.page.click(hold)
    anna.talk(**talking, heldHere=True)
    anna.shows(".call-state", "On hold, by you")
    anna.page.click(hold)
    anna.talk(**talking)
    anna.page.click(mute)
    anna.talk(**talking, muted=True)
    anna.until(f"one('{mute}').ariaPressed === 'true'")
    anna.shows(".call-muted", "muted")
    anna.page.press("m", "h", "e")
    anna.page.click(end)
    assert anna.asked() == [
        *(["hold", call], ["resume", call], ["mute", call, True]),
        *(["mute", call, False], ["hold", call], ["end", call], ["end", call]),
    ]
    anna.talk(**{**talking, "state": "over", "endedAt": anna.now(), "cause": "hung up"})
    anna.shows(".call-over", "Bruno Verdi")


def test_the_security_sheet_is_opened_and_closed_by_keyboard(anna: Seat) -> None:
    anna.talk(**SECURED, answeredAt=anna.now())
    anna.until("one('.call-protection .link')")
    details = ".call-protection .link"
    anna.page.evaluate("() => document.querySelector('.call-name').focus()")
    anna.page.press("Tab")
    anna.focused(details)
    anna.page.press("Enter")
    anna.until("one('dialog[open]').contains(document.activeElement)")
    for words in (
        "bruno.verdi / phone",
        "entry 41, proven to this browser (witnessed by Office rome)",
        "eu-hybrid",
        "WireGuard, and IPsec within it",
    ):
        anna.shows("dialog", words)
    assert " ".join(anna.read(".safety li")) == "04821 77310 19264 50087 66120 93345 27718 40951"
    anna.page.press("e")  # the sheet keeps all keys to itself
    anna.page.press("Escape")
    anna.until("one('dialog') === null")
    anna.focused(details)
    assert anna.asked() == []


def test_a_text_is_written_and_sent_by_enter_and_one_that_comes_is_read(anna: Seat) -> None:
    anna.page.click(f"[data-writes='{BRUNO}']")
    anna.focused(FIELD)
    anna.page.press(*"first", "Shift+Enter", *"a/? second", "Enter")
    anna.until(f"told.asked.length > 0 && one('{FIELD}').value === ''")
    assert anna.asked() == [["send", BRUNO, "first\na/? second"]]
    anna.focused(FIELD)
    assert anna.read(".text-mine .text-words") == ["first\na/? second"]
    anna.shows(".text-mine .text-state", "Waiting")
    anna.wrote({"text": "Good morning"})
    anna.shows(".text-theirs .text-words", "Good morning")
    anna.until("told.asked.length > 0")
    assert anna.asked() == [["read", BRUNO]]
    # One that comes while one does not look at the conversation is counted until one does.
    anna.page.click(".thread-close")
    anna.wrote({"text": "And now?"})
    anna.until("document.title.startsWith('(1) Telephone')")
    anna.page.click("[role=tab]:nth-child(2)")
    anna.shows(".conversation", "Bruno Verdi", "And now?", "1 unread")
    anna.page.click(".conversation")
    anna.until("document.title.startsWith('Telephone')")
    assert anna.asked() == [["read", BRUNO]]


def test_a_long_conversation_is_scrolled_by_keys(anna: Seat) -> None:
    anna.wrote(*({"text": f"text {number}", "state": "read"} for number in range(60)))
    anna.page.click(f"[data-writes='{BRUNO}']")
    anna.focused(FIELD)
    end = "(box => box.scrollHeight - box.scrollTop - box.clientHeight)(one('.thread-box'))"
    anna.until(f"{end} < 2")
    anna.page.press("Shift+Tab")
    anna.focused(".thread-box")
    anna.page.press("Home")
    anna.until("one('.thread-box').scrollTop === 0")
    anna.wrote({"text": "below"})
    anna.shows(".thread-below", "New messages")
    anna.page.click(".thread-below")
    anna.until(f"{end} < 2 && told.asked.some(([what]) => what === 'read')")


@pytest.mark.parametrize("width", [1280, 360])
def test_both_languages_fit_in_both_themes(firefox: Firefox, url: str, width: int) -> None:
    with seat(firefox, url, width) as anna:
        now = anna.now()
        talking = {**SECURED, "answeredAt": now, "muted": True, "quality": {"mos": 3.2}}
        calls = [
            {"call": call_id(1), "precedence": "flash-override", "emergency": True},
            {"call": call_id(2), "person": "chiara.neri", **talking},
            {"call": call_id(3), "state": "over", "endedAt": now, "cause": "pre-empted by path"},
        ]
        anna.wrote(
            {"text": "x" * 600, "state": "read"},
            {"kind": "change", "what": "began anew", "device": "d" * 64},
            {"mine": True, "text": "y" * 80, "state": "failed", "problem": "z" * 200},
            {"text": "مرحبا\nhello", "state": "read"},
        )
        grounds = []
        for title, theme, then in (
            ("Telephone", "dark", "#language-switch"),
            ("Telefono", "dark", "#theme-switch"),
            ("Telefono", "light", "#language-switch"),
        ):
            anna.shows("h1", title)
            anna.until(f"document.documentElement.dataset.theme === '{theme}'")
            grounds.append(anna.page.evaluate(GROUND))
            anna.tell("talks", calls)
            anna.until("one('.call-protection .link')")
            fits(anna, "html", ".authority-scroll")
            anna.page.click(".call-protection .link")
            anna.until("one('dialog[open]')")
            fits(anna, "dialog")
            anna.page.press("Escape")
            anna.until("one('dialog') === null")
            anna.tell("talks", [])
            anna.page.click(f".phone-row [data-writes='{BRUNO}']")
            anna.focused(FIELD)
            fits(anna, "html", ".authority-scroll", ".phone-calls", ".thread-box", ".thread-head")
            anna.page.click(".thread-back, .thread-close")
            anna.until("one('.thread') === null")
            anna.page.click(then)
        assert grounds[0] == grounds[1] != grounds[2]


def fits(who: Seat, *selectors: str) -> None:
    """Nothing is wider than these, nor do the buttons in sight have less than a finger's height."""
    script = "css => (each => each.scrollWidth - each.clientWidth)(document.querySelector(css))"
    assert [css for css in selectors if who.page.evaluate(script, css) > 0] == []
    small = (
        "() => [...document.querySelectorAll('.act, .thread-button, .composer-send, .phone-write,"
        " .composer textarea')].filter(each => each.checkVisibility())"
        ".filter(each => each.getBoundingClientRect().height < 44).map(each => each.outerHTML)"
    )
    assert who.page.evaluate(small) == []
