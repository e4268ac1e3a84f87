"""A warning taken back: by one officer at once, as nothing may hold up the end of a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import insert

from baluardo.authority.acts.new_ids import new_id
from baluardo.authority.acts.policy import policy_in_force
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.releasing import (
    CANCEL,
    CANCELLED,
    RELEASED,
    UPDATE_NUMBERS,
    country_of,
    end_warning,
    in_force,
    keep_orders,
    territory_of,
    warning_row,
)
from baluardo.emergency.area.warned_area import WarnedArea
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.writing.draft import identifier_for
from baluardo.emergency.writing.taking_back import cancel_of
from baluardo.errors import ConflictError, RoleError
from baluardo.protocol.roles import Role
from baluardo.protocol.warnings import read_cancel
from baluardo.trust.digest import digest
from baluardo.trust.envelope import Envelope


@dataclass(frozen=True, slots=True)
class Cancelled:
    """What a cancel has led to."""

    warning: str
    """Id of the warning that holds no more."""
    cancel: str
    """Id of the cancel that goes out."""


def cancel_warning(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    warning: str,
    envelope: Envelope,
) -> Cancelled:
    """Take a warning back; errors as `read_cancel`; RoleError, ConflictError, UnknownError."""
    connection, now = transaction.connection, transaction.now
    policy = policy_in_force(connection, authority)
    who = principal.under(policy)
    who.require(Role.CIVIL_PROTECTION_OFFICER)
    who.require_lasting()
    row = warning_row(connection, warning)
    said, peer = read_cancel(envelope, transaction.issuing.verifier(), now)
    if peer.identity.name != principal.person:
        raise RoleError(
            f"This was signed by {peer.identity}, and you have signed in as {principal.person}: "
            "sign with a device of your own."
        )
    if said.warning != warning:
        raise ConflictError("This cancel is for another warning: nothing was sent.")
    if not in_force(row, now):
        raise ConflictError("This warning holds no more: there is nothing to cancel.")
    alert = read_alert(bytes(row.alert), "The warning")
    country, channel = country_of(authority), Channel(row.channel)
    territory = territory_of(policy, principal.person)
    if territory:
        country.atlas.territory(territory).check(WarnedArea.of_alert(alert, country.atlas))
    cancel = new_id()
    sent = datetime.fromtimestamp(int(now), UTC)
    identifier = identifier_for(country.profile, channel, sent, cancel[:8])
    written = write_alert(
        cancel_of(alert, said.reason, country.profile, country.sender, identifier, sent)
    )
    end_warning(connection, warning, CANCELLED, now)
    values = {
        "id": cancel,
        "command": digest(envelope.to_json()).hex(),
        "identifier": identifier,
        "channel": row.channel,
        "level": row.level,
        "message_type": "Cancel",
        "state": RELEASED,
        "alert": written,
        "area": row.area,
        "by": [principal.person],
        "follows": warning,
        "message_code": row.message_code,
        "update_number": (row.update_number + 1) % UPDATE_NUMBERS,
        "released": now,
        "expires": row.expires,
    }
    connection.execute(insert(schema.warning).values(values))
    keep_orders(connection, cancel, channel, authority.warnings.ways_for(channel), CANCEL, now)
    facts = {
        "warning": warning,
        "cancel": cancel,
        "identifier": identifier,
        "channel": row.channel,
        "alert": digest(written).hex(),
    }
    transaction.log(
        "warning.cancelled", facts, by=principal.person, personal={"reason": said.reason}
    )
    transaction.tell(EventKind.WARNINGS)
    return Cancelled(warning, cancel)
