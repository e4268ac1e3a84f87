"""Good alerts for doors."""

from __future__ import annotations

import datetime

from baluardo.emergency.cap.alert import (
    BROADCAST_TEXT,
    Alert,
    AlertArea,
    Category,
    Certainty,
    Circle,
    Info,
    MessageType,
    Named,
    Reference,
    Resource,
    Response,
    Scope,
    Severity,
    Status,
    Urgency,
)
from baluardo.emergency.cap.writing import write_alert

_SENT = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
_SQUARE = ((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.0, 14.0), (42.0, 13.0))
_INFO = Info(
    categories=(Category.GEO,),
    event="Terremoto",
    urgency=Urgency.IMMEDIATE,
    severity=Severity.EXTREME,
    certainty=Certainty.OBSERVED,
    language="it-IT",
    responses=(Response.EVACUATE,),
    onset=_SENT,
    expires=_SENT + datetime.timedelta(hours=6),
    headline="Terremoto a Norcia",
    instruction="Esci dagli edifici.",
    web="https://protezionecivile.example/norcia?a=1&b=2#c",
    parameters=(Named(BROADCAST_TEXT, "ALLARME"),),
    resources=(Resource("Mappa", "image/png", 12, "https://a.example/a.png", "aGE=", "0" * 40),),
    areas=(
        AlertArea(
            "Norcia",
            (_SQUARE,),
            (Circle(42.8, 13.1, 20.5),),
            (Named("EMMA_ID", "IT003"),),
            0.0,
            3_000.5,
        ),
    ),
)
GOOD = Alert(
    identifier="IT-EXERCISE-0001",
    sender="cap@protezionecivile.example",
    sent=_SENT,
    status=Status.EXERCISE,
    message_type=MessageType.ALERT,
    scope=Scope.PUBLIC,
    infos=(_INFO,),
)
_OTHER = Alert(
    identifier="IT-EXERCISE-0009",
    sender="cap@protezionecivile.example",
    sent=_SENT,
    status=Status.EXERCISE,
    message_type=MessageType.ACK,
    scope=Scope.PRIVATE,
    source="Sala operativa",
    addresses=("radio@uno.example", "Sala Roma"),
    codes=("profile:1",),
    note="Ricevuto",
    references=(GOOD.reference, Reference("a", "b", _SENT)),
    incidents=("Norcia 2016",),
)


def alert_octets() -> list[bytes]:
    return [write_alert(each) for each in (GOOD, _OTHER)]
