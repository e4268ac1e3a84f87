"""One's own passkeys and devices: added with a passkey just used, never the last one removed."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from authority.authenticator import Authenticator
from authority.state import DOMAIN, ORIGIN, Browser, State, chain_of
from baluardo.authority.acts import holdings, passkeys
from baluardo.authority.doors.door import PRINCIPAL
from baluardo.authority.doors.who import Who
from baluardo.authority.events.event import EventKind
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.issuing.renewal import ask_renewal


def add(browser: Browser, authenticator: Authenticator, label: str = "Key ring") -> httpx.Response:
    """Add a passkey in a browser that is signed in."""
    asked = browser.post("me/passkeys/options")
    if asked.status_code != 200:
        return asked
    told = asked.json()
    credential = authenticator.make(told["options"], browser.origin)
    body = {"id": told["id"], "credential": credential, "label": label}
    return browser.post("me/passkeys", body)


def test_another_passkey_is_added_and_signs_in(state: State) -> None:
    browser, new = state.signed_in("gina.costa"), Authenticator(ORIGIN)
    answer = add(browser, new)
    assert answer.status_code == 200
    assert answer.json()["label"] == "Key ring"
    assert len(browser.get("me/passkeys").json()) == 2
    assert state.browser().sign_in(new).json()["person"] == "gina.costa"
    used = {each["label"]: each["used"] for each in browser.get("me/passkeys").json()}
    assert used["Key ring"] == state.calendar.now
    entry = state.entries("passkey.added")[-1]
    assert entry.facts == {}
    assert (entry.hidden["by"], entry.hidden["person"]) == ("gina.costa", "gina.costa")


def test_authenticator_is_told_which_passkeys_there_are(state: State) -> None:
    browser = state.signed_in("gina.costa")
    (held,) = browser.get("me/passkeys").json()
    options = browser.post("me/passkeys/options").json()["options"]
    assert [each["id"] for each in options["excludeCredentials"]] == [held["id"]]
    assert options["authenticatorSelection"]["residentKey"] == "required"


def test_adding_takes_a_passkey_just_now(state: State) -> None:
    browser = state.signed_in("gina.costa")
    asked = browser.post("me/passkeys/options").json()
    state.calendar.now += 601
    assert add(browser, Authenticator(ORIGIN)).status_code == 401
    credential = Authenticator(ORIGIN).make(asked["options"])
    body = {"id": asked["id"], "credential": credential, "label": "x"}
    assert browser.post("me/passkeys", body).status_code == 401


def test_question_of_another_person_adds_nothing(state: State) -> None:
    asked = state.signed_in("anna.rossi").post("me/passkeys/options").json()
    browser = state.signed_in("gina.costa")
    credential = Authenticator(ORIGIN).make(asked["options"])
    body = {"id": asked["id"], "credential": credential, "label": "x"}
    assert browser.post("me/passkeys", body).status_code == 401
    assert len(browser.get("me/passkeys").json()) == 1


def test_question_of_an_invitation_adds_nothing_here(state: State) -> None:
    browser = state.signed_in("gina.costa")
    made = browser.post("me/devices", {"device": "phone"}).json()
    asked = state.browser().post("enrol/open", {"token": made["token"]}).json()["passkey"]
    credential = Authenticator(ORIGIN).make(asked["options"])
    body = {"id": asked["id"], "credential": credential, "label": "x"}
    assert browser.post("me/passkeys", body).status_code == 401


def test_passkey_that_is_known_is_not_added_again(state: State) -> None:
    browser, new = state.signed_in("gina.costa"), Authenticator(ORIGIN)
    add(browser, new)
    asked = browser.post("me/passkeys/options").json()
    again = Authenticator(ORIGIN)
    credential = again.make(asked["options"])
    known = new.passkeys[DOMAIN][-1]
    again.passkeys[DOMAIN][-1].id = known.id
    assert credential["id"] != known.id
    first = browser.post("me/passkeys", {"id": asked["id"], "credential": credential, "label": "a"})
    assert first.status_code == 200
    asked = browser.post("me/passkeys/options").json()
    replayed = {"id": asked["id"], "credential": credential, "label": "a"}
    assert browser.post("me/passkeys", replayed).status_code == 403
    assert len(browser.get("me/passkeys").json()) == 3


def test_last_passkey_stays(state: State) -> None:
    browser = state.signed_in("gina.costa")
    (held,) = browser.get("me/passkeys").json()
    refused = browser.delete(f"me/passkeys/{held['id']}")
    assert refused.status_code == 409
    assert "last passkey" in refused.json()["detail"]
    new = Authenticator(ORIGIN)
    added = add(browser, new).json()
    assert browser.delete(f"me/passkeys/{held['id']}").status_code == 200
    assert browser.delete(f"me/passkeys/{added['id']}").status_code == 409
    assert state.browser().sign_in(state.carried["gina.costa"]).status_code == 401
    assert state.browser().sign_in(new).status_code == 200
    assert state.entries("passkey.removed")[-1].hidden["passkey"] == held["id"]


def test_passkeys_of_others_are_out_of_reach(state: State) -> None:
    (theirs,) = state.signed_in("anna.rossi").get("me/passkeys").json()
    browser = state.signed_in("gina.costa")
    add(browser, Authenticator(ORIGIN))
    assert browser.delete(f"me/passkeys/{theirs['id']}").status_code == 404
    assert state.browser().sign_in(state.carried["anna.rossi"]).status_code == 200


def test_passkeys_are_bounded_in_number(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "MOST_PASSKEYS", 2)
    browser = state.signed_in("gina.costa")
    assert add(browser, Authenticator(ORIGIN)).status_code == 200
    assert add(browser, Authenticator(ORIGIN)).status_code == 409


@pytest.mark.parametrize("label", ["", "x" * 61, "a\u0000", "\u202ea", " a"])
def test_labels_are_bounded(state: State, label: str) -> None:
    answer = add(state.signed_in("gina.costa"), Authenticator(ORIGIN), label)
    assert answer.status_code in {400, 422}


def renewal_body(credential: Credential, state: State) -> dict[str, Any]:
    return {"envelope": json.loads(ask_renewal(credential, state.new_key()).to_json())}


def test_device_renews_its_certificate(state: State) -> None:
    browser = state.signed_in("gina.costa")
    state.calendar.now += 60
    answer = browser.post("me/renew", renewal_body(state.devices["gina.costa"], state))
    assert answer.status_code == 200
    assert chain_of(answer).leaf.identity == state.identity("person/gina.costa/laptop")
    assert len(browser.get("me/devices").json()) == 2


def test_device_of_another_person_is_not_renewed(state: State) -> None:
    body = renewal_body(state.devices["anna.rossi"], state)
    refused = state.signed_in("gina.costa").post("me/renew", body)
    assert refused.status_code == 403
    assert state.signed_in("anna.rossi").post("me/renew", body).status_code == 200


def test_copied_key_is_revoked_when_it_is_renewed_twice(state: State) -> None:
    browser = state.signed_in("gina.costa")
    device = state.devices["gina.costa"]
    assert browser.post("me/renew", renewal_body(device, state)).status_code == 200
    refused = browser.post("me/renew", renewal_body(device, state))
    assert refused.status_code == 403
    assert "copied" in refused.json()["detail"]
    assert {each["state"] for each in browser.get("me/devices").json()} == {"revoked"}
    assert state.told(EventKind.LISTS) == 1
    assert len(state.entries("key.cloned")) == 1


@pytest.mark.parametrize("envelope", [{}, {"payload": 1}, {"payloadType": "x", "signatures": []}])
def test_what_is_no_renewal_is_refused(state: State, envelope: dict[str, Any]) -> None:
    refused = state.signed_in("gina.costa").post("me/renew", {"envelope": envelope})
    assert refused.status_code in {400, 403}


def test_principal_of_a_channel_is_taken_as_it_is(state: State) -> None:
    """What stands in the scope already was found by the channel's door: no cookie changes it."""
    browser = state.signed_in("anna.rossi")
    device = state.identity("person/gina.costa/laptop")
    channel = Principal("gina.costa", state.authority.policy.grant_of("gina.costa"), device=device)
    inner = state.app

    async def over_channel(scope: Any, receive: Any, send: Any) -> None:
        await Who(inner, state.authority)(scope | {PRINCIPAL: channel}, receive, send)

    state.app = over_channel  # type: ignore[assignment]
    me = browser.get("state").json()["me"]
    assert (me["person"], me["device"]) == ("gina.costa", device.path)
    assert browser.post("me/devices", {"device": "phone"}).status_code == 200
    assert len(state.rows(schema.session)) >= 1


def test_devices_that_are_invited_are_bounded_in_number(state: State) -> None:
    browser = state.signed_in("gina.costa")
    made = [browser.post("me/devices", {"device": f"d{n}"}) for n in range(9)]
    assert [each.status_code for each in made] == [200] * 8 + [409]
    assert "8 invitations of your devices are open" in made[-1].json()["detail"]
    assert browser.delete(f"invitations/{made[0].json()['id']}").status_code == 200
    assert browser.post("me/devices", {"device": "another"}).status_code == 200
    state.calendar.now += 3_601  # they have ended
    browser = state.signed_in("gina.costa")
    assert browser.post("me/devices", {"device": "late"}).status_code == 200
    assert state.signed_in("anna.rossi").post("me/devices", {"device": "own"}).status_code == 200


def test_certificates_of_a_person_are_bounded_in_number(
    state: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(holdings, "MOST_CERTIFICATES", 2)
    browser = state.signed_in("gina.costa")
    assert browser.post("me/devices", {"device": "phone"}).status_code == 200
    refused = browser.post("me/devices", {"device": "tablet"})  # the phone's is promised
    assert refused.status_code == 409
    renewed = browser.post("me/renew", renewal_body(state.devices["gina.costa"], state))
    assert renewed.status_code == 200
    again = browser.post("me/renew", renewal_body(state.devices["gina.costa"], state))
    assert again.status_code == 409
    assert "2 certificates in force" in again.json()["detail"]


def test_one_person_changes_so_much_of_their_own_at_a_time(state: State) -> None:
    browser = state.signed_in("gina.costa")
    answers = [browser.post("me/devices", {"device": f"d{n}"}).status_code for n in range(40)]
    assert answers == [200] * 8 + [409] * 22 + [429] * 10
    assert browser.get("me/devices").status_code == 200
    assert state.signed_in("anna.rossi").post("me/devices", {"device": "own"}).status_code == 200
    state.calendar.now += 2
    assert browser.post("me/devices", {"device": "x"}).status_code == 409
