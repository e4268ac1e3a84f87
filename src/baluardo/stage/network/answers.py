"""What the console says about the network: the shape of its answer, for FastAPI and for readers.

Ages are seconds, delays milliseconds, rates bit/s; counts since their owner was started. What is
not known is null. Where a dish lands is observed: the operator decides.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

RoleName = Literal["primary", "alternate", "contingency", "emergency"]
KindName = Literal["interface", "starlink", "wire"]
HealthName = Literal["usable", "degraded", "unknown", "dead"]
KeyStateName = Literal["absent", "offered", "agreed", "installed", "confirmed"]
PrecedenceName = Literal["routine", "priority", "immediate", "flash", "flash-override"]


class TextAnswer(BaseModel):
    """A name or a sentence in the languages of the console."""

    it: str
    en: str


class BearerAnswer(BaseModel):
    """One bearer of a site."""

    name: str
    kind: KindName
    role: RoleName
    device: str
    active: bool
    rate_bps: float | None
    """What it is paced at."""
    round_trip_ms: float | None
    egress: str | None
    """The address under which others see it."""
    sent_octets: int
    received_octets: int


class HealthAnswer(BaseModel):
    """How one bearer is towards one peer."""

    name: str
    health: HealthName
    why: TextAnswer


class TunnelAnswer(BaseModel):
    """One tunnel of a site."""

    peer: str
    """Identity of the site at its other end."""
    address: str
    state: KeyStateName | None
    open: bool
    lanes: int
    epoch: int
    key_age_s: float | None
    full_age_s: float | None
    """Since the last round with a full handshake."""
    round_age_s: float | None
    problem: str
    """Why no traffic passes; empty if nothing is wrong."""
    active: str | None
    second: str | None
    why: TextAnswer | None
    """Why the active bearer was chosen."""
    bearers: list[HealthAnswer]
    sent_octets: int
    received_octets: int


class ClassAnswer(BaseModel):
    """The queue of one precedence class."""

    precedence: PrecedenceName
    sent_packets: int
    sent_octets: int
    received_packets: int
    waiting_packets: int
    mean_delay_ms: float
    dropped: int


class SiteNetworkAnswer(BaseModel):
    """What one site's edge tells of itself."""

    site: str
    """Its identity."""
    problem: str | None
    addresses: list[str]
    bearers: list[BearerAnswer]
    tunnels: list[TunnelAnswer]
    classes: list[ClassAnswer]
    dropped: dict[str, int]
    """By cause; causes that did not occur are absent."""
    real_time: bool


class SiteAnswer(BaseModel):
    """One site as the stage runs it."""

    id: str
    name: TextAnswer
    running: bool
    restarts: int
    landing: str | None
    network: SiteNetworkAnswer | None
    """Null while its edge does not answer."""


class WireLinkAnswer(BaseModel):
    """One link of the wire."""

    name: str
    """`FROM>TO`."""
    packets: int
    octets: int
    waiting: int
    drops: dict[str, int]


class WireAnswer(BaseModel):
    """What the wire has counted."""

    privileged: bool
    links: list[WireLinkAnswer]


class NetworkAnswer(BaseModel):
    """Every site, and the wire where there is one."""

    sites: list[SiteAnswer]
    wire: WireAnswer | None
