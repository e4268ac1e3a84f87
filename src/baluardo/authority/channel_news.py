"""What members lack of the public half and of the policies, as frames that many of them share.

One reading of the public directory serves everybody until the next list is published: whoever holds
the same lists is sent the very same octets.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from baluardo.authority.acts.policy import newest_policy
from baluardo.authority.context import Authority
from baluardo.authority.store import schema
from baluardo.protocol.authority_messages import LARGEST_NEWS, MOST_UPDATES
from baluardo.protocol.messages import News, PolicyNews, PolicyUpdate, encode
from baluardo.protocol.policy_statement import state_policy
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.revocation import read_list
from baluardo.trust.issuing.layout import Public
from baluardo.trust.issuing.publication import authorities

MOST_VARIANTS: Final = 256
"""Kinds of lack for which frames are kept ready."""

logger = logging.getLogger("baluardo.authority.channel")


@dataclass(frozen=True, slots=True)
class _List:
    """One authority's newest list, and the newest delta if it leads to the same."""

    number: int
    full: str
    delta: str
    base: int | None
    """From which number the delta starts; None without a delta."""


class PublicNews:
    """The public half at one moment."""

    def __init__(self, files: Mapping[str, bytes], lists: Mapping[str, _List]) -> None:
        """Use `read`."""
        self._files = files
        self._lists = lists
        self._roots = sorted(
            path for path in files if path.startswith(("anchors/", "links/", "issuers/"))
        )
        self._frames: dict[tuple[str, ...], tuple[bytes, ...]] = {}

    @classmethod
    def read(cls, public: Public) -> PublicNews:
        """Read an authority's public directory, its log excepted."""
        files = PublicBundle.of_public(public.directory).files
        anchors = Anchors.read(public.anchors)
        lists: dict[str, _List] = {}
        for each in authorities(public, anchors):
            key_id = each.key_id.hex()
            full, delta = f"lists/{key_id}.crl", f"lists/{key_id}.delta.crl"
            if full not in files:
                continue
            number, base = read_list(files[full], each).number, None
            if delta in files:
                changed = read_list(files[delta], each)
                base = changed.base if changed.number == number else None
            lists[key_id] = _List(number, full, delta, base)
        return cls(files, lists)

    @property
    def numbers(self) -> Mapping[str, int]:
        """Number of each newest list, by key id in hexadecimal digits."""
        return {key_id: held.number for key_id, held in self._lists.items()}

    def lacked(self, held: Mapping[str, int], *, whole: bool = False) -> tuple[bytes, ...]:
        """Return frames with what a holder of these lists lacks; none if nothing.

        Deltas where they lead on from what is held, unless `whole` lists are asked for.
        """
        paths: list[str] = []
        if any(key_id not in held for key_id in self._lists):
            paths += self._roots
        for key_id, newest in self._lists.items():
            number = held.get(key_id, -1)
            if number >= newest.number:
                continue
            leads = newest.base is not None and newest.base <= number
            paths.append(newest.delta if leads and not whole else newest.full)
        return self._framed(tuple(paths))

    def _framed(self, paths: tuple[str, ...]) -> tuple[bytes, ...]:
        if not paths:
            return ()
        if paths not in self._frames:
            if len(self._frames) >= MOST_VARIANTS:
                self._frames.clear()
            self._frames[paths] = tuple(
                encode(News({path: self._files[path] for path in group}))
                for group in self._groups(paths)
            )
        return self._frames[paths]

    def _groups(self, paths: Iterable[str]) -> list[list[str]]:
        """Put files together as far as one message carries them; roots and issuers come first."""
        groups: list[list[str]] = [[]]
        octets = 0
        for path in paths:
            size = len(self._files[path])
            if size > LARGEST_NEWS:
                logger.error("%s is too large for a message; members must fetch it.", path)
                continue
            if octets + size > LARGEST_NEWS:
                groups.append([])
                octets = 0
            groups[-1].append(path)
            octets += size
        return [group for group in groups if group]


class PolicyFrames:
    """Policies as frames, for who holds which one; made anew when another one is in force."""

    def __init__(self, in_force: int) -> None:
        """Begin without frames, for the policy of this number."""
        self.in_force = in_force
        self._frames: dict[int, tuple[bytes, ...]] = {}

    def ready(self, held: int) -> tuple[bytes, ...] | None:
        """Return frames for who holds a policy; None if they must be made."""
        return () if held >= self.in_force else self._frames.get(held)

    def keep(self, held: int, frames: tuple[bytes, ...]) -> None:
        """Keep frames that were made."""
        if len(self._frames) >= MOST_VARIANTS:
            self._frames.clear()
        self._frames[held] = frames


def policy_frames(connection: Connection, held: int, authority: Authority) -> tuple[bytes, ...]:
    """Return a frame with the policies after the one held; for 0 the one in force, stated.

    More may follow: whoever says that it has applied these is sent the next.
    """
    if held:
        updates = _updates(connection, held)
    else:
        newest = newest_policy(connection)
        statement = state_policy(newest.policy, newest.executed_at, authority.credential)
        updates = [PolicyUpdate(newest.octets, None, statement, newest.executed_at)]
    return (encode(PolicyNews(tuple(updates))),) if updates else ()


def _updates(connection: Connection, held: int) -> list[PolicyUpdate]:
    """Return the policies after one, the oldest first, as many as one message carries."""
    table = schema.policy
    query = select(table).where(table.c.number > held).order_by(table.c.number).limit(MOST_UPDATES)
    updates: list[PolicyUpdate] = []
    octets = 0
    for row in connection.execute(query):
        bundle = None if row.bundle is None else bytes(row.bundle)
        octets += len(row.octets) + len(bundle or b"")
        if updates and octets > LARGEST_NEWS:
            break
        updates.append(PolicyUpdate(bytes(row.octets), bundle, None, row.executed))
    return updates
