"""First contact: a token serves once, for one identity, and what waits is decided by another."""

from __future__ import annotations

import asyncio
import json

import pytest

from authority.authenticator import Authenticator
from authority.state import COMMUNITY, DOMAIN, ORIGIN, State, chain_of
from baluardo.authority.acts.invitations import Purpose
from baluardo.authority.store import schema
from baluardo.protocol.enrolment import CONTEXT, seal_request
from baluardo.protocol.invitation import Invitation
from baluardo.protocol.roles import Role
from baluardo.trust.base64_text import to_base64, to_base64url
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import ADMITTED, Identity, Kind
from baluardo.trust.sealing import seal
from baluardo.trust.strict_json import write_json

PATH = "person/ugo.sala/laptop"
SEALED = {"content-type": "application/octet-stream"}


def request_of(state: State, path: str, key: object = None) -> str:
    return to_base64(make_request(key or state.new_key(), state.identity(path)))


def test_person_enrols_in_a_browser_and_is_signed_in(state: State) -> None:
    made = state.invitation(PATH, display_name="Ugo Sala")
    browser, key = state.browser(), state.new_key()
    told = browser.post("enrol/open", {"token": made.text}).json()
    question = told.pop("passkey")
    assert question["options"]["user"]["displayName"] == "Ugo Sala"
    assert question["options"]["rp"]["id"] == DOMAIN
    assert told == {
        "identity": PATH,
        "display_name": "Ugo Sala",
        "community": COMMUNITY,
        "profile": "eu-hybrid",
        "root": Invitation.of_text(made.text).root.hex(),
        "expires": made.expires,
        "approval": False,
        "purpose": "enrol",
        "state": "open",
    }
    answer = browser.enrol(made.text, PATH, key, Authenticator(ORIGIN))
    assert answer.status_code == 200
    assert answer.json()["state"] == "granted"
    chain = chain_of(answer)
    assert chain.leaf.key == key.public
    state.store.issuing.verifier().verify(chain, state.calendar.now)
    me = browser.get("state").json()["me"]
    assert (me["person"], me["roles"]) == ("ugo.sala", ["member"])
    assert [each["label"] for each in browser.get("me/passkeys").json()] == ["passkey"]
    assert browser.get("me/devices").json()[0]["identity"] == PATH
    for kind in ("invitation.made", "invitation.used"):
        assert "ugo" not in json.dumps(state.entries(kind)[-1].facts)
    assert state.entries("passkey.added")[-1].hidden["person"] == "ugo.sala"


def test_authenticator_learns_no_name_as_handle(state: State) -> None:
    handles = {row["name"]: row["handle"] for row in state.rows(schema.person)}
    assert all(len(each) == 32 for each in handles.values())
    assert len(set(handles.values())) == len(handles)
    asked = state.browser().post("enrol/open", {"token": state.invitation(PATH).text}).json()
    handle = asked["passkey"]["options"]["user"]["id"]
    assert handle not in {to_base64url(each) for each in handles.values()}


def test_token_serves_once(state: State) -> None:
    made = state.invitation(PATH)
    assert state.browser().enrol(made.text, PATH, state.new_key(), Authenticator(ORIGIN)).is_success
    body = {"token": made.text, "request": request_of(state, PATH), "passkey": None}
    replayed = state.browser().post("enrol/device", body)
    assert replayed.status_code == 409
    assert "once" in replayed.json()["detail"]
    assert len(state.rows(schema.request)) == len(state.rows(schema.person))


def test_same_request_again_signs_nobody_in(state: State) -> None:
    made, browser, key = state.invitation(PATH), state.browser(), state.new_key()
    asked = browser.post("enrol/open", {"token": made.text}).json()["passkey"]
    credential = Authenticator(ORIGIN).make(asked["options"])
    body = {
        "token": made.text,
        "request": request_of(state, PATH, key),
        "passkey": {"id": asked["id"], "credential": credential},
    }
    assert browser.post("enrol/device", body).status_code == 200
    thief = state.browser()
    replayed = thief.post("enrol/device", body)
    assert replayed.headers.get("set-cookie") is None
    assert thief.get("me/sessions").status_code == 401
    assert len(state.rows(schema.request)) == len(state.rows(schema.person))


def test_two_at_once_with_one_token(state: State) -> None:
    state.set_policy(approval=dict.fromkeys(ADMITTED, False))
    made = state.invitation("office/roma")
    bodies = [{"token": made.text, "request": request_of(state, "office/roma")} for _ in range(6)]

    async def all_at_once() -> list[int]:
        answers = await asyncio.gather(
            *(state.browser().asking("POST", "enrol/device", body) for body in bodies)
        )
        return sorted(answer.status_code for answer in answers)

    assert asyncio.run(all_at_once()) == [200] + [409] * 5
    assert len(state.rows(schema.site)) == 1


def test_token_stays_the_ticket(state: State) -> None:
    made = state.invitation(PATH)
    browser = state.browser()
    assert browser.post("enrol/status", {"token": made.text}).json()["state"] == "open"
    answer = browser.enrol(made.text, PATH, state.new_key(), Authenticator(ORIGIN))
    told = state.browser().post("enrol/status", {"token": made.text}).json()
    assert (told["state"], told["chain"]) == ("granted", answer.json()["chain"])
    opened = state.browser().post("enrol/open", {"token": made.text}).json()
    assert (opened["state"], opened["passkey"]) == ("granted", None)


def test_secret_alone_is_a_token_too(state: State) -> None:
    made = state.invitation(PATH)
    secret = to_base64url(Invitation.of_text(made.text).secret.reveal())
    assert state.browser().post("enrol/status", {"token": secret}).json()["state"] == "open"


def test_token_that_has_ended_is_refused(state: State) -> None:
    made = state.invitation(PATH, hours=1.0)
    asked = state.browser().post("enrol/open", {"token": made.text}).json()["passkey"]
    state.calendar.now += 3601
    for path in ("enrol/open", "enrol/status"):
        refused = state.browser().post(path, {"token": made.text})
        assert refused.status_code == 409
        assert "ended" in refused.json()["detail"]
    credential = Authenticator(ORIGIN).make(asked["options"])
    body = {
        "token": made.text,
        "request": request_of(state, PATH),
        "passkey": {"id": asked["id"], "credential": credential},
    }
    assert state.browser().post("enrol/device", body).status_code == 409
    assert "ugo.sala" not in {row["name"] for row in state.rows(schema.person)}


@pytest.mark.parametrize(
    "token", ["", "A" * 22, "A" * 23, "baluardo-invitation:AAAA", "x\u0000", "\u202e" * 22]
)
def test_unknown_tokens_are_refused(state: State, token: str) -> None:
    refused = state.browser().post("enrol/open", {"token": token})
    assert refused.status_code == (404 if token == "A" * 22 else 400)


def test_token_of_another_identity_is_refused_and_not_used(state: State) -> None:
    made = state.invitation(PATH)
    browser = state.browser()
    wrong = "person/anna.rossi/laptop"
    refused = browser.enrol(made.text, wrong, state.new_key(), Authenticator(ORIGIN))
    assert refused.status_code == 403
    assert "not used" in refused.json()["detail"]
    assert browser.enrol(made.text, PATH, state.new_key(), Authenticator(ORIGIN)).is_success


def test_request_of_another_community_is_refused(state: State) -> None:
    made = state.invitation("ship/bergamini")
    elsewhere = Identity("altrove.example", Kind.SHIP, "bergamini")
    request = to_base64(make_request(state.new_key(), elsewhere))
    refused = state.browser().post("enrol/device", {"token": made.text, "request": request})
    assert refused.status_code == 403


def test_swapped_key_is_refused(state: State) -> None:
    made = state.invitation(PATH)
    mine = make_request(state.new_key(), state.identity(PATH))
    theirs = make_request(state.new_key(), state.identity(PATH))
    key, other = (each[200:400] for each in (mine, theirs))
    swapped = to_base64(mine.replace(key, other))
    refused = state.browser().post("enrol/device", {"token": made.text, "request": swapped})
    assert refused.status_code == 403
    assert state.browser().post("enrol/status", {"token": made.text}).json()["state"] == "open"


def test_key_of_another_holder_is_refused(state: State) -> None:
    made = state.invitation(PATH)
    key = state.devices["anna.rossi"].key
    refused = state.browser().enrol(made.text, PATH, key, Authenticator(ORIGIN))
    assert refused.status_code == 403
    assert "another holder" in refused.json()["detail"]
    assert state.browser().post("enrol/status", {"token": made.text}).json()["state"] == "open"


def test_person_begins_with_a_passkey(state: State) -> None:
    made = state.invitation(PATH)
    refused = state.browser().enrol(made.text, PATH, state.new_key(), None)
    assert refused.status_code == 409
    assert "passkey" in refused.json()["detail"]


def test_passkey_must_be_made_for_this_question(state: State) -> None:
    made = state.invitation(PATH)
    browser = state.browser()
    asked = browser.post("enrol/open", {"token": made.text}).json()["passkey"]
    credential = Authenticator("https://evil.example").make(asked["options"])
    body = {
        "token": made.text,
        "request": request_of(state, PATH),
        "passkey": {"id": asked["id"], "credential": credential},
    }
    assert browser.post("enrol/device", body).status_code == 403
    body["passkey"]["credential"] = Authenticator(ORIGIN).make(asked["options"])
    late = browser.post("enrol/device", body)
    assert late.status_code == 401
    assert "answered before" in late.json()["detail"]


def test_question_of_another_person_is_not_answered(state: State) -> None:
    mine = state.invitation(PATH)
    other = state.invitation("person/ivo.sala/laptop")
    browser = state.browser()
    asked = browser.post("enrol/open", {"token": other.text}).json()["passkey"]
    body = {
        "token": mine.text,
        "request": request_of(state, PATH),
        "passkey": {
            "id": asked["id"],
            "credential": Authenticator(ORIGIN).make(asked["options"]),
        },
    }
    assert browser.post("enrol/device", body).status_code == 401


def test_name_is_enrolled_once(state: State) -> None:
    first, second = state.invitation(PATH), state.invitation(PATH)
    assert (
        state.browser().enrol(first.text, PATH, state.new_key(), Authenticator(ORIGIN)).is_success
    )
    refused = state.browser().post("enrol/open", {"token": second.text})
    assert refused.status_code == 409
    body = {"token": second.text, "request": request_of(state, PATH), "passkey": None}
    assert state.browser().post("enrol/device", body).status_code == 409


def test_ship_waits_for_an_officer_and_is_let_in(state: State) -> None:
    made = state.invitation("ship/bergamini", display_name="Nave Bergamini")
    body = {"token": made.text, "request": request_of(state, "ship/bergamini")}
    answer = state.browser().post("enrol/device", body)
    assert answer.json() == {"state": "waiting", "chain": None, "sentence": None}
    assert answer.headers.get("set-cookie") is None
    assert state.rows(schema.site) == []
    officer = state.signed_in("dario.neri")
    (waiting,) = [each for each in officer.get("requests").json() if each["state"] == "waiting"]
    assert (waiting["identity"], waiting["by"]) == ("ship/bergamini", "bruno.conti")
    assert waiting["display_name"] == "Nave Bergamini"
    assert officer.post(f"requests/{waiting['id']}/approve").status_code == 200
    told = state.browser().post("enrol/status", {"token": made.text}).json()
    assert told["state"] == "granted"
    assert len(told["chain"]) == 2
    (site,) = state.rows(schema.site)
    assert (site["identity"], site["display_name"]) == ("ship/bergamini", "Nave Bergamini")
    entry = state.entries("enrolment.approved")[-1]
    assert entry.facts["identity"] == "ship/bergamini"
    assert entry.hidden == {"by": "dario.neri"}
    assert state.browser().get("state").json()["first_run"] is False


def test_site_enrols_anew_in_its_own_place(state: State) -> None:
    state.set_policy(approval=dict.fromkeys(ADMITTED, False))
    for name in ("Before", "After"):
        made = state.invitation("office/roma", display_name=name)
        body = {"token": made.text, "request": request_of(state, "office/roma")}
        assert state.browser().post("enrol/device", body).json()["state"] == "granted"
    assert [row["display_name"] for row in state.rows(schema.site)] == ["After"]


def test_recovery_replaces_every_passkey_and_ends_every_session(state: State) -> None:
    browser = state.signed_in("gina.costa")
    old = state.carried["gina.costa"]
    path = "person/gina.costa/recovered"
    made = state.invitation(path, Purpose.RECOVER)
    refused = state.browser().enrol(made.text, path, state.new_key(), None)
    assert refused.status_code == 409
    fresh, new = state.browser(), Authenticator(ORIGIN)
    assert fresh.enrol(made.text, path, state.new_key(), new).status_code == 200
    assert browser.get("me/sessions").status_code == 401
    assert fresh.get("me/sessions").status_code == 200
    assert state.browser().sign_in(old).status_code == 401
    assert state.browser().sign_in(new).status_code == 200
    assert len(fresh.get("me/passkeys").json()) == 1
    assert state.entries("passkey.removed")[-1].hidden == {"person": "gina.costa"}


def test_recovery_that_waits_changes_nothing_yet(state: State) -> None:
    state.set_policy(approval=dict.fromkeys(ADMITTED, True))
    path = "person/gina.costa/recovered"
    made, new = state.invitation(path, Purpose.RECOVER), Authenticator(ORIGIN)
    answer = state.browser().enrol(made.text, path, state.new_key(), new)
    assert answer.json()["state"] == "waiting"
    assert state.browser().sign_in(new).status_code == 401
    assert state.browser().sign_in(state.carried["gina.costa"]).status_code == 200
    officer = state.signed_in("anna.rossi")
    (asked,) = [each for each in officer.get("requests").json() if each["state"] == "waiting"]
    assert officer.post(f"requests/{asked['id']}/approve").status_code == 200
    assert state.browser().sign_in(new).status_code == 200
    assert state.browser().sign_in(state.carried["gina.costa"]).status_code == 401


def seal_for(state: State, made_text: str, path: str) -> bytes:
    invitation = Invitation.of_text(made_text)
    authority = state.authority
    return seal_request(
        invitation.secret,
        make_request(state.new_key(), state.identity(path)),
        authority.sealing_statement,
        state.store.issuing.verifier(),
        state.calendar.now,
    )


def test_machine_asks_by_a_sealed_message(state: State) -> None:
    state.set_policy(approval=dict.fromkeys(ADMITTED, False))
    made = state.invitation("office/roma")
    sealed = seal_for(state, made.text, "office/roma")
    browser = state.browser()
    answer = browser.ask("POST", "enrol/sealed", content=sealed, headers=SEALED)
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "granted"
    issued = len(state.store.register.issued)
    again = browser.ask("POST", "enrol/sealed", content=sealed, headers=SEALED)
    assert again.json() == answer.json()  # the answer was lost: nothing new is issued
    assert len(state.store.register.issued) == issued
    other = seal_for(state, made.text, "office/roma")
    refused = browser.ask("POST", "enrol/sealed", content=other, headers=SEALED)
    assert refused.status_code == 409


def test_sealed_message_that_was_altered_or_is_for_others_is_refused(state: State) -> None:
    made = state.invitation("office/roma")
    sealed = seal_for(state, made.text, "office/roma")
    browser = state.browser()
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    plain = write_json({"secret": "AAAA", "request": "AAAA"})
    key = state.authority.sealing_key.public
    empty = seal(plain, [key], CONTEXT)
    elsewhere = seal(plain, [key], b"another context")
    for octets in (b"", b"x" * 100, altered, empty, elsewhere):
        refused = browser.ask("POST", "enrol/sealed", content=octets, headers=SEALED)
        assert refused.status_code == 403
    large = browser.ask("POST", "enrol/sealed", content=b"x" * 70_000, headers=SEALED)
    assert large.status_code == 413
    assert state.browser().post("enrol/status", {"token": made.text}).json()["state"] == "open"


def test_sealed_message_does_not_recover_a_person(state: State) -> None:
    path = "person/gina.costa/recovered"
    made = state.invitation(path, Purpose.RECOVER)
    sealed = seal_for(state, made.text, path)
    refused = state.browser().ask("POST", "enrol/sealed", content=sealed, headers=SEALED)
    assert refused.status_code == 409


def test_who_comes_into_an_office_waits_for_another_officer_whatever_the_policy_asks(
    state: State,
) -> None:
    grant = state.authority.policy.grant_of("anna.rossi")
    state.set_policy(people={**state.authority.policy.people, "ugo.sala": grant})
    made, key = state.invitation(PATH, by="bruno.conti"), state.new_key()
    browser = state.browser()
    asked = browser.enrol(made.text, PATH, key, Authenticator(ORIGIN))
    assert asked.json()["state"] == "waiting"
    assert browser.get("state").json()["me"] is None
    (request,) = (row["id"] for row in state.rows(schema.request) if row["invitation"] == made.id)
    own = state.signed_in("bruno.conti").post(f"requests/{request}/approve")
    assert own.status_code == 403
    assert "invited" in own.json()["detail"]
    assert state.signed_in("carla.verdi").post(f"requests/{request}/approve").status_code == 403
    assert state.signed_in("anna.rossi").post(f"requests/{request}/approve").status_code == 200
    told = browser.post("enrol/status", {"token": made.text}).json()
    assert told["state"] == "granted"


def test_ceremonys_own_officers_come_in_by_their_papers_alone(state: State) -> None:
    grant = state.authority.policy.grant_of("anna.rossi")
    state.set_policy(people={**state.authority.policy.people, "ugo.sala": grant})
    made, browser = state.invitation(PATH, by=""), state.browser()
    browser.enrol(made.text, PATH, state.new_key(), Authenticator(ORIGIN))
    assert Role.SECURITY_OFFICER.value in browser.get("state").json()["me"]["roles"]


def test_one_token_is_tried_a_few_times_from_everywhere(state: State) -> None:
    made = state.invitation(PATH)
    answers = [
        state.browser(address=f"198.51.100.{number}")
        .post("enrol/status", {"token": made.text})
        .status_code
        for number in range(35)
    ]
    assert answers == [200] * 30 + [429] * 5


@pytest.mark.parametrize("request_text", ["", "AAAA", "not base64", "A" * 30_000])
def test_what_is_no_request_is_refused(state: State, request_text: str) -> None:
    body = {"token": state.invitation("office/roma").text, "request": request_text}
    assert state.browser().post("enrol/device", body).status_code in {400, 403, 422}
