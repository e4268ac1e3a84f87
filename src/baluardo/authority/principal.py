"""Who asks: a person with their roles, and how surely that is known."""

from __future__ import annotations

from dataclasses import dataclass, replace

from baluardo.errors import RoleError, SignInError
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.identity import Identity


@dataclass(frozen=True, slots=True)
class Principal:
    """A person who has signed in, or whose device has opened a channel."""

    person: str
    """Name within the community, such as anna.rossi."""
    grant: Grant
    """What the policy in force gives the person."""
    session: str = ""
    """Id of the browser's session; empty for a device's own channel."""
    device: Identity | None = None
    """The device whose key has opened the channel; None for a browser."""
    fresh_until: float = 0.0
    """Until when a passkey's last use counts as just now, POSIX s; a channel's key is in use."""
    expires: float = 0.0
    break_glass: bool = False

    def under(self, policy: Policy) -> Principal:
        """Return the same person with what another policy gives: that of a transaction."""
        return replace(self, grant=policy.grant_of(self.person))

    @property
    def roles(self) -> frozenset[Role]:
        """What the person may be; breaking the glass makes a security officer, for the hour."""
        extra = {Role.SECURITY_OFFICER} if self.break_glass else set[Role]()
        return self.grant.roles | {Role.MEMBER} | extra

    def require(self, *permitted: Role) -> None:
        """Return if the person has one of these roles; RoleError names them."""
        if not self.roles & set(permitted):
            names = " or ".join(sorted(role.value for role in permitted))
            raise RoleError(f"This takes the role {names}, which you do not have.")

    def require_fresh(self, now: float) -> None:
        """Return if a passkey was used just now; SignInError asks for it."""
        if self.device is None and now > self.fresh_until:
            raise SignInError(
                "This takes your passkey once more: the last time it was used is too long ago."
            )

    def require_lasting(self) -> None:
        """Return unless the glass was broken: what outlives the hour is not done in it."""
        if self.break_glass:
            raise RoleError("Nobody does this with an emergency code: it takes a passkey.")
