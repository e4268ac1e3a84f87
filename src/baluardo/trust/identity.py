"""Who somebody is: a SPIFFE identity in the one URI of a certificate, and what its class permits.

The URI is `spiffe://COMMUNITY/KIND/NAME` or, for a person's device,
`spiffe://COMMUNITY/person/NAME/DEVICE` (SPIFFE-ID specification: lower-case letters, digits and
`. - _`; a trust domain of letters, digits, dot, dash and underscore, no port, query or fragment).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted

DAY: Final = 86_400.0
LONGEST_URI: Final = 255

_PART = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z", re.ASCII)


class Kind(Enum):
    """Class of an identity: it decides lifetime, grace and what its holder may do."""

    AUTHORITY = "authority"
    """A service of the sovereign authority."""
    OFFICE = "office"
    """The edge of a site on land."""
    SHIP = "ship"
    """The edge of a platform on the move."""
    PERSON = "person"
    """A person's device."""
    AUDITOR = "auditor"
    """A witness of the audit log."""
    SENDER = "sender"
    """What carries warnings out on one channel: it signs requests to who owns the way, and nothing
    that a member of the community would obey. The authority makes it itself."""


ADMITTED: Final[tuple[Kind, ...]] = tuple(kind for kind in Kind if kind is not Kind.SENDER)
"""Kinds whose members come in by asking."""


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Seconds: how long a certificate lives, and how its holder is treated when cut off."""

    life: float
    grace: float
    """Added by every verifier after the end of life, for a holder who could not renew."""
    list_grace: float
    """How long past its next update this holder still accepts a revocation list."""

    @property
    def renew_after(self) -> float:
        """Age at which the holder asks for a new certificate: two thirds of life."""
        return self.life * 2 / 3


LIFETIMES: Final[dict[Kind, Lifetime]] = {
    Kind.AUTHORITY: Lifetime(life=30 * DAY, grace=0.0, list_grace=2 * DAY),
    Kind.OFFICE: Lifetime(life=7 * DAY, grace=0.0, list_grace=7 * DAY),
    Kind.SHIP: Lifetime(life=30 * DAY, grace=30 * DAY, list_grace=60 * DAY),
    Kind.PERSON: Lifetime(life=30 * DAY, grace=0.0, list_grace=7 * DAY),
    Kind.AUDITOR: Lifetime(life=30 * DAY, grace=0.0, list_grace=7 * DAY),
    Kind.SENDER: Lifetime(life=30 * DAY, grace=0.0, list_grace=2 * DAY),
}
"""Our choice. A ship that leaves just before it would have renewed (day 20 of 30) may stay away 40
days; one that has just renewed 60."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A member of a community, or one device of a person."""

    community: str
    kind: Kind
    name: str
    device: str = ""

    def __post_init__(self) -> None:
        """Refuse names that no SPIFFE URI can carry, and devices of anything but a person."""
        for field in ("community", "name"):
            _check(field, getattr(self, field))
        if (self.kind is Kind.PERSON) != bool(self.device):
            raise InvalidInputError(
                f"{self.kind.value} {self.name}: a person's identity names a device, "
                "and no other kind does."
            )
        if self.device:
            _check("device", self.device)
        if len(self.uri) > LONGEST_URI:
            raise InvalidInputError(f"The identity is longer than {LONGEST_URI} characters.")

    @property
    def uri(self) -> str:
        """The SPIFFE URI."""
        tail = f"/{self.device}" if self.device else ""
        return f"spiffe://{self.community}/{self.kind.value}/{self.name}{tail}"

    @property
    def path(self) -> str:
        """The identity within its community: `ship/bergamini`, `person/anna.rossi/phone`."""
        return self.uri.removeprefix(f"spiffe://{self.community}/")

    @property
    def holder(self) -> str:
        """The same for every device of one person: who answers for what it does."""
        return f"spiffe://{self.community}/{self.kind.value}/{self.name}"

    @property
    def lifetime(self) -> Lifetime:
        """What the class permits."""
        return LIFETIMES[self.kind]

    def __str__(self) -> str:
        """Show it as people read it."""
        return self.path

    @classmethod
    def of_uri(cls, uri: str) -> Identity:
        """Read a SPIFFE URI; InvalidInputError says what is wrong."""
        if len(uri) > LONGEST_URI or not uri.startswith("spiffe://"):
            raise InvalidInputError(f"{quoted(uri)} is no SPIFFE identity.")
        community, _, path = uri.removeprefix("spiffe://").partition("/")
        return cls.of_path(community, path)

    @classmethod
    def of_path(cls, community: str, path: str) -> Identity:
        """Read `KIND/NAME` or `person/NAME/DEVICE` within a community."""
        parts = path.split("/")
        kinds = {kind.value: kind for kind in Kind}
        if len(parts) not in {2, 3} or parts[0] not in kinds:
            raise InvalidInputError(
                f"{quoted(path)} is no identity: KIND/NAME with a kind of {', '.join(kinds)}, "
                "or person/NAME/DEVICE."
            )
        return cls(community, kinds[parts[0]], *parts[1:])


def _check(field: str, value: str) -> None:
    if not _PART.match(value):
        raise InvalidInputError(
            f"{field} {quoted(value)}: 1 to 63 small letters, digits, '.', '-' and '_', "
            "the first a letter or a digit."
        )
