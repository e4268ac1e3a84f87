"""The tables, for SQLite and PostgreSQL alike. Times are POSIX seconds, UTC.

What is in the audit log too stands here so that it can be searched; the entries themselves are the
rows of `log_entry`, in the one order that `log_head` gives them.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
)

from baluardo.authority.store import warning_schema
from baluardo.authority.store.tables import metadata as metadata  # noqa: PLC0414 - told on

log_head: Final = Table(
    "log_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
)
"""One row, number 1. Who holds it locked is the one that writes, of however many authorities."""

log_entry: Final = Table(
    "log_entry",
    metadata,
    Column("index", BigInteger, primary_key=True, autoincrement=False),
    Column("octets", LargeBinary, nullable=False),
)

opening: Final = Table(
    "opening",
    metadata,
    Column("digest", String(43), primary_key=True),
    Column("entry", BigInteger, nullable=False, index=True),
    Column("text", Text, nullable=False),
)
"""Personal details of entries: erased by deleting the row."""

revocation_list: Final = Table(
    "revocation_list",
    metadata,
    Column("issuer", String(64), primary_key=True),
    Column("delta", Boolean, primary_key=True),
    Column("der", LargeBinary, nullable=False),
)
"""The newest list of each issuer, and the newest delta: by the issuer's key id, hexadecimal."""

person: Final = Table(
    "person",
    metadata,
    Column("name", String(63), primary_key=True),
    Column("handle", LargeBinary(32), nullable=False, unique=True),
    Column("display_name", String(120), nullable=False),
    Column("search", String(400), nullable=False, index=True),
    Column("languages", JSON, nullable=False),
    Column("numbers", JSON, nullable=False),
    Column("enrolled", Float, nullable=False),
)
"""The directory. `handle` names the person to authenticators, which must not learn the name
(WebAuthn section 14.6.1); `search` is name and display name folded for searching."""

site: Final = Table(
    "site",
    metadata,
    Column("identity", String(255), primary_key=True),
    Column("display_name", String(120), nullable=False),
    Column("enrolled", Float, nullable=False),
)

presence: Final = Table(
    "presence",
    metadata,
    Column("identity", String(255), primary_key=True),
    Column("authority", String(120), nullable=False),
    Column("address", String(64), nullable=False),
    Column("since", Float, nullable=False),
    Column("left", Float),
    Column("lists", JSON, nullable=False),
    Column("policy", Integer, nullable=False),
)
"""Who is, or was last, connected to which authority, and what it has applied."""

tunnel_card: Final = Table(
    "tunnel_card",
    metadata,
    Column("identity", String(255), primary_key=True),
    Column("changed", BigInteger, nullable=False, index=True),
    Column("number", BigInteger, nullable=False),
    Column("serial", String(40), nullable=False),
    Column("heard", Float, nullable=False),
    Column("card", LargeBinary),
    Column("envelope", LargeBinary),
)
"""The newest card of each site. `changed` is the place of its last change among all changes, from 1
on; `serial` of the certificate that signed it, hexadecimal; `card` what stands in `envelope`. Both
are none once the site has been taken out of the directory."""

invitation: Final = Table(
    "invitation",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("identity", String(255), nullable=False),
    Column("profile", JSON, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("made_by", String(63), nullable=False),
    Column("made", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("state", String(16), nullable=False),
)
"""`digest` is of the one-time secret; `profile` the display name, languages and numbers to begin
with; `purpose` enrol, device or recover; `state` open, used or withdrawn."""

request: Final = Table(
    "request",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("invitation", ForeignKey("invitation.id"), nullable=False, unique=True),
    Column("identity", String(255), nullable=False, index=True),
    Column("pkcs10", LargeBinary, nullable=False),
    Column("key", String(64), nullable=False),
    Column("passkey", JSON),
    Column("made", Float, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("decided_by", String(63)),
    Column("decided", Float),
    Column("reason", String(500)),
    Column("chain", Text),
)
"""`key` is SHA-256 of the public key, hexadecimal; `passkey` the verified one that comes along;
`state` waiting, granted or refused; `chain` PEM."""

passkey: Final = Table(
    "passkey",
    metadata,
    Column("id", String(1400), primary_key=True),
    Column("person", ForeignKey("person.name"), nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label", String(60), nullable=False),
    Column("transports", JSON, nullable=False),
    Column("backed_up", Boolean, nullable=False),
    Column("made", Float, nullable=False),
    Column("used", Float),
)
"""`id` is the credential id in base64url."""

challenge: Final = Table(
    "challenge",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("person", String(63)),
    Column("octets", LargeBinary, nullable=False),
    Column("expires", Float, nullable=False, index=True),
)
"""Questions to authenticators that wait for their answer; each is answered once."""

session: Final = Table(
    "session",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("person", ForeignKey("person.name"), nullable=False, index=True),
    Column("host", String(255), nullable=False),
    Column("agent", String(200), nullable=False),
    Column("made", Float, nullable=False),
    Column("seen", Float, nullable=False),
    Column("fresh", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("break_glass", Boolean, nullable=False),
)
"""`digest` is of the cookie's token; `fresh` when a passkey was last used in it."""

emergency_code: Final = Table(
    "emergency_code",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True),
    Column("made", Float, nullable=False),
    Column("used", Float),
    Column("used_by", String(63)),
)
"""Break-glass codes, as digests."""

policy: Final = Table(
    "policy",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("octets", LargeBinary, nullable=False),
    Column("bundle", LargeBinary),
    Column("executed", Float, nullable=False),
)
"""Every policy there was; `bundle` is the command that set it (none for the ceremony's)."""

command: Final = Table(
    "command",
    metadata,
    Column("id", String(96), primary_key=True),
    Column("kind", String(63), nullable=False),
    Column("proposer", String(255), nullable=False),
    Column("proposal", LargeBinary, nullable=False),
    Column("created", Float, nullable=False),
    Column("expires", Float, nullable=False),
    Column("state", String(16), nullable=False, index=True),
    Column("executed", Float),
    Column("outcome", Text, nullable=False, default=""),
)
"""`id` is the proposal's digest, hexadecimal; `proposal` the signed envelope; `state` waiting,
executed or refused (expired is told by the time)."""

answer: Final = Table(
    "answer",
    metadata,
    Column("command", ForeignKey("command.id"), primary_key=True),
    Column("approver", String(63), primary_key=True),
    Column("decision", String(16), nullable=False),
    Column("time", Float, nullable=False),
    Column("reason", String(500), nullable=False),
    Column("envelope", LargeBinary, nullable=False),
)
"""One answer for each person: the first counts, as long as the device that signed it does."""

spent: Final = Table(
    "spent",
    metadata,
    Column("one_use", LargeBinary(16), primary_key=True),
    Column("expires", Float, nullable=False),
)
"""Commands that were carried out: each is carried out once, by whichever authority."""

Index("ix_command_created", command.c.created)

mail_attendance: Final = Table(
    "mail_attendance",
    metadata,
    Column("device", String(255), primary_key=True),
    Column("site", String(255), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("moves", BigInteger, nullable=False, server_default="0"),
)
"""Where each device has attended last, by its own signed word; `at` is the word's, whole seconds,
`moves` how often its site has changed: seats of before count no more."""

mail_package: Final = Table(
    "mail_package",
    metadata,
    Column("device", String(255), primary_key=True),
    Column("digest", LargeBinary(32), primary_key=True),
    Column("last_resort", Boolean, nullable=False),
    Column("serial", String(40), nullable=False),
    Column("published", Float, nullable=False),
    Column("given", Float),
    Column("octets", LargeBinary),
)
"""Key packages; `serial` of the certificate that the device attended with, hexadecimal. Of a
one-time package that was given its digest alone is kept for a while: it is not taken again."""

mail_box: Final = Table(
    "mail_box",
    metadata,
    Column("device", String(255), primary_key=True),
    Column("changed", BigInteger, nullable=False, index=True),
    Column("last", BigInteger, nullable=False),
)
"""A device's mailbox. `changed` is the place of its last arrival among all arrivals, from 1 on;
`last` the number of its newest item, which is never used again."""

mail_item: Final = Table(
    "mail_item",
    metadata,
    Column("device", String(255), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("sender", String(255), nullable=False),
    Column("person", String(120), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("group_id", String(64), nullable=False),
    Column("at", BigInteger, nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("octets", LargeBinary, nullable=False),
    Column("notice", LargeBinary),
)
"""What waits for a device: ciphertext. `person` is the sender's, `at` POSIX milliseconds, `size` of
octets and notice together. No backup holds it."""

Index("ix_mail_item_share", mail_item.c.device, mail_item.c.person, mail_item.c.size)
Index("ix_mail_item_person", mail_item.c.person, mail_item.c.size)

mail_sent: Final = Table(
    "mail_sent",
    metadata,
    Column("sender", String(255), primary_key=True),
    Column("id", String(32), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)
"""What was sent, by the sender's own id: the same again is delivered once."""

mail_pair: Final = Table(
    "mail_pair",
    metadata,
    Column("one", String(120), primary_key=True),
    Column("other", String(120), primary_key=True, index=True),
    Column("group_id", String(64), nullable=False),
    Column("before", String(64), nullable=False),
)
"""A conversation of two people, `one` < `other`: the group that stands for it, empty if none does;
then `before` may be the one that stood last."""

mail_group: Final = Table(
    "mail_group",
    metadata,
    Column("group_id", String(64), primary_key=True),
    Column("one", String(120), nullable=False, index=True),
    Column("other", String(120), nullable=False, index=True),
    Column("epoch", BigInteger, nullable=False),
)
"""Every group that ever stood: none begins twice. `epoch` is the one that the next commit ends."""

mail_order: Final = Table(
    "mail_order",
    metadata,
    Column("group_id", String(64), primary_key=True),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    Column("digest", String(64), nullable=False),
    Column("notice", LargeBinary, nullable=False),
)
"""Which commit ended which epoch, of the latest epochs; `notice` is the signed word for it."""

warning: Final = warning_schema.warning
warning_order: Final = warning_schema.warning_order
standing_warning: Final = warning_schema.standing_warning
sensor_alarm: Final = warning_schema.sensor_alarm
handset: Final = warning_schema.handset
