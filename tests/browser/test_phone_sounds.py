"""What is heard of calls on the telephone's page, and through which devices."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pytest
from browser_page import PATIENCE_MS, SOUND_FLAGS, running_chromium
from phone_desk import Authority, Desk, bundle, call_id, desk, phone_console
from playwright.sync_api import Browser, expect

HEARD: Final = """() => {
  const made = (window.heard = []);
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) {
    made.push([at, this.frequency.value]);
    return start.call(this, at);
  };
}"""
"""Notes each tone of an oscillator: when, in seconds of its clock, and its frequency, Hz."""
CALLS: Final[list[tuple[dict[str, Any], int]]] = [
    ({"precedence": "routine"}, 1),
    ({"precedence": "priority"}, 2),
    ({"precedence": "immediate"}, 3),
    ({"precedence": "flash"}, 4),
    ({"precedence": "flash-override"}, 5),
    ({"precedence": "flash-override", "emergency": True}, 5),
]
"""Calls, and how many rings or beeps each has before its pause."""

expect.set_options(timeout=PATIENCE_MS / 3)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Return a Chromium with a microphone and loudspeakers; skip by name where there is none."""
    with running_chromium(*SOUND_FLAGS) as browser:
        yield browser


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return where the page is served, built once."""
    built = bundle(tmp_path_factory.mktemp("phone-sounds"))
    with phone_console(built, Authority()) as address:
        yield address


@pytest.fixture
def anna(chromium: Browser, url: str) -> Iterator[Desk]:
    """Sit down as Anna; at the end nothing may have gone wrong on the page."""
    with desk(chromium, url) as made:
        expect(made.page.get_by_text("Chiara Neri")).to_be_visible()
        yield made


def test_the_microphone_is_opened_when_it_is_asked_for_and_tried_before_a_call(
    anna: Desk,
) -> None:
    assert anna.page.evaluate("() => told.microphone()") == "live"
    anna.page.get_by_role("button", name="Sound").click()
    meter = anna.page.get_by_label("Level of the microphone")
    assert meter.evaluate("each => each.value") == 0
    anna.page.get_by_role("button", name="Try the microphone").click()
    anna.watched.wait("document.querySelector('meter').value > 0.1")
    anna.page.get_by_role("button", name="Stop trying").click()
    expect(anna.page.get_by_label("Microphone", exact=True).locator("option")).not_to_have_count(1)
    anna.page.get_by_label("Ring in silence").check()
    anna.page.keyboard.press("Escape")
    anna.page.reload()
    anna.page.get_by_role("button", name="Sound").click()
    expect(anna.page.get_by_label("Ring in silence")).to_be_checked()


def test_a_microphone_that_is_refused_is_told_in_a_sentence(anna: Desk) -> None:
    anna.page.evaluate(
        "() => { navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    )
    refused = anna.page.evaluate("() => told.microphone().catch(problem => problem.message)")
    assert "did not let this page use the microphone" in refused
    expect(anna.page.get_by_role("alert").filter(has_text="Permit it")).to_be_visible()


def a_turn(anna: Desk, *talks: dict[str, Any]) -> tuple[int, set[int]]:
    """Let calls stand, and return how many sounds their tone has in a turn, and of which notes."""
    anna.page.evaluate("() => { heard.length = 0; }")
    anna.talks(*talks)
    # All of a turn is laid down at once.
    anna.watched.wait("window.heard.length > 0")
    heard = anna.page.evaluate("() => heard.splice(0)")
    anna.talks(*(each for each in talks if each.get("state") == "talking"))
    return len({at for at, _ in heard}), {hz for _, hz in heard}


def test_the_ring_tone_sounds_once_somebody_has_touched_the_page(anna: Desk) -> None:
    anna.page.evaluate(HEARD)
    anna.page.get_by_role("heading", level=1).click()
    for number, (call, rings) in enumerate(CALLS, 1):
        sounds, notes = a_turn(anna, {"call": call_id(number), **call})
        assert (sounds, notes) == (2 * rings, {587, 740, 880}), call
    assert a_turn(anna, {"call": call_id(9), "emergency": True})[1] == {770, 960}
    anna.page.evaluate("() => { heard.length = 0; }")
    anna.page.wait_for_timeout(4_000)
    assert anna.page.evaluate("() => heard.length") == 0


def test_beside_a_talk_the_number_of_beeps_tells_the_precedence(anna: Desk) -> None:
    anna.page.evaluate(HEARD)
    anna.page.get_by_role("heading", level=1).click()
    talking = {"call": call_id(20), "state": "talking", "answeredAt": anna.now()}
    anna.talks(talking)
    for number, (call, beeps) in enumerate(CALLS, 1):
        assert a_turn(anna, talking, {"call": call_id(number), **call}) == (beeps, {425}), call
    emergency = {"call": call_id(9), "emergency": True}
    assert a_turn(anna, talking, emergency) == (4, {770, 960})


def test_in_silence_flash_override_and_emergencies_ring_and_nothing_else(anna: Desk) -> None:
    anna.page.evaluate(HEARD)
    anna.page.get_by_role("button", name="Sound").click()
    anna.page.get_by_label("Ring in silence").check()
    expect(anna.page.get_by_role("dialog")).to_contain_text("emergency calls ring all the same")
    anna.page.keyboard.press("Escape")
    for number, precedence in enumerate(("routine", "priority", "immediate", "flash"), 1):
        anna.talks({"call": call_id(number), "precedence": precedence})
        expect(anna.call(number)).to_be_visible()
    assert anna.page.evaluate("() => heard.length") == 0
    for number, call in enumerate((CALLS[4][0], CALLS[5][0], {"emergency": True}), 5):
        assert a_turn(anna, {"call": call_id(number), **call})[0] > 3, call


def test_in_the_background_the_browser_tells_who_calls_and_how_urgently(anna: Desk) -> None:
    anna.page.evaluate(
        "() => { window.shown = []; window.Notification = class {"
        " static permission = 'granted'; static async requestPermission() { return 'granted'; }"
        " constructor(title) { shown.push(title); } close() {} };"
        " Object.defineProperty(document, 'hidden', { get: () => true }); }"
    )
    anna.page.get_by_role("button", name="Sound").click()
    anna.page.get_by_label("Tell me of calls and texts").check()
    anna.page.keyboard.press("Escape")
    calls = [
        ({}, "Routine", "Ordinaria"),
        ({"precedence": "flash"}, "Flash", "Lampo"),
        ({"emergency": True}, "EMERGENCY", "EMERGENZA"),
        (
            {"precedence": "flash-override", "emergency": True},
            "EMERGENCY, Flash override",
            "EMERGENZA, Lampo assoluta",
        ),
    ]
    for number, (call, english, _) in enumerate(calls, 1):
        anna.talks({"call": call_id(number), **call})
        anna.watched.wait(f"shown.length === {number}")
        assert anna.page.evaluate("() => shown.at(-1)") == f"☎ {english}: Bruno Verdi calls"
    anna.page.locator("#language-switch").click()
    for number, (call, _, italian) in enumerate(calls, 5):
        anna.talks({"call": call_id(number), **call})
        anna.watched.wait(f"shown.length === {number}")
        assert anna.page.evaluate("() => shown.at(-1)") == f"☎ {italian}: chiama Bruno Verdi"


def test_the_loudspeaker_that_was_chosen_plays_the_call(anna: Desk) -> None:
    anna.page.evaluate(
        "() => { window.players = []; const played = HTMLMediaElement.prototype.play;"
        " HTMLMediaElement.prototype.play = function () {"
        " players.push(this); return played.call(this); }; }"
    )
    anna.page.get_by_role("heading", level=1).click()
    anna.tell("play", call_id(1))
    anna.watched.wait("players.length === 1")
    assert anna.page.evaluate("() => players[0].sinkId") == ""
    assert anna.page.evaluate("() => told.microphone()") == "live"  # then devices have names
    anna.page.get_by_role("button", name="Sound").click()
    choice = anna.page.get_by_label("Loudspeaker", exact=True)
    expect(choice.locator("option")).not_to_have_count(1)
    chosen = choice.locator("option").nth(1).get_attribute("value")
    assert chosen
    choice.select_option(chosen)
    anna.page.wait_for_function("id => players[0].sinkId === id", arg=chosen)
    anna.page.keyboard.press("Escape")
    # A call that comes later plays there too.
    anna.tell("play", call_id(2))
    anna.page.wait_for_function("id => players[1]?.sinkId === id", arg=chosen)
