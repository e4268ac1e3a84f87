"""Sensors release what two have released beforehand: off by default, by agreement, once, loudly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from authority.officers import ANNA, MARIO, State, Template
from authority.warnings.warning_country import (
    PAOLA,
    RENZO,
    answered,
    body_of,
    warning_country,
    warnings,
)
from baluardo.authority.warnings import sensor_alarms
from baluardo.authority.warnings import standing as standing_acts
from baluardo.authority.warnings.sensor_alarms import MOST_SAID
from baluardo.emergency.cap.alert import MessageType, Reference
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.protocol.warnings import SensorAlarm
from trust.community import make_community
from trust.fleet import COMMUNITY

pytest_plugins = ["authority.officers_fixtures"]
PREAUTHORISE = "warning.preauthorise"
BUOYS = ("office/buoy-ionian", "office/buoy-sicily", "ship/buoy-tender")


@pytest.fixture
def coast(officers_template: Template, tmp_path: Path) -> Iterator[State]:
    directory = tmp_path / "authority"
    with warning_country(officers_template, directory, sensor_release=True) as state:
        for path in (*BUOYS, "office/rome"):
            state.enrol(path)
        yield state


@pytest.fixture(params=["sqlite", "postgresql"])
def kept_coast(
    officers_template: Template, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[State]:
    """Return the same over either database."""
    url = ""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").fresh_database()
    directory = tmp_path / "authority"
    with warning_country(officers_template, directory, url, sensor_release=True) as state:
        for path in BUOYS:
            state.enrol(path)
        yield state


def standing_body(state: State, **changes: Any) -> dict[str, Any]:
    body = body_of(state)
    until = state.calendar.now + 30 * 86_400.0
    return {**body, "sensors": list(BUOYS), "needed": 2, "until": until, **changes}


def preauthorised(state: State, **changes: Any) -> str:
    """Let two release a warning beforehand, and return its id."""
    proposal = state.proposal(PAOLA, PREAUTHORISE, standing_body(state, **changes))
    answer = state.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
    assert answer.status_code == 200, answer.text
    told = answered(state, RENZO, answer.json()["id"], state.answer(RENZO, proposal))
    assert told.json()["state"] == "executed", told.json()["outcome"]
    table = state.authority.store.read_blocking
    return str(table(lambda c: c.exec_driver_sql("select id from standing_warning").scalar()))


def alarm(state: State, standing: str, sensor: str, **changes: Any) -> Any:
    """Sign an alarm and hand it in; nobody is signed in."""
    credential = changes.pop("credential", None) or state.devices[sensor]
    time = changes.pop("time", state.calendar.now)
    said = SensorAlarm(standing, "0.8 m in 40 s", time).sign(credential)
    given = {"alarm": said.to_object()}
    return state.ask(None, "POST", "/warnings/alarms", given)


def test_two_buoys_that_agree_release_once(coast: State) -> None:
    standing = preauthorised(coast)
    coast.calendar.now += 7_200.0
    first = alarm(coast, standing, BUOYS[0])
    assert first.status_code == 200, first.text
    assert first.json() == {"standing": standing, "agreed": 1, "needed": 2, "warning": None}
    assert warnings(coast) == []
    coast.calendar.now += 60.0
    second = alarm(coast, standing, BUOYS[1]).json()
    assert second["agreed"] == 2
    [warning] = warnings(coast)
    assert warning["id"] == second["warning"]
    assert warning["by"] == [PAOLA, RENZO, *BUOYS[:2]]
    full = coast.ask(PAOLA, "GET", f"/warnings/{warning['id']}").json()
    sent = read_alert(full["alert"].encode(), "sent").sent.timestamp()
    assert sent == int(coast.calendar.now)
    assert warning["expires"] > coast.calendar.now + 3_000.0
    assert coast.kinds()[-3:] == ["warning.sensor", "warning.sensor", "warning.released"]
    assert alarm(coast, standing, BUOYS[2]).status_code == 409
    assert len(warnings(coast)) == 1


def test_one_buoy_twice_is_one(coast: State) -> None:
    standing = preauthorised(coast)
    assert alarm(coast, standing, BUOYS[0]).json()["agreed"] == 1
    coast.calendar.now += 5.0
    assert alarm(coast, standing, BUOYS[0]).json()["agreed"] == 1
    coast.calendar.now += 200.0  # what was said long ago agrees with nobody
    assert alarm(coast, standing, BUOYS[1]).json()["agreed"] == 1
    assert warnings(coast) == []


def test_a_replayed_alarm_is_not_counted(coast: State) -> None:
    standing = preauthorised(coast)
    said = SensorAlarm(standing, "wave", coast.calendar.now)
    given = [{"alarm": said.sign(coast.devices[each]).to_object()} for each in BUOYS[:2]]

    def told(place: int) -> Any:
        answer = coast.ask(None, "POST", "/warnings/alarms", given[place])
        assert answer.status_code == 200, answer.text
        return answer.json()

    # Whoever has lost the answer asks again, and nothing is counted or logged twice.
    first = told(0)
    assert told(0) == first
    anew = {"alarm": said.sign(coast.devices[BUOYS[0]]).to_object()}
    assert coast.ask(None, "POST", "/warnings/alarms", anew).json() == first
    assert coast.kinds().count("warning.sensor") == 1
    coast.calendar.now += 150.0  # not even to make old words new
    assert told(0)["agreed"] == 0
    assert told(1)["warning"] is None
    coast.calendar.now += 1.0
    done = alarm(coast, standing, BUOYS[0]).json()
    assert (done["agreed"], done["needed"]) == (2, 2)
    assert told(1) == done
    assert [each["id"] for each in warnings(coast)] == [done["warning"]]
    assert (
        coast.ask(RENZO, "POST", f"/warnings/standing/{standing}/withdraw", {}).status_code == 409
    )


def test_who_is_no_sensor_sets_nothing_off(coast: State) -> None:
    standing = preauthorised(coast, needed=1)
    stranger = make_community(now=coast.calendar.now, name=COMMUNITY)
    forged = stranger.credential(BUOYS[0])
    assert alarm(coast, standing, BUOYS[0], credential=forged).status_code == 403
    assert alarm(coast, standing, "office/rome").status_code == 403
    officer = coast.device(PAOLA)
    assert alarm(coast, standing, BUOYS[0], credential=officer).status_code == 403
    old = coast.calendar.now - 3_600.0
    assert alarm(coast, standing, BUOYS[0], time=old).status_code == 403
    assert alarm(coast, "0" * 32, BUOYS[0]).status_code == 404
    assert warnings(coast) == []
    assert coast.kinds().count("warning.refused") == 5


def test_it_is_off_unless_the_settings_say_so(officers_template: Template, tmp_path: Path) -> None:
    with warning_country(officers_template, tmp_path / "authority") as state:
        state.enrol(BUOYS[0])
        body = standing_body(state, sensors=[BUOYS[0]], needed=1)
        proposal = state.proposal(PAOLA, PREAUTHORISE, body)
        answer = state.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
        told = answered(state, RENZO, answer.json()["id"], state.answer(RENZO, proposal)).json()
        assert told["state"] == "refused"
        assert "sensor_release is off" in told["outcome"]
        assert alarm(state, "0" * 32, BUOYS[0]).status_code == 409


def test_one_officer_withdraws_it(coast: State) -> None:
    standing = preauthorised(coast, needed=1)
    path = f"/warnings/standing/{standing}/withdraw"
    assert coast.ask(MARIO, "POST", path, {}).status_code == 403
    assert coast.ask(ANNA, "POST", path, {}).status_code == 403
    assert coast.ask(RENZO, "POST", path, {}).status_code == 200
    assert coast.ask(RENZO, "POST", path, {}).status_code == 409
    assert alarm(coast, standing, BUOYS[0]).status_code == 409
    assert warnings(coast) == []
    assert "warning.withdrawn" in coast.kinds()


def listed(state: State, name: str = PAOLA) -> list[dict[str, Any]]:
    answer = state.ask(name, "GET", "/warnings/standing")
    assert answer.status_code == 200, answer.text
    assert answer.json()["on"] is True
    return list(answer.json()["standing"])


def test_the_desk_lists_what_stands_what_was_said_and_what_became_of_it(coast: State) -> None:
    assert listed(coast) == []
    first = preauthorised(coast)
    [one] = listed(coast)
    assert (one["id"], one["state"], one["needed"]) == (first, "standing", 2)
    assert one["by"] == [PAOLA, RENZO]
    assert one["sensors"] == list(BUOYS)
    assert (one["area"], one["problem"], one["alarms"]) == ("Norcia", "", [])
    assert one["people"] > 1_000
    assert one["outline"]["type"] == "MultiPolygon"
    alarm(coast, first, BUOYS[0])
    assert listed(coast)[0]["alarms"] == [
        {"sensor": BUOYS[0], "at": coast.calendar.now, "reading": "0.8 m in 40 s"}
    ]
    alarm(coast, first, BUOYS[1])
    assert [each["state"] for each in listed(coast)] == ["set-off"]
    assert coast.ask(None, "GET", "/warnings/standing").status_code == 401


def test_what_could_go_out_no_more_is_said_before_the_wave_comes(coast: State) -> None:
    preauthorised(coast)
    desk = coast.authority.warnings
    desk.settings = replace(desk.settings, channels=frozenset({Channel.EXERCISE}))
    [one] = listed(coast)
    assert one["state"] == "standing"
    assert "does not send on the channel public" in one["problem"]
    coast.calendar.now += 20.0


def test_a_faulty_sensor_fills_neither_the_log_nor_the_table(coast: State) -> None:
    standing = preauthorised(coast)
    for _ in range(MOST_SAID):
        assert alarm(coast, standing, BUOYS[0]).status_code == 200
        coast.calendar.now += 1.0
    before = coast.kinds()
    for _ in range(3):
        refused = alarm(coast, standing, BUOYS[0])
        assert refused.status_code == 409
        assert "often enough" in refused.json()["detail"]
        coast.calendar.now += 3.0
    assert coast.kinds() == before
    assert alarm(coast, standing, BUOYS[1]).json()["warning"] is not None  # the other is heard


def test_of_a_faulty_sensor_the_last_words_are_kept(
    kept_coast: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sensor_alarms, "MOST_KEPT", 4)
    standing = preauthorised(kept_coast, needed=3)
    alarm(kept_coast, standing, BUOYS[1])
    for _ in range(7):
        kept_coast.calendar.now += 13.0
        assert alarm(kept_coast, standing, BUOYS[0]).status_code == 200
    told = [each["sensor"] for each in listed(kept_coast)[0]["alarms"]]
    assert told == [BUOYS[0]] * 4 + [BUOYS[1]]
    assert kept_coast.kinds().count("warning.sensor") == 8


def test_what_cannot_go_out_when_the_wave_comes_is_told_and_kept(coast: State) -> None:
    standing = preauthorised(coast)
    assert alarm(coast, standing, BUOYS[0]).status_code == 200
    desk = coast.authority.warnings
    closed = replace(desk.settings, channels=frozenset({Channel.EXERCISE}))
    desk.settings, open_ = closed, desk.settings
    coast.calendar.now += 1.0
    refused = alarm(coast, standing, BUOYS[1])
    assert refused.status_code == 409
    assert "nothing went out: This authority does not send" in refused.json()["detail"]
    assert coast.kinds()[-1] == "warning.sensor"
    assert [each["sensor"] for each in listed(coast)[0]["alarms"]] == [BUOYS[1], BUOYS[0]]
    desk.settings = open_
    coast.calendar.now += 5.0
    assert alarm(coast, standing, BUOYS[2]).json()["agreed"] == 3
    assert len(warnings(coast)) == 1


def test_all_at_the_same_moment_release_once(kept_coast: State) -> None:
    standing = preauthorised(kept_coast)
    said = SensorAlarm(standing, "wave", kept_coast.calendar.now)
    given = [{"alarm": said.sign(kept_coast.devices[each]).to_object()} for each in BUOYS]

    async def together() -> list[Any]:
        asked = (kept_coast.asking(None, "POST", "/warnings/alarms", each) for each in given)
        return list(await asyncio.gather(*asked))

    answers = asyncio.run(together())
    assert sorted(each.status_code for each in answers) == [200, 200, 409]
    assert len(warnings(kept_coast)) == 1


def test_the_second_officer_may_sign_hours_later(coast: State) -> None:
    proposal = coast.proposal(PAOLA, PREAUTHORISE, standing_body(coast))
    answer = coast.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
    [one] = listed(coast)
    assert (one["state"], one["command"]) == ("waiting", answer.json()["id"])
    assert (one["by"], one["area"], one["problem"]) == ([PAOLA], "Norcia", "")
    coast.calendar.now += 5 * 3_600.0
    told = answered(coast, RENZO, answer.json()["id"], coast.answer(RENZO, proposal)).json()
    assert told["state"] == "executed", told["outcome"]
    [one] = listed(coast)
    assert (one["state"], one["command"], one["problem"]) == ("standing", None, "")


def test_sensors_that_nobody_would_believe_are_named(coast: State) -> None:
    standing = preauthorised(coast, sensors=["office/buoy-ionio", *BUOYS[1:]], needed=3)
    [one] = listed(coast)
    assert one["missing"] == ["office/buoy-ionio"]
    assert one["problem"].startswith("3 sensors must agree, and 2 of those named")
    coast.take_back(BUOYS[2])
    assert listed(coast)[0]["missing"] == ["office/buoy-ionio", BUOYS[2]]
    assert alarm(coast, standing, BUOYS[2]).status_code == 403


def test_its_time_ends_and_it_is_listed_after_what_stands(coast: State) -> None:
    first = preauthorised(coast, until=coast.calendar.now + 3_600.0)
    coast.calendar.now += 1_800.0
    preauthorised(coast, until=coast.calendar.now + 1_000.0)
    coast.calendar.now += 1_200.0
    assert [each["state"] for each in listed(coast)] == ["standing", "expired"]
    coast.calendar.now += 3_600.0
    refused = alarm(coast, first, BUOYS[0])
    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("The time of this standing warning is over")


def test_no_more_stand_than_the_desk_shows(coast: State, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(standing_acts, "MOST_STANDING", 1)
    first = preauthorised(coast)
    proposal = coast.proposal(PAOLA, PREAUTHORISE, standing_body(coast))
    command = coast.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()}).json()["id"]
    coast.ask(RENZO, "POST", f"/warnings/standing/{first}/withdraw", {})
    done = answered(coast, RENZO, command, coast.answer(RENZO, proposal)).json()
    assert done["state"] == "executed", done["outcome"]
    proposal = coast.proposal(PAOLA, PREAUTHORISE, standing_body(coast))
    command = coast.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()}).json()["id"]
    done = answered(coast, RENZO, command, coast.answer(RENZO, proposal)).json()
    assert done["state"] == "refused"
    assert "take one back first" in done["outcome"]


def test_a_drill_goes_out_on_its_own_channel(coast: State) -> None:
    body = body_of(coast, channel="exercise", level="exercise")
    standing = preauthorised(coast, **body, needed=1)
    assert alarm(coast, standing, BUOYS[0]).status_code == 200
    assert [each["channel"] for each in warnings(coast)] == ["exercise"]


def test_what_could_never_be_set_off_is_refused(coast: State) -> None:
    good = standing_body(coast)
    alert = read_alert(str(good["alert"]).encode(), "it")
    of = Reference(alert.sender, alert.identifier, alert.sent)
    update = replace(alert, message_type=MessageType.UPDATE, references=(of,))
    wrong: tuple[dict[str, Any], ...] = (
        {"needed": 0},
        {"needed": 4},
        {"sensors": []},
        {"sensors": ["person/paola.serra/laptop"], "needed": 1},
        {"sensors": [BUOYS[1], BUOYS[0]]},
        {"until": 1.0},
        {"until": 9e9},
        {"alert": "<alert/>"},
        {"alert": write_alert(update).decode()},
    )
    for changes in wrong:
        proposal = coast.proposal(PAOLA, PREAUTHORISE, {**good, **changes})
        answer = coast.ask(PAOLA, "POST", "/commands", {"proposal": proposal.to_object()})
        assert ("until" in changes) == (answer.status_code == 200), changes
        if answer.status_code == 200:  # its time is judged when it is carried out
            told = answered(coast, RENZO, answer.json()["id"], coast.answer(RENZO, proposal))
            assert told.json()["state"] == "refused", changes
    assert [each for each in listed(coast) if each["state"] != "waiting"] == []
