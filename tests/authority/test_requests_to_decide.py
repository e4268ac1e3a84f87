"""Requests that wait: two persons let somebody in, and each kind has its officers."""

from __future__ import annotations

import pytest

from authority.state import Browser, State
from baluardo.authority.acts.invitations import Purpose
from baluardo.authority.store import schema
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import ADMITTED

OFFICERS = ("anna.rossi", "carla.verdi", "dario.neri", "elena.bruni")


@pytest.fixture
def strict(state: State) -> State:
    """Return a state where every request waits."""
    state.set_policy(approval=dict.fromkeys(ADMITTED, True))
    state.calendar.now += 1.0
    return state


@pytest.mark.parametrize(
    ("path", "permitted"),
    [
        ("office/roma", {"anna.rossi", "dario.neri"}),
        ("ship/bergamini", {"anna.rossi", "dario.neri", "elena.bruni"}),
        ("auditor/corte", {"anna.rossi"}),
        ("person/ugo.sala/laptop", {"anna.rossi", "carla.verdi"}),
        ("person/piero.testa/laptop", {"anna.rossi"}),
    ],
)
def test_each_kind_has_its_officers(strict: State, path: str, permitted: set[str]) -> None:
    if "piero" in path:  # whom the policy gives a role
        grant = strict.authority.policy.grant_of("dario.neri")
        strict.set_policy(people={**strict.authority.policy.people, "piero.testa": grant})
    asked = strict.waiting(path)
    for name in OFFICERS:
        browser = strict.signed_in(name)
        seen = asked in {each["id"] for each in browser.get("requests").json()}
        assert seen is (name in permitted)
        if name not in permitted:
            assert browser.post(f"requests/{asked}/approve").status_code == 403
            assert browser.post(f"requests/{asked}/refuse", {"reason": "No"}).status_code == 403
    assert strict.signed_in(min(permitted)).post(f"requests/{asked}/approve").status_code == 200


def test_auditor_sees_all_and_decides_nothing(strict: State) -> None:
    asked = strict.waiting("office/roma")
    auditor = strict.signed_in("fabio.viola")
    assert asked in {each["id"] for each in auditor.get("requests").json()}
    assert auditor.post(f"requests/{asked}/approve").status_code == 403
    assert strict.signed_in("gina.costa").get("requests").status_code == 403


def test_nobody_approves_what_they_have_invited(strict: State) -> None:
    asked = strict.waiting("office/roma", by="anna.rossi")
    refused = strict.signed_in("anna.rossi").post(f"requests/{asked}/approve")
    assert refused.status_code == 403
    assert "another person" in refused.json()["detail"]
    assert strict.signed_in("bruno.conti").post(f"requests/{asked}/approve").status_code == 200


def test_nobody_approves_their_own_device(strict: State) -> None:
    browser = strict.signed_in("anna.rossi")
    made = browser.post("me/devices", {"device": "phone"}).json()
    path = "person/anna.rossi/phone"
    answer = strict.browser().enrol(made["token"], path, strict.new_key(), None)
    assert answer.json()["state"] == "waiting"
    (asked,) = [each for each in browser.get("requests").json() if each["state"] == "waiting"]
    assert browser.post(f"requests/{asked['id']}/approve").status_code == 403
    other = strict.signed_in("bruno.conti")
    assert other.post(f"requests/{asked['id']}/approve").status_code == 200


def test_own_request_is_not_approved_even_if_another_has_invited(strict: State) -> None:
    path = "person/anna.rossi/phone"
    made = strict.invitation(path, Purpose.DEVICE, by="bruno.conti")
    strict.browser().enrol(made.text, path, strict.new_key(), None)
    browser = strict.signed_in("anna.rossi")
    (asked,) = [each for each in browser.get("requests").json() if each["state"] == "waiting"]
    refused = browser.post(f"requests/{asked['id']}/approve")
    assert refused.status_code == 403
    assert "your own" in refused.json()["detail"]


def test_request_is_decided_once(strict: State) -> None:
    asked = strict.waiting("office/roma")
    browser = strict.signed_in("anna.rossi")
    assert browser.post(f"requests/{asked}/refuse", {"reason": "Not known"}).status_code == 200
    assert browser.post(f"requests/{asked}/approve").status_code == 409
    assert browser.post(f"requests/{asked}/refuse", {"reason": "Again"}).status_code == 409
    assert strict.rows(schema.site) == []
    entry = strict.entries("enrolment.refused")[-1]
    assert entry.hidden == {"by": "anna.rossi", "reason": "Not known"}


def test_who_is_refused_learns_why(strict: State) -> None:
    made = strict.invitation("office/roma")
    request = to_base64(make_request(strict.new_key(), strict.identity("office/roma")))
    strict.browser().post("enrol/device", {"token": made.text, "request": request})
    browser = strict.signed_in("anna.rossi")
    (asked,) = [each for each in browser.get("requests").json() if each["state"] == "waiting"]
    browser.post(f"requests/{asked['id']}/refuse", {"reason": "Call me first."})
    told = strict.browser().post("enrol/status", {"token": made.text}).json()
    assert told == {"state": "refused", "chain": None, "sentence": "Call me first."}


def test_deciding_takes_a_passkey_just_now(strict: State) -> None:
    asked = strict.waiting("office/roma")
    browser = strict.signed_in("anna.rossi")
    strict.calendar.now += 601
    refused = browser.post(f"requests/{asked}/approve")
    assert refused.status_code == 401
    assert "passkey once more" in refused.json()["detail"]
    browser.sign_in(strict.carried["anna.rossi"])
    assert browser.post(f"requests/{asked}/approve").status_code == 200


def test_unknown_requests_are_refused(strict: State) -> None:
    browser: Browser = strict.signed_in("anna.rossi")
    assert browser.post(f"requests/{'0' * 32}/approve").status_code == 404
    assert browser.post("requests/x/approve").status_code == 422
