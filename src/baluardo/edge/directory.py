"""Other sites as this edge knows them: the newest tunnel card of each, on the disk before its use.

The authority orders cards and passes them on; each is believed for its own site's signature alone,
judged here. Once heard it stays, also when the certificate that signed it has run out: who has no
authority goes on with what is known, and every channel to a site is judged by its present
certificate. Who is revoked is out at once. What was refused is judged again when something has
changed that it was judged by (`refused_cards`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from baluardo.durable_files import FOR_ALL, make_directory, write_durably
from baluardo.edge.heard_card import LARGEST_FILE, HeardCard, card_file, named_serials
from baluardo.edge.refused_cards import RefusedCards, not_apart
from baluardo.errors import BaluardoError, CertificateError, TargetError
from baluardo.foreign_input import printable, read_file
from baluardo.network.tunnel.card import TunnelCard, verify_card
from baluardo.protocol.directory_messages import Directory, check_card_size
from baluardo.protocol.message_fields import check_count, whole
from baluardo.protocol.network_policy import MOST_SITES, Network, NetworkPolicy
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from baluardo.trust.strict_json import JsonObject, write_json

CARDS: Final = "cards"
NUMBER: Final = "directory.json"
OWN: Final = "own.json"
ANEW_SECONDS: Final = 3_600.0
"""Everything is not asked for anew more often, as long as cards are refused."""

logger = logging.getLogger("baluardo.edge")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A site that this one has a tunnel with, as far as the policy permits."""

    card: TunnelCard
    networks: tuple[Network, ...]
    """Beyond its own, in which its hosts may be: what it announces and the policy allows."""

    @property
    def identity(self) -> Identity:
        """Who it is."""
        return self.card.identity


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of a message."""

    is_new: bool
    """Whether anything is known now that was not."""
    refused: int
    """How many cards could not be believed."""


class SiteDirectory:
    """The cards of one edge, on its disk; several threads may use it."""

    def __init__(self, directory: Path, own: Identity, number: int = 0) -> None:
        """Begin without cards; use `read`."""
        self._directory = directory / CARDS
        self._own = own
        self._lock = threading.Lock()
        self._own_card: TunnelCard | None = None
        self.loopback = False
        """Whether cards may name places on this very machine: where all of a country runs on it."""
        self.number = number
        """Of the newest change of the authority's directory that is held."""
        self.sites: Mapping[str, HeardCard] = MappingProxyType({})
        """By path of the identity; replaced as a whole, never changed."""
        self.not_announced: tuple[str, ...] = ()
        """Why our own card leaves networks out that the policy allows us; sentences."""
        self._refused = RefusedCards()
        self._anew_at = 0.0

    @classmethod
    def read(cls, directory: Path, own: Identity, verifier: Verifier) -> SiteDirectory:
        """Read what is on the disk; each card is verified again, as of when it came.

        What is damaged or not genuine is left out, and everything is asked for anew.
        """
        found = cls(directory, own)
        sites: dict[str, HeardCard] = {}
        is_whole = True
        for path in sorted(found._directory.glob("*-*.json"))[:MOST_SITES]:
            try:
                heard = HeardCard.read(path, verifier)
                sites[heard.path] = heard
            except BaluardoError as problem:
                is_whole = False
                logger.warning("The card in %s is not used: %s", printable(str(path)), problem)
        found.sites = MappingProxyType(sites)
        envelope = found.own_card()
        if envelope is not None:
            found._own_card = TunnelCard.of_payload(envelope.payload)
        found.number = _read_number(found._directory / NUMBER) if is_whole else 0
        return found

    def take(self, message: Directory, verifier: Verifier, now: float) -> Taken:
        """Take what the authority tells, on the disk first; TargetError if that cannot be.

        All its cards are judged together, as they would stand side by side. One that is not
        genuine, or not newer, changes nothing. What does not follow on what is held is not taken:
        the edge asks anew.
        """
        with self._lock:
            if message.since > self.number:
                return Taken(is_new=False, refused=0)
            sites = {p: self.sites[p] for p in sorted(self.sites.keys() - set(message.removed))}
            refused = self._refused.copy()
            for path in message.removed:
                refused.kept.pop(path, None)
            lost, fresh = self._judge(message.cards, sites, refused, verifier, now)
            gone = self.sites.keys() - sites.keys()
            self._keep(sites, fresh, gone, refused, message.number)
            return Taken(bool(fresh or gone), lost)

    def judge_again(self, verifier: Verifier, now: float) -> bool:
        """Judge again what was refused, since something has changed; tell whether any is known now.

        Where more was refused than is kept, everything is asked for anew (`number` is 0), once in
        `ANEW_SECONDS` at most.
        """
        with self._lock:
            if not self._refused:
                return False
            sites, refused, number = dict(self.sites), self._refused.copy(), self.number
            _, fresh = self._judge((), sites, refused, verifier, now)
            if refused.is_short and now >= self._anew_at:
                refused.is_short, number = False, 0
                self._anew_at = now + ANEW_SECONDS
            if not fresh and refused and number == self.number:  # nothing for the disk
                self._refused = refused
                return False
            try:
                self._keep(sites, fresh, (), refused, number)
            except TargetError as problem:  # what was refused is held as it was
                logger.warning("%s", problem)
                return False
        return bool(fresh)

    def drop_revoked(self, revocations: Revocations) -> bool:
        """Forget every site whose card a revoked certificate speaks for; tell whether any was."""
        named = named_serials(revocations)
        with self._lock:
            gone = {path for path, each in self.sites.items() if not each.serials.isdisjoint(named)}
            if gone:
                kept = {path: each for path, each in self.sites.items() if path not in gone}
                self.sites = MappingProxyType(kept)  # nobody waits for the disk
                try:
                    self._write((), gone, 0 if self._refused else self.number)
                except TargetError as problem:  # they are not believed when they are read again
                    logger.warning("%s", problem)
        return bool(gone)

    def begin_anew(self) -> None:
        """Hold no change any more, so that all of them are asked for; cards stay."""
        with self._lock:
            if self.number:
                self._keep(self.sites, (), (), RefusedCards(), 0)

    def neighbours(self, policy: NetworkPolicy) -> tuple[Neighbour, ...]:
        """Return the sites that this one talks to under a policy, in alphabetical order."""
        own = self._own.path
        return tuple(
            Neighbour(held.card, policy.permitted_networks(path, held.card.networks))
            for path, held in sorted(self.sites.items())
            if policy.may_talk(own, path)
        )

    # Our own card

    def keep_own(self, envelope: Envelope) -> None:
        """Keep our own card to publish; CertificateError if it is not ours, TargetError."""
        octets = check_card_size(envelope)
        card = TunnelCard.of_payload(envelope.payload)
        if {card.identity, envelope.signatures[0].chain.leaf.identity} != {self._own}:
            raise CertificateError(f"This card is not signed by {self._own}: it is not published.")
        make_directory(self._directory)
        write_durably(self._directory / OWN, octets, mode=FOR_ALL)
        self._own_card = card

    def own_card(self) -> Envelope | None:
        """Return our own card as it was last published; None before the first."""
        path = self._directory / OWN
        if not path.exists():
            return None
        try:
            envelope = Envelope.of_json(read_file(path, LARGEST_FILE, "The own tunnel card"))
            TunnelCard.of_payload(envelope.payload)
        except BaluardoError as problem:
            logger.warning("The own tunnel card was damaged: %s It is made anew.", problem)
            return None
        return envelope

    def _judge(
        self,
        envelopes: Sequence[Envelope],
        sites: dict[str, HeardCard],
        refused: RefusedCards,
        verifier: Verifier,
        now: float,
    ) -> tuple[int, list[HeardCard]]:
        """Judge cards and what was refused before; return how many are refused, and what is new.

        Both tables are brought up to date. Our own card, and one that is held, change nothing.
        """
        coming: dict[str, HeardCard] = {}
        told: set[str] = set()
        lost = 0
        for place, envelope in enumerate((*envelopes, *refused.take_all())):
            is_told = place < len(envelopes)
            try:
                check_card_size(envelope)
                card = verify_card(envelope, verifier, now, loopback=self.loopback)
            except BaluardoError as problem:
                if is_told:
                    lost += 1
                    logger.warning("A tunnel card was refused: %s", problem)
                refused.keep(envelope, problem)
                continue
            path = card.identity.path
            held = coming.get(path) or sites.get(path)
            if card.identity != self._own and (held is None or card.number > held.card.number):
                coming[path] = HeardCard(card, envelope, now)
                if is_told:
                    told.add(path)
        for path, why in not_apart(sites, coming, self._own_card).items():
            refused.keep(coming.pop(path).envelope, why)
            if path in told:
                lost += 1
                logger.warning("A tunnel card was refused: %s", why)
        for path, heard in coming.items():
            sites[path] = heard
            refused.forget(path, heard.card.number)
        return lost, list(coming.values())

    def _keep(
        self,
        sites: Mapping[str, HeardCard],
        fresh: Iterable[HeardCard],
        gone: Iterable[str],
        refused: RefusedCards,
        number: int,
    ) -> None:
        """Hold what is known now, on the disk first; TargetError changes nothing here."""
        self._write(fresh, gone, 0 if refused else number)
        self.sites, self.number = MappingProxyType(dict(sites)), number
        self._refused = refused

    def _write(self, fresh: Iterable[HeardCard], gone: Iterable[str], number: int) -> None:
        """Write cards, then how far they lead: what a stop cut off is told again."""
        make_directory(self._directory)
        for heard in fresh:
            heard.write(self._directory)
        try:
            for site in gone:
                (self._directory / card_file(site)).unlink(missing_ok=True)
        except OSError as problem:
            raise TargetError(
                f"A tunnel card cannot be removed: {problem.strerror or problem}."
            ) from None
        write_durably(self._directory / NUMBER, write_json({"number": number}), mode=FOR_ALL)


def _read_number(path: Path) -> int:
    """Return how far the cards lead; 0 where that cannot be told."""
    try:
        fields = JsonObject.parse(read_file(path, 256, "It"), 256, "It")
        number = whole(fields, "number")
        check_count("number", number)
    except BaluardoError:
        return 0
    return number
