"""Calls that are over, as a page tells of them: who, when, why it ended, and nothing of content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from baluardo.calls.call import Call
from baluardo.calls.causes import Cause
from baluardo.calls.events import Ended
from baluardo.calls.receiver_reports import LegQuality, ReceiverReport
from baluardo.terms import Precedence

MOST_RECORDS: Final = 200
MOST_OF_CALLER: Final = 20
"""Of one device that dials: its calls push out its own before those of anybody else."""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call that is over."""

    call: str
    caller: str
    """The device that dialled: `person/anna.rossi/phone`."""
    callee: str
    """`person/bruno.neri`."""
    device: str
    """Of the callee; empty if nobody answered."""
    precedence: Precedence
    emergency: bool
    began: float
    """POSIX seconds, as all times here."""
    connected_at: float | None
    """None if nobody answered."""
    ended_at: float
    cause: str
    """`causes.Cause`, as it is written."""
    legs: tuple[LegQuality, ...] = ()
    """How the devices of this site heard; empty where none has reported."""

    @property
    def reason(self) -> str:
        """The cause as SIP's header field Reason has it (RFC 3326, RFC 4411)."""
        return Cause(self.cause).reason_header


class CallRecords:
    """The last calls of an edge, oldest first, in memory."""

    def __init__(self) -> None:
        """Begin without any."""
        self._records: dict[tuple[str, float], CallRecord] = {}
        """By call and when it began, oldest first."""
        self._connected: dict[str, float] = {}
        self._legs: dict[str, dict[str, LegQuality]] = {}
        """Of calls that go on, by call and device."""

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """What is kept."""
        return tuple(self._records.values())

    def connected(self, call: str, at: float) -> None:
        """Take note that somebody has answered; of a call within the site both halves say so."""
        self._connected.setdefault(call, at)

    def connected_at(self, call: str) -> float | None:
        """Return when a call that goes on was answered; None if it was not."""
        return self._connected.get(call)

    def legs(self, call: str) -> tuple[LegQuality, ...]:
        """Return how devices of this site hear in a call that goes on."""
        return tuple(self._legs.get(call, {}).values())

    def report(self, call: str, device: str, report: ReceiverReport) -> None:
        """Add what a device in a call that goes on has received of it."""
        legs = self._legs.setdefault(call, {})
        before = legs.get(device)
        legs[device] = LegQuality.first(device, report) if before is None else before.after(report)

    def ended(self, call: Call, ended: Ended) -> None:
        """Keep a call; the other half of one within the site adds nothing."""
        connected_at = self._connected.pop(ended.call, None)
        legs = self.legs(ended.call)
        self._legs.pop(ended.call, None)
        name = ended.call, call.began
        if name in self._records:
            return
        self._records[name] = CallRecord(
            ended.call,
            call.dial.caller,
            call.dial.callee,
            ended.device,
            call.dial.precedence,
            call.dial.emergency,
            call.began,
            connected_at,
            ended.at,
            ended.cause.value,
            legs,
        )
        of_caller = [key for key, each in self._records.items() if each.caller == call.dial.caller]
        if len(of_caller) > MOST_OF_CALLER:
            del self._records[of_caller[0]]
        elif len(self._records) > MOST_RECORDS:
            del self._records[next(iter(self._records))]
