"""The log as everybody may verify it, its details for who may read them, and erasing a person."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from authority.officers import ALDO, ANNA, BRUNO, CARLA, MARIO, OTTO, State
from baluardo.authority.acts.audit_log import erase_person
from baluardo.authority.acts.policy import set_policy
from baluardo.authority.store import schema
from baluardo.trust.audit.checkpoint import open_checkpoint
from baluardo.trust.audit.merkle import leaf_hash, verify_consistency, verify_inclusion
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import Disclosure
from baluardo.trust.base64_text import of_base64, of_base64url
from baluardo.trust.issuing.register import Register

pytest_plugins = ["authority.officers_fixtures"]


def entries(state: State, who: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = state.ask(who, "GET", "/log/entries").json()["entries"]
    return told


def hashes(state: State, path: str) -> tuple[bytes, ...]:
    answer = state.ask(MARIO, "GET", path)
    assert answer.status_code == 200, answer.text
    return tuple(bytes.fromhex(each) for each in answer.json()["hashes"])


def test_a_member_verifies_every_entry_by_the_checkpoint(any_country: State) -> None:
    state = any_country
    told = state.ask(MARIO, "GET", "/log/checkpoint").json()
    key = VerifierKey.of_text(told["vkey"])
    signed = open_checkpoint(told["note"].encode(), key)
    assert signed.size == told["size"] == len(entries(state, MARIO))
    for entry in entries(state, MARIO):
        index = entry["index"]
        proof = hashes(state, f"/log/inclusion?index={index}&size={signed.size}")
        leaf = leaf_hash(of_base64(entry["octets"]))
        verify_inclusion(leaf, index, signed.size, proof, signed.root)


def test_the_log_only_ever_grows(country: State) -> None:
    state = country
    old = state.authority.store.log.checkpoint
    state.enrol("ship/bergamini")
    new = state.authority.store.log.checkpoint
    proof = hashes(state, f"/log/consistency?old={old.size}&new={new.size}")
    verify_consistency(old.size, new.size, proof, old.root, new.root)


def test_details_are_told_to_auditors_and_security_officers_alone(any_country: State) -> None:
    state = any_country
    for name in (MARIO, OTTO):
        assert {each["details"] for each in map(_frozen, entries(state, name))} == {None}
    for name in (ALDO, ANNA):
        found = [
            (each["name"], each["value"])
            for entry in entries(state, name)
            for each in entry["details"]
        ]
        assert ("identity", f"person/{MARIO}/laptop") in found
    page = state.ask(ALDO, "GET", "/log/entries?start=6&count=2").json()
    assert [each["index"] for each in page["entries"]] == [6, 7]
    assert page["size"] == state.authority.store.size
    for octets in (of_base64(each["octets"]) for each in entries(state, MARIO)):
        assert MARIO.encode() not in octets


def _frozen(entry: dict[str, Any]) -> dict[str, Any]:
    return {**entry, "details": entry["details"] and tuple(map(str, entry["details"]))}


def test_what_lies_outside_the_log_is_refused(country: State) -> None:
    state, size = country, country.authority.store.size
    wrong = [
        f"/log/entries?start={size + 1}",
        f"/log/inclusion?index={size}&size={size}",
        f"/log/inclusion?index=0&size={size + 1}",
        "/log/inclusion?index=0&size=0",
        f"/log/consistency?old=0&new={size + 1}",
        f"/log/consistency?old={size}&new=1",
    ]
    for path in wrong:
        assert state.ask(MARIO, "GET", path).status_code == 400, path
    for path in (
        "/log/entries?count=201",
        "/log/entries?count=0",
        "/log/entries?start=-1",
        "/log/inclusion?index=x&size=1",
        f"/log/consistency?old=0&new={2**60}",
    ):
        assert state.ask(MARIO, "GET", path).status_code == 422, path
    assert state.ask(MARIO, "GET", f"/log/entries?start={size}").json()["entries"] == []
    for path in ("checkpoint", "entries", "inclusion?index=0&size=1", "consistency?old=0&new=1"):
        assert state.ask(None, "GET", f"/log/{path}").status_code == 401


@settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=st.integers(-3, 40), second=st.integers(-3, 40))
def test_any_numbers_get_a_proof_or_a_sentence(country: State, first: int, second: int) -> None:
    for path in (
        f"/log/inclusion?index={first}&size={second}",
        f"/log/consistency?old={first}&new={second}",
        f"/log/entries?start={first}&count={second}",
    ):
        answer = country.ask(MARIO, "GET", path)
        assert answer.status_code in {200, 400, 422}
        if answer.status_code != 200:
            assert isinstance(answer.json()["detail"], str)


def revoke(state: State, holder: str) -> None:
    wanted = {"holder": holder, "reason": "cessationOfOperation"}
    answer = state.ask(ANNA, "POST", "/certificates/revoke", wanted)
    assert answer.status_code == 200, answer.text


def test_an_erased_person_is_nowhere_and_the_log_verifies_as_before(any_country: State) -> None:
    state = any_country
    store = state.authority.store
    old = store.log.checkpoint
    before = [each["octets"] for each in entries(state, MARIO)]
    state.enrol("ship/bergamini")
    revoke(state, f"person/{MARIO}")
    answer = state.ask(ANNA, "DELETE", f"/people/{MARIO}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["details"] == 2  # whose the certificate was, and whose was revoked
    told = entries(state, ALDO)
    assert [each["octets"] for each in told][: old.size] == before
    proof = hashes(state, f"/log/consistency?old={old.size}&new={store.size}")
    verify_consistency(old.size, store.size, proof, old.root, store.log.checkpoint.root)
    assert MARIO not in state.ask(ALDO, "GET", "/log/entries").text
    assert MARIO not in str(told)
    assert ("by", ANNA) in [
        (each["name"], each["value"]) for entry in told for each in entry["details"]
    ]
    assert MARIO not in state.ask(OTTO, "GET", "/certificates").text
    assert all(MARIO not in row for row in _database(state))
    assert MARIO not in str(store.register)
    again = state.authority.store.act_blocking(lambda t: _reread(t.connection, store))
    assert again.issued == store.register.issued
    assert again.order == store.register.order
    assert again.keys == store.register.keys
    assert again.holders == store.register.holders


def _reread(connection: Any, store: Any) -> Register:
    """Return the register as the next start reads it."""
    journal = type(store.issuing.journal)(store.issuing.community)
    journal.catch_up(connection, store.size)
    register: Register = journal.register
    return register


def _database(state: State) -> list[str]:
    """Return every row of every table, as text; openings as what they open."""
    found = []

    def read(connection: Any) -> None:
        for table in schema.metadata.sorted_tables:
            found.extend(str(tuple(row)) for row in connection.execute(select(table)))
        found.extend(
            str(of_base64url(row.text)) for row in connection.execute(select(schema.opening.c.text))
        )

    state.authority.store.read_blocking(read)
    return found


def test_details_written_at_the_same_moment_are_erased_too(country: State) -> None:
    state, store = country, country.authority.store
    revoke(state, f"person/{MARIO}")
    gate = threading.Event()
    blocked = store.submit(lambda _: gate.wait(30.0))
    signed = store.submit(lambda t: t.log("session.opened", {}, by=MARIO))
    about = store.submit(
        lambda t: t.log("passkey.removed", {}, by=ANNA, personal={"person": MARIO, "passkey": "x"})
    )
    erased = store.submit(lambda t: erase_person(t, state.authority, state.principal(ANNA), MARIO))
    gate.set()
    for each in (blocked, signed, about):
        each.result(30.0)
    assert erased.result(30.0) == 2 + 1 + 2
    assert all(MARIO not in row for row in _database(state))
    last = entries(state, ALDO)[-2:]
    assert [each["name"] for entry in last for each in entry["details"]] == ["by", "by"]


def test_details_that_the_ceremony_kept_as_files_are_erased(country: State) -> None:
    state = country
    openings = Openings(state.authority.layout.openings)
    texts = state.authority.store.read_blocking(
        lambda c: c.scalars(select(schema.opening.c.text)).all()
    )
    kept = [Disclosure.of_text(each) for each in texts]
    openings.keep(kept)
    revoke(state, f"person/{MARIO}")
    assert state.ask(ANNA, "DELETE", f"/people/{MARIO}").status_code == 200
    left = {each.value for each in kept if openings.find(each.digest) is not None}
    assert left == {each.value for each in kept} - {f"person/{MARIO}/laptop"}


def test_erasing_an_officer_leaves_what_is_told_of_others(country: State) -> None:
    state = country
    revoke(state, f"person/{MARIO}")  # by Anna, about Mario
    held = state.authority.policy
    people = {name: each for name, each in held.people.items() if name != ANNA}
    _set_policy(state, people)
    revoked = {"holder": f"person/{ANNA}", "reason": "cessationOfOperation"}
    assert state.ask(BRUNO, "POST", "/certificates/revoke", revoked).status_code == 200
    assert state.ask(CARLA, "DELETE", f"/people/{ANNA}").status_code == 200
    details = [
        (each["name"], each["value"]) for entry in entries(state, ALDO) for each in entry["details"]
    ]
    assert ANNA not in str(details)
    assert ("holder", f"person/{MARIO}") in details
    assert ("by", BRUNO) in details


def _set_policy(state: State, people: Any) -> None:
    policy = replace(
        state.authority.policy, number=state.authority.policy.number + 1, people=people
    )
    state.authority.store.act_blocking(lambda t: set_policy(t, policy, None))
    state.authority.policy = policy


def test_nobody_is_erased_too_early_or_by_the_wrong_hands(country: State) -> None:
    state = country
    size = state.authority.store.size
    for who, status in ((None, 401), (OTTO, 403), (MARIO, 403), (ALDO, 403)):
        assert state.ask(who, "DELETE", f"/people/{MARIO}").status_code == status
    assert state.ask(ANNA, "DELETE", f"/people/{MARIO}").status_code == 409  # holds a certificate
    assert state.ask(ANNA, "DELETE", "/people/nessuno.mai").status_code == 404
    assert state.ask(ANNA, "DELETE", "/people/NESSUNO").status_code == 400
    stale = state.principal(ANNA, fresh_until=0.0)
    assert state.ask(stale, "DELETE", f"/people/{MARIO}").status_code == 401
    broken = state.principal(ANNA, break_glass=True)
    assert state.ask(broken, "DELETE", f"/people/{MARIO}").status_code == 403
    assert state.authority.store.size == size
    state.take_back(f"person/{BRUNO}")
    answer = state.ask(ANNA, "DELETE", f"/people/{BRUNO}")
    assert answer.status_code == 409
    assert "policy in force names" in answer.json()["detail"]
