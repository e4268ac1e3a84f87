"""Breaking the glass: one code, one hour, one officer, and everybody is told."""

from __future__ import annotations

import pytest

from authority.authenticator import Authenticator
from authority.state import ORIGIN, Browser, State
from baluardo.authority.acts.break_glass import keep_codes
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.trust.one_time import OneTimeSecret, emergency_code

REASON = "Every passkey is in the flooded office."


@pytest.fixture
def code(state: State) -> OneTimeSecret:
    """Return a code that was printed at the ceremony."""
    made = emergency_code()
    state.store.act_blocking(lambda transaction: keep_codes(transaction, [made.digest]))
    return made


def broken(state: State, code: OneTimeSecret, person: str = "anna.rossi") -> Browser:
    browser = state.browser()
    answer = browser.post("break-glass", body_of(code, person))
    assert answer.status_code == 200, answer.text
    return browser


def body_of(code: OneTimeSecret, person: str = "anna.rossi") -> dict[str, str]:
    return {"person": person, "code": code.typable(), "reason": REASON}


def test_code_opens_an_hour_and_everybody_is_told(state: State, code: OneTimeSecret) -> None:
    browser = broken(state, code, "dario.neri")
    me = browser.get("state").json()["me"]
    assert me["break_glass"] is True
    assert "security-officer" in me["roles"]
    assert me["expires"] == me["fresh_until"] == state.calendar.now + 3600
    assert state.told(EventKind.BREAK_GLASS) == 1
    assert state.authority.break_glass_until == me["expires"]
    seen = state.signed_in("gina.costa").get("state").json()["break_glass"]
    assert seen == {"by": "dario.neri", "until": me["expires"]}
    stranger = state.browser().get("state").json()["break_glass"]
    assert stranger == {"by": "", "until": me["expires"]}
    entry = state.entries("break-glass.opened")[-1]
    assert entry.hidden == {"by": "dario.neri", "person": "dario.neri", "reason": REASON}
    assert REASON not in repr(entry.facts)
    (kept,) = state.rows(schema.emergency_code)
    assert (kept["used_by"], kept["used"]) == ("dario.neri", state.calendar.now)


def test_hour_ends(state: State, code: OneTimeSecret) -> None:
    browser = broken(state, code)
    for _ in range(5):
        state.calendar.now += 600
        assert browser.get("me/sessions").status_code == 200
    state.calendar.now += 600
    assert browser.get("me/sessions").status_code == 401
    assert browser.get("state").json()["break_glass"] is None


def test_banner_lasts_for_the_hour_though_the_session_ends(
    state: State, code: OneTimeSecret
) -> None:
    browser, began = broken(state, code), state.calendar.now
    browser.post("sign-out")
    assert state.browser().get("state").json()["break_glass"]["until"] == began + 3_600.0
    assert state.authority.break_glass_until == began + 3_600.0
    state.calendar.now += 3_601.0
    assert state.browser().get("state").json()["break_glass"] is None


def test_code_serves_once(state: State, code: OneTimeSecret) -> None:
    broken(state, code)
    again = state.browser().post("break-glass", body_of(code, "bruno.conti"))
    assert again.status_code == 401
    assert len(state.entries("break-glass.opened")) == 1


def test_wrong_code_and_wrong_person_look_alike_and_keep_the_code(
    state: State, code: OneTimeSecret
) -> None:
    answers = [
        state.browser().post("break-glass", body)
        for body in (
            body_of(emergency_code()),
            body_of(code, "nobody"),
            body_of(code, "gina.costa"),
            body_of(code, "fabio.viola"),
        )
    ]
    assert {each.status_code for each in answers} == {401}
    assert len({each.content for each in answers}) == 1
    broken(state, code)


@pytest.mark.parametrize("reason", ["", " ", "a\u0000b", "a\u202eb", "x" * 501])
def test_reason_is_given(state: State, code: OneTimeSecret, reason: str) -> None:
    refused = state.browser().post("break-glass", body_of(code) | {"reason": reason})
    assert refused.status_code in {400, 422}
    broken(state, code)


def test_what_an_hour_may_do(state: State, code: OneTimeSecret) -> None:
    browser = broken(state, code, "dario.neri")
    invited = browser.post("invitations", {"identity": "person/ugo.sala/laptop"})
    assert invited.status_code == 200
    path = "person/gina.costa/recovered"
    made = browser.post("invitations", {"identity": path}).json()
    new, fresh = Authenticator(ORIGIN), state.browser()
    assert fresh.enrol(made["token"], path, state.new_key(), new).status_code == 200
    assert state.browser().sign_in(state.carried["gina.costa"]).status_code == 401
    assert state.browser().sign_in(new).status_code == 200


def recovering(browser: Browser, state: State, person: str) -> tuple[str, Authenticator]:
    """Let an emergency session recover an officer; return the request that waits."""
    path = f"person/{person}/recovered"
    made, passkey = browser.post("invitations", {"identity": path}).json(), Authenticator(ORIGIN)
    asked = state.browser().enrol(made["token"], path, state.new_key(), passkey)
    assert asked.json()["state"] == "waiting"
    rows = (row for row in state.rows(schema.request) if row["invitation"] == made["id"])
    return str(next(rows)["id"]), passkey


def test_one_code_alone_brings_no_officer_back(state: State, code: OneTimeSecret) -> None:
    browser = broken(state, code, "dario.neri")
    for person in ("anna.rossi", "dario.neri"):
        request, passkey = recovering(browser, state, person)
        assert browser.post(f"requests/{request}/approve").status_code == 403
        assert state.browser().sign_in(passkey).status_code == 401
        assert state.browser().sign_in(state.carried[person]).status_code == 200
    granted = state.signed_in("bruno.conti").post(f"requests/{request}/approve")
    assert granted.status_code == 200
    assert state.browser().sign_in(passkey).status_code == 200


def test_two_codes_of_two_persons_bring_an_officer_back(state: State, code: OneTimeSecret) -> None:
    second = emergency_code()
    state.store.act_blocking(lambda transaction: keep_codes(transaction, [second.digest]))
    request, passkey = recovering(broken(state, code, "dario.neri"), state, "anna.rossi")
    other = broken(state, second, "elena.bruni")
    assert other.post(f"requests/{request}/approve").status_code == 200
    assert state.browser().sign_in(passkey).status_code == 200


def test_what_would_outlive_the_hour_is_refused(state: State, code: OneTimeSecret) -> None:
    browser = broken(state, code)
    (held,) = [row["id"] for row in state.rows(schema.passkey) if row["person"] == "anna.rossi"]
    for method, path, body in (
        ("POST", "me/passkeys/options", {}),
        ("DELETE", f"me/passkeys/{held}", {}),
        ("POST", "me/devices", {"device": "phone"}),
        ("POST", "requests/" + "0" * 32 + "/approve", {}),
    ):
        answer = browser.ask(method, path, body)
        assert answer.status_code in {403, 404}, path
    asked = state.waiting("office/napoli")
    refused = browser.post(f"requests/{asked}/approve")
    assert refused.status_code == 403
    assert "emergency code" in refused.json()["detail"]


def test_codes_are_not_guessed_in_bulk(state: State, code: OneTimeSecret) -> None:
    browser = state.browser(address="192.0.2.1")
    answers = [browser.post("break-glass", body_of(emergency_code())).status_code for _ in range(7)]
    assert answers == [401] * 5 + [429] * 2
    late = browser.post("break-glass", body_of(code))
    assert late.status_code == 429
    assert int(late.headers["retry-after"]) >= 1
    broken(state, code)  # others are not held up


@pytest.mark.parametrize("typed", ["", "x", "00000-00000-00000-00000-00000U", "-" * 300])
def test_what_is_no_code_is_refused(state: State, typed: str) -> None:
    body = {"person": "anna.rossi", "code": typed, "reason": REASON}
    assert state.browser().post("break-glass", body).status_code in {400, 422}
