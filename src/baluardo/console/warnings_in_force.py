"""Public warnings that hold, for every page: authorities and sites tell them alike.

They are told to everybody, as warnings are meant to be.
"""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

from baluardo.emergency.cap.alert import Alert, MessageType
from baluardo.emergency.channels import Channel

PATH: Final = "/api/warnings/in-force"


class TextInForce(BaseModel):
    """The words of a warning in one language."""

    language: str
    event: str
    headline: str
    description: str
    instruction: str


class WarningInForce(BaseModel):
    """A warning, or the cancel of one. Times are POSIX seconds."""

    identifier: str
    channel: str
    cancel: bool
    sent: float
    until: float
    area: str
    texts: list[TextInForce]

    @classmethod
    def of(cls, channel: Channel, alert: Alert, until: float) -> WarningInForce:
        """Tell an alert."""
        described = [area.description for info in alert.infos[:1] for area in info.areas]
        return cls(
            identifier=alert.identifier,
            channel=channel.value,
            cancel=alert.message_type is MessageType.CANCEL,
            sent=alert.sent.timestamp(),
            until=until,
            area="; ".join(described),
            texts=[
                TextInForce(
                    language=info.language,
                    event=info.event,
                    headline=info.headline or info.event,
                    description=info.description or "",
                    instruction=info.instruction or "",
                )
                for info in alert.infos
            ],
        )


class WarningsInForce(BaseModel):
    """What holds, the newest first."""

    warnings: list[WarningInForce]
