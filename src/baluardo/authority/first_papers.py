"""What a ceremony hands out beside the shares: the first officers' invitations, emergency codes.

Both are shown once and kept as digests alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from baluardo.authority.acts.break_glass import keep_codes
from baluardo.authority.acts.invitations import InvitationMade, Purpose, make_invitation
from baluardo.authority.acts.profile import Profile
from baluardo.authority.context import Authority
from baluardo.authority.founding import Officer
from baluardo.authority.store.transaction import Transaction
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.one_time import OneTimeSecret, emergency_code

EMERGENCY_CODES: Final = 2
FIRST_DEVICE: Final = "first"
FIRST_HOURS: Final = 14 * 24.0
"""For how long the first officers may take to come. Our choice."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What is handed over by hand."""

    invitations: tuple[InvitationMade, ...] = field(repr=False)
    codes: tuple[OneTimeSecret, ...] = field(repr=False)


def new_codes() -> tuple[OneTimeSecret, ...]:
    """Return emergency codes that nobody has; `keep_codes` takes them into use."""
    return tuple(emergency_code() for _ in range(EMERGENCY_CODES))


def hand_out_papers(
    transaction: Transaction, authority: Authority, officers: Sequence[Officer]
) -> Papers:
    """Invite the first officers, and make the emergency codes."""
    invitations = tuple(
        make_invitation(
            transaction,
            authority,
            Identity(authority.community, Kind.PERSON, officer.name, FIRST_DEVICE),
            Profile(officer.display_name),
            Purpose.ENROL,
            "",
            FIRST_HOURS,
        )
        for officer in officers
    )
    codes = new_codes()
    keep_codes(transaction, [code.digest for code in codes])
    return Papers(invitations, codes)
