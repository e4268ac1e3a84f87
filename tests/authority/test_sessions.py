"""Sessions: good at one host, for a while, until somebody signs out."""

from __future__ import annotations

import pytest

from authority.state import HOST, SITE_HOST, Browser, State
from baluardo.authority.acts import sessions
from baluardo.authority.store import schema

COOKIE = "__Host-baluardo"


def with_cookie(state: State, token: str, host: str = HOST) -> Browser:
    browser = state.browser(host)
    browser.cookies.set(COOKIE, token, domain=host.split(":", maxsplit=1)[0])
    return browser


def test_session_ends_when_nobody_asks_anything(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    state.calendar.now += 14 * 60
    assert browser.get("me/sessions").status_code == 200
    state.calendar.now += 14 * 60
    assert browser.get("me/sessions").status_code == 200
    state.calendar.now += 15 * 60
    refused = browser.get("me/sessions")
    assert refused.status_code == 401
    assert browser.cookie == ""


def test_session_ends_after_half_a_day_whatever_happens(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    for _ in range(12 * 6 - 1):
        state.calendar.now += 600
        assert browser.get("me/sessions").status_code == 200
    state.calendar.now += 600
    assert browser.get("me/sessions").status_code == 401


def test_use_is_written_down_once_a_minute(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    acts = state.store.acts
    for _ in range(5):
        state.calendar.now += 10
        browser.get("me/sessions")
    assert state.store.acts == acts
    state.calendar.now += 10
    browser.get("me/sessions")
    assert state.store.acts == acts + 1
    assert state.rows(schema.session)[-1]["seen"] == state.calendar.now


def test_session_of_another_host_is_refused(state: State) -> None:
    browser = state.signed_in("anna.rossi", SITE_HOST)
    assert browser.get("me/sessions").status_code == 200
    assert with_cookie(state, browser.cookie).get("me/sessions").status_code == 401
    other_port = HOST.replace("8470", "8471")
    assert with_cookie(state, browser.cookie, other_port).get("me/sessions").status_code == 401


def test_who_signs_out_is_out(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    token = browser.cookie
    answer = browser.post("sign-out")
    assert answer.status_code == 200
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    assert browser.cookie == ""
    assert with_cookie(state, token).get("me/sessions").status_code == 401
    assert state.browser().post("sign-out").status_code == 200


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "A" * 22, "A" * 9000, '"', "a=b"])
def test_token_that_opens_nothing_is_taken_back(state: State, token: str) -> None:
    browser = state.browser()
    answer = browser.get("state", cookie=f"{COOKIE}={token}")
    assert answer.status_code == 200
    assert answer.json()["me"] is None
    if token == "A" * 43:
        assert f'{COOKIE}=""' in answer.headers["set-cookie"]


def test_two_cookies_of_the_name_are_nobody(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    twice = f"{COOKIE}={browser.cookie}; {COOKIE}={browser.cookie}"
    assert state.browser().get("me/sessions", cookie=twice).status_code == 401


def test_own_sessions_are_seen_and_ended(state: State) -> None:
    one, other = state.signed_in("anna.rossi"), state.signed_in("anna.rossi", SITE_HOST)
    stranger = state.signed_in("bruno.conti")
    found = one.get("me/sessions").json()
    assert {each["host"] for each in found} >= {HOST, SITE_HOST}
    assert [each["current"] for each in found].count(True) == 1
    (ended,) = [each["id"] for each in found if each["host"] == SITE_HOST]
    assert stranger.delete(f"me/sessions/{ended}").status_code == 404
    assert one.delete(f"me/sessions/{ended}").status_code == 200
    assert other.get("me/sessions").status_code == 401
    assert one.delete(f"me/sessions/{ended}").status_code == 404
    assert one.delete("me/sessions/..").status_code in {404, 405, 422}


def test_session_follows_the_policy_in_force(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    state.set_policy(people={})
    assert browser.get("state").json()["me"]["roles"] == ["member"]
    assert browser.get("requests").status_code == 403


def test_person_has_a_bounded_number_of_sessions(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "MOST_SESSIONS", 3)
    browsers = []
    for _ in range(4):
        state.calendar.now += 10
        browsers.append(state.signed_in("anna.rossi"))
    answers = [each.get("me/sessions").status_code for each in browsers]
    assert answers == [401, 200, 200, 200]


def test_nobody_is_told_what_is_for_those_signed_in(state: State) -> None:
    browser = state.browser()
    for path in (
        "me/sessions",
        "me/passkeys",
        "me/devices",
        "directory",
        "invitations",
        "requests",
    ):
        refused = browser.get(path)
        assert refused.status_code == 401, path
        assert set(refused.json()) == {"detail"}


def test_agent_is_kept_as_far_as_it_can_be_shown(state: State) -> None:
    browser = state.browser()
    asked = browser.post("sign-in/options").json()
    credential = state.carried["anna.rossi"].use(asked["options"], browser.origin)
    browser.ask(
        "POST",
        "sign-in",
        {"id": asked["id"], "credential": credential},
        headers={"user-agent": "Browser\t" + "x" * 500},
    )
    (mine,) = [each for each in browser.get("me/sessions").json() if each["current"]]
    assert len(mine["agent"]) == 200
    assert mine["agent"].startswith("Browser\ufffdx")
