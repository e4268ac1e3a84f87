"""A CAP 1.2 alert as values: every element of the standard, nothing interpreted.

Source: OASIS Common Alerting Protocol 1.2 (1 July 2010), section 3.2; the element that a field
stands for is named where the name differs. Degrees are WGS-84; altitudes are feet, as the standard
has them. An alert that was built here need not be a lawful one: `rules` says what is wrong with it.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """How an alert is to be handled (3.2.1 status)."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MessageType(StrEnum):
    """What kind of message an alert is (3.2.1 msgType)."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """For whom an alert is (3.2.1 scope)."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Category(StrEnum):
    """What kind of event (3.2.2 category)."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class Response(StrEnum):
    """What people should do (3.2.2 responseType)."""

    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Urgency(StrEnum):
    """When people should act (3.2.2 urgency)."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """How grave it is for life and property (3.2.2 severity)."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """How sure it is (3.2.2 certainty)."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


Ring = tuple[tuple[float, float], ...]
"""Points of a polygon as CAP writes them: latitude before longitude, degrees, the first again at
the end."""


@dataclass(frozen=True, slots=True)
class Circle:
    """A circle round a point, radius in km (3.2.4 circle)."""

    lat_deg: float
    lon_deg: float
    radius_km: float


@dataclass(frozen=True, slots=True)
class Named:
    """A name and its value: a parameter, an event's code, a geocode."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Resource:
    """A file beside the text (3.2.3)."""

    description: str
    mime_type: str
    size: int | None = None
    """Octets."""
    uri: str | None = None
    content: str | None = None
    """In base64 (3.2.3 derefUri)."""
    digest: str | None = None
    """SHA-1 in hexadecimal, as the standard asks: it protects nothing."""


@dataclass(frozen=True, slots=True)
class AlertArea:
    """Where an alert holds (3.2.4): the union of all that is named."""

    description: str
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    geocodes: tuple[Named, ...] = ()
    altitude_ft: float | None = None
    ceiling_ft: float | None = None


@dataclass(frozen=True, slots=True)
class Info:
    """One text of an alert, in one language (3.2.2)."""

    categories: tuple[Category, ...]
    event: str
    urgency: Urgency
    severity: Severity
    certainty: Certainty
    language: str = "en-US"
    """RFC 3066; what the standard assumes where none is written."""
    responses: tuple[Response, ...] = ()
    audience: str | None = None
    event_codes: tuple[Named, ...] = ()
    effective: datetime.datetime | None = None
    onset: datetime.datetime | None = None
    expires: datetime.datetime | None = None
    sender_name: str | None = None
    headline: str | None = None
    description: str | None = None
    instruction: str | None = None
    web: str | None = None
    contact: str | None = None
    parameters: tuple[Named, ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[AlertArea, ...] = ()

    def parameter(self, name: str) -> str | None:
        """Return the value of the first parameter of a name; None if there is none."""
        return next((each.value for each in self.parameters if each.name == name), None)


@dataclass(frozen=True, slots=True)
class Reference:
    """An earlier alert, as the three values that tell one (3.2.1 references)."""

    sender: str
    identifier: str
    sent: datetime.datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A whole alert (3.2.1). Times carry their offset from UTC, whole seconds."""

    identifier: str
    sender: str
    sent: datetime.datetime
    status: Status
    message_type: MessageType
    scope: Scope
    source: str | None = None
    restriction: str | None = None
    addresses: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[Reference, ...] = ()
    incidents: tuple[str, ...] = ()
    infos: tuple[Info, ...] = ()

    @property
    def reference(self) -> Reference:
        """What a later alert calls this one."""
        return Reference(self.sender, self.identifier, self.sent)


BROADCAST_TEXT = "baluardo:broadcast-text"
"""Name of the parameter of an info that holds the words for phones; ours: where it is absent,
phones are sent headline and instruction."""
CAP_TYPE = "application/cap+xml"
"""OASIS CAP 1.2, as registered with IANA; also the payload type of envelopes that hold one."""
