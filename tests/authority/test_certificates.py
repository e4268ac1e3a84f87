"""Certificates are told to who may see them, and taken back by who may, all devices at once."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest
from sqlalchemy import insert, select

from authority.officers import (
    ALDO,
    ANNA,
    BRUNO,
    CARLA,
    FLORA,
    MARIO,
    OTTO,
    State,
)
from baluardo.authority.acts.revocation import keep_lists
from baluardo.authority.events.event import EventKind
from baluardo.authority.store import schema
from baluardo.errors import RevokedError
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.issuing.publication import public_verifier

pytest_plugins = ["authority.officers_fixtures"]


def listed(state: State, who: str, holder: str = "") -> list[dict[str, Any]]:
    """Return every certificate that is told, page by page."""
    found: list[dict[str, Any]] = []
    after = "0"
    while after is not None:
        answer = state.ask(who, "GET", f"/certificates?holder={holder}&after={after}")
        assert answer.status_code == 200, answer.text
        found += answer.json()["certificates"]
        after = answer.json()["next"]
    return found


def revoke(state: State, who: Any, holder: str, reason: str = "keyCompromise") -> Any:
    return state.ask(who, "POST", "/certificates/revoke", {"holder": holder, "reason": reason})


def test_certificates_come_in_pages_the_newest_first(any_country: State) -> None:
    state = any_country
    for number in range(110):
        state.enrol(f"ship/nave-{number}")
    found = listed(state, OTTO)
    indexes = [each["issued"] for each in found]
    assert indexes == sorted(indexes, reverse=True)
    assert len(found) == len({each["serial"] for each in found}) == 110 + 7 + 1
    assert {each["state"] for each in found} == {"current"}
    ships = listed(state, FLORA)
    assert {each["identity"] for each in ships} == {f"ship/nave-{n}" for n in range(110)}
    mine = listed(state, ALDO, f"person/{ANNA}")
    assert [each["identity"] for each in mine] == [f"person/{ANNA}/laptop"]
    state.enrol(f"person/{ANNA}/phone")
    assert len(listed(state, ALDO, f"person/{ANNA}")) == 2
    assert len(listed(state, ALDO, f"person/{ANNA}/phone")) == 1
    assert listed(state, ALDO, "ship/nessuna") == []


def test_who_may_see_certificates(country: State) -> None:
    state = country
    assert state.ask(MARIO, "GET", "/certificates").status_code == 403
    assert state.ask(FLORA, "GET", f"/certificates?holder=person/{ANNA}").status_code == 403
    assert state.ask(None, "GET", "/certificates").status_code == 401
    assert state.ask(None, "GET", "/issuers").status_code == 401
    for holder in ("anna", "ship/../x", "ship", "person//x"):
        assert state.ask(OTTO, "GET", f"/certificates?holder={holder}").status_code == 400
    for after in ("-1", "x", str(2**60)):
        assert state.ask(OTTO, "GET", f"/certificates?after={after}").status_code == 422


def test_a_person_loses_all_devices_and_sessions_at_once(any_country: State) -> None:
    state = any_country
    phone = state.enrol(f"person/{MARIO}/phone")
    store = state.authority.store
    for name in (MARIO, ANNA):
        row = {
            "id": name,
            "digest": name.encode().ljust(32, b"\0"),
            "person": name,
            "host": "localhost",
            "agent": "",
            "made": state.calendar.now,
            "seen": state.calendar.now,
            "fresh": state.calendar.now,
            "expires": state.calendar.now + 60,
            "break_glass": False,
        }
        store.act_blocking(
            lambda t, row=row: t.connection.execute(insert(schema.session).values(row)).close()
        )
    answer = revoke(state, CARLA, f"person/{MARIO}", "privilegeWithdrawn")
    assert answer.status_code == 200, answer.text
    assert {each["identity"] for each in answer.json()["certificates"]} == {
        f"person/{MARIO}/laptop",
        f"person/{MARIO}/phone",
    }
    assert {each["state"] for each in listed(state, ANNA, f"person/{MARIO}")} == {"revoked"}
    left = store.read_blocking(lambda c: c.scalars(select(schema.session.c.person)).all())
    assert left == [ANNA]
    public = Layout(state.authority.layout.directory).public.directory
    with pytest.raises(RevokedError):
        public_verifier(public, 0.0).verify(phone.chain, state.calendar.now)
    assert revoke(state, CARLA, f"person/{MARIO}").status_code == 409
    kinds = state.kinds()
    assert kinds[-4:] == [
        "revocation.ordered",
        "certificate.revoked",
        "certificate.revoked",
        "list.published",
    ]


@pytest.mark.parametrize(("reason", "left"), [("keyCompromise", 1), ("cessationOfOperation", 0)])
def test_who_leaves_has_no_passkey_any_more(country: State, reason: str, left: int) -> None:
    state = country
    row = {
        "id": "cGFzc2tleQ",
        "person": MARIO,
        "public_key": b"\x01",
        "sign_count": 0,
        "label": "laptop",
        "transports": [],
        "backed_up": False,
        "made": 0.0,
    }
    state.authority.store.act_blocking(
        lambda transaction: transaction.connection.execute(insert(schema.passkey), [row])
    )
    assert revoke(state, ANNA, f"person/{MARIO}", reason).status_code == 200
    passkeys = state.authority.store.read_blocking(
        lambda connection: connection.execute(
            select(schema.passkey.c.id).where(schema.passkey.c.person == MARIO)
        ).all()
    )
    assert len(passkeys) == left


def test_who_may_revoke_whom_and_for_what(country: State) -> None:
    state = country
    for path in ("ship/uno", "ship/due", "ship/tre", "office/roma", "auditor/corte"):
        state.enrol(path)
    refused = [
        (OTTO, "ship/uno", "keyCompromise"),
        (OTTO, f"person/{MARIO}", "cessationOfOperation"),
        (OTTO, "auditor/corte", "superseded"),
        (FLORA, "office/roma", "cessationOfOperation"),
        (FLORA, "ship/uno", "unspecified"),
        (ALDO, "ship/uno", "superseded"),
        (MARIO, f"person/{MARIO}", "keyCompromise"),
        (ANNA, "authority/service", "superseded"),
    ]
    for who, holder, reason in refused:
        assert revoke(state, who, holder, reason).status_code == 403, (who, holder)
    assert revoke(state, None, "ship/uno").status_code == 401
    stale = state.principal(ANNA, fresh_until=0.0)
    assert revoke(state, stale, "ship/uno").status_code == 401
    for holder, reason in (
        ("ship/uno", "certificateHold"),
        ("ship/uno", "removeFromCRL"),
        ("ship/uno", "because"),
        (f"person/{MARIO}/laptop", "keyCompromise"),
        ("ship/uno/due", "keyCompromise"),
        ("", "keyCompromise"),
    ):
        assert revoke(state, ANNA, holder, reason).status_code == 400, (holder, reason)
    assert "certificate.revoked" not in state.kinds()
    assert revoke(state, FLORA, "ship/uno", "superseded").status_code == 200
    assert revoke(state, OTTO, "office/roma", "cessationOfOperation").status_code == 200
    broken = state.principal(BRUNO, break_glass=True, fresh_until=0.0)
    assert revoke(state, broken, "ship/due").status_code == 200
    device = state.principal(ANNA, device=state.device(ANNA).identity, fresh_until=0.0)
    assert revoke(state, device, "ship/tre").status_code == 200


def test_who_ordered_a_revocation_stands_in_the_log_as_a_detail(country: State) -> None:
    state = country
    state.enrol("ship/uno")
    revoke(state, CARLA, "ship/uno")
    revoke(state, CARLA, f"person/{MARIO}")
    entries = state.ask(ALDO, "GET", "/log/entries").json()["entries"]
    found = [
        {each["name"]: each["value"] for each in entry["details"]}
        for entry, kind in zip(entries, state.kinds(), strict=True)
        if kind == "revocation.ordered"
    ]
    assert found == [{"by": CARLA}, {"by": CARLA, "holder": f"person/{MARIO}"}]


def test_a_certificate_past_its_end_is_told_as_expired(country: State) -> None:
    state = country
    state.enrol("office/roma")
    state.calendar.day(8)
    found = listed(state, OTTO, "office/roma")
    assert [each["state"] for each in found] == ["expired"]
    assert revoke(state, ANNA, "office/roma").status_code == 409


def test_lists_are_published_when_their_day_comes_and_not_before(country: State) -> None:
    state = country
    told: list[EventKind] = []
    state.authority.bus.subscribe(lambda event: told.append(event.kind))

    def number() -> int:
        return int(state.ask(ANNA, "GET", "/issuers").json()[0]["lists"]["number"])

    async def keep() -> None:
        """Look after the lists until one was published, or for a while."""
        async with state.authority.bus.running():
            task = asyncio.create_task(keep_lists(state.authority, 0.01))
            for _ in range(100):
                await asyncio.sleep(0.01)
                if EventKind.LISTS in told:
                    break
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    asyncio.run(keep())
    assert (number(), told) == (1, [])
    state.calendar.day(1.01)
    asyncio.run(keep())
    assert number() == 2
    assert told.count(EventKind.LISTS) == 1
