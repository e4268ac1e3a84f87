"""Invitations: who may invite whom, what is handed over, and that only a digest stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from authority.authenticator import Authenticator
from authority.state import COMMUNITY, DOMAIN, ORIGIN, State
from baluardo.authority.store import schema
from baluardo.protocol.invitation import Invitation
from baluardo.trust.base64_text import to_base64url
from baluardo.trust.identity import ADMITTED

NAMES = (
    "anna.rossi",
    "carla.verdi",
    "dario.neri",
    "elena.bruni",
    "fabio.viola",
    "gina.costa",
)


@pytest.mark.parametrize(
    ("path", "permitted"),
    [
        ("office/roma", {"anna.rossi", "dario.neri"}),
        ("ship/bergamini", {"anna.rossi", "dario.neri", "elena.bruni"}),
        ("auditor/corte", {"anna.rossi"}),
        ("person/ugo.sala/laptop", {"anna.rossi", "carla.verdi"}),
    ],
)
def test_each_kind_is_invited_by_its_officers(state: State, path: str, permitted: set[str]) -> None:
    for name in NAMES:
        answer = state.signed_in(name).post("invitations", {"identity": path})
        assert answer.status_code == (200 if name in permitted else 403), name


def test_person_with_roles_is_invited_by_a_security_officer_alone(state: State) -> None:
    grant = state.authority.policy.grant_of("anna.rossi")
    state.set_policy(people={**state.authority.policy.people, "piero.testa": grant})
    wanted = {"identity": "person/piero.testa/laptop"}
    assert state.signed_in("carla.verdi").post("invitations", wanted).status_code == 403
    assert state.signed_in("anna.rossi").post("invitations", wanted).status_code == 200


def test_what_is_handed_over(state: State) -> None:
    wanted = {
        "identity": "person/ugo.sala/laptop",
        "display_name": "Ugo Sala",
        "languages": ["it", "de-AT"],
        "numbers": [{"kind": "extension", "number": "99", "visible": "true"}],
        "hours": 2,
    }
    made = state.signed_in("anna.rossi").post("invitations", wanted).json()
    invitation = Invitation.of_text(made["token"])
    assert invitation.identity == state.identity("person/ugo.sala/laptop")
    assert invitation.addresses == (ORIGIN,)
    assert (invitation.community, invitation.profile) == (COMMUNITY, "eu-hybrid")
    assert invitation.expires == made["expires"] == state.calendar.now + 7200
    assert made["link"] == f"{ORIGIN}/enrol#{made['token']}"
    assert made["qr"].startswith("<svg")
    entry = state.entries("invitation.made")[-1]
    assert entry.facts["purpose"] == "enrol"
    assert entry.hidden == {"by": "anna.rossi", "identity": "person/ugo.sala/laptop"}


def test_only_the_digest_stays(state: State) -> None:
    made = state.signed_in("anna.rossi").post("invitations", {"identity": "office/roma"}).json()
    secret = Invitation.of_text(made["token"]).secret.reveal()
    kept = repr(state.rows(schema.invitation)) + repr(state.rows(schema.log_entry))
    for shown in (to_base64url(secret), secret.hex(), repr(secret)[2:-1], made["token"]):
        assert shown not in kept


def test_machines_get_no_link(state: State) -> None:
    made = state.signed_in("anna.rossi").post("invitations", {"identity": "office/roma"}).json()
    assert (made["link"], made["qr"]) == (None, None)


def test_directory_begins_with_what_the_invitation_says(state: State) -> None:
    wanted = {
        "identity": "person/ugo.sala/laptop",
        "display_name": "Ugo Sala",
        "languages": ["it"],
        "numbers": [{"kind": "extension", "number": "99"}],
    }
    browser = state.signed_in("anna.rossi")
    made = browser.post("invitations", wanted).json()
    new = state.browser()
    new.enrol(made["token"], wanted["identity"], state.new_key(), Authenticator(ORIGIN))
    (found,) = browser.get("directory?q=ugo").json()["people"]
    assert (found["display_name"], found["languages"]) == ("Ugo Sala", ["it"])
    assert found["numbers"] == [{"kind": "extension", "number": "99", "visible": True}]


def test_authorities_and_strangers_are_not_invited(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    for identity in ("authority/second", "person/ugo.sala", "office", "office/Roma", "x" * 300):
        refused = browser.post("invitations", {"identity": identity})
        assert refused.status_code in {400, 422}, identity


def test_who_is_in_is_not_invited_again(state: State) -> None:
    wanted = {"identity": "person/gina.costa/other"}
    refused = state.signed_in("anna.rossi").post("invitations", wanted)
    assert refused.status_code == 409
    assert "two persons" in refused.json()["detail"]


def test_inviting_takes_a_passkey_just_now(state: State) -> None:
    browser = state.signed_in("anna.rossi")
    state.calendar.now += 601
    assert browser.post("invitations", {"identity": "office/roma"}).status_code == 401


@pytest.mark.parametrize("hours", [0, -1, 721, 1e300, "3", None])
def test_invitation_lasts_within_bounds(state: State, hours: object) -> None:
    wanted = {"identity": "office/roma", "hours": hours}
    assert state.signed_in("anna.rossi").post("invitations", wanted).status_code == 422


@pytest.mark.parametrize(
    "name",
    ["", " Anna", "Anna\u0000", "Anna\n", "Anna\u202eissor", "\u2066Anna", "x" * 121, "\u200f"],
)
def test_names_that_show_something_else_are_refused(state: State, name: str) -> None:
    wanted = {"identity": "office/roma", "display_name": name}
    assert state.signed_in("anna.rossi").post("invitations", wanted).status_code in {400, 422}


def test_those_who_invite_see_what_was_made(state: State) -> None:
    state.signed_in("anna.rossi").post("invitations", {"identity": "office/roma"})
    state.signed_in("anna.rossi").post("invitations", {"identity": "auditor/corte"})
    seen = {
        name: {each["identity"] for each in state.signed_in(name).get("invitations").json()}
        for name in ("anna.rossi", "dario.neri")
    }
    assert seen["anna.rossi"] >= {"office/roma", "auditor/corte"}
    assert "office/roma" in seen["dario.neri"]
    assert "auditor/corte" not in seen["dario.neri"]
    assert state.signed_in("gina.costa").get("invitations").status_code == 403
    (row,) = [
        each
        for each in state.signed_in("anna.rossi").get("invitations").json()
        if each["identity"] == "office/roma"
    ]
    assert (row["by"], row["state"], row["display_name"]) == ("anna.rossi", "open", "roma")
    assert "token" not in row


def test_withdrawn_invitation_serves_nobody(state: State) -> None:
    browser = state.signed_in("dario.neri")
    made = browser.post("invitations", {"identity": "office/roma"}).json()
    assert state.signed_in("carla.verdi").delete(f"invitations/{made['id']}").status_code == 403
    assert browser.delete(f"invitations/{made['id']}").status_code == 200
    refused = state.browser().post("enrol/open", {"token": made["token"]})
    assert refused.status_code == 409
    assert "withdrawn" in refused.json()["detail"]
    assert browser.delete(f"invitations/{made['id']}").status_code == 409
    assert browser.delete(f"invitations/{'0' * 32}").status_code == 404
    assert state.entries("invitation.withdrawn")[-1].facts["identity"] == "office/roma"


def test_used_invitation_is_not_withdrawn(state: State) -> None:
    used = next(row for row in state.rows(schema.invitation) if row["state"] == "used")
    assert state.signed_in("anna.rossi").delete(f"invitations/{used['id']}").status_code == 409


def test_own_device_is_invited_by_its_person(state: State) -> None:
    browser = state.signed_in("gina.costa")
    made = browser.post("me/devices", {"device": "phone"}).json()
    path = "person/gina.costa/phone"
    assert made["identity"] == path
    assert made["expires"] == state.calendar.now + 3600
    other = state.browser()
    answer = other.enrol(made["token"], path, state.new_key(), None)
    assert answer.json()["state"] == "granted"
    assert other.cookie == ""  # a link alone signs nobody in
    assert {each["identity"] for each in browser.get("me/devices").json()} == {
        path,
        "person/gina.costa/laptop",
    }


def test_new_device_may_bring_a_passkey_of_its_own(state: State) -> None:
    browser = state.signed_in("gina.costa")
    made = browser.post("me/devices", {"device": "phone"}).json()
    other, new = state.browser(), Authenticator(ORIGIN)
    path = "person/gina.costa/phone"
    assert other.enrol(made["token"], path, state.new_key(), new).status_code == 200
    assert other.get("state").json()["me"]["person"] == "gina.costa"
    assert len(browser.get("me/passkeys").json()) == 2
    assert state.browser().sign_in(new).status_code == 200
    assert state.browser().sign_in(state.carried["gina.costa"]).status_code == 200


@pytest.mark.parametrize("device", ["", "Phone", "a/b", "x" * 64, "..", 5])
def test_device_has_a_plain_name(state: State, device: object) -> None:
    browser = state.signed_in("gina.costa")
    assert browser.post("me/devices", {"device": device}).status_code == 422


def test_policy_may_let_nothing_wait(state: State) -> None:
    state.set_policy(approval=dict.fromkeys(ADMITTED, False))
    made = state.signed_in("anna.rossi").post("invitations", {"identity": "office/roma"}).json()
    told = state.browser().post("enrol/open", {"token": made["token"]}).json()
    assert (told["approval"], told["passkey"]) == (False, None)


@pytest.mark.parametrize("kind", ["office", "ship", "auditor"])
@pytest.mark.parametrize("name", ["authority", "milano"])
def test_nobody_is_invited_to_the_name_of_an_authority(
    make_state: Callable[..., State], kind: str, name: str
) -> None:
    state = make_state(web=(f"https://authority.{DOMAIN}", f"https://milano.{DOMAIN}"))
    refused = state.signed_in("anna.rossi").post("invitations", {"identity": f"{kind}/{name}"})
    assert refused.status_code == 409
    assert "authority's own pages" in refused.json()["detail"]


def test_one_name_has_one_holder_whatever_its_kind(state: State) -> None:
    anna = state.signed_in("anna.rossi")

    def invited(path: str) -> int:
        return anna.post("invitations", {"identity": path}).status_code

    first = anna.post("invitations", {"identity": "ship/bergamini"}).json()
    assert invited("ship/bergamini") == 200  # the same one, once more
    assert (invited("office/bergamini"), invited("auditor/bergamini")) == (409, 409)
    assert invited("person/bergamini/phone") == 200  # persons have names of their own
    for each in anna.get("invitations").json():
        if each["identity"] == "ship/bergamini":
            assert anna.delete(f"invitations/{each['id']}").status_code == 200
    assert invited("office/bergamini") == 200
    assert first["identity"] == "ship/bergamini"


def test_a_name_is_taken_while_its_request_waits_and_for_ever_after(state: State) -> None:
    asked = state.waiting("office/roma")
    anna = state.signed_in("anna.rossi")
    assert anna.post("invitations", {"identity": "ship/roma"}).status_code == 409
    state.calendar.now += 25 * 3_600  # the invitation has ended, the request has not
    anna = state.signed_in("anna.rossi")
    assert anna.post("invitations", {"identity": "ship/roma"}).status_code == 409
    assert anna.post(f"requests/{asked}/approve").status_code == 200
    assert anna.post("invitations", {"identity": "ship/roma"}).status_code == 409
    wanted = {"holder": "office/roma", "reason": "cessationOfOperation"}
    assert anna.post("certificates/revoke", wanted).status_code == 200
    assert anna.post("invitations", {"identity": "ship/roma"}).status_code == 409
    assert anna.post("invitations", {"identity": "office/roma"}).status_code == 200
