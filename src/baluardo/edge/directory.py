"""Other sites as this edge knows them: the newest tunnel card of each, on the disk before its use.

The authority orders cards and passes them on; each is believed for its own site's signature alone,
judged here. Once heard it stays, also when the certificate that signed it has run out: who has no
authority goes on with what is known, and every channel to a site is judged by its present
certificate. Who is revoked is out at once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from baluardo.durable_files import FOR_ALL, make_directory, write_durably
from baluardo.errors import BaluardoError, CertificateError, TargetError
from baluardo.foreign_input import printable, read_file
from baluardo.network.tunnel.card import TunnelCard, check_apart, verify_card
from baluardo.protocol.directory_messages import LARGEST_CARD, Directory, check_card_size
from baluardo.protocol.message_fields import check_count, check_time, whole
from baluardo.protocol.network_policy import MOST_SITES, Network, NetworkPolicy
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from baluardo.trust.strict_json import JsonObject, write_json

CARDS: Final = "cards"
NUMBER: Final = "directory.json"
OWN: Final = "own.json"
LARGEST_FILE: Final = LARGEST_CARD + 1_024

logger = logging.getLogger("baluardo.edge")


@dataclass(frozen=True, slots=True)
class HeardCard:
    """A site's card that was genuine when it came."""

    card: TunnelCard
    envelope: Envelope
    heard_at: float
    """POSIX seconds."""

    @property
    def serials(self) -> frozenset[int]:
        """Of the certificates that spoke for it."""
        return frozenset(each.serial for each in self.envelope.signatures[0].chain.certificates)


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
                heard = _read_card_file(path, verifier)
                if _file(heard.card.identity.path) != path.name:
                    raise CertificateError("It is another site's.")
                sites[heard.card.identity.path] = heard
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

        A card that is not genuine, or not newer, changes nothing. What does not follow on what is
        held is not taken: the edge asks anew.
        """
        with self._lock:
            if message.since > self.number:
                return Taken(is_new=False, refused=0)
            kept = self.sites.keys() - set(message.removed)
            sites = {path: self.sites[path] for path in sorted(kept)}
            fresh: list[HeardCard] = []
            refused = 0
            for envelope in message.cards:
                try:
                    heard = self._judge(envelope, sites, verifier, now)
                except BaluardoError as problem:
                    refused += 1
                    logger.warning("A tunnel card was refused: %s", problem)
                    continue
                if heard is not None:
                    sites[heard.card.identity.path] = heard
                    fresh.append(heard)
            gone = self.sites.keys() - sites.keys()
            self._write(fresh, gone, message.number)
            self.sites, self.number = MappingProxyType(sites), message.number
            return Taken(bool(fresh or gone), refused)

    def drop_revoked(self, revocations: Revocations) -> bool:
        """Forget every site whose card a revoked certificate speaks for; tell whether any was."""
        named = _named(revocations)
        with self._lock:
            gone = {path for path, each in self.sites.items() if not each.serials.isdisjoint(named)}
            if gone:
                kept = {path: each for path, each in self.sites.items() if path not in gone}
                self.sites = MappingProxyType(kept)  # nobody waits for the disk
                try:
                    self._write((), gone, self.number)
                except TargetError as problem:  # they are not believed when they are read again
                    logger.warning("%s", problem)
        return bool(gone)

    def begin_anew(self) -> None:
        """Hold no change any more, so that all of them are asked for; cards stay."""
        with self._lock:
            if self.number:
                self._write((), (), 0)
                self.number = 0

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
        self, envelope: Envelope, sites: Mapping[str, HeardCard], verifier: Verifier, now: float
    ) -> HeardCard | None:
        """Return a card that is genuine and new; None for our own, or one that is held.

        It takes nothing that is ours or another's: an authority could let in whom it likes, under
        any name.
        """
        check_card_size(envelope)
        card = verify_card(envelope, verifier, now, loopback=self.loopback)
        path = card.identity.path
        if card.identity == self._own:
            return None
        if path in sites and card.number <= sites[path].card.number:
            return None
        if path not in sites and len(sites) >= MOST_SITES:
            raise CertificateError(f"{MOST_SITES:,} sites are known here: {path} was refused.")
        ours = () if self._own_card is None else (self._own_card,)
        outer = () if self._own_card is None else self._own_card.outer
        check_apart(card, (*ours, *(each.card for each in sites.values())), outer)
        return HeardCard(card, envelope, now)

    def _write(self, fresh: Iterable[HeardCard], gone: Iterable[str], number: int) -> None:
        """Write cards, then how far they lead: what a stop cut off is told again."""
        make_directory(self._directory)
        for heard in fresh:
            body = {"envelope": heard.envelope.to_object(), "heard_at": heard.heard_at}
            path = self._directory / _file(heard.card.identity.path)
            write_durably(path, write_json(body), mode=FOR_ALL)
        try:
            for site in gone:
                (self._directory / _file(site)).unlink(missing_ok=True)
        except OSError as problem:
            raise TargetError(
                f"A tunnel card cannot be removed: {problem.strerror or problem}."
            ) from None
        write_durably(self._directory / NUMBER, write_json({"number": number}), mode=FOR_ALL)


def _read_card_file(path: Path, verifier: Verifier) -> HeardCard:
    octets = read_file(path, LARGEST_FILE, "The card")
    fields = JsonObject.parse(octets, LARGEST_FILE, "It")
    fields.only(("envelope", "heard_at"))
    heard_at = fields.number("heard_at")
    check_time("heard_at", heard_at)
    envelope = Envelope.of_object(fields.fields.get("envelope"))
    check_card_size(envelope)
    # What was let in is let in again: a demonstration's cards name places on this machine.
    card = verify_card(envelope, verifier.looking_back(), heard_at, loopback=True)
    heard = HeardCard(card, envelope, heard_at)
    if not heard.serials.isdisjoint(_named(verifier.revocations)):
        raise CertificateError(f"{heard.card.identity} was revoked.")
    return heard


def _read_number(path: Path) -> int:
    """Return how far the cards lead; 0 where that cannot be told."""
    try:
        fields = JsonObject.parse(read_file(path, 256, "It"), 256, "It")
        number = whole(fields, "number")
        check_count("number", number)
    except BaluardoError:
        return 0
    return number


def _named(revocations: Revocations) -> frozenset[int]:
    """Return every serial that a list names, or has named."""
    listed = {serial for held in revocations.lists.values() for serial in held.revoked}
    kept = {serial for each in revocations.kept.values() for serial in each}
    return frozenset(listed | kept)


def _file(site: str) -> str:
    return f"{site.replace('/', '-', 1)}.json"
