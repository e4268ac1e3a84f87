"""A warning goes out once, signed by two, where both may warn; and nothing else ever does."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from authority.officers import ALDO, ANNA, MARIO, State, Template
from authority.warnings.warning_country import (
    PAOLA,
    RELEASE,
    RENZO,
    SARA,
    LookedAtWay,
    answered,
    body_of,
    cancel,
    checked,
    draft,
    proposed,
    released,
    warning_country,
    warnings,
    way,
)
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.drafting import LEAST_USUAL
from baluardo.authority.warnings.outbox import StoreOutbox
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.emergency.cap.alert import MessageType, Status
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.sender import Sender
from baluardo.emergency.ways.way import OrderKind
from baluardo.emergency.writing.checks import DOUBLE_S
from baluardo.trust.commands.approval import Decision
from trust.community import make_community
from trust.fleet import COMMUNITY

pytest_plugins = ["authority.officers_fixtures"]


@pytest.fixture
def nation(officers_template: Template, tmp_path: Path) -> Iterator[State]:
    with warning_country(officers_template, tmp_path / "authority") as state:
        yield state


async def sent(state: State, channel: Channel = Channel.PUBLIC) -> None:
    """Send what waits on a channel, as a sender does in one look."""
    outbox = StoreOutbox(state.authority, channel)
    sender = Sender(channel, [way(state)], outbox, lambda: state.calendar.now)
    for order, _ in await outbox.pending():
        await sender._carry(order)


def test_a_warning_is_released_by_two_and_sent_once(any_nation: State) -> None:
    state = any_nation
    warning = released(state)
    assert (warning["state"], warning["channel"], warning["by"]) == (
        "released",
        "public",
        [PAOLA, RENZO],
    )
    assert warning["people"] > 3_000
    asyncio.run(sent(state))
    asyncio.run(sent(state))
    [order] = way(state).orders
    assert (order.kind, order.warning) == (OrderKind.RELEASE, warning["id"])
    assert {each.language for each in order.messages} == {"it", "en"}
    alert = read_alert(order.alert, "sent")
    assert (alert.status, alert.message_type) == (Status.ACTUAL, MessageType.ALERT)
    full = state.ask(PAOLA, "GET", f"/warnings/{warning['id']}").json()
    assert [each["state"] for each in full["deliveries"]] == ["sent"]
    assert full["alert"].encode() == order.alert
    assert state.kinds()[-5:] == [
        "command.proposed",
        "command.answered",
        "warning.released",
        "command.executed",
        "warning.sent",
    ]


def test_one_person_alone_releases_nothing(nation: State) -> None:
    command, proposal = proposed(nation)
    with pytest.raises(Exception, match="cannot approve what they have proposed"):
        nation.answer(PAOLA, proposal)
    second = nation.enrol(f"person/{PAOLA}/tablet")
    with pytest.raises(Exception, match="cannot approve what they have proposed"):
        nation.answer(PAOLA, proposal, credential=second)
    assert [each["state"] for each in warnings(nation)] == ["waiting"]
    given = nation.answer(RENZO, proposal)
    refused = answered(nation, PAOLA, command, given)  # somebody else's answer, brought by her
    assert refused.status_code == 403
    assert "signed by" in refused.json()["detail"]
    assert nation.kinds()[-1] == "warning.refused"
    assert not way(nation).orders


def test_a_forged_approval_is_refused_and_logged(nation: State) -> None:
    command, proposal = proposed(nation)
    stranger = make_community(now=nation.calendar.now, name=COMMUNITY)
    forged = nation.answer(
        RENZO, proposal, credential=stranger.credential(f"person/{RENZO}/laptop")
    )
    refused = answered(nation, RENZO, command, forged)
    assert refused.status_code == 403
    assert nation.kinds()[-1] == "warning.refused"
    assert [each["state"] for each in warnings(nation)] == ["waiting"]


def test_a_replayed_release_is_refused_and_logged(nation: State) -> None:
    body = body_of(nation)
    proposal = nation.proposal(PAOLA, RELEASE, body)
    given = {"proposal": proposal.to_object()}
    command = nation.ask(PAOLA, "POST", "/commands", given).json()["id"]
    answer = nation.answer(RENZO, proposal)
    assert answered(nation, RENZO, command, answer).status_code == 200
    assert answered(nation, RENZO, command, answer).status_code == 409
    assert nation.ask(PAOLA, "POST", "/commands", given).status_code == 409
    anew = nation.proposal(PAOLA, RELEASE, body)  # the same alert in another command
    refused = nation.ask(PAOLA, "POST", "/commands", {"proposal": anew.to_object()})
    assert refused.status_code == 409
    assert "went out before" in refused.json()["detail"]
    assert nation.kinds()[-1] == "warning.refused"
    assert len(warnings(nation)) == 1


def test_hundreds_of_ways_on_which_nobody_answers_hold_up_none(nation: State) -> None:
    """Each way is looked at for itself; the others' oldest orders do not fill the look."""
    desk = nation.authority.warnings
    for number in range(300):
        desk.carriers[f"dead-{number}"] = LookedAtWay(f"dead-{number}")
    for _ in range(3):
        released(nation)
        nation.calendar.now += DOUBLE_S + 1.0
    outbox = StoreOutbox(nation.authority, Channel.PUBLIC)
    waiting = asyncio.run(outbox.pending())
    assert len([order for order, _ in waiting if order.way == "air"]) == 3
    assert len(waiting) == 3 * 301


def test_an_order_that_cannot_be_made_any_more_is_refused_and_in_the_log(nation: State) -> None:
    first = released(nation)
    nation.calendar.now += DOUBLE_S + 1.0
    second = released(nation)

    def spoil(transaction: Transaction) -> None:
        table = schema.warning
        spoilt = update(table).where(table.c.id == first["id"]).values(alert=b"<alert/>")
        transaction.connection.execute(spoilt)

    nation.authority.store.act_blocking(spoil)
    outbox = StoreOutbox(nation.authority, Channel.PUBLIC)
    waiting = asyncio.run(outbox.pending())
    assert [order.warning for order, _ in waiting] == [second["id"]]
    assert nation.kinds()[-1] == "warning.not-sent"
    assert [order.warning for order, _ in asyncio.run(outbox.pending())] == [second["id"]]


def test_far_more_people_than_usual_are_pointed_out(nation: State) -> None:
    small = {"kind": "circle", "lat_deg": 42.79, "lon_deg": 13.096, "radius_km": 2.0}
    large = {"kind": "circle", "lat_deg": 41.9, "lon_deg": 12.5, "radius_km": 60.0}

    def codes() -> set[str]:
        told = checked(nation, area=large, area_name="Norcia")
        return {each["code"] for each in told["problems"]}

    for _ in range(LEAST_USUAL):
        assert "area.unusual" not in codes()
        released(nation, area=small)
        nation.calendar.now += DOUBLE_S + 1.0
    assert "area.unusual" in codes()


def test_territory_bounds_who_proposes_and_who_approves(nation: State) -> None:
    told = checked(nation, SARA)
    assert told["body"] is None
    assert "area.outside-territory" in [each["code"] for each in told["problems"]]
    proposal = nation.proposal(SARA, RELEASE, body_of(nation))
    refused = nation.ask(SARA, "POST", "/commands", {"proposal": proposal.to_object()})
    assert refused.status_code == 400
    assert nation.kinds()[-1] == "warning.refused"
    command, proposal = proposed(nation)
    told = answered(nation, SARA, command, nation.answer(SARA, proposal)).json()
    assert told["state"] == "refused"
    assert not [each for each in warnings(nation) if each["state"] == "released"]


def test_other_roles_may_neither_write_nor_release(nation: State) -> None:
    for name in (ANNA, ALDO, MARIO):
        asked = {"draft": draft()}
        assert nation.ask(name, "POST", "/warnings/check", asked).status_code == 403
        proposal = nation.proposal(name, RELEASE, body_of(nation))
        refused = nation.ask(name, "POST", "/commands", {"proposal": proposal.to_object()})
        assert refused.status_code == 403
    assert nation.ask(MARIO, "GET", "/warnings").status_code == 403
    assert nation.ask(None, "GET", "/warnings").status_code == 401


def test_who_warns_sees_no_other_commands(nation: State) -> None:
    other = nation.proposal(ANNA, "passkey.recover", {"person": MARIO})
    answer = nation.ask(ANNA, "POST", "/commands", {"proposal": other.to_object()})
    command, _ = proposed(nation)
    told = nation.ask(RENZO, "GET", "/commands").json()
    assert [each["id"] for each in told["commands"]] == [command]
    assert nation.ask(RENZO, "GET", f"/commands/{answer.json()['id']}").status_code == 403
    assert len(nation.ask(ANNA, "GET", "/commands").json()["commands"]) == 2


def test_a_refusal_keeps_a_warning_from_the_air(nation: State) -> None:
    command, proposal = proposed(nation)
    given = nation.answer(RENZO, proposal, Decision.REFUSE, reason="Wrong area")
    assert answered(nation, RENZO, command, given).status_code == 200
    given = nation.answer(SARA, proposal, Decision.REFUSE)
    assert answered(nation, SARA, command, given).json()["state"] == "refused"
    assert warnings(nation) == []


def test_an_update_takes_the_place_of_a_warning(nation: State) -> None:
    first = released(nation)
    nation.calendar.now += 60.0
    second = released(nation, message_type="Update", references=[first["id"]])
    assert second["message_type"] == "Update"
    states = {each["id"]: each["state"] for each in warnings(nation)}
    assert states == {first["id"]: "updated", second["id"]: "released"}
    asyncio.run(sent(nation))
    serials = [each.messages[0].serial for each in way(nation).orders if each.messages]
    assert {each.message_code for each in serials} == {serials[0].message_code}
    assert 1 in {each.update_number for each in serials}
    told = checked(nation, message_type="Update", references=[first["id"]])
    if told["body"] is not None:
        proposal = nation.proposal(PAOLA, RELEASE, told["body"])
        refused = nation.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
        assert refused.status_code == 409
    full = nation.ask(PAOLA, "GET", f"/warnings/{second['id']}").json()
    assert full["chain"] == [first["id"], second["id"]]


def test_one_officer_cancels_at_once(nation: State) -> None:
    warning = released(nation)
    asyncio.run(sent(nation))
    nation.calendar.now += 30.0
    told = cancel(nation, warning["id"], RENZO)
    assert told.status_code == 200, told.text
    assert told.json()["state"] == "cancelled"
    asyncio.run(sent(nation))
    last = way(nation).orders[-1]
    assert (last.kind, last.warning) == (OrderKind.CANCEL, warning["id"])
    alert = read_alert(last.alert, "sent")
    assert alert.message_type is MessageType.CANCEL
    assert [each.identifier for each in alert.references] == [warning["identifier"]]
    assert {each.language.split("-")[0] for each in alert.infos} == {"it", "en"}
    assert last.messages[0].serial.update_number == 1
    assert cancel(nation, warning["id"]).status_code == 409
    assert "warning.cancelled" in nation.kinds()


def test_a_cancel_that_is_not_genuine_or_not_theirs_ends_nothing(nation: State) -> None:
    warning = released(nation)["id"]
    stranger = make_community(now=nation.calendar.now, name=COMMUNITY)
    forged = stranger.credential(f"person/{PAOLA}/laptop")
    assert cancel(nation, warning, credential=forged).status_code == 403
    assert cancel(nation, warning, credential=nation.device(RENZO)).status_code == 403
    assert cancel(nation, warning, time=nation.calendar.now - 3_600.0).status_code == 403
    assert cancel(nation, warning, named="0" * 32).status_code == 409
    assert cancel(nation, warning, ANNA).status_code == 403
    assert cancel(nation, warning, SARA).status_code == 400  # outside her territory
    assert cancel(nation, "f" * 32).status_code == 404
    assert [each["state"] for each in warnings(nation)] == ["released"]
    assert "warning.refused" in nation.kinds()


def test_channels_never_mix(nation: State) -> None:
    body = body_of(nation, channel="exercise", level="exercise")
    for channel in ("public", "test"):
        proposal = nation.proposal(PAOLA, RELEASE, {**body, "channel": channel})
        refused = nation.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
        assert refused.status_code == 400
    drill = released(nation, channel="exercise", level="exercise")
    assert drill["channel"] == "exercise"
    assert drill["identifier"].startswith(
        nation.authority.warnings.profile.prefix(Channel.EXERCISE)
    )
    update = checked(nation, message_type="Update", references=[drill["id"]])
    if update["body"] is not None:
        proposal = nation.proposal(PAOLA, RELEASE, update["body"])
        refused = nation.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
        assert refused.status_code == 409
    assert [each["channel"] for each in warnings(nation)] == ["exercise"]


def test_a_closed_channel_and_a_demonstration_send_nothing(nation: State) -> None:
    body = body_of(nation)
    desk = nation.authority.warnings
    desk.settings = WarningSettings(channels=frozenset({Channel.EXERCISE}))
    told = checked(nation)
    assert "channel.closed" in [each["code"] for each in told["problems"]]
    proposal = nation.proposal(PAOLA, RELEASE, body)
    refused = nation.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
    assert refused.status_code == 409
    desk.settings = WarningSettings(channels=frozenset(Channel))
    desk.demonstration = True
    shown = nation.ask(PAOLA, "GET", "/warnings/desk").json()
    told_of = {each["id"]: each["can_send"] for each in shown["channels"]}
    assert told_of == {"public": False, "exercise": True, "test": True}
    refused = nation.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
    assert refused.status_code == 409


def test_a_stale_alert_is_not_approved(nation: State) -> None:
    command, proposal = proposed(nation)
    nation.calendar.now += 1_790.0
    told = answered(nation, RENZO, command, nation.answer(RENZO, proposal)).json()
    assert told["state"] == "executed"
    command, proposal = proposed(nation)
    nation.calendar.now += 1_810.0
    with pytest.raises(Exception, match=r"expired|force"):
        nation.answer(RENZO, proposal)
    assert [each["state"] for each in warnings(nation)] == ["expired"]


@pytest.fixture(params=["sqlite", "postgresql"])
def any_nation(
    request: pytest.FixtureRequest, officers_template: Template, tmp_path: Path
) -> Iterator[State]:
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh_database()
    with warning_country(officers_template, tmp_path / "authority", url) as state:
        yield state
