"""Alerts that refer to each other, and what became of each: in force, updated, cancelled, expired.

Alerts may come in any order, an update before what it updates. Source: OASIS CAP 1.2, 3.2.1
(msgType, references). Only the sender of an alert updates or cancels it: the standard says so by
its examples alone, and here it is a rule, since whoever may feed alerts in could otherwise end
those of others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from baluardo.emergency.cap.alert import Alert, MessageType, Reference, Status
from baluardo.errors import ConflictError, InvalidInputError
from baluardo.foreign_input import quoted

MOST_ALERTS: Final = 100_000
MOST_REFERENCES: Final = 1_000
"""Of one alert; the standard sets no bound."""
_ENDING: Final = (MessageType.UPDATE, MessageType.CANCEL)


class State(StrEnum):
    """What an alert is at a time."""

    WAITING = "waiting"
    """Sent, but no text of it is effective yet."""
    IN_FORCE = "in force"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    NO_WARNING = "no warning"
    """It speaks of others alone: a cancel, an acknowledgement, an error."""
    UNKNOWN = "unknown"
    """Others refer to it, and it never came."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an alert is, and by which other, if it was ended by one."""

    state: State
    by: Reference | None = None


class Chains:
    """Alerts by what tells one; whatever is refused leaves it as it was."""

    def __init__(self) -> None:
        self._alerts: dict[Reference, Alert] = {}
        self._behind: dict[Reference, set[Reference]] = {}
        """By the alert that is referred to: who refers to it."""

    def __len__(self) -> int:
        return len(self._alerts)

    def __iter__(self) -> Iterator[Alert]:
        return iter(self._alerts.values())

    def add(self, alert: Alert) -> bool:
        """Take an alert; False if it is here already, exactly so.

        ConflictError for another alert of the same sender, identifier and time, and when it is
        full. InvalidInputError for an update or cancel of another sender's alert or of one with
        another status, and for alerts that would refer to each other in a ring. An update or cancel
        that came before what it is about, and turns out to have another status, ends nothing: it
        keeps nothing out that comes after it.
        """
        name = alert.reference
        known = self._alerts.get(name)
        if known is not None:
            if known != alert:
                raise ConflictError(
                    f"Another alert {quoted(alert.identifier)} of {quoted(alert.sender)} was sent "
                    "at the same time: one of the two is not genuine."
                )
            return False
        if len(self._alerts) >= MOST_ALERTS:
            raise ConflictError(f"{MOST_ALERTS:,} alerts are followed here already: too many.")
        if len(alert.references) > MOST_REFERENCES:
            raise InvalidInputError(f"An alert refers to over {MOST_REFERENCES:,} others.")
        self._check_ends(alert)
        self._check_no_ring(alert)
        self._alerts[name] = alert
        for each in alert.references:
            self._behind.setdefault(each, set()).add(name)
        return True

    def forget(self, name: Reference) -> None:
        """Drop an alert, if it is here; what it has ended is as if it had never come.

        Whoever forgets drops what was ended first, or together with what has ended it.
        """
        alert = self._alerts.pop(name, None)
        for each in () if alert is None else alert.references:
            behind = self._behind.get(each, set())
            behind.discard(name)
            if not behind:
                self._behind.pop(each, None)

    def get(self, name: Reference) -> Alert | None:
        """Return an alert, None if it never came."""
        return self._alerts.get(name)

    def standing(self, name: Reference, now: float) -> Standing:
        """Return what an alert is at a time (POSIX seconds).

        Cancelled comes before updated, and of several the earliest that was sent is named; what was
        sent later than now does not count yet. InvalidInputError for an alert that never came and
        that nobody refers to.
        """
        alert = self._alerts.get(name)
        if alert is None and name not in self._behind:
            raise InvalidInputError(
                f"No alert {quoted(name.identifier)} of {quoted(name.sender)} is known."
            )
        for kind, state in (
            (MessageType.CANCEL, State.CANCELLED),
            (MessageType.UPDATE, State.UPDATED),
        ):
            ended = self._ended_by(name, kind, now)
            if ended is not None:
                return Standing(state, ended)
        if alert is None:
            return Standing(State.UNKNOWN)
        return Standing(_state_alone(alert, now))

    def in_force(self, now: float) -> tuple[Alert, ...]:
        """Return the alerts that hold at a time, the earliest sent first."""
        holding = (
            alert
            for name, alert in self._alerts.items()
            if self.standing(name, now).state is State.IN_FORCE
        )
        return tuple(sorted(holding, key=_order))

    def unknown(self) -> tuple[Reference, ...]:
        """Return what is referred to and never came, the earliest sent first."""
        return tuple(
            sorted(
                (name for name in self._behind if name not in self._alerts),
                key=lambda name: (name.sent, name.sender, name.identifier),
            )
        )

    def chain(self, name: Reference) -> tuple[Alert, ...]:
        """Return all alerts that hang together with one, itself too, the earliest sent first."""
        found, left = {name}, [name]
        while left:
            here = left.pop()
            alert = self._alerts.get(here)
            beside = set(self._behind.get(here, ())) | set(alert.references if alert else ())
            left += beside - found
            found |= beside
        return tuple(
            sorted((self._alerts[each] for each in found & self._alerts.keys()), key=_order)
        )

    def _ended_by(self, name: Reference, kind: MessageType, now: float) -> Reference | None:
        ended = self._alerts.get(name)
        by = (
            each
            for each in self._behind.get(name, ())
            if self._alerts[each].message_type is kind
            and each.sent.timestamp() <= now
            and (ended is None or ended.status is self._alerts[each].status)
        )
        return min(by, key=lambda each: (each.sent, each.identifier), default=None)

    def _check_ends(self, alert: Alert) -> None:
        """Refuse an update or cancel that is not of the same sender and status."""
        if alert.message_type in _ENDING:
            for each in alert.references:
                _check_may_end(alert, each, self._alerts.get(each))

    def _check_no_ring(self, alert: Alert) -> None:
        """Refuse references that lead back to the alert itself."""
        name, seen, left = alert.reference, set[Reference](), list(alert.references)
        while left:
            here = left.pop()
            if here == name:
                raise InvalidInputError(
                    f"The alert {quoted(alert.identifier)} refers to itself, by others or at once."
                )
            if here not in seen:
                seen.add(here)
                earlier = self._alerts.get(here)
                left += earlier.references if earlier else ()


def _check_may_end(later: Alert, name: Reference, earlier: Alert | None) -> None:
    kind = later.message_type.value
    if name.sender != later.sender:
        raise InvalidInputError(
            f"An {kind} of {quoted(later.sender)} is about an alert of {quoted(name.sender)}: only "
            "who has sent an alert may change or end it."
        )
    if earlier is not None and earlier.status is not later.status:
        raise InvalidInputError(
            f"An {kind} with the status {later.status.value} is about an alert with the status "
            f"{earlier.status.value}: an exercise never ends what is real, nor the other way."
        )


def _state_alone(alert: Alert, now: float) -> State:
    """Return what an alert is that no other has ended."""
    if alert.message_type not in (MessageType.ALERT, MessageType.UPDATE):
        return State.NO_WARNING
    if alert.status is Status.DRAFT or not alert.infos:
        return State.NO_WARNING
    if all(info.expires is not None and info.expires.timestamp() <= now for info in alert.infos):
        return State.EXPIRED
    begins = min((info.effective or alert.sent).timestamp() for info in alert.infos)
    return State.WAITING if now < begins else State.IN_FORCE


def _order(alert: Alert) -> tuple[object, ...]:
    return alert.sent, alert.sender, alert.identifier
