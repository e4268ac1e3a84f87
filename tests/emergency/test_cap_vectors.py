"""Alerts written by hand: of the schema, read as they are meant, lawful, and in a chain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from cap_schema import fits, schema
from cap_vectors import DAM, DAM_CANCEL, DAM_UPDATE, EMMA_ONLY, VECTORS

from baluardo.emergency.cap.alert import (
    Alert,
    Category,
    Circle,
    MessageType,
    Named,
    Reference,
    Response,
    Severity,
    Status,
)
from baluardo.emergency.cap.chains import Chains, State
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.rules import problems_of
from baluardo.emergency.cap.writing import write_alert

NOON = datetime(2026, 5, 1, 10, tzinfo=UTC)
"""At which the dam's first alert was sent."""


def read(octets: bytes) -> Alert:
    return read_alert(octets, "The alert")


@pytest.mark.parametrize("octets", VECTORS)
def test_vectors_are_of_the_schema_and_lawful(shared_data: Path, octets: bytes) -> None:
    assert fits(schema(shared_data), octets)


@pytest.mark.parametrize("octets", VECTORS)
def test_vectors_break_no_rule_and_are_written_again(octets: bytes) -> None:
    alert = read(octets)
    assert not problems_of(alert, alert.sent.timestamp())
    assert read(write_alert(alert)) == alert


def test_an_alert_of_a_geocode_alone_in_two_languages() -> None:
    alert = read(EMMA_ONLY)
    assert alert.sent == datetime(2026, 5, 1, 9, 30, tzinfo=UTC)
    assert (alert.status, alert.message_type) == (Status.ACTUAL, MessageType.ALERT)
    assert alert.codes == ("profile:CAP-AU:1.0",)
    italian, english = alert.infos
    assert (italian.language, english.language) == ("it-IT", "en-GB")
    assert italian.description == "Possibili temporali con raffiche & fulmini (> 50 km/h)."
    assert english.description == "Thunderstorms with gusts > 50 km/h, hail & lightning."
    assert italian.onset == english.onset
    assert italian.parameter("awareness_level") == "2; yellow; Moderate"
    for info, name in ((italian, "Lombardia"), (english, "Lombardy")):
        (area,) = info.areas
        assert area.description == name
        assert area.geocodes == (Named("EMMA_ID", "IT003"),)
        assert not area.polygons
        assert not area.circles


def test_an_alert_with_a_prefix_in_another_encoding() -> None:
    alert = read(DAM)
    assert alert.incidents == ("Diga Alta", "piena")
    assert alert.source == "Sala operativa"
    (info,) = alert.infos
    assert info.categories == (Category.INFRA, Category.SAFETY)
    assert info.responses == (Response.EVACUATE,)
    assert info.severity is Severity.EXTREME
    assert info.headline == "L'acqua sta arrivando: sali pi\u00f9 in alto"
    (area,) = info.areas
    assert area.polygons == (
        ((42.7, 13.2), (42.7, 13.3), (42.8, 13.3), (42.8, 13.2), (42.7, 13.2)),
    )
    assert area.circles == (Circle(42.75, 13.35, 5.0),)
    assert (area.altitude_ft, area.ceiling_ft) == (0.0, 1_500.0)


def test_references_are_read_whatever_their_offset() -> None:
    first, second = read(DAM).reference, read(DAM_UPDATE).reference
    assert read(DAM_UPDATE).references == (first,)
    assert read(DAM_CANCEL).references == (first, second)
    assert second == Reference("sala@diga.example", "DIGA-2", NOON + timedelta(hours=1))


@pytest.mark.parametrize("order", list(permutations((DAM, DAM_UPDATE, DAM_CANCEL))))
def test_the_dam_from_its_first_alert_to_its_last(order: tuple[bytes, ...]) -> None:
    held = Chains()
    for octets in order:
        assert held.add(read(octets))
    first, second = read(DAM), read(DAM_UPDATE)
    for hours, holding in ((0, (first,)), (1, (second,)), (3, ())):
        assert held.in_force((NOON + timedelta(hours=hours)).timestamp()) == holding
    end = (NOON + timedelta(hours=3)).timestamp()
    for alert in (first, second):
        assert held.standing(alert.reference, end).state is State.CANCELLED
