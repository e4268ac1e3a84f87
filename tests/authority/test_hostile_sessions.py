"""Stolen, forged and foreign cookies, and pages elsewhere that would use a genuine one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from authority.authenticator import Authenticator
from authority.state import (
    API,
    HOST,
    ORIGIN,
    SITE_HOST,
    STATIC,
    Browser,
    Founded,
    State,
)
from baluardo.authority.acts.invitations import Purpose
from baluardo.authority.service import AuthorityService
from baluardo.authority.store import schema
from baluardo.console.app import create_console
from baluardo.trust.one_time import session_token

ANNA, BRUNO, GINA = "anna.rossi", "bruno.conti", "gina.costa"
COOKIE = "__Host-baluardo"
NAMES = ("authority.baluardo.localhost", "bergamini.baluardo.localhost", "127.0.0.1")


@pytest.fixture(scope="module")
def at_rest(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    return Founded.found(tmp_path_factory.mktemp("sessions") / "founded", None)


@pytest.fixture
def country(at_rest: Founded, tmp_path: Path) -> Iterator[State]:
    """Return a state behind the assembled service."""
    with at_rest.copied(tmp_path / "state") as state:
        part = AuthorityService(state.authority, STATIC).part()
        state.app = create_console((part,), NAMES, STATIC)
        yield state


def thief(state: State, token: str, host: str = HOST, address: str = "203.0.113.9") -> Browser:
    """Return a browser elsewhere that shows a stolen token."""
    browser = state.browser(host, address)
    browser.cookies.set(COOKIE, token, domain=host.split(":", maxsplit=1)[0])
    return browser


def is_out(browser: Browser) -> bool:
    return browser.get("me/sessions").status_code == 401


CHANGES = (
    ("POST", "me/devices", {"device": "phone"}),
    ("POST", "invitations", {"identity": "office/rome"}),
    ("POST", "certificates/revoke", {"holder": "person/gina.costa", "reason": "keyCompromise"}),
    ("PUT", f"directory/{BRUNO}", {"display_name": "X", "languages": [], "numbers": []}),
    ("DELETE", f"me/sessions/{'0' * 32}", None),
    ("POST", "sign-out", {}),
)


FOREIGN = (
    "https://evil.example",
    "null",
    "",
    f"http://{HOST}",
    "https://authority.baluardo.localhost",
    f"https://{SITE_HOST}",
    f"https://{HOST}.evil.example",
    f"https://evil.example#{HOST}",
)


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_no_other_page_changes_anything_with_a_genuine_cookie(
    country: State, method: str, path: str, body: object
) -> None:
    browser = country.signed_in(ANNA)
    size, acts = country.store.size, country.store.acts
    for origin in FOREIGN:
        headers = {"origin": origin, "content-type": "application/json"}
        refused = browser.ask(method, path, body, headers=headers)
        assert refused.status_code == 403, origin
    assert (country.store.size, country.store.acts) == (size, acts)
    assert not is_out(browser)


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "a/b;"]
)
def test_what_a_form_can_send_changes_nothing(country: State, kind: str) -> None:
    browser = country.signed_in(ANNA)
    size = country.store.size
    for headers in ({"content-type": kind}, {"content-type": kind, "origin": "https://evil.x"}):
        content = b'{"holder":"person/bruno.conti","reason":"keyCompromise"}'
        refused = browser.ask("POST", "certificates/revoke", headers=headers, content=content)
        assert refused.status_code in {403, 415}
    assert country.store.size == size


def test_octets_are_no_json_for_who_asks_for_json(country: State) -> None:
    """The type for sealed requests passes the door, and no other route takes it for its own."""
    browser = country.signed_in(ANNA)
    size = country.store.size
    for method, path, body in CHANGES[:4]:
        content = str(body).replace("'", '"').encode()
        headers = {"content-type": "application/octet-stream"}
        assert browser.ask(method, path, headers=headers, content=content).status_code == 422
    assert country.store.size == size


def test_a_page_elsewhere_does_not_even_read(country: State) -> None:
    browser = country.signed_in(ANNA)
    cross = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}
    assert browser.ask("GET", "me/sessions", headers=cross).status_code == 403
    answer = browser.get("me/sessions")
    assert "access-control-allow-origin" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"


def test_a_cookie_is_out_of_reach_of_scripts_other_hosts_and_plain_ways(country: State) -> None:
    browser = country.browser()
    asked = browser.post("sign-in/options").json()
    credential = country.carried[ANNA].use(asked["options"], browser.origin)
    answer = browser.post("sign-in", {"id": asked["id"], "credential": credential})
    (told,) = answer.headers.get_list("set-cookie")
    name, *flags = [each.strip() for each in told.split(";")]
    assert name.startswith(f"{COOKIE}=")
    named = {each.lower() for each in flags}
    assert {"path=/", "secure", "httponly", "samesite=strict"} <= named
    assert not any(each.startswith("domain") for each in named)
    assert browser.cookie not in answer.text
    kept = {bytes(row["digest"]) for row in country.rows(schema.session)}
    assert browser.cookie.encode() not in b"".join(kept)


@pytest.mark.parametrize("host", [SITE_HOST, HOST.replace("8470", "8471"), HOST.split(":")[0]])
def test_a_cookie_is_good_at_no_other_host(country: State, host: str) -> None:
    token = country.signed_in(ANNA).cookie
    assert is_out(thief(country, token, host))
    assert not is_out(thief(country, token, HOST.upper()))


def test_a_forged_host_header_reaches_nothing(country: State) -> None:
    browser = thief(country, country.signed_in(ANNA).cookie, "evil.example")
    assert browser.get("me/sessions").status_code == 421
    for host in ("evil.example", f"{HOST}@evil.example", f"{HOST}/", f"{HOST}:1", "", "["):
        answer = country.signed_in(ANNA).ask("GET", "me/sessions", headers={"host": host})
        assert answer.status_code in {401, 421}, host


def sign_out(_state: State, browser: Browser) -> None:
    assert browser.post("sign-out").status_code == 200


def stay_idle(state: State, _browser: Browser) -> None:
    state.calendar.now += 15 * 60


def half_a_day(state: State, browser: Browser) -> None:
    for _ in range(12 * 6):
        state.calendar.now += 600
        browser.get("me/sessions")


def end_at_another(state: State, _browser: Browser) -> None:
    other = state.signed_in(ANNA, SITE_HOST)
    (mine,) = [each["id"] for each in other.get("me/sessions").json() if each["host"] == HOST]
    assert other.delete(f"me/sessions/{mine}").status_code == 200


def revoke(state: State, _browser: Browser) -> None:
    body = {"holder": f"person/{ANNA}", "reason": "keyCompromise"}
    assert state.signed_in(ANNA).post("certificates/revoke", body).status_code == 200


def sign_in_again(state: State, browser: Browser) -> None:
    assert browser.sign_in(state.carried[ANNA]).status_code == 200


@pytest.mark.parametrize(
    "end", [sign_out, stay_idle, half_a_day, end_at_another, revoke, sign_in_again]
)
def test_a_stolen_token_is_worth_nothing_after_the_session(
    country: State, end: Callable[[State, Browser], None]
) -> None:
    browser = country.signed_in(ANNA)
    token = browser.cookie
    assert not is_out(thief(country, token))
    end(country, browser)
    after = thief(country, token)
    assert is_out(after)
    assert after.cookie == ""
    assert after.get("state").json()["me"] is None


def test_a_token_that_was_planted_before_signing_in_is_not_the_sessions(country: State) -> None:
    """Session fixation: nothing that the browser brings becomes a session."""
    planted = session_token().text()
    browser = thief(country, planted)
    assert browser.sign_in(country.carried[ANNA]).status_code == 200
    assert browser.cookie != planted
    assert is_out(thief(country, planted))


def test_signing_in_over_somebody_elses_session_ends_it(country: State) -> None:
    """A planted session of the thief's own is not what the victim goes on in."""
    mine = country.signed_in(GINA)
    victim = thief(country, mine.cookie)
    assert victim.sign_in(country.carried[ANNA]).status_code == 200
    assert victim.get("state").json()["me"]["person"] == ANNA
    assert is_out(mine)


def test_one_of_two_cookies_is_nobody_whatever_the_order(country: State) -> None:
    anna, gina = country.signed_in(ANNA).cookie, country.signed_in(GINA).cookie
    for first, second in ((anna, gina), (gina, anna), (anna, anna), (anna, ""), ("", anna)):
        both = f"{COOKIE}={first}; {COOKIE}={second}"
        assert country.browser().get("me/sessions", cookie=both).status_code == 401
    named = f"x{COOKIE}={gina}; {COOKIE}={anna}"
    assert country.browser().get("state", cookie=named).json()["me"] is None


def test_a_huge_cookie_is_not_looked_at(country: State) -> None:
    token = country.signed_in(ANNA).cookie
    reads = country.browser().get("me/sessions", cookie=f"x={'y' * 9_000}; {COOKIE}={token}")
    assert reads.status_code == 401
    fits = country.browser().get("me/sessions", cookie=f"x={'y' * 7_000}; {COOKIE}={token}")
    assert fits.status_code == 200


@settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(value=st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=80))
def test_no_cookie_of_any_form_opens_or_breaks_anything(country: State, value: str) -> None:
    for cookie in (f"{COOKIE}={value}", value, f'{COOKIE}="{value}"; a'):
        browser = country.browser()
        headers = {"cookie": cookie.encode("latin-1")}
        answer = browser.ask("GET", "state", headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == 200
        assert answer.json()["me"] is None


def test_a_session_does_not_become_fresh_by_being_used(country: State) -> None:
    browser = country.signed_in(ANNA)
    for _ in range(11):
        country.calendar.now += 60
        assert not is_out(browser)
    refused = browser.post("invitations", {"identity": "office/rome"})
    assert refused.status_code == 401
    assert "once more" in refused.json()["detail"]


def test_an_answer_to_a_question_is_good_once_and_for_nothing_else(country: State) -> None:
    browser = country.browser()
    asked = browser.post("sign-in/options").json()
    credential = country.carried[ANNA].use(asked["options"], ORIGIN)
    body = {"id": asked["id"], "credential": credential}
    assert browser.post("sign-in", body).status_code == 200
    assert country.browser().post("sign-in", body).status_code == 401
    adding = browser.post("me/passkeys/options").json()
    made = Authenticator(ORIGIN).make(adding["options"], ORIGIN)
    other = country.signed_in(GINA)
    stolen = {"id": adding["id"], "credential": made, "label": "mine"}
    assert other.post("me/passkeys", stolen).status_code == 401
    assert browser.post("me/passkeys", stolen).status_code == 401  # it was answered, wrongly


def test_who_is_revoked_keeps_no_way_back_by_an_invitation_of_before(country: State) -> None:
    """A thief in a session invites a device; revoking the person ends that invitation too."""
    browser = country.signed_in(GINA)
    token = browser.post("me/devices", {"device": "spare"}).json()["token"]
    body = {"holder": f"person/{GINA}", "reason": "keyCompromise"}
    assert country.signed_in(ANNA).post("certificates/revoke", body).status_code == 200
    path = f"person/{GINA}/spare"
    refused = country.browser().enrol(token, path, country.new_key(), None)
    assert refused.status_code == 409
    assert "withdrawn" in refused.json()["detail"]
    assert len(country.entries("invitation.withdrawn")) == 1


def test_recovery_leaves_no_invitation_of_before(country: State) -> None:
    browser = country.signed_in(GINA)
    token = browser.post("me/devices", {"device": "spare"}).json()["token"]
    path = f"person/{GINA}/recovered"
    recovered = country.invitation(path, purpose=Purpose.RECOVER).text
    answer = country.browser().enrol(recovered, path, country.new_key(), Authenticator(ORIGIN))
    assert answer.status_code == 200, answer.text
    refused = country.browser().enrol(token, f"person/{GINA}/spare", country.new_key(), None)
    assert refused.status_code == 409


def test_the_websockets_of_the_console_do_not_hang_on_a_session(country: State) -> None:
    """A WebSocket is let in or refused by its origin alone: no cookie helps, none is needed."""

    async def connect(origin: str, cookie: str) -> list[str]:
        told: list[str] = []
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "scheme": "wss",
            "path": f"{API}/state",
            "raw_path": f"{API}/state".encode(),
            "query_string": b"",
            "root_path": "",
            "subprotocols": [],
            "headers": [
                (b"host", HOST.encode()),
                (b"origin", origin.encode()),
                (b"cookie", cookie.encode()),
            ],
            "state": {},
        }

        async def receive() -> dict[str, str]:
            return {"type": "websocket.connect"}

        async def send(message: dict[str, object]) -> None:
            told.append(f"{message['type']} {message.get('code')}")

        await country.app(scope, receive, send)  # type: ignore[arg-type]
        return told

    cookie = f"{COOKIE}={country.signed_in(ANNA).cookie}"
    for shown in (cookie, f"{COOKIE}=x", ""):
        assert asyncio.run(connect("https://evil.example", shown)) == ["websocket.close 1008"]
        ours = asyncio.run(connect(ORIGIN, shown))
        assert ours == ["websocket.close 1000"]  # there is no WebSocket at this path
