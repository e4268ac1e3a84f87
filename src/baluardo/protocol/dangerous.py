"""Commands that one person alone cannot give, and the rules they fall under."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.protocol.policy import POLICY_SET, Policy
from baluardo.protocol.roles import Role
from baluardo.protocol.warnings import StandingWarning, WarningRelease
from baluardo.trust.certificates.revocation_list import NOT_FOR_EVER, Reason
from baluardo.trust.commands.rule import Rule
from baluardo.trust.identity import DAY, Identity, Kind
from baluardo.trust.strict_json import JsonObject

EXECUTOR: Final = Kind.AUTHORITY
"""Who carries all of them out; edges judge a policy once more for themselves."""
LEAVING: Final = frozenset(
    {Reason.CESSATION, Reason.AFFILIATION_CHANGED, Reason.PRIVILEGE_WITHDRAWN}
)
"""Reasons to revoke that say of a person that they are to come in no more."""
MOST_HOLDERS: Final = 5_000
"""In one command; what is more is revoked with its issuer."""

_ISSUER = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}\Z", re.ASCII)


class Dangerous(StrEnum):
    """Kinds of command that take two persons."""

    SET_POLICY = POLICY_SET
    REVOKE_CERTIFICATES = "certificates.revoke"
    RECOVER_PASSKEY = "passkey.recover"
    ADOPT_ISSUER = "issuer.adopt"
    RELEASE_WARNING = "warning.release"
    PREAUTHORISE_WARNING = "warning.preauthorise"

    @classmethod
    def of(cls, text: str) -> Dangerous:
        """Read a kind; InvalidInputError names those there are."""
        try:
            return cls(text)
        except ValueError:
            raise InvalidInputError(
                f"{quoted(text)} is no command for two persons: {', '.join(cls)}."
            ) from None


WARNINGS: Final = frozenset({Dangerous.RELEASE_WARNING, Dangerous.PREAUTHORISE_WARNING})
"""Commands of who warns the population: other roles, and no policy need provide for them."""

_LIVES: Final = {
    Dangerous.SET_POLICY: 7 * DAY,
    Dangerous.REVOKE_CERTIFICATES: DAY,
    Dangerous.RECOVER_PASSKEY: DAY,
    Dangerous.ADOPT_ISSUER: 7 * DAY,
    Dangerous.RELEASE_WARNING: 1_800.0,
    Dangerous.PREAUTHORISE_WARNING: DAY,
}
"""Seconds. Our choice: what is urgent is answered within the day or asked for anew; what a warning
says is not true any more after half an hour."""

_OFFICERS: Final = frozenset({Role.SECURITY_OFFICER.value})
_WARNERS: Final = frozenset({Role.CIVIL_PROTECTION_OFFICER.value})
_PROPOSERS: Final = {
    Dangerous.ADOPT_ISSUER: frozenset({Role.CUSTODIAN.value}),
    **dict.fromkeys(WARNINGS, _WARNERS),
}
_APPROVERS: Final = {
    Dangerous.ADOPT_ISSUER: frozenset({Role.CUSTODIAN.value, Role.SECURITY_OFFICER.value}),
    **dict.fromkeys(WARNINGS, _WARNERS),
}


def rule_for(kind: str, policy: Policy) -> Rule:
    """Return the rule of a kind of command under a policy; InvalidInputError for other kinds."""
    dangerous = Dangerous.of(kind)
    return Rule(
        name=dangerous.value,
        kinds=frozenset({dangerous.value}),
        threshold=policy.approvals_for(dangerous.value),
        roles=_APPROVERS.get(dangerous, _OFFICERS),
        proposer_roles=_PROPOSERS.get(dangerous, _OFFICERS),
        life=_LIVES[dangerous],
    )


def check_answerable(policy: Policy) -> None:
    """Refuse a policy that asks for more approvals than there could be; InvalidInputError.

    A country may have nobody who warns; if its policy names the approvals, they must be possible.
    """
    for kind in Dangerous:
        if kind in WARNINGS and kind not in policy.approvers:
            continue
        rule = rule_for(kind, policy)
        able = sum(
            not rule.roles.isdisjoint(role.value for role in grant.roles)
            for grant in policy.people.values()
        )
        if rule.threshold > able - 1:
            raise InvalidInputError(
                f"Policy {policy.number} asks for {rule.threshold} approvals of {kind}, and beside "
                f"a proposer {max(0, able - 1)} persons could give one. It was refused."
            )


@dataclass(frozen=True, slots=True)
class PolicyChange:
    """`policy.set`: this policy comes next."""

    policy: Policy

    def to_body(self) -> dict[str, object]:
        """Return the command's body; InvalidInputError for a policy larger than it may be."""
        self.policy.to_octets()
        return {"policy": self.policy.to_object()}

    @classmethod
    def of_body(cls, body: dict[str, object]) -> PolicyChange:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The policy's change")
        fields.only(("policy",))
        policy = Policy.of_object(fields.fields.get("policy"))
        policy.to_octets()
        return cls(policy)


@dataclass(frozen=True, slots=True)
class MassRevocation:
    """`certificates.revoke`: every certificate of these holders is taken back at once."""

    holders: tuple[str, ...]
    """As `KIND/NAME`, in alphabetical order: a person's holder has no device."""
    reason: Reason

    def __post_init__(self) -> None:
        """Refuse what names nobody."""
        if not 1 <= len(self.holders) <= MOST_HOLDERS:
            raise InvalidInputError(
                f"A revocation by two persons names 1 to {MOST_HOLDERS:,} holders, not "
                f"{len(self.holders)}."
            )
        for holder in self.holders:
            check_holder(holder)
        if list(self.holders) != sorted(set(self.holders)):
            raise InvalidInputError("holders must be in alphabetical order, each once.")
        if self.reason in NOT_FOR_EVER:
            raise InvalidInputError(
                f"{self.reason.value} is no reason to revoke: here a certificate is revoked for "
                "ever."
            )

    def to_body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"holders": list(self.holders), "reason": self.reason.value}

    @classmethod
    def of_body(cls, body: dict[str, object]) -> MassRevocation:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The revocation")
        fields.only(("holders", "reason"))
        holders = []
        for each in fields.items("holders", MOST_HOLDERS):
            if not isinstance(each, str):
                raise fields.wrong("holders", "a list of holders")
            holders.append(each)
        try:
            reason = Reason(fields.text("reason", 32))
        except ValueError:
            raise fields.wrong("reason", "a reason of RFC 5280, such as keyCompromise") from None
        return cls(tuple(holders), reason)


@dataclass(frozen=True, slots=True)
class Recovery:
    """`passkey.recover`: a person who has lost every passkey may make a new one."""

    person: str

    def __post_init__(self) -> None:
        """Refuse what is no person's name."""
        check_holder(f"{Kind.PERSON.value}/{self.person}")

    def to_body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"person": self.person}

    @classmethod
    def of_body(cls, body: dict[str, object]) -> Recovery:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The recovery")
        fields.only(("person",))
        return cls(fields.text("person", 63))


@dataclass(frozen=True, slots=True)
class IssuerAdoption:
    """`issuer.adopt`: the authority signs with this issuer from now on."""

    name: str

    def __post_init__(self) -> None:
        """Refuse what can be no issuer's name."""
        if not _ISSUER.match(self.name):
            raise InvalidInputError(f"{quoted(self.name)} cannot be the name of an issuer.")

    def to_body(self) -> dict[str, object]:
        """Return the command's body."""
        return {"name": self.name}

    @classmethod
    def of_body(cls, body: dict[str, object]) -> IssuerAdoption:
        """Read a command's body; InvalidInputError if it is none of this kind."""
        fields = JsonObject.of(body, "The issuer's adoption")
        fields.only(("name",))
        return cls(fields.text("name", 63))


Body = PolicyChange | MassRevocation | Recovery | IssuerAdoption | WarningRelease | StandingWarning

_BODIES: Final[dict[Dangerous, type[Body]]] = {
    Dangerous.SET_POLICY: PolicyChange,
    Dangerous.REVOKE_CERTIFICATES: MassRevocation,
    Dangerous.RECOVER_PASSKEY: Recovery,
    Dangerous.ADOPT_ISSUER: IssuerAdoption,
    Dangerous.RELEASE_WARNING: WarningRelease,
    Dangerous.PREAUTHORISE_WARNING: StandingWarning,
}


def read_body(kind: str, body: dict[str, object]) -> Body:
    """Return what a command of any of these kinds asks for; InvalidInputError if it is none."""
    return _BODIES[Dangerous.of(kind)].of_body(body)


def check_holder(holder: str) -> None:
    """Refuse what is no holder: `ship/bergamini`, or `person/anna.rossi` with all devices."""
    kind, _, name = holder.partition("/")
    device = "/device" if kind == Kind.PERSON.value else ""
    Identity.of_path("community", f"{kind}/{name}{device}")
