"""What was done between a backup and its restore, as far as it must not be undone.

Nobody can tell what became of sessions, invitations and emergency codes in that time: they end with
the restore. What was revoked is known to members: any genuine list that names a certificate proves
that it was taken back, for ever.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy import Connection, delete, update

from baluardo.authority.store import schema
from baluardo.authority.store.rows import HandedOut, write_list
from baluardo.errors import CertificateError, InvalidInputError
from baluardo.foreign_input import printable
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.revocation import Revocation, Revocations, read_list
from baluardo.trust.certificates.revocation_list import NOT_FOR_EVER, Reason
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.publication import authorities

HEARD = "heard"
"""Where an edge's directory has its copy of the public half."""


def end_what_was_open(connection: Connection) -> dict[str, int]:
    """End sessions, open invitations and codes in restored tables; return how many of each.

    Codes that were used stay, as they say who has broken the glass.
    """
    invitation, code = schema.invitation, schema.emergency_code
    connection.execute(delete(schema.challenge))
    ended = {
        "sessions": delete(schema.session),
        "invitations": update(invitation)
        .where(invitation.c.state == "open")
        .values(state="withdrawn"),
        "codes": delete(code).where(code.c.used.is_(None)),
    }
    return {name: int(connection.execute(each).rowcount) for name, each in ended.items()}


def heard_revocations(public: Public, heard: Sequence[Path]) -> dict[int, Reason]:
    """Return the serials that genuine lists in these directories name as revoked.

    Each is a copy of a public half, or an edge's whole directory; genuine is what an issuer or root
    of `public` has signed. InvalidInputError for a directory without lists, CertificateError for a
    list that was forged or damaged.
    """
    known = authorities(public, Anchors.read(public.anchors))
    found: dict[int, Reason] = {}
    for directory in heard:
        places = [each for each in (directory, directory / HEARD) if (each / "lists").is_dir()]
        if not places:
            raise InvalidInputError(
                f"{printable(str(directory))} holds no revocation lists: name an edge's directory, "
                "or a copy of an authority's public one. Nothing was restored."
            )
        for place in places:
            for serial, revocation in _named(place, known):
                if revocation.reason not in NOT_FOR_EVER:
                    found[serial] = revocation.reason
    return found


def take_newer_root_lists(public: Public, connection: Connection, heard: Sequence[Path]) -> None:
    """Let the newest list of each root that was heard be public: its custodians alone make them."""
    for anchor in Anchors.read(public.anchors).anchors:
        root = anchor.certificate
        offered = [public.read_list(root.key_id)]
        for directory in heard:
            offered += [_list(each, root) for each in (directory, directory / HEARD)]
        lists = [der for der in offered if der is not None]
        newest = max(lists, key=lambda der: read_list(der, root).number, default=None)
        if newest is not None and newest != offered[0]:
            public.write_list(root.key_id, newest)
            write_list(connection, HandedOut(root.key_id, newest, None))


def _list(directory: Path, issuer: Certificate, *, delta: bool = False) -> bytes | None:
    """Return a list in a copy of a public half; CertificateError unless its issuer signed it."""
    der = Public(directory).read_list(issuer.key_id, delta=delta)
    try:
        if der is not None:
            read_list(der, issuer)
    except CertificateError as problem:
        raise CertificateError(
            f"A list in {printable(str(directory))} is not genuine: {problem} Nothing was restored."
        ) from None
    return der


def _named(directory: Path, known: Sequence[Certificate]) -> Iterator[tuple[int, Revocation]]:
    """Yield what the lists in a directory name, in a public half's form or in a member's."""
    members = Revocations.read(directory / "lists")
    for issuer in known:
        for delta in (False, True):
            der = _list(directory, issuer, delta=delta)
            if der is not None:
                yield from read_list(der, issuer).entries.items()
        held = members.lists.get(issuer.key_id)
        if held is not None and held.issuer.key == issuer.key:
            yield from held.revoked.items()
            yield from members.kept.get(issuer.key_id, {}).items()
