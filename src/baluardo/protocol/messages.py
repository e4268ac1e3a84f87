"""Every message of a channel between an edge and the authority: whole frames out, values in.

A payload is strict JSON of known fields alone, octets in base64. Whoever reads one has bounds on
everything in it; what is signed inside is judged by whoever acts on it.
"""

from __future__ import annotations

from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.protocol.authority_messages import (
    Granted,
    News,
    Notice,
    NoticeLevel,
    PolicyNews,
    PolicyUpdate,
    Pong,
    Refused,
    Time,
    Welcome,
)
from baluardo.protocol.directory_messages import AskDirectory, CardAnswer, Directory, PublishCard
from baluardo.protocol.edge_messages import Applied, AskRenewal, AskTime, Hello, Ping
from baluardo.protocol.forwarding import ApiAnswer, ApiRequest
from baluardo.protocol.frames import Frame, FrameType
from baluardo.protocol.mail_messages import MailAnswer, MailRequest, MailWaiting
from baluardo.protocol.site_warnings import SiteWarning, WarningsHold
from baluardo.trust.strict_json import JsonObject, write_json

__all__ = [
    "ApiAnswer",
    "ApiRequest",
    "Applied",
    "AskDirectory",
    "AskRenewal",
    "AskTime",
    "CardAnswer",
    "Directory",
    "FromAuthority",
    "FromEdge",
    "Granted",
    "Hello",
    "MailAnswer",
    "MailRequest",
    "MailWaiting",
    "Message",
    "News",
    "Notice",
    "NoticeLevel",
    "Ping",
    "PolicyNews",
    "PolicyUpdate",
    "Pong",
    "PublishCard",
    "Refused",
    "SiteWarning",
    "Time",
    "WarningsHold",
    "Welcome",
    "decode",
    "encode",
]

FromEdge = (
    Hello
    | AskTime
    | AskRenewal
    | Applied
    | ApiRequest
    | Ping
    | PublishCard
    | AskDirectory
    | MailRequest
)
FromAuthority = (
    Welcome
    | News
    | PolicyNews
    | Time
    | Granted
    | Refused
    | ApiAnswer
    | Notice
    | Pong
    | Directory
    | CardAnswer
    | MailAnswer
    | MailWaiting
    | SiteWarning
    | WarningsHold
)
Message = FromEdge | FromAuthority

_MESSAGES: Final[dict[FrameType, type[Message]]] = {
    each.type: each
    for each in (
        *(Hello, AskTime, AskRenewal, Applied, ApiRequest, Ping, PublishCard, AskDirectory),
        *(MailRequest, MailAnswer, MailWaiting),
        *(Welcome, News, PolicyNews, Time, Granted, Refused, ApiAnswer, Notice, Pong),
        *(Directory, CardAnswer, SiteWarning, WarningsHold),
    )
}


def encode(message: Message) -> bytes:
    """Return a message as a whole frame; InvalidInputError if it is larger than its type may be."""
    return Frame(message.type, write_json(message.to_fields())).to_octets()


def decode(kind: int, payload: bytes) -> Message:
    """Return the message of a frame's type and payload; nothing signed in it is genuine yet.

    InvalidInputError if it is none, CertificateError or ProfileError from certificates within.
    """
    try:
        known = FrameType(kind)
    except ValueError:
        raise InvalidInputError(f"A message is of type {kind}, which nobody here knows.") from None
    what = f"The message {known.name.lower().replace('_', '-')}"
    return _MESSAGES[known].of_fields(JsonObject.parse(payload, known.largest, what))
