"""Whom the post office believes to sit where: by the device's own signed word, the newest counts.

An edge where a device sat before must not go on reading its mailbox: once a newer word names
another site, the edge of the older one is refused, at every authority.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sqlalchemy import Connection, insert, select, update

from baluardo.authority.mail.freshness import Freshness
from baluardo.authority.mail.handed import Handed
from baluardo.authority.mail.refusal import denied
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.protocol.attendance import Attendance, verify_there
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.issuing.register import Register

_table = schema.mail_attendance


@dataclass(frozen=True, slots=True)
class Seat:
    """A device that sits at a site, as was verified."""

    attendance: Attendance
    chain: Chain
    """With which it has attended, and signs what it asks."""
    freshness: Freshness = field(default_factory=Freshness, compare=False, repr=False)
    handed: Handed = field(default_factory=Handed, compare=False, repr=False)
    moves: int = -1
    """How often the device had moved when this was noted; -1 before that: it sits nowhere."""

    @property
    def serial(self) -> int:
        """Of the device's certificate."""
        return self.chain.leaf.serial

    @property
    def device(self) -> str:
        """`person/anna.rossi/phone`."""
        return self.attendance.device

    @property
    def person(self) -> str:
        """`person/anna.rossi`."""
        return self.attendance.person


def verify_seat(envelope: Envelope, verifier: Verifier, now: float, site: str, device: str) -> Seat:
    """Return the seat that an attendance proves; the site's own channel has brought it.

    MailRefusedError if it is another device's; errors else as `verify_there`.
    """
    attendance = verify_there(envelope, verifier, now, site)
    if attendance.device != device:
        raise denied(f"The attendance is not that of {device}: nothing was done.")
    return Seat(attendance, envelope.signatures[0].chain)


def note_seat(transaction: Transaction, seat: Seat) -> Seat:
    """Keep the newest word of a device, and return its seat as it is looked at from now on.

    MailRefusedError for a word that is older than one of another site.
    """
    told = seat.attendance
    mine = _table.c.device == told.device
    held = transaction.connection.execute(select(_table).where(mine)).first()
    moves = 0 if held is None else int(held.moves) + (held.site != told.site)
    values = {"site": told.site, "at": told.at, "moves": moves}
    if held is None:
        transaction.connection.execute(insert(_table).values(device=told.device, **values))
    elif told.at > held.at:
        transaction.connection.execute(update(_table).where(mine).values(**values))
    elif held.site != told.site:
        raise _elsewhere(told.device)
    noted = replace(seat, moves=moves)
    check_seat(transaction.connection, transaction.register, noted, transaction.now)
    return noted


def check_seat(connection: Connection, register: Register, seat: Seat, now: float) -> None:
    """Return if a device still sits there and its certificate is in force; MailRefusedError.

    One that went elsewhere and came back has another seat there: what it signed for the earlier one
    counts no more, over whichever channel.
    """
    told = seat.attendance
    if not is_in_force(register, seat.serial, told.device, now):
        raise denied(f"The certificate of {told.device} is not in force: nothing was done.")
    held = connection.execute(
        select(_table.c.site, _table.c.moves).where(_table.c.device == told.device)
    ).first()
    if held is None or (held.site, held.moves) != (told.site, seat.moves):
        raise _elsewhere(told.device)


def is_in_force(register: Register, serial: int, device: str, now: float) -> bool:
    """Tell whether a certificate of a device can be gone by."""
    issued = register.issued.get(serial)
    return (
        issued is not None
        and issued.identity == device
        and now <= issued.accepted_until
        and serial not in register.revoked.get(issued.issuer, ())
    )


def fit_devices(register: Register, person: str, now: float) -> frozenset[str]:
    """Return the devices of a person that have a certificate in force."""
    return frozenset(
        issued.identity
        for issued in register.holders.get(person, ())
        if is_in_force(register, issued.serial, issued.identity, now)
    )


def _elsewhere(device: str) -> Exception:
    return denied(
        f"{device} does not sit here, or sits elsewhere by now: nothing was done. It attends anew."
    )
