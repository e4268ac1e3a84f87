"""The ceremony that makes an authority which can be served: root, issuer, settings, keys.

What needs the store is done by the first start: the first policy by `opening.open_authority`, the
officers' invitations and the emergency codes by `first_papers.hand_out_papers`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from baluardo.authority.settings import Settings
from baluardo.errors import InvalidInputError
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import Policy
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.custody.printing import printable_share
from baluardo.trust.custody.sealing_file import store_sealing_key
from baluardo.trust.custody.shares import Share, reconstruct_root
from baluardo.trust.issuing.ceremony import Custodians, HandOut, create_issuer, create_root
from baluardo.trust.issuing.journal import FileJournal
from baluardo.trust.issuing.layout import KeyAccess, Layout
from baluardo.trust.sealing import SealingKey
from baluardo.trust.suites import AnyProfile

SEALING_KEY: Final = "sealing"
FIRST_ISSUER: Final = "issuer-1"
LONGEST_NAME: Final = 120


@dataclass(frozen=True, slots=True)
class Officer:
    """One of the first two, or more, whom the ceremony itself invites."""

    name: str
    """Within the community, such as anna.rossi."""
    display_name: str

    def __post_init__(self) -> None:
        """Refuse a name that nobody could read."""
        if not 0 < len(self.display_name) <= LONGEST_NAME or not self.display_name.isprintable():
            raise InvalidInputError(f"{self.name}: a name to show, up to {LONGEST_NAME} letters.")


@dataclass(frozen=True, slots=True)
class Founding:
    """What a ceremony decides."""

    community: str
    profile: AnyProfile
    officers: Sequence[Officer]
    custodians: Custodians
    settings: Settings
    grants: Mapping[str, Grant] = field(default_factory=dict)
    """What others than the officers are given from the beginning: none, but for show."""

    @property
    def policy(self) -> Policy:
        """The first policy; InvalidInputError for fewer than two officers."""
        first = Policy.first(self.community, [officer.name for officer in self.officers])
        return replace(first, people={**self.grants, **first.people})


def found(
    directory: Path, founding: Founding, access: KeyAccess, hand_out: HandOut, now: float
) -> Certificate:
    """Make an authority's directory, and return its root.

    The root's key is split among its custodians by `hand_out` and then certifies the first issuer,
    while they are together; nothing of it stays. TargetError if the directory is in use; after a
    failure before the shares are handed out nothing is left in it.
    """
    founding.policy.check_mendable()
    handed: list[str] = []

    def keep(root: Certificate, shares: tuple[Share, ...]) -> None:
        hand_out(root, shares)
        count = founding.custodians.count
        handed.extend(
            printable_share(share, root.fingerprint, founding.community, count, now)
            for share in shares
        )

    root = create_root(
        directory,
        founding.community,
        founding.profile,
        founding.custodians,
        access.protection,
        now,
        keep,
    )
    layout = Layout(directory)
    needed = handed[: founding.custodians.threshold]
    key = reconstruct_root(needed, founding.custodians.passphrase, root)
    with FileJournal.open(layout, access.unlock) as journal:
        create_issuer(layout, journal, key, FIRST_ISSUER, access.protection, now)
    store_sealing_key(
        layout.key(SEALING_KEY), SealingKey.generate(founding.profile), access.protection
    )
    founding.settings.write(directory)
    return root
