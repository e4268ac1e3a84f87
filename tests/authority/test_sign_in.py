"""Signing in: one question, one answer, a new token, and no word on what was wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from authority.authenticator import Authenticator
from authority.state import DOMAIN, HOST, ORIGIN, State
from baluardo.authority.store import schema

COOKIE = "__Host-baluardo"


def test_passkey_signs_in_and_is_logged_without_the_name(state: State) -> None:
    browser = state.browser()
    answer = browser.sign_in(state.carried["anna.rossi"])
    assert answer.status_code == 200
    me = answer.json()
    assert (me["person"], me["display_name"]) == ("anna.rossi", "Anna Rossi")
    assert me["roles"] == ["custodian", "member", "security-officer"]
    assert me["ceiling"] == "flash"
    assert me["fresh_until"] == state.calendar.now + 600
    assert me["expires"] == state.calendar.now + 12 * 3600
    assert browser.get("state").json()["me"] == me
    entry = state.entries("session.opened")[-1]
    assert entry.facts == {"how": "passkey", "host": HOST, "expires": me["expires"]}
    assert entry.hidden == {"by": "anna.rossi"}


def test_cookie_is_out_of_reach(state: State) -> None:
    browser = state.browser()
    cookie = browser.sign_in(state.carried["anna.rossi"]).headers["set-cookie"]
    name, *attributes = cookie.split("; ")
    assert name == f"{COOKIE}={browser.cookie}"
    assert len(browser.cookie) == 43
    assert {each.lower() for each in attributes} == {
        "secure",
        "httponly",
        "samesite=strict",
        "path=/",
        "max-age=43200",
    }
    kept = state.rows(schema.session)
    assert all(browser.cookie not in repr(row) for row in kept)


def test_question_names_nobody(state: State) -> None:
    asked = state.browser().post("sign-in/options").json()["options"]
    assert asked["rpId"] == DOMAIN
    assert asked["userVerification"] == "required"
    assert asked.get("allowCredentials", []) == []


def test_answer_serves_once(state: State) -> None:
    browser, authenticator = state.browser(), state.carried["anna.rossi"]
    asked = browser.post("sign-in/options").json()
    answer = {"id": asked["id"], "credential": authenticator.use(asked["options"], ORIGIN)}
    assert browser.post("sign-in", answer).status_code == 200
    again = state.browser().post("sign-in", answer)
    assert again.status_code == 401
    assert "answered before" in again.json()["detail"]


def test_question_is_used_up_by_a_wrong_answer(state: State) -> None:
    browser, authenticator = state.browser(), state.carried["anna.rossi"]
    asked = browser.post("sign-in/options").json()
    right = authenticator.use(asked["options"], ORIGIN)
    wrong = right | {"response": right["response"] | {"signature": "AAAA"}}
    refused = browser.post("sign-in", {"id": asked["id"], "credential": wrong})
    assert refused.status_code == 401
    late = browser.post("sign-in", {"id": asked["id"], "credential": right})
    assert late.status_code == 401
    assert state.rows(schema.challenge) == []


def test_question_waits_five_minutes(state: State) -> None:
    browser, authenticator = state.browser(), state.carried["anna.rossi"]
    asked = browser.post("sign-in/options").json()
    credential = authenticator.use(asked["options"], ORIGIN)
    state.calendar.now += 301
    late = browser.post("sign-in", {"id": asked["id"], "credential": credential})
    assert late.status_code == 401


def test_answer_to_another_question_is_refused(state: State) -> None:
    browser, authenticator = state.browser(), state.carried["anna.rossi"]
    one = browser.post("sign-in/options").json()
    other = browser.post("sign-in/options").json()
    credential = authenticator.use(one["options"], ORIGIN)
    refused = browser.post("sign-in", {"id": other["id"], "credential": credential})
    assert refused.status_code == 401


def test_question_for_a_new_passkey_does_not_sign_in(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    asked = browser.post("me/passkeys/options").json()
    options = {"rpId": DOMAIN, "challenge": asked["options"]["challenge"]}
    credential = state.carried["anna.rossi"].use(options, ORIGIN)
    refused = state.browser().post("sign-in", {"id": asked["id"], "credential": credential})
    assert refused.status_code == 401


def test_unknown_passkey_and_wrong_signature_look_alike(state: State) -> None:
    stranger = Authenticator(ORIGIN)
    stranger.make({"rp": {"id": DOMAIN}, "user": {"id": "AAAA"}, "challenge": "AAAA"})
    unknown = state.browser().sign_in(stranger)
    forger = state.carried["anna.rossi"].copy()
    forger.passkeys[DOMAIN][-1].key = stranger.passkeys[DOMAIN][-1].key
    forged = state.browser().sign_in(forger)
    assert unknown.status_code == forged.status_code == 401
    assert unknown.content == forged.content
    assert unknown.headers.get("set-cookie") is None


def test_passkey_says_whose_it_is(state: State) -> None:
    authenticator = state.carried["anna.rossi"]
    authenticator.passkeys[DOMAIN][-1].handle = b"\x01" * 32
    assert state.browser().sign_in(authenticator).status_code == 401


def test_user_must_be_verified(state: State) -> None:
    authenticator = state.carried["anna.rossi"]
    authenticator.verifies = False
    assert state.browser().sign_in(authenticator).status_code == 401


def test_counter_that_goes_back_is_a_copy(state: State) -> None:
    original = state.carried["anna.rossi"]
    copy = original.copy()
    assert state.browser().sign_in(original).status_code == 200
    assert state.browser().sign_in(original).status_code == 200
    assert state.browser().sign_in(copy).status_code == 401
    assert {row["sign_count"] for row in state.rows(schema.passkey) if row["sign_count"]} == {2}


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", f"https://{DOMAIN}.evil.example", "https://other.baluardo.localhost"],
)
def test_passkey_used_on_another_page_is_refused(state: State, origin: str) -> None:
    browser, authenticator = state.browser(), state.carried["anna.rossi"]
    asked = browser.post("sign-in/options").json()
    credential = authenticator.use(asked["options"], origin)
    refused = browser.post("sign-in", {"id": asked["id"], "credential": credential})
    assert refused.status_code == 401


def test_page_outside_the_domain_has_no_passkeys(state: State) -> None:
    refused = state.browser("127.0.0.1:8470").post("sign-in/options")
    assert refused.status_code == 400
    assert DOMAIN in refused.json()["detail"]


def test_every_sign_in_makes_a_new_token_and_ends_the_one_before(state: State) -> None:
    browser, authenticator = state.browser(), state.carried["anna.rossi"]
    fixed = "A" * 43
    browser.cookies.set(COOKIE, fixed, domain=HOST.split(":")[0])
    browser.sign_in(authenticator)
    first = browser.cookie
    assert first != fixed
    browser.sign_in(authenticator)
    assert browser.cookie not in {first, fixed}
    thief = state.browser()
    thief.cookies.set(COOKIE, first, domain=HOST.split(":")[0])
    assert thief.get("me/sessions").status_code == 401


def test_person_without_a_certificate_in_force_signs_in(state: State) -> None:
    state.calendar.now += 400 * 86_400
    assert state.browser().sign_in(state.carried["gina.costa"]).status_code == 200


def test_malformed_answers_are_refused(state: State) -> None:
    browser = state.browser()
    asked = browser.post("sign-in/options").json()
    for body in (
        {},
        {"id": "x", "credential": {}},
        {"id": asked["id"], "credential": []},
        {"id": asked["id"], "credential": {}, "more": 1},
    ):
        assert browser.post("sign-in", body).status_code == 422
    for named in (None, 5, "", "A" * 5000, "a\u0000b", "\ud800", "../x"):
        asked = state.browser(address="192.0.2.7").post("sign-in/options").json()
        body = {"id": asked["id"], "credential": {"id": named}}
        content = __import__("json").dumps(body).encode()
        headers = {"content-type": "application/json"}
        refused = browser.ask("POST", "sign-in", content=content, headers=headers)
        assert refused.status_code == 401


def test_too_many_attempts_wait(state: State) -> None:
    browser = state.browser(address="192.0.2.1")
    answers = [browser.post("sign-in/options").status_code for _ in range(25)]
    assert answers[:20] == [200] * 20
    assert answers[20:] == [429] * 5
    refused = browser.post("sign-in/options")
    wait = int(refused.headers["retry-after"])
    assert 1 <= wait <= 60
    assert state.browser(address="192.0.2.2").post("sign-in/options").status_code == 200
    state.calendar.now += wait
    assert browser.post("sign-in/options").status_code == 200


def test_one_passkey_is_tried_a_few_times_from_everywhere(state: State) -> None:
    named = state.carried["anna.rossi"]
    answers = []
    for number in range(30):
        browser = state.browser(address=f"198.51.100.{number}")
        forged = named.copy()
        asked = browser.post("sign-in/options").json()
        credential = forged.use(asked["options"], ORIGIN)
        credential["response"]["signature"] = "AAAA"
        answers.append(browser.post("sign-in", {"id": asked["id"], "credential": credential}))
    assert [each.status_code for each in answers][-5:] == [429] * 5


def test_demonstration_is_entered_without_a_passkey(make_state: Callable[..., State]) -> None:
    state = make_state(demonstration=True)
    browser = state.browser()
    told = browser.get("state").json()
    assert told["demonstration"] is True
    assert "anna.rossi" in [each["person"] for each in told["people"]]
    answer = browser.post("demonstration/enter", {"person": "anna.rossi"})
    assert answer.status_code == 200
    assert browser.get("me/sessions").status_code == 200
    assert state.entries("session.opened")[-1].facts["how"] == "demonstration"
    assert browser.post("demonstration/enter", {"person": "nobody"}).status_code == 404
    far = state.browser(address="192.0.2.1")
    assert far.post("demonstration/enter", {"person": "anna.rossi"}).status_code == 404
    state.authority.local = False
    assert browser.post("demonstration/enter", {"person": "anna.rossi"}).status_code == 404
    assert browser.get("state").json()["people"] == []


def test_nobody_enters_a_state_that_is_meant(state: State) -> None:
    browser = state.browser()
    assert browser.post("demonstration/enter", {"person": "anna.rossi"}).status_code == 404
    assert browser.get("state").json()["people"] == []
