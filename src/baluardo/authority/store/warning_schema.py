"""The tables of warnings, for SQLite and PostgreSQL alike. Times are POSIX seconds, UTC."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, Column, Float, ForeignKey, Integer, LargeBinary, String, Table

from baluardo.authority.store.tables import metadata

warning: Final = Table(
    "warning",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("command", String(96), nullable=False, unique=True),
    Column("identifier", String(160), nullable=False, unique=True),
    Column("channel", String(16), nullable=False, index=True),
    Column("level", String(32), nullable=False),
    Column("message_type", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("alert", LargeBinary, nullable=False),
    Column("area", JSON, nullable=False),
    Column("by", JSON, nullable=False),
    Column("follows", String(32)),
    Column("message_code", Integer, nullable=False),
    Column("update_number", Integer, nullable=False),
    Column("released", Float, nullable=False, index=True),
    Column("expires", Float, nullable=False),
    Column("ended", Float),
)
"""Every warning that went out, cancels too. `command` is what released it: the command's id, or the
digest of what one person or the sensors have signed; `state` released, updated or cancelled
(expired is told by the time); `area` what was made of the alert's; `by` who signed; `follows` the
warning that it updates or cancels; `message_code` and `update_number` tell it on the air."""

warning_order: Final = Table(
    "warning_order",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("warning", ForeignKey("warning.id"), nullable=False, index=True),
    Column("way", String(63), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("made", Float, nullable=False),
    Column("again", Float, nullable=False),
    Column("settled", Float),
    Column("detail", JSON, nullable=False),
)
"""What is to go out by which way: written with the warning in one transaction, so that it is sent
whatever happens after. `state` waiting, sent, or refused for good; `again` when to try next."""

standing_warning: Final = Table(
    "standing_warning",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("command", String(96), nullable=False, unique=True),
    Column("channel", String(16), nullable=False),
    Column("level", String(32), nullable=False),
    Column("alert", LargeBinary, nullable=False),
    Column("sensors", JSON, nullable=False),
    Column("needed", Integer, nullable=False),
    Column("until", Float, nullable=False),
    Column("by", JSON, nullable=False),
    Column("state", String(16), nullable=False),
)
"""Warnings that two persons have released beforehand, for sensors to set off: once. `state`
standing, set-off or withdrawn."""

sensor_alarm: Final = Table(
    "sensor_alarm",
    metadata,
    Column("digest", String(96), primary_key=True),
    Column("standing", ForeignKey("standing_warning.id"), nullable=False, index=True),
    Column("sensor", String(255), nullable=False),
    Column("at", Float, nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)
"""What sensors have signed: the same again is not counted again."""

handset: Final = Table(
    "handset",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("invitation", LargeBinary(32), nullable=False, unique=True),
    Column("cookie", LargeBinary(32), unique=True),
    Column("name", String(60), nullable=False),
    Column("lat_deg", Float, nullable=False),
    Column("lon_deg", Float, nullable=False),
    Column("made_by", String(63), nullable=False),
    Column("expires", Float, nullable=False),
)
"""Pages that stand for phones in exercises. `invitation` and `cookie` are digests: the first
browser that opens the link becomes the handset, and nobody after it."""
