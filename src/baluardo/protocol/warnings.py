"""What is signed about warnings: the release by two persons, a cancel by one, a sensor's alarm.

A release carries the whole CAP alert, so that whoever approves signs exactly what goes out. Whether
it may go out (its territory, its channel, what stands already) is judged in `emergency.release`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from baluardo.emergency.cap.alert import Alert
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.errors import CertificateError, CommandError, InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.message_fields import check_line, check_time, texts, whole
from baluardo.protocol.network_policy import SITES
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import SKEW, shown
from baluardo.trust.certificates.verification import Peer, Verifier
from baluardo.trust.envelope import Envelope, sign, verify
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.strict_json import JsonObject, write_json

CANCEL_TYPE: Final = "application/vnd.baluardo.warning-cancel+json"
ALARM_TYPE: Final = "application/vnd.baluardo.sensor-alarm+json"
LARGEST_ALERT: Final = 262_144
"""Octets of a CAP alert that is released: five languages with outlines of a hundred points are a
tenth of it. What only comes in may be larger."""
LARGEST_CANCEL: Final = 4_096
LARGEST_ALARM: Final = 4_096
LONGEST_REASON: Final = 500
LONGEST_READING: Final = 500
LONGEST_STANDING: Final = 366 * 86_400.0
"""Seconds: what was released beforehand is looked at anew each year."""
MOST_SENSORS: Final = 200
OLDEST_SIGNED: Final = 120.0
"""Seconds: a cancel or an alarm that was signed longer ago is not obeyed."""

_ID = re.compile(r"[0-9a-f]{32}\Z", re.ASCII)
_LEVEL = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class WarningRelease:
    """`warning.release`: this alert goes out on this channel."""

    channel: Channel
    level: str
    """Of the country's profile, such as `level-1`."""
    alert: bytes
    """CAP 1.2 in XML, as it goes out."""

    def __post_init__(self) -> None:
        """Refuse what is no level, and an alert larger than it may be."""
        _check_content(self.level, self.alert)

    def read(self) -> Alert:
        """Return the alert as values; InvalidInputError if it is none."""
        return read_alert(self.alert, "The alert")

    def to_body(self) -> dict[str, object]:
        """Return the command's body."""
        return {
            "channel": self.channel.value,
            "level": self.level,
            "alert": self.alert.decode(),
        }

    @classmethod
    def of_body(cls, body: dict[str, object]) -> WarningRelease:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The release of a warning")
        fields.only(("channel", "level", "alert"))
        return cls(_channel(fields), fields.text("level", 32), _alert(fields))


@dataclass(frozen=True, slots=True)
class StandingWarning:
    """`warning.preauthorise`: sensors may release this alert, once, without anybody's hand.

    Of the alert the words, the area and how long it lasts count; identifier and times are made when
    it is set off.
    """

    channel: Channel
    level: str
    alert: bytes
    sensors: tuple[str, ...]
    """Paths of identities of sites ("office/buoy-ionian"), in alphabetical order."""
    needed: int
    """How many different ones must agree within two minutes."""
    until: float
    """POSIX seconds."""

    def __post_init__(self) -> None:
        """Refuse what nobody could set off, and what anything would."""
        _check_content(self.level, self.alert)
        if not 1 <= len(self.sensors) <= MOST_SENSORS:
            raise InvalidInputError(f"A standing warning names 1 to {MOST_SENSORS} sensors.")
        if list(self.sensors) != sorted(set(self.sensors)):
            raise InvalidInputError("sensors must be in alphabetical order, each once.")
        for sensor in self.sensors:
            if Identity.of_path("community", sensor).kind not in SITES:
                raise InvalidInputError(f"sensors {sensor}: office/NAME or ship/NAME.")
        if not 1 <= self.needed <= len(self.sensors):
            raise InvalidInputError(
                f"needed {self.needed}: 1 to {len(self.sensors)}, the number of its sensors."
            )
        check_time("until", self.until)

    def read(self) -> Alert:
        """Return the alert as values; InvalidInputError if it is none."""
        return read_alert(self.alert, "The alert")

    def to_body(self) -> dict[str, object]:
        """Return the command's body."""
        return {
            "channel": self.channel.value,
            "level": self.level,
            "alert": self.alert.decode(),
            "sensors": list(self.sensors),
            "needed": self.needed,
            "until": self.until,
        }

    @classmethod
    def of_body(cls, body: dict[str, object]) -> StandingWarning:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The standing warning")
        fields.only(("channel", "level", "alert", "sensors", "needed", "until"))
        return cls(
            _channel(fields),
            fields.text("level", 32),
            _alert(fields),
            tuple(texts(fields, "sensors", MOST_SENSORS)),
            whole(fields, "needed"),
            fields.number("until"),
        )


@dataclass(frozen=True, slots=True)
class WarningCancel:
    """One officer's word that a warning is over, or was wrong: nothing must hold it up."""

    warning: str
    """Id of the warning at the authority."""
    reason: str
    time: float
    """POSIX seconds."""

    def __post_init__(self) -> None:
        """Refuse what names no warning or gives no reason."""
        if not _ID.match(self.warning):
            raise InvalidInputError(f"{quoted(self.warning)} is no id of a warning.")
        check_line("reason", self.reason, LONGEST_REASON)
        check_time("time", self.time)

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed by a person's device."""
        body = {"warning": self.warning, "reason": self.reason, "time": self.time}
        return sign(write_json(body), CANCEL_TYPE, credential)


def read_cancel(envelope: Envelope, verifier: Verifier, now: float) -> tuple[WarningCancel, Peer]:
    """Return a cancel and who has signed it just now.

    SignatureError or CertificateError if it is not genuine; CommandError if it is not a person's,
    or not of these minutes.
    """
    verified = verify(envelope, verifier, now, CANCEL_TYPE)
    peer = verified.signers[0]
    if len(verified.signers) != 1 or peer.identity.kind is not Kind.PERSON:
        raise CertificateError("A cancel is signed by one person, and nobody else.")
    try:
        fields = JsonObject.parse(verified.payload, LARGEST_CANCEL, "The cancel")
        fields.only(("warning", "reason", "time"))
        found = WarningCancel(
            fields.text("warning", 32), fields.text("reason", LONGEST_REASON), fields.number("time")
        )
    except InvalidInputError as problem:
        raise CommandError(f"A cancel was refused: {problem}") from None
    _check_recent(found.time, now, "This cancel")
    return found, peer


@dataclass(frozen=True, slots=True)
class SensorAlarm:
    """A sensor's word that what a standing warning waits for has happened."""

    standing: str
    """Id of the standing warning."""
    reading: str
    """What it has measured, for people: it stands in the log."""
    time: float
    """POSIX seconds."""

    def __post_init__(self) -> None:
        """Refuse what names no standing warning."""
        if not _ID.match(self.standing):
            raise InvalidInputError(f"{quoted(self.standing)} is no id of a standing warning.")
        check_line("reading", self.reading, LONGEST_READING)
        check_time("time", self.time)

    def sign(self, credential: Credential) -> Envelope:
        """Return it signed by the sensor's site."""
        body = {"standing": self.standing, "reading": self.reading, "time": self.time}
        return sign(write_json(body), ALARM_TYPE, credential)


def read_alarm(envelope: Envelope, verifier: Verifier, now: float) -> tuple[SensorAlarm, Peer]:
    """Return an alarm and which site has signed it just now; errors as `read_cancel`."""
    verified = verify(envelope, verifier, now, ALARM_TYPE)
    peer = verified.signers[0]
    if len(verified.signers) != 1 or peer.identity.kind not in SITES:
        raise CertificateError("An alarm is signed by one site, and nobody else.")
    try:
        found = alarm_of(verified.payload)
    except InvalidInputError as problem:
        raise CommandError(f"An alarm was refused: {problem}") from None
    _check_recent(found.time, now, "This alarm")
    return found, peer


def alarm_of(payload: bytes) -> SensorAlarm:
    """Read what a sensor has signed; InvalidInputError if it is no alarm."""
    fields = JsonObject.parse(payload, LARGEST_ALARM, "The alarm")
    fields.only(("standing", "reading", "time"))
    return SensorAlarm(
        fields.text("standing", 32),
        fields.text("reading", LONGEST_READING),
        fields.number("time"),
    )


def _check_recent(time: float, now: float, what: str) -> None:
    if not now - OLDEST_SIGNED - SKEW <= time <= now + SKEW:
        raise CommandError(
            f"{what} is of {shown(time)}, and it is {shown(now)}: it was not obeyed. Sign it anew."
        )


def _check_content(level: str, alert: bytes) -> None:
    if not _LEVEL.match(level):
        raise InvalidInputError(f"level {quoted(level)}: small letters, digits and dashes.")
    if not 1 <= len(alert) <= LARGEST_ALERT:
        raise InvalidInputError(
            f"An alert to release has at most {LARGEST_ALERT:,} octets, this one {len(alert):,}."
        )


def _channel(fields: JsonObject) -> Channel:
    try:
        return Channel(fields.text("channel", 16))
    except ValueError:
        raise fields.wrong("channel", " or ".join(Channel)) from None


def _alert(fields: JsonObject) -> bytes:
    return fields.text("alert", LARGEST_ALERT).encode()
