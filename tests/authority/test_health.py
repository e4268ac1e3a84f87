"""Whether an authority can serve is said truly, and its numbers are for those who may have them."""

from __future__ import annotations

from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text, update

from authority.officers import ALDO, MARIO, OTTO, State
from baluardo.authority.acts.presence import Arrived, note_presence
from baluardo.authority.doors import health
from baluardo.authority.doors.door import EDGE
from baluardo.authority.metrics import Metrics
from baluardo.authority.store import schema
from baluardo.errors import StoreError
from baluardo.trust.identity import Identity

pytest_plugins = ["authority.officers_fixtures"]


def readiness(state: State) -> tuple[int, dict[str, Any]]:
    answer = state.ask(None, "GET", "/readyz")
    return answer.status_code, answer.json()


def numbers(state: State, **options: Any) -> dict[tuple[str, tuple[str, ...]], float]:
    """Return every number by its name and labels."""
    answer = state.ask(None, "GET", "/metrics", **options)
    assert answer.status_code == 200, answer.text
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_an_authority_that_works_is_ready(any_country: State) -> None:
    assert readiness(any_country) == (200, {"status": "ready", "problems": [], "warnings": []})


def test_lists_that_are_overdue_make_it_not_ready(country: State) -> None:
    country.calendar.day(8)
    status, told = readiness(country)
    assert (status, told["status"]) == (503, "not ready")
    assert "issuer-1 is overdue" in told["problems"][0]


def test_strangers_are_told_whether_it_is_ready_and_not_why(country: State) -> None:
    country.calendar.day(8)
    answer = country.ask(None, "GET", "/readyz", address="192.0.2.7")
    assert answer.status_code == 503
    assert answer.json() == {"status": "not ready", "problems": [], "warnings": []}
    assert country.ask(MARIO, "GET", "/readyz", address="192.0.2.7").json()["problems"]


def test_custodians_are_reminded_before_the_roots_list_ends(country: State) -> None:
    country.calendar.day(309)
    assert readiness(country)[1]["warnings"] == []
    country.calendar.day(311)
    told = readiness(country)[1]
    assert "custodians meet" in told["warnings"][0]
    country.calendar.day(401)
    told = readiness(country)[1]
    assert any("custodians must meet" in each for each in told["problems"])
    assert told["warnings"] == []


def test_a_database_that_fails_is_told_until_it_works_again(country: State) -> None:
    store = country.authority.store
    hidden = "ALTER TABLE log_entry RENAME TO hidden"
    shown = "ALTER TABLE hidden RENAME TO log_entry"
    store.act_blocking(lambda t: t.connection.execute(text(hidden)).close())
    with pytest.raises(StoreError):
        store.act_blocking(lambda t: t.log("note.made", {}))
    status, told = readiness(country)
    assert status == 503
    assert any("last acts were not done" in each for each in told["problems"])
    with store.database.writing() as connection:
        connection.execute(text(shown))
    store.act_blocking(lambda t: t.log("note.made", {}))
    assert readiness(country)[0] == 200


def test_a_log_that_is_behind_the_database_is_told(
    country: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "PATIENCE_SECONDS", 0.1)
    store = country.authority.store
    with store.database.writing() as connection:
        connection.execute(update(schema.log_head).values(size=store.size + 3))
    status, told = readiness(country)
    assert status == 503
    assert any(f"of the database's {store.size + 3} entries" in each for each in told["problems"])


def test_a_writer_that_has_stopped_is_told(country: State) -> None:
    country.authority.store.close()
    status, told = readiness(country)
    assert status == 503
    assert "writer has stopped" in told["problems"][0]


def test_what_happens_is_counted(country: State) -> None:
    state = country
    for path in ("/policy", "/policies/1", "/policies/7", "/nowhere/1", "/nowhere/2"):
        state.ask(MARIO, "GET", path)
    state.enrol("ship/bergamini")
    held = Arrived("192.0.2.7", state.calendar.now, {}, 1)
    name = state.authority.settings.name
    store = state.authority.store
    store.act_blocking(lambda t: note_presence(t, name, {"ship/bergamini": held}))
    store.act_blocking(lambda t: note_presence(t, "another", {"ship/altra": held}))
    state.calendar.now += 100.0
    state.authority.break_glass_until = state.calendar.now + 1.0
    found = numbers(state)
    route = "/api/authority/policies/{number}"
    assert found["baluardo_requests_total", (route, "200")] == 1
    assert found["baluardo_requests_total", (route, "404")] == 1
    assert found["baluardo_requests_total", ("none", "404")] == 2
    assert not [key for key in found if "nowhere" in str(key)]
    assert found["baluardo_log_entries", ()] == store.size
    assert found["baluardo_acts_total", ()] == store.acts
    assert found["baluardo_groups_total", ()] == store.groups
    assert found["baluardo_edges_connected", ()] == 1
    assert found["baluardo_break_glass", ()] == 1
    assert found["baluardo_revocation_list_age_seconds", ("issuer-1",)] == 100.0
    assert found["baluardo_invitations_open", ()] == 0


def test_sign_ins_that_were_refused_are_counted(country: State) -> None:
    metrics = country.metrics
    for route, status in (
        ("/api/authority/sign-in", 401),
        ("/api/authority/break-glass", 403),
        ("/api/authority/sign-in", 200),
        ("/api/authority/sign-in", 503),
        ("/api/authority/policy", 401),
    ):
        metrics.count(route, status)
    assert numbers(country)["baluardo_sign_ins_refused_total", ()] == 2


def test_numbers_are_for_this_machine_or_for_who_runs_the_state(country: State) -> None:
    state = country
    assert state.ask(None, "GET", "/metrics").status_code == 200
    assert state.ask(None, "GET", "/metrics", address="::1").status_code == 200
    assert state.ask(None, "GET", "/metrics", address="192.0.2.7").status_code == 401
    forwarded = {EDGE: Identity.of_path("italia.example", "ship/bergamini")}
    assert state.ask(None, "GET", "/metrics", scope=forwarded).status_code == 401
    state.authority.local = False
    assert state.ask(None, "GET", "/metrics").status_code == 401
    assert state.ask(MARIO, "GET", "/metrics").status_code == 403
    for name in (OTTO, ALDO):
        assert state.ask(name, "GET", "/metrics").status_code == 200


def test_two_authorities_count_apart(country: State) -> None:
    other = Metrics(country.authority)
    country.metrics.count("/readyz", 200)
    assert b'route="/readyz"' in country.metrics.text()
    assert b'route="/readyz"' not in other.text()
