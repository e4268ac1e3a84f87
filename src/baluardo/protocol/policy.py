"""The policy: who has which role, and what needs whose consent.

One numbered document, the same for the authority and for every edge. It has one written form: two
readers cannot understand it differently, and whoever compares two policies compares their octets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.network.tunnel.addresses import check_beside_sites
from baluardo.protocol.grant import Grant, read_roles
from baluardo.protocol.message_fields import whole
from baluardo.protocol.network_policy import NetworkPolicy
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.commands.rule import MOST_APPROVALS, check_name
from baluardo.trust.digest import digest
from baluardo.trust.identity import ADMITTED, Identity, Kind
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, parse_json, write_json

VERSION: Final = 1
LARGEST_POLICY: Final = 900_000
"""Octets: room beside it in the payload of a signed proposal (1 MiB)."""
MOST_PEOPLE: Final = 20_000
MOST_RULES: Final = 64
"""Kinds of command, and kinds of number, that a policy speaks of."""

POLICY_SET: Final = "policy.set"
"""The command that replaces the policy: if nobody can give it, nobody can mend anything."""

PLATFORMS: Final = "platforms"
PLATFORM: Final = "platform."
"""In the table of who sees what: all platforms that are not named, and one, by its name."""

FLEET_READERS: Final = frozenset(
    {Role.OPERATOR, Role.SECURITY_OFFICER, Role.FLEET_OFFICER, Role.AUDITOR}
)
"""Who sees platforms of which a policy says nothing."""

_FIELDS: Final = ("v", "number", "community", "people", "approval", "approvers", "visibility")
_NETWORK: Final = "network"
"""Written only where it says something else than `NetworkPolicy()`: one meaning, one form."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy; whether it is in force is for signatures to say."""

    number: int
    community: str
    people: Mapping[str, Grant]
    """By name ("anna.rossi"); who is not here is a member and no more."""
    approval: Mapping[Kind, bool]
    """Whether an officer must approve a request, for every kind that asks to come in."""
    approvers: Mapping[str, int] = field(default_factory=dict)
    """Kind of command to approvals needed beside the proposer; 1 where it is not named."""
    visibility: Mapping[str, frozenset[Role]] = field(default_factory=dict)
    """Kind of number to the roles that see it; everybody where it is not named, or names none.

    And `platform.NAME` to the roles that see a platform of the fleet, `platforms` for all others;
    `FLEET_READERS` where neither names any.
    """
    network: NetworkPolicy = field(default_factory=NetworkPolicy)
    """Tunnels between sites."""

    def __post_init__(self) -> None:
        """Refuse what is out of bounds, and keep the tables from being changed."""
        if not 1 <= self.number <= LARGEST_NUMBER:
            raise InvalidInputError(f"A policy's number is at least 1, not {quoted(self.number)}.")
        Identity(self.community, Kind.AUTHORITY, "policy")
        if len(self.people) > MOST_PEOPLE:
            raise InvalidInputError(f"A policy names at most {MOST_PEOPLE:,} people.")
        for name in self.people:
            Identity(self.community, Kind.PERSON, name, "device")
        if set(self.approval) != set(ADMITTED):
            raise InvalidInputError(
                f"approval must say yes or no for each of {', '.join(k.value for k in ADMITTED)}."
            )
        _check_rules(self.approvers, self.visibility)
        for site, networks in self.network.networks.items():
            for each in networks:
                check_beside_sites(each, self.community, site)
        for name in ("people", "approval", "approvers", "visibility"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @classmethod
    def first(cls, community: str, officers: Sequence[str]) -> Policy:
        """Return the ceremony's policy: each officer is security officer and custodian.

        Requests of persons are granted on their invitation alone, as the first ones have nobody who
        could approve them; all others wait for an officer. InvalidInputError for fewer than two.
        """
        roles = frozenset({Role.SECURITY_OFFICER, Role.CUSTODIAN})
        policy = cls(
            1,
            community,
            {name: Grant(roles, Precedence.FLASH) for name in officers},
            {kind: kind is not Kind.PERSON for kind in ADMITTED},
        )
        policy.check_mendable()
        return policy

    @property
    def digest(self) -> bytes:
        """SHA-384 of the written form, 48 octets."""
        return digest(self.to_octets())

    def grant_of(self, person: str) -> Grant:
        """Return what a person has: at least the role of a member."""
        grant = self.people.get(person, Grant(frozenset()))
        return Grant(grant.roles | {Role.MEMBER}, grant.ceiling, grant.territory)

    def roles_of(self, identity: Identity) -> frozenset[str]:
        """Return the roles of whoever this is; only persons of this community have any."""
        if identity.kind is not Kind.PERSON or identity.community != self.community:
            return frozenset()
        return frozenset(role.value for role in self.grant_of(identity.name).roles)

    def people_with(self, role: Role) -> tuple[str, ...]:
        """Return who has a role by name, in alphabetical order."""
        return tuple(sorted(name for name, grant in self.people.items() if role in grant.roles))

    def approvals_for(self, kind: str) -> int:
        """Return how many must approve a command beside its proposer."""
        return self.approvers.get(kind, 1)

    def may_see(self, number_kind: str, roles: frozenset[str]) -> bool:
        """Tell whether somebody with these roles sees numbers of a kind."""
        seers = self.visibility.get(number_kind, frozenset())
        return not seers or not seers.isdisjoint(roles)

    def may_see_platform(self, name: str, roles: frozenset[str]) -> bool:
        """Tell whether somebody with these roles sees a platform of the fleet and its plans."""
        table = self.visibility
        seers = table.get(PLATFORM + name) or table.get(PLATFORMS) or FLEET_READERS
        return not seers.isdisjoint(roles)

    def check_mendable(self) -> None:
        """Refuse a policy that no lawful command could ever replace; InvalidInputError says so."""
        officers, needed = len(self.people_with(Role.SECURITY_OFFICER)), self.needed_officers
        if officers < needed:
            raise InvalidInputError(
                f"Policy {self.number} has {officers} security officers, and {needed} are needed "
                "to propose and approve another: nobody could mend it. It was refused."
            )

    @property
    def needed_officers(self) -> int:
        """How many persons it takes to replace this policy: never fewer than two."""
        return 1 + self.approvals_for(POLICY_SET)

    def check_successor(self, successor: Policy) -> None:
        """Refuse a policy that may not come after this one; InvalidInputError says why."""
        if successor.community != self.community:
            raise InvalidInputError(
                f"The policy offered is of {quoted(successor.community)}, and this community is "
                f"{self.community}: the policy in force stays."
            )
        if successor.number != self.number + 1:
            raise InvalidInputError(
                f"Policy {self.number} is in force, and {self.number + 1} comes next, not "
                f"{successor.number}: the policy in force stays. Make the change anew on it."
            )
        successor.check_mendable()

    def to_object(self) -> dict[str, object]:
        """Return the policy as a JSON value, for a place within a command."""
        written: dict[str, object] = {
            "v": VERSION,
            "number": self.number,
            "community": self.community,
            "people": {name: grant.to_object() for name, grant in self.people.items()},
            "approval": {kind.value: needed for kind, needed in self.approval.items()},
            "approvers": dict(self.approvers),
            "visibility": {name: sorted(roles) for name, roles in self.visibility.items()},
        }
        if self.network != NetworkPolicy():
            written[_NETWORK] = self.network.to_object()
        return written

    def to_octets(self) -> bytes:
        """Return the one written form; InvalidInputError if it is larger than it may be."""
        octets = write_json(self.to_object())
        if len(octets) > LARGEST_POLICY:
            raise InvalidInputError(
                f"A policy has at most {LARGEST_POLICY:,} octets, this one {len(octets):,}. Leave "
                "out people who are members and no more."
            )
        return octets

    @classmethod
    def of_octets(cls, octets: bytes) -> Policy:
        """Read the written form; InvalidInputError for any other, even one that says the same."""
        policy = cls.of_object(parse_json(octets, LARGEST_POLICY, "The policy"))
        if policy.to_octets() != octets:
            raise InvalidInputError("The policy is not in its one written form: refused.")
        return policy

    @classmethod
    def of_object(cls, value: object) -> Policy:
        """Read a JSON value that stood within another document; errors as `of_octets`."""
        fields = JsonObject.of(value, "The policy")
        fields.only((*_FIELDS, _NETWORK))
        if whole(fields, "v") != VERSION:
            raise fields.wrong("v", f"{VERSION}: no other form is known here")
        people, approval = fields.inner("people"), fields.inner("approval")
        approvers, visibility = fields.inner("approvers"), fields.inner("visibility")
        if len(people.fields) > MOST_PEOPLE:
            raise InvalidInputError(f"A policy names at most {MOST_PEOPLE:,} people.")
        return cls(
            whole(fields, "number"),
            fields.text("community", 63),
            {
                name: Grant.of_object(grant, f"The policy: {quoted(name)}")
                for name, grant in people.fields.items()
            },
            _approval(approval),
            {kind: whole(approvers, kind) for kind in approvers.fields},
            {kind: read_roles(visibility, kind) for kind in visibility.fields},
            NetworkPolicy.of_object(fields.fields[_NETWORK])
            if _NETWORK in fields.fields
            else NetworkPolicy(),
        )


def _check_rules(approvers: Mapping[str, int], visibility: Mapping[str, object]) -> None:
    if max(len(approvers), len(visibility)) > MOST_RULES:
        raise InvalidInputError(f"A policy speaks of at most {MOST_RULES} kinds.")
    for kind, count in approvers.items():
        check_name("approvers", kind)
        if not 1 <= count <= MOST_APPROVALS:
            raise InvalidInputError(f"approvers {kind}: 1 to {MOST_APPROVALS}, not {count}.")
    for kind in visibility:
        check_name("visibility", kind)


def _approval(fields: JsonObject) -> dict[Kind, bool]:
    fields.only(kind.value for kind in ADMITTED)
    found: dict[Kind, bool] = {}
    for kind in ADMITTED:
        needed = fields.fields.get(kind.value)
        if not isinstance(needed, bool):
            raise fields.wrong(kind.value, "true or false")
        found[kind] = needed
    return found
