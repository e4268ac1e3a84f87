"""Security associations as charon tells of them, and what to do about those of one peer; pure.

A new epoch is a new IKE SA in the *other* of two charons, each with its own TUN. The newcomer is
whole at both ends before any packet is led to it, and the old one goes on taking in what is under
way: rotation costs no packet. One charon alone would send by a new SA while the initiator still
computes its half, and would drop what arrives in that moment.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from baluardo.network.links.esp.configuration import PLANES, parsed_connection_name
from baluardo.network.links.esp.vici import Message, Value

RETRY_S: Final = 2.0
"""Between two tries to reach the other end."""
TRUSTED_S: Final = 2.0
"""An SA that stands so long without traffic stands at the other end too (its last message to us
has been answered, or would have been sent again by then)."""
HOLD_S: Final = 10.0
"""How long the initiator keeps an old epoch for packets under way; the responder three times."""
MOST_EPOCHS: Final = 3
"""Known at once: one that carries, one that was to follow, and the newest."""


@dataclass(frozen=True)
class Association:
    """One IKE SA with the newest of its CHILD SAs."""

    peer: str
    epoch: int
    plane: int
    number: int
    """charon's own, within its life."""
    ours: bool
    """Begun by us, so the other end had its half before we had ours."""
    up: bool
    """Both the IKE SA and its CHILD SA stand, with a post-quantum key within."""
    age_s: int
    child: int
    """Number of the CHILD SA, which a rekeying changes; 0 for none."""
    octets_in: int
    octets_out: int


def associations(told: Iterable[Message], plane: int) -> tuple[Association, ...]:
    """Read what `list-sas` says; what is not ours, or not understood, is left out."""
    found: list[Association] = []
    for message in told:
        for name, section in message.items():
            parsed = parsed_connection_name(name)
            if parsed is not None and isinstance(section, dict):
                found.append(_association(*parsed, plane, section))
    return tuple(found)


def _association(peer: str, epoch: int, plane: int, section: Message) -> Association:
    children = section.get("child-sas")
    standing = [
        child
        for child in (children.values() if isinstance(children, dict) else ())
        if isinstance(child, dict) and child.get("state") == b"INSTALLED"
    ]
    newest = max(standing, key=lambda child: _number(child.get("uniqueid")), default={})
    whole = section.get("state") == b"ESTABLISHED" and section.get("ppk") == b"yes"
    return Association(
        peer,
        epoch,
        plane,
        _number(section.get("uniqueid")),
        section.get("initiator") == b"yes",
        whole and bool(standing),
        _number(section.get("established")),
        _number(newest.get("uniqueid")),
        _number(newest.get("bytes-in")),
        _number(newest.get("bytes-out")),
    )


def _number(value: Value | None) -> int:
    if not isinstance(value, bytes) or len(value) > 20 or not value.isdigit():
        return 0
    return int(value)


@dataclass(frozen=True)
class Initiate:
    """Begin an epoch in one of the charons."""

    epoch: int
    plane: int


@dataclass(frozen=True)
class Carry:
    """Lead the peer's networks to the TUN of one of the charons; None leads them nowhere."""

    epoch: int
    plane: int | None


@dataclass(frozen=True)
class Retire:
    """End an epoch in both charons and forget its keys."""

    epoch: int


Action: TypeAlias = Initiate | Carry | Retire


@dataclass
class Rotation:
    """What one end remembers of one peer; `decide` is the only one who changes it."""

    initiates: bool
    """Of the two ends one does, or both would begin at once."""
    begins_anew: bool = False
    """Our charon was lost: the other end still believes in its SA, so the beginning is ours."""
    epochs: set[int] = field(default_factory=set)
    """Those that both keys are known of."""
    carrying: tuple[int, int] | None = None
    """Epoch and plane by which packets go out."""
    carrying_since: float = 0.0
    next_try: float = 0.0
    seen: dict[tuple[int, int], float] = field(default_factory=dict)
    """When an epoch was first seen up in a plane."""

    def plane_lost(self, plane: int) -> None:
        """Its charon ended: what it carried is carried by nobody, and we begin anew ourselves."""
        self.seen = {where: at for where, at in self.seen.items() if where[1] != plane}
        if self.carrying is None or self.carrying[1] == plane:
            self.carrying = None
            self.begins_anew = True
            self.next_try = 0.0


def decide(rotation: Rotation, standing: Collection[Association], now: float) -> list[Action]:
    """Return what is to be done now about a peer; `now` in seconds that never go back."""
    known = [each for each in standing if each.epoch in rotation.epochs]  # others are ending
    up = {(each.epoch, each.plane): each for each in known if each.up}
    rotation.seen = {where: rotation.seen.get(where, now) for where in up}
    if not rotation.epochs:
        return []
    newest = max(rotation.epochs)
    actions: list[Action] = []
    if rotation.carrying is not None and rotation.carrying not in up:
        rotation.carrying = None
        actions.append(Carry(newest, None))
    actions += _carried(rotation, up, now)
    begins = rotation.initiates or rotation.begins_anew
    if begins and now >= rotation.next_try and all(each.epoch != newest for each in known):
        rotation.next_try = now + RETRY_S
        actions.append(Initiate(newest, _free_plane(rotation)))
    actions += _retired(rotation, newest, up, now)
    return actions


def _carried(
    rotation: Rotation, up: Mapping[tuple[int, int], Association], now: float
) -> list[Action]:
    best = max(up, default=None)
    if best is None or best == rotation.carrying:
        return []
    if rotation.carrying is not None:
        if best[0] <= rotation.carrying[0]:
            return []  # the same epoch twice: either is as good
        waited = now - rotation.seen[best] >= TRUSTED_S
        if not (up[best].ours or up[best].octets_in > 0 or waited):
            return []  # the other end may still be computing its half
    rotation.carrying, rotation.carrying_since, rotation.begins_anew = best, now, False
    return [Carry(*best)]


def _retired(
    rotation: Rotation, newest: int, up: Mapping[tuple[int, int], Association], now: float
) -> list[Action]:
    carried = rotation.carrying[0] if rotation.carrying else None
    hold = HOLD_S if rotation.initiates else 3 * HOLD_S
    if carried == newest:
        old = {
            epoch
            for epoch in rotation.epochs - {newest}
            if now - rotation.carrying_since >= hold or all(epoch != where[0] for where in up)
        }
    else:
        stand = {where[0] for where in up}
        old = set(sorted(rotation.epochs - {carried} - stand)[: 1 - MOST_EPOCHS])
    rotation.epochs -= old
    return [Retire(epoch) for epoch in sorted(old)]


def _free_plane(rotation: Rotation) -> int:
    return 0 if rotation.carrying is None else (rotation.carrying[1] + 1) % PLANES
