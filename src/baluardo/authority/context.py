"""What every door and act of one authority shares: passed as one object, never global."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from baluardo.authority.events.bus import Bus
from baluardo.authority.settings import Settings
from baluardo.authority.store.store import Store
from baluardo.authority.warnings.desk import WarningDesk
from baluardo.protocol.policy import Policy
from baluardo.protocol.whereabouts import StatedWhereabouts
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.issuing.journal import ACTOR
from baluardo.trust.issuing.layout import KeyAccess, Layout
from baluardo.trust.sealing import SealingKey
from baluardo.trust.suites import AnyProfile


@dataclass(frozen=True, slots=True)
class Stated:
    """Where authorities are, signed, and what it was made of."""

    whereabouts: StatedWhereabouts
    envelope: Envelope
    policy: Policy
    credential: Credential


@dataclass(slots=True)
class Authority:
    """One running authority: its settings, its store, its keys and the policy in force."""

    settings: Settings
    layout: Layout
    store: Store
    access: KeyAccess
    clock: Callable[[], float]
    credential: Credential
    """Of the authority's own service: it opens channels and signs time and statements."""
    sealing_key: SealingKey[Any]
    """Of the community's profile: what first requests of machines are sealed to."""
    sealing_statement: Envelope
    """What says that the sealing key is this authority's."""
    policy: Policy
    """In force; replaced as a whole when another one is."""
    warnings: WarningDesk
    """By what warnings are judged, and what carries them out."""
    bus: Bus = field(default_factory=Bus)
    """What has happened: doors subscribe to it."""
    break_glass_until: float = 0.0
    """Until when somebody works with an emergency code, POSIX s."""
    web_url: str = ""
    """Where this authority's own pages are, with the port that was taken."""
    channel_port: int = 0
    """The port that the channel door has taken; 0 while it is closed."""
    local: bool = True
    """Whether only this machine reaches the pages."""
    stated: Stated | None = None
    """Where authorities are, as last signed."""

    @property
    def community(self) -> str:
        """Whose authority this is."""
        return self.store.issuing.community

    @property
    def profile(self) -> AnyProfile:
        """The community's one profile."""
        return self.store.issuing.profile

    @property
    def identity(self) -> Identity:
        """Who carries commands out here: the same for every authority of the country."""
        return Identity(self.community, Kind.AUTHORITY, ACTOR)

    @property
    def rp_id(self) -> str:
        """To whom passkeys belong (WebAuthn relying party)."""
        return self.settings.domain
