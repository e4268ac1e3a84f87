"""What the authority publishes, judged before it is believed. Pure but for a temporary directory.

Roots follow from trusted roots, issuers are certified by a root, and lists are signed by either.
News with anything else in them change nothing; what is genuine but old is left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from baluardo.errors import CertificateError
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.trust.certificates.anchors import INDEX, Anchors
from baluardo.trust.certificates.certificate import Certificate, Chain
from baluardo.trust.certificates.revocation import Revocations, read_list
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.publication import certifier_of, is_certified, learn_anchors

_INDEX: Final = f"anchors/{INDEX}"
_ROOTS: Final = ("anchors/", "links/")
_ISSUERS: Final = "issuers/"
_LISTS: Final = "lists/"


@dataclass(frozen=True, slots=True)
class Known:
    """What an edge judges certificates by, and the copy of the public half it can pass on."""

    anchors: Anchors
    revocations: Revocations
    heard: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    """Files as they came, by path below the public directory, the roots' own excepted."""

    def __post_init__(self) -> None:
        """Refuse more than anybody could pass on."""
        PublicBundle(self.heard)

    def authorities(self) -> Iterator[Certificate]:
        """Yield every root, and every issuer that one of them has certified."""
        roots = [anchor.certificate for anchor in self.anchors.anchors]
        yield from roots
        for path, octets in self.heard.items():
            if path.startswith(_ISSUERS):
                issuer = _chain(path, octets).leaf
                if is_certified(issuer, roots):
                    yield issuer

    def numbers(self) -> dict[str, int]:
        """Return the number of each list held of an authority that is known, by key id."""
        held = self.revocations.lists
        return {
            each.key_id.hex(): held[each.key_id].number
            for each in self.authorities()
            if each.key_id in held
        }

    def learn(self, files: Mapping[str, bytes], now: float) -> Known:
        """Return what is known after news (files of the public half); the same if nothing is new.

        CertificateError, or another TrustError, if anything in them is not genuine: nothing of
        them is taken then.
        """
        anchors = _learn_anchors(self, files, now)
        roots = [anchor.certificate for anchor in anchors.anchors]
        for path, octets in files.items():
            if path.startswith(_ISSUERS):
                self._check_issuer(path, _chain(path, octets).leaf, roots)
        links = {f"links/{root.key_id.hex()}.pem" for root in roots}
        told = {
            path: octets
            for path, octets in files.items()
            if path.startswith(_ISSUERS) or (path in links and anchors is not self.anchors)
        }
        learnt = Known(anchors, self.revocations, {**self.heard, **told})
        return learnt._take_lists(files, self)

    def stated(self, files: Mapping[str, bytes]) -> Known:
        """Return what is known after an authority's own word for files of its public half.

        `files` are those of `StatedWhereabouts.files`, which was verified.
        """
        heard = {**self.heard, **files}
        return self if heard == self.heard else Known(self.anchors, self.revocations, heard)

    def _check_issuer(self, path: str, issuer: Certificate, roots: list[Certificate]) -> None:
        certifier_of(issuer, roots)
        if path in self.heard and _chain(path, self.heard[path]).leaf != issuer:
            raise CertificateError(
                f"There is an issuer in {path} already, and the news bring another one in its "
                "place: refused."
            )

    def _take_lists(self, files: Mapping[str, bytes], before: Known) -> Known:
        """Apply the lists among the files; each must be of a root or an issuer that is known."""
        found, heard = self.revocations, dict(self.heard)
        known = {each.key_id.hex(): each for each in self.authorities()}
        lists = sorted(path for path in files if path.startswith(_LISTS))
        for path in sorted(lists, key=lambda each: each.endswith(".delta.crl")):
            key_id = path.removeprefix(_LISTS).partition(".")[0]
            if key_id not in known:
                raise CertificateError(
                    f"The news hold a list of the key {key_id}, and no root here has certified "
                    "such an issuer: refused."
                )
            if _leads_on(found, files[path], known[key_id]):
                found = found.apply(files[path], known[key_id])
                heard[path] = files[path]
        if self.anchors is before.anchors and found is before.revocations and heard == before.heard:
            return before
        return Known(self.anchors, found, heard)


def _leads_on(held: Revocations, der: bytes, issuer: Certificate) -> bool:
    """Tell whether a list, which is genuine, is newer than what is held and fits on it."""
    signed = read_list(der, issuer)
    present = held.lists.get(issuer.key_id)
    if present is None:
        return signed.base is None
    if signed.number < present.number:
        return False
    return signed.base is None or signed.base <= present.number


def _learn_anchors(known: Known, files: Mapping[str, bytes], now: float) -> Anchors:
    if _INDEX not in files:
        return known.anchors
    roots = {path: octets for path, octets in files.items() if path.startswith(_ROOTS)}
    with tempfile.TemporaryDirectory(prefix="baluardo-news-") as place:
        PublicBundle({**_links(known.heard), **roots}).write(Path(place))
        return learn_anchors(known.anchors, Public(Path(place)), now)


def _links(heard: Mapping[str, bytes]) -> dict[str, bytes]:
    return {path: octets for path, octets in heard.items() if path.startswith("links/")}


def _chain(path: str, octets: bytes) -> Chain:
    try:
        return Chain.of_pem(octets)
    except CertificateError as problem:
        raise CertificateError(f"{path} holds no chain of certificates: {problem}") from None
