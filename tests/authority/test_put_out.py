"""Who is put out has no way back in: invitations for them end, and those of a thief or a leaver."""

from __future__ import annotations

from typing import Any

import pytest

from authority.authenticator import Authenticator
from authority.state import ORIGIN, State
from baluardo.authority.acts.audit_log import erase_person
from baluardo.authority.acts.break_glass import keep_codes
from baluardo.authority.acts.invitations import Purpose
from baluardo.authority.acts.presence import Arrived, note_presence
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.trust.audit.record import Disclosure
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.request import make_request
from baluardo.trust.one_time import emergency_code

GINA, DARIO = "gina.costa", "dario.neri"


def states(state: State) -> dict[str, str]:
    """Return how each person's or site's newest invitation stands."""
    rows = sorted(state.rows(schema.invitation), key=lambda row: float(row["made"]))
    return {row["identity"]: row["state"] for row in rows}


def put_out(state: State, person: str, reason: str) -> None:
    asked: dict[str, Any] = {"holder": f"person/{person}", "reason": reason}
    answer = state.signed_in("anna.rossi").post("certificates/revoke", asked)
    assert answer.status_code == 200, answer.text


def test_one_recovery_ends_every_other_one(state: State) -> None:
    paths = [f"person/{GINA}/r{number}" for number in range(3)]
    first, second, _ = (state.invitation(path, Purpose.RECOVER, by="") for path in paths)
    other = "person/elena.bruni/r0"
    state.invitation(other, Purpose.RECOVER, by="")
    found = state.browser().enrol(first.text, paths[0], state.new_key(), Authenticator(ORIGIN))
    assert found.json()["state"] == "granted", found.text
    told = states(state)
    assert [told[path] for path in paths] == ["used", "withdrawn", "withdrawn"]
    assert told[other] == "open"
    opened = state.browser().post("enrol/open", {"token": second.text})
    assert opened.status_code == 409, opened.text
    assert len(state.entries("invitation.withdrawn")) == 2


@pytest.mark.parametrize(
    ("reason", "also_made"),
    [
        ("keyCompromise", True),
        ("privilegeWithdrawn", True),
        ("cessationOfOperation", True),
        ("affiliationChanged", True),
        ("superseded", False),
        ("unspecified", False),
    ],
)
def test_a_revocation_ends_invitations(state: State, reason: str, also_made: bool) -> None:
    mine = [f"person/{DARIO}/r1", f"person/{DARIO}/phone"]
    state.invitation(mine[0], Purpose.RECOVER)
    state.invitation(mine[1], Purpose.DEVICE, by=DARIO)
    state.invitation("ship/by-dario", by=DARIO)
    state.invitation("ship/by-bruno")
    put_out(state, DARIO, reason)
    told = states(state)
    assert [told[path] for path in mine] == ["withdrawn", "withdrawn"]
    assert told["ship/by-dario"] == ("withdrawn" if also_made else "open")
    assert told["ship/by-bruno"] == "open"


def test_who_was_dismissed_does_not_come_back_by_an_older_invitation(state: State) -> None:
    path = f"person/{GINA}/r2"
    kept = state.invitation(path, Purpose.RECOVER, by="")
    put_out(state, GINA, "privilegeWithdrawn")
    request = to_base64(make_request(state.new_key(), state.identity(path)))
    asked = {"token": kept.text, "request": request, "passkey": None}
    answer = state.browser().post("enrol/device", asked)
    assert answer.status_code == 409, answer.text
    assert not [row for row in state.rows(schema.passkey) if row["person"] == GINA]


def test_a_request_that_waits_for_who_was_put_out_is_refused(state: State) -> None:
    path = f"person/{DARIO}/r1"
    made = state.invitation(path, Purpose.RECOVER, by="anna.rossi")
    asked = state.browser().enrol(made.text, path, state.new_key(), Authenticator(ORIGIN))
    assert asked.json()["state"] == "waiting"
    put_out(state, DARIO, "keyCompromise")
    (row,) = (row for row in state.rows(schema.request) if row["invitation"] == made.id)
    assert (row["state"], row["passkey"]) == ("refused", None)
    late = state.signed_in("bruno.conti").post(f"requests/{row['id']}/approve")
    assert late.status_code == 409, late.text
    assert len(state.entries("enrolment.refused")) == 1


def test_where_an_erased_person_was_connected_and_what_they_wrote_is_gone(state: State) -> None:
    code, reason = emergency_code(), "mia figlia Giulia è in ospedale"
    state.store.act_blocking(lambda t: keep_codes(t, [code.digest]))
    body = {"person": DARIO, "code": code.typable(), "reason": reason}
    assert state.browser().post("break-glass", body).status_code == 200
    devices = {f"person/{name}/laptop": name for name in (DARIO, GINA)}
    arrived = Arrived("203.0.113.7", 1.0, {}, 1)
    state.store.act_blocking(
        lambda t: note_presence(t, "authority", dict.fromkeys(devices, arrived))
    )
    put_out(state, DARIO, "cessationOfOperation")
    people = {name: each for name, each in state.authority.policy.people.items() if name != DARIO}
    state.set_policy(people=people)
    assert reason in texts(state)
    policy, now = state.authority.policy, state.calendar.now
    anna = Principal("anna.rossi", policy.grant_of("anna.rossi"), fresh_until=now + 600.0)
    state.store.act_blocking(lambda t: erase_person(t, state.authority, anna, DARIO))
    assert [row["identity"] for row in state.rows(schema.presence)] == [f"person/{GINA}/laptop"]
    assert reason not in texts(state)
    assert DARIO not in texts(state)


def texts(state: State) -> str:
    """Return every personal detail of the log that is left."""
    left = [Disclosure.of_text(row["text"]) for row in state.rows(schema.opening)]
    return "\n".join(str(each.value) for each in left)
