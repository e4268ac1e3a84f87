"""Alerts of others for tests, and feeds that tell them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from baluardo.emergency.cap.alert import (
    Alert,
    AlertArea,
    Category,
    Certainty,
    Info,
    MessageType,
    Named,
    Scope,
    Severity,
    Status,
    Urgency,
)
from baluardo.emergency.cap.writing import write_alert
from twin.web_server import Handler, Server

SQUARE = ((42.0, 13.0), (43.0, 13.0), (43.0, 14.0), (42.0, 14.0), (42.0, 13.0))
NOW = 1_767_225_600.0
"""1 January 2026."""


def moment(time: float) -> datetime:
    return datetime.fromtimestamp(time, UTC) + timedelta(0)


def alert(identifier: str, now: float = NOW, expires_s: float = 3_600.0, **changes: Any) -> Alert:
    """Return a real alert about Norcia, sent a minute ago; fields of info and alert may differ."""
    of_alert = {name: changes.pop(name) for name in tuple(changes) if name in Alert.__slots__}
    info = Info(
        categories=(Category.MET,),
        event="Vento",
        urgency=Urgency.EXPECTED,
        severity=Severity.SEVERE,
        certainty=Certainty.LIKELY,
        language="it-IT",
        expires=moment(now + expires_s),
        sender_name="Servizio meteorologico",
        headline="Vento forte",
        areas=(AlertArea("Norcia", (SQUARE,), geocodes=(Named("EMMA_ID", "XX999"),)),),
    )
    made = Alert(
        identifier=identifier,
        sender="cap@meteo.example",
        sent=moment(now - 60.0),
        status=Status.ACTUAL,
        message_type=MessageType.ALERT,
        scope=Scope.PUBLIC,
        infos=(replace(info, **changes),),
    )
    return replace(made, **of_alert)


def update(identifier: str, of: Alert, **changes: Any) -> Alert:
    follows = {"message_type": MessageType.UPDATE, "references": (of.reference,)}
    return alert(identifier, **{**follows, **changes})


def cancel(identifier: str, of: Alert, **changes: Any) -> Alert:
    return update(identifier, of, **{"infos": (), **changes, "message_type": MessageType.CANCEL})


def atom(*links: str) -> bytes:
    body = "".join(f'<entry><id>{each}</id><link href="{each}"/></entry>' for each in links)
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{body}</feed>'.encode()


def rss(*links: str) -> bytes:
    body = "".join(f"<item><guid>{each}</guid><link>{each}</link></item>" for each in links)
    return f"<rss><channel>{body}</channel></rss>".encode()


def atom_with(*alerts: Alert) -> bytes:
    """Return a feed that holds its alerts within itself."""
    inner = (write_alert(each).decode().partition("?>")[2] for each in alerts)
    body = "".join(f"<entry><content>{each}</content></entry>" for each in inner)
    return f'<feed xmlns="http://www.w3.org/2005/Atom">{body}</feed>'.encode()


def serve(server: Server, files: dict[str, bytes]) -> None:
    """Answer from `files`, which may change; unchanged feeds are told to be so."""

    def answer(handler: Handler) -> None:
        found = files.get(handler.path)
        mark = f'"{hash(found)}"'
        if found is not None and handler.headers.get("if-none-match") == mark:
            handler.say(304)
        else:
            handler.say(404 if found is None else 200, found or b"", ETag=mark)

    server.answer = answer
