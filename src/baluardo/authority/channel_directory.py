"""The directory of tunnel cards at the channel door: who publishes, who is told what, and when.

Whoever has asked is told every change from then on; a list that is longer than one message is
asked for piece by piece, so that nobody is sent more than they take. All who lack the same and may
see the same share one frame.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from baluardo.authority.acts.tunnel_cards import (
    Standing,
    changes_after,
    number_of_card,
    publish_card,
    standing,
)
from baluardo.authority.channel_guest import Guest
from baluardo.authority.context import Authority
from baluardo.authority.doors.rationing import Ration
from baluardo.errors import BaluardoError, ChannelError, InvalidInputError
from baluardo.protocol.messages import AskDirectory, CardAnswer, PublishCard, encode
from baluardo.protocol.network_policy import SITES
from baluardo.trust.identity import Identity

CARDS_AT_ONCE: Final = 16
CARD_EVERY: Final = 60.0
"""Cards of one site that are looked at, and seconds until it may publish one more: each is kept in
the log for ever. A site whose addresses change all day long gets by with it."""
MOST_VARIANTS: Final = 256
"""Kinds of lack for which frames are kept ready."""

logger = logging.getLogger("baluardo.authority.channel")

View = tuple[bool, int]
"""Whether somebody may talk to everybody, and the newest change told."""


@dataclass(frozen=True, slots=True)
class DirectoryFrame:
    """One message of the directory, and how far it leads."""

    octets: bytes
    number: int
    newest: int

    @property
    def is_last(self) -> bool:
        """Whether nothing is left to ask for."""
        return self.number == self.newest


class DirectoryFrames:
    """Changes of the directory as they stand at one moment; made anew when there is another."""

    def __init__(self, told_by: Standing) -> None:
        """Use `read`."""
        self.standing = told_by
        self._frames: dict[View, DirectoryFrame] = {}

    @classmethod
    async def read(cls, authority: Authority) -> DirectoryFrames:
        """Return frames of what stands now; StoreError if that cannot be read."""
        return cls(await authority.store.read(lambda c: standing(c, authority)))

    def view_of(self, site: Identity, told: int) -> View:
        """Return which frames somebody gets."""
        return self.standing.network.sees_all(site.path), told

    async def after(self, view: View, authority: Authority) -> DirectoryFrame:
        """Return the frame that comes after what was told."""
        ready = self._frames.get(view)
        if ready is None:
            sees_all, told = view
            hubs = None if sees_all else self.standing.network.hubs
            newest = self.standing.newest
            changes = await authority.store.read(
                lambda connection: changes_after(connection, told, newest, hubs)
            )
            ready = DirectoryFrame(encode(changes), changes.number, changes.newest)
            if len(self._frames) >= MOST_VARIANTS:
                self._frames.clear()
            self._frames[view] = ready
        return ready


class ChannelDirectory:
    """The directory as the guests of one door meet it."""

    def __init__(self, authority: Authority) -> None:
        """Begin; `refresh` reads what stands."""
        self._authority = authority
        self._frames: DirectoryFrames | None = None
        self._ration = Ration(CARDS_AT_ONCE, CARD_EVERY, authority.clock)

    async def refresh(self) -> DirectoryFrames:
        """Take what stands now; StoreError if it cannot be read."""
        read = await DirectoryFrames.read(self._authority)
        held = self._frames
        if held is None or (
            held.standing.newest <= read.standing.newest
            and held.standing.policy <= read.standing.policy
            and held.standing != read.standing
        ):
            self._frames = held = read
        return held

    async def publish(self, guest: Guest, message: PublishCard) -> None:
        """Keep a site's card, or tell it why not."""
        peer, store = _site(guest), self._authority.store
        refusal, number = "", 0
        wait = self._ration.take(peer.path)
        try:
            if wait > 0.0:
                raise InvalidInputError(
                    "Too many tunnel cards were published in a short time; this one was not "
                    f"looked at. Publish it again in {wait:.0f} seconds."
                )
            number = await store.act(
                lambda transaction: publish_card(
                    transaction, self._authority, peer, message.envelope
                )
            )
        except BaluardoError as problem:
            logger.warning("No tunnel card of %s: %s", peer, problem)
            number = await store.read(lambda connection: number_of_card(connection, peer.path))
            refusal = str(problem)
        guest.send(_answer(number, refusal))

    async def ask(self, guest: Guest, message: AskDirectory) -> None:
        """Tell what follows on what a site holds, and every change once it holds the newest."""
        site = _site(guest)
        guest.count_question()
        guest.told_directory = None
        frames = self._frames or await self.refresh()
        if frames.standing.policy < guest.policy:
            frames = await self.refresh()
        frame = await frames.after(frames.view_of(site, message.number), self._authority)
        while frames is not self._frames:  # another change may come meanwhile
            frames = self._frames or frames
            frame = await frames.after(frames.view_of(site, message.number), self._authority)
        _tell(guest, frame)

    async def push(self, each: Callable[[Callable[[Guest], None]], Awaitable[None]]) -> None:
        """Tell everybody who holds all there was what is new; `each` does something for all."""
        frames = await self.refresh()
        held: dict[View, DirectoryFrame] = {}
        waiting: set[View] = set()

        def look(guest: Guest) -> None:
            told = guest.told_directory
            if told is not None and told < frames.standing.newest:
                waiting.add(frames.view_of(guest.identity, told))

        def inform(guest: Guest) -> None:
            if guest.told_directory is not None:
                frame = held.get(frames.view_of(guest.identity, guest.told_directory))
                if frame is not None:
                    _tell(guest, frame)

        await each(look)
        for view in waiting:
            held[view] = await frames.after(view, self._authority)
        await each(inform)


def _tell(guest: Guest, frame: DirectoryFrame) -> None:
    guest.outbox.post(frame.octets)
    guest.told_directory = frame.number if frame.is_last else None


def _site(guest: Guest) -> Identity:
    if guest.identity.kind not in SITES:
        raise ChannelError(f"{guest.identity} is no site: it has no tunnels.")
    return guest.identity


def _answer(number: int, refusal: str) -> CardAnswer:
    try:
        return CardAnswer(number, refusal)
    except InvalidInputError:
        return CardAnswer(number, "The authority refuses this card; its log says why.")
