"""Who we are and whom we trust, for every channel of one program: contexts and sessions of TLS."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final
from weakref import WeakSet

from OpenSSL import SSL

from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.tls import Role, TlsContext

MOST_PEERS: Final = 1_024
"""Full handshakes a server's context remembers before a new one takes its place.

OpenSSL keeps each peer's parsed chain with its session: measured 41 kB (eu-hybrid) and 50 kB (cnsa)
a full handshake, so 50 MB at most; its own limit of 20,480 sessions would be 1 GB. A context's
sessions die with it, and the next handshake of each peer is a full one."""
MOST_RESUMPTIONS: Final = 16_384
"""Resumptions likewise: each leaves one session of about 1 kB, its chain shared."""
MOST_CONTEXTS: Final = 4
"""A server's contexts that keep sessions. A context that was replaced lives, with all its sessions,
as long as a channel made from it is open; where so many do, a new one keeps no sessions."""
MOST_SESSIONS: Final = 1_024
"""Sessions a client keeps, the least recently used goes first: one for every site of a community.

Fewer, and a hub that begins the rounds with all of them would resume none: each would have put out
the one that comes next. Measured 39 kB (eu-hybrid) and 48 kB (cnsa) each, the peer's parsed chain
with it, so 50 MB at most."""


class Endpoint:
    """One member of a community: its credential, its verifier, its trusted clock.

    `credential` may be replaced at any time, and so may the verifier's anchors and revocations:
    channels that are open stay, sessions of the old credential or anchors are not resumed.
    """

    def __init__(
        self, credential: Credential, verifier: Verifier, clock: Callable[[], float]
    ) -> None:
        """Take what every channel needs; `clock` returns POSIX seconds as the verifier trusts."""
        self.verifier = verifier
        self.clock = clock
        self._credential = credential
        self._contexts: dict[Role, tuple[TlsContext, Anchors]] = {}
        self._keeping: WeakSet[TlsContext] = WeakSet()
        self._sessions: OrderedDict[str, tuple[TlsContext, SSL.Session]] = OrderedDict()

    @property
    def credential(self) -> Credential:
        """Our certificate chain and key."""
        return self._credential

    @credential.setter
    def credential(self, new: Credential) -> None:
        self._credential = new
        self._contexts.clear()
        self._sessions.clear()

    def context(self, role: Role) -> TlsContext:
        """Return TLS as this endpoint uses it now; ProfileError if credential and profile differ.

        Made anew when the anchors have changed, or the server's sessions would take too much.
        """
        held = self._contexts.get(role)
        anchors = self.verifier.anchors
        if held is not None and held[1] is anchors and not self._is_worn(held[0]):
            return held[0]
        keeps = role is Role.CLIENT or len(self._keeping) < MOST_CONTEXTS
        made = TlsContext(self._credential, anchors, role, keeps_sessions=keeps)
        self._contexts[role] = made, anchors
        if role is Role.SERVER and keeps:
            self._keeping.add(made)
        return made

    def remember(self, peer: str, context: TlsContext, session: SSL.Session) -> None:
        """Keep a client's session for its next channel to the same peer."""
        self._sessions[peer] = context, session
        self._sessions.move_to_end(peer)
        while len(self._sessions) > MOST_SESSIONS:
            self._sessions.popitem(last=False)

    def recall(self, peer: str, context: TlsContext) -> SSL.Session | None:
        """Return the session kept for a peer, if it is of this context; each is handed out once."""
        made_by, session = self._sessions.pop(peer, (None, None))
        return session if made_by is context else None

    def forget(self, peer: str) -> None:
        """Forget the session kept for a peer: the next channel to it is a full handshake."""
        self._sessions.pop(peer, None)

    def shared(self, chain: Chain) -> Chain:
        """Return a verified chain with issuers that are held already in place of the same sent."""
        lists = self.verifier.revocations.lists
        known = {held.issuer: held.issuer for held in lists.values()}
        return Chain(chain.leaf, tuple(known.get(each, each) for each in chain.intermediates))

    def _is_worn(self, context: TlsContext) -> bool:
        """Tell whether a context is to be replaced: it keeps too many sessions, or could keep."""
        if context.role is Role.CLIENT:
            return False
        if not context.keeps_sessions:
            return len(self._keeping) < MOST_CONTEXTS
        return context.full >= MOST_PEERS or context.resumed >= MOST_RESUMPTIONS
