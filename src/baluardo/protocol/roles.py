"""What a person may be in a community."""

from __future__ import annotations

from enum import StrEnum

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted


class Role(StrEnum):
    """A role that the policy gives to persons; what it may do stands at each door."""

    OPERATOR = "operator"
    """Sites and their certificates; invites edges."""
    SECURITY_OFFICER = "security-officer"
    """Invites anybody, approves requests, revokes, proposes and approves policy."""
    CUSTODIAN = "custodian"
    """Takes issuers into use."""
    COMMUNICATIONS_OFFICER = "communications-officer"
    """Keeps the directory; invites persons."""
    CIVIL_PROTECTION_OFFICER = "civil-protection-officer"
    """Warns the population."""
    FLEET_OFFICER = "fleet-officer"
    """Sees and invites ships."""
    AUDITOR = "auditor"
    """Reads the log with its openings, all commands and every policy; changes nothing."""
    MEMBER = "member"
    """Everybody enrolled."""

    @classmethod
    def of(cls, text: str) -> Role:
        """Read a role; InvalidInputError names those there are."""
        try:
            return cls(text)
        except ValueError:
            raise InvalidInputError(f"{quoted(text)} is no role: {', '.join(cls)}.") from None
