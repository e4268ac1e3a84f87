"""Whether an update is rightful: two officers have signed it, by the policy that the edge holds.

It is judged from the edge's disk, beside the program that runs: no key is opened, nothing changed.
As with policies, the authority that hands it on is not believed; it need not be there at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.edge.state import read_known, read_policy
from baluardo.edge.updates.manifest import UpdateManifest
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import CommandError
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.clock import EARLIEST, Clock, Reading
from baluardo.trust.commands.authorisation import ReviewedCommand, review
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import propose
from baluardo.trust.commands.rule import LONGEST_LIFE, Rule
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.journal import ACTOR

EDGE_UPDATE: Final = "edge.update"
"""The kind of command; a policy may ask for more approvals of it (`approvers`)."""

_OFFICERS: Final = frozenset({Role.SECURITY_OFFICER.value})


@dataclass(frozen=True, slots=True)
class Rightful:
    """An update that two officers have signed: only `judge` makes it."""

    manifest: UpdateManifest
    command: ReviewedCommand


@dataclass(frozen=True, slots=True)
class Judge:
    """What an edge judges updates by."""

    policy: Policy | None
    verifier: Verifier
    authority: Identity
    """In whose name the state commands; it cannot do so by itself."""
    clock: Clock

    @classmethod
    def of_edge(cls, directory: Path, read: Callable[[], Reading] | None = None) -> Judge:
        """Read it from an edge's directory; `read` gives the machine's clocks.

        SourceError if nobody was enrolled there, or a file was damaged.
        """
        identity = Whereabouts.read(directory).identity
        known = read_known(directory)
        verifier = Verifier(known.anchors, known.revocations, identity.lifetime.list_grace)
        authority = Identity(identity.community, Kind.AUTHORITY, ACTOR)
        clock = Clock(directory / "floor.json", EARLIEST, read)
        held = read_policy(directory)
        return cls(None if held is None else held.policy, verifier, authority, clock)

    def judge(self, bundle: CommandBundle) -> Rightful:
        """Return what is to be installed, if that is rightful now; errors as `review`."""
        if self.policy is None:
            raise CommandError(
                "This edge holds no policy yet, so nobody may decide what it runs: nothing was "
                "installed. Let it reach an authority once (`baluardo edge run`)."
            )
        now = self.clock()
        command = review(
            bundle.proposal,
            bundle.approvals,
            update_rule(self.policy.approvals_for(EDGE_UPDATE)),
            self.policy.roles_of,
            self.verifier,
            self.authority,
            now,
            now,
        )
        return Rightful(UpdateManifest.of_body(dict(command.proposal.body)), command)


def update_rule(approvals: int = 1) -> Rule:
    """Return the rule of updates: an officer proposes, so many others approve.

    It lives as long as a command may: a ship takes it when it comes into a port.
    """
    kinds = frozenset({EDGE_UPDATE})
    return Rule(EDGE_UPDATE, kinds, approvals, _OFFICERS, _OFFICERS, LONGEST_LIFE)


def propose_update(manifest: UpdateManifest, credential: Credential, now: float) -> Envelope:
    """Return an officer's signed proposal that edges run this."""
    body = manifest.to_body()
    return propose(EDGE_UPDATE, body, update_rule(), Kind.AUTHORITY, credential, now)
