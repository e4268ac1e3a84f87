"""Alerts written: what is written is read to the same, is of the schema, and is lawful XML."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path

import pytest
from cap_alerts import AREA, FULL, GOOD, ITALIAN, SENT, alerts
from cap_schema import schema
from hypothesis import given, settings

from baluardo.emergency.cap.alert import Alert, Circle, Named
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.writing import cap_time, write_alert
from baluardo.errors import InvalidInputError


@pytest.mark.parametrize("alert", [GOOD, FULL])
def test_written_is_read_to_the_same(alert: Alert) -> None:
    octets = write_alert(alert)
    assert read_alert(octets, "x") == alert
    assert write_alert(read_alert(octets, "x")) == octets


@settings(max_examples=150, deadline=None)
@given(alerts)
def test_whatever_alert_is_read_as_it_was_written(alert: Alert) -> None:
    octets = write_alert(alert)
    found = read_alert(octets, "x")
    assert found == alert
    assert found.sent.utcoffset() == alert.sent.utcoffset()
    assert write_alert(found) == octets


@settings(max_examples=60, deadline=None)
@given(alert=alerts)
def test_whatever_is_written_is_of_the_schema(shared_data: Path, alert: Alert) -> None:
    schema(shared_data).validate(write_alert(alert))


def test_full_alert_is_of_the_schema(shared_data: Path) -> None:
    schema(shared_data).validate(write_alert(FULL))


def test_utc_is_written_with_its_offset_and_without_z() -> None:
    moment = datetime.datetime(2026, 5, 1, 12, 0, tzinfo=datetime.UTC)
    assert cap_time(moment) == "2026-05-01T12:00:00-00:00"
    assert b"<sent>2026-05-01T12:00:00+02:00</sent>" in write_alert(GOOD)


@pytest.mark.parametrize(
    "moment",
    [
        SENT.replace(tzinfo=None),
        SENT.replace(microsecond=1),
        SENT.replace(tzinfo=datetime.timezone(datetime.timedelta(seconds=30))),
        SENT.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=15))),
    ],
)
def test_times_that_cap_cannot_write_are_refused(moment: datetime.datetime) -> None:
    with pytest.raises(InvalidInputError):
        write_alert(replace(GOOD, sent=moment))


@pytest.mark.parametrize(
    "alert",
    [
        replace(GOOD, note="a\x00b"),
        replace(GOOD, note="a\ud800"),
        replace(GOOD, note="a\ufffe"),
        replace(GOOD, note="a\rb"),
        replace(GOOD, addresses=('a"b',)),
        replace(GOOD, incidents=(" ",)),
        replace(GOOD, references=(replace(GOOD.reference, sender="a b"),)),
        replace(GOOD, references=(replace(GOOD.reference, sender="a,b"),)),
        replace(GOOD, infos=(replace(ITALIAN, categories=()),)),
        replace(GOOD, infos=(replace(ITALIAN, language="it_IT"),)),
        replace(GOOD, infos=(replace(ITALIAN, language=" it"),)),
        replace(GOOD, infos=(replace(ITALIAN, web="https://a b"),)),
        replace(GOOD, infos=(replace(ITALIAN, web=" https://a"),)),
        replace(GOOD, infos=(replace(ITALIAN, parameters=(Named("a\x01", ""),)),)),
        replace(GOOD, infos=(replace(ITALIAN, areas=(replace(AREA, altitude_ft=1e12),)),)),
        *(
            replace(
                GOOD,
                infos=(replace(ITALIAN, areas=(replace(AREA, circles=(Circle(at, 1.0, 1.0),)),)),),
            )
            for at in (float("nan"), float("inf"))
        ),
    ],
)
def test_what_cap_cannot_carry_is_refused_with_a_sentence(alert: Alert) -> None:
    with pytest.raises(InvalidInputError, match=r"[a-z]\.$"):
        write_alert(alert)
