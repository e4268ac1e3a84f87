"""Cards that cannot be believed yet, and which of several can stand beside each other.

A refusal may be of the moment: the clock here was behind, an issuer is new, or what a card takes
was another's a moment ago. So what was refused is kept and judged again. It is kept in memory: the
directory's number on the disk stays 0 meanwhile, and a program that starts anew asks anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from baluardo.edge.heard_card import HeardCard
from baluardo.errors import BaluardoError, CertificateError, RevokedError
from baluardo.network.tunnel.card import TunnelCard, check_apart
from baluardo.protocol.directory_messages import check_card_size
from baluardo.protocol.network_policy import MOST_SITES
from baluardo.trust.envelope import Envelope

MOST_KEPT: Final = 256
"""Refused cards: 31 MB at their largest. More of them are asked for anew."""
MOST_ROUNDS: Final = 8
"""Of judging a message as a whole; what still does not fit then is judged one by one."""


@dataclass(slots=True)
class RefusedCards:
    """What was refused, the newest of each site by what it says of itself."""

    kept: dict[str, tuple[int, Envelope]] = field(default_factory=dict)
    """Number and envelope, by path; nothing of them is believed."""
    is_short: bool = False
    """Whether there were more than are kept."""
    is_strange: bool = False
    """Whether some could not be read at all: a newer program may be able to."""

    def __bool__(self) -> bool:
        """Tell whether anything was refused that may be good at another time."""
        return bool(self.kept) or self.is_short or self.is_strange

    def copy(self) -> RefusedCards:
        """Return another that can be changed."""
        return RefusedCards(dict(self.kept), self.is_short, self.is_strange)

    def take_all(self) -> tuple[Envelope, ...]:
        """Return everything that is kept, and keep it no more."""
        taken = tuple(envelope for _, envelope in self.kept.values())
        self.kept.clear()
        return taken

    def keep(self, envelope: Envelope, problem: BaluardoError) -> None:
        """Keep a card that was refused for some reason; who is revoked stays so."""
        if isinstance(problem, RevokedError):
            return
        try:
            check_card_size(envelope)
            card = TunnelCard.of_payload(envelope.payload)
        except BaluardoError:
            self.is_strange = True
            return
        path = card.identity.path
        if path not in self.kept and len(self.kept) >= MOST_KEPT:
            self.is_short = True
        elif path not in self.kept or card.number >= self.kept[path][0]:
            self.kept[path] = card.number, envelope

    def forget(self, path: str, number: int) -> None:
        """Forget a site's card of this number, or an older one."""
        if path in self.kept and self.kept[path][0] <= number:
            del self.kept[path]


def not_apart(
    standing: Mapping[str, HeardCard], coming: Mapping[str, HeardCard], own: TunnelCard | None
) -> dict[str, BaluardoError]:
    """Return which of the cards that come cannot stand with all others, by path, and why.

    They are judged against what there is with all of them in force: a network may have gone from
    one site to another, and cards of both come in one message, in whatever order. Who came earlier
    keeps what two take. A card that is refused leaves its site's former one in force, so the rest
    is judged again.
    """
    refused: dict[str, BaluardoError] = {}
    for _ in range(MOST_ROUNDS):
        rest = {path: heard for path, heard in coming.items() if path not in refused}
        lost = _clashes({p: each for p, each in standing.items() if p not in rest}, rest, own)
        if not lost:
            return refused
        refused |= lost
    rest = {path: heard for path, heard in coming.items() if path not in refused}
    return refused | _one_by_one(standing, rest, own)


def _clashes(
    staying: Mapping[str, HeardCard], coming: Mapping[str, HeardCard], own: TunnelCard | None
) -> dict[str, BaluardoError]:
    """Judge each against what stays, and those before it."""
    others = [each.card for each in staying.values()]
    lost: dict[str, BaluardoError] = {}
    for path, heard in coming.items():
        try:
            _check(heard.card, others, own)
        except BaluardoError as problem:
            lost[path] = problem
        else:
            others.append(heard.card)
    return lost


def _one_by_one(
    standing: Mapping[str, HeardCard], coming: Mapping[str, HeardCard], own: TunnelCard | None
) -> dict[str, BaluardoError]:
    """Judge each against all that stands, and what was let in before it."""
    stands = {path: each.card for path, each in standing.items()}
    lost: dict[str, BaluardoError] = {}
    for path, heard in coming.items():
        others = [each for site, each in stands.items() if site != path]
        try:
            _check(heard.card, others, own)
        except BaluardoError as problem:
            lost[path] = problem
        else:
            stands[path] = heard.card
    return lost


def _check(card: TunnelCard, others: list[TunnelCard], own: TunnelCard | None) -> None:
    """Refuse what takes something that is ours or another's, and one site more than may be.

    An authority could let in whom it likes, under any name.
    """
    if len(others) >= MOST_SITES:
        raise CertificateError(
            f"{MOST_SITES:,} sites are known here: {card.identity.path} was refused."
        )
    ours, outer = ((), ()) if own is None else ((own,), own.outer)
    check_apart(card, (*ours, *others), outer)
