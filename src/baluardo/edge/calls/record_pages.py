"""The calls of a site as its pages show them: who, how urgent, when, why over, how it sounded.

Nothing of content is known here, so nothing of it is told. A leg is a device of this site: how the
other end hears is told by its own edge.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from fastapi import APIRouter

from baluardo.calls.admission import Decision
from baluardo.calls.call import Call
from baluardo.calls.causes import Cause
from baluardo.calls.quality import Quality
from baluardo.calls.receiver_reports import LegQuality
from baluardo.console.part import ConsolePage, Level, StatusItem
from baluardo.edge.calls.call_records import CallRecord
from baluardo.edge.calls.service import CallService

RECORDS_PAGE: Final = ConsolePage("/calls", "calls.html", {"it": "Chiamate", "en": "Calls"})
POOR_R: Final = 60.0
"""Below it nearly all users are dissatisfied: table B.1 of ITU-T G.107."""


def records_router(service: CallService) -> APIRouter:
    """Return the route of the site's calls: those that go on, and the last that are over."""
    router = APIRouter(prefix="/api/calls")

    @router.get("/records")
    async def records() -> dict[str, Any]:
        """Return the calls that go on and those that are over, both the newest first."""
        return told(service)

    @router.get("/decisions")
    async def decisions() -> dict[str, Any]:
        """Return the last decisions of admission, the newest first."""
        return decisions_told(service)

    return router


def calls_status(service: CallService) -> list[StatusItem]:
    """Return what everybody at the site is to know of its calls; nothing while there are none."""
    going = _going(service)
    if not going:
        return []
    legs = [leg for each in going for leg in service.legs(each.call)]
    poor = sum(leg.last.r < POOR_R for leg in legs)
    level: Level = "notice" if poor else "ok"
    italian, english = f"Chiamate in corso: {len(going)}", f"Calls in progress: {len(going)}"
    if poor:
        italian += f", {poor} che si sentono male" if poor > 1 else ", una si sente male"
        english += f", {poor} sounding poor"
    return [StatusItem("calls", level, {"it": italian, "en": english})]


def told(service: CallService) -> dict[str, Any]:
    """Return what a site tells of its calls; times are POSIX seconds."""
    return {
        "site": service.site,
        "at": service.now(),
        "going": [_call_told(service, each) for each in reversed(_going(service))],
        "over": [_record_told(each) for each in reversed(service.records)],
    }


def decisions_told(service: CallService) -> dict[str, Any]:
    """Return what a site tells of why calls were let in, refused or had to yield."""
    return {
        "site": service.site,
        "at": service.now(),
        "decisions": [_decision_told(each) for each in reversed(service.decisions)],
    }


def _decision_told(decision: Decision) -> dict[str, Any]:
    request, cause = decision.request, decision.cause
    return {
        "at": decision.at,
        "call": request.call,
        "caller": request.person,
        "callee": request.callee,
        "precedence": request.precedence.dsn,
        "emergency": request.emergency,
        "verdict": decision.verdict.value,
        "why": decision.reason.by_language(),
        "reason": None if cause is None else cause.reason_header,
    }


def _going(service: CallService) -> list[Call]:
    """Return the calls that go on, oldest first; of one within the site one half."""
    return list({each.call: each for each in service.calls if not each.is_over}.values())


def _call_told(service: CallService, call: Call) -> dict[str, Any]:
    return {
        "call": call.call,
        "caller": call.dial.caller,
        "callee": call.dial.callee,
        "device": call.device,
        "precedence": call.dial.precedence.dsn,
        "emergency": call.dial.emergency,
        "state": call.state.value,
        "began": call.began,
        "connected_at": service.connected_at(call.call),
        "legs": _legs_told(service.legs(call.call)),
    }


def _record_told(record: CallRecord) -> dict[str, Any]:
    return {
        "call": record.call,
        "caller": record.caller,
        "callee": record.callee,
        "device": record.device,
        "precedence": record.precedence.dsn,
        "emergency": record.emergency,
        "began": record.began,
        "connected_at": record.connected_at,
        "ended_at": record.ended_at,
        "cause": record.cause,
        "why": Cause(record.cause).sentence.by_language(),
        "reason": record.reason,
        "legs": _legs_told(record.legs),
    }


def _legs_told(legs: Iterable[LegQuality]) -> list[dict[str, Any]]:
    return [
        {
            "device": each.device,
            "reports": each.reports,
            "seconds": each.seconds,
            "last": _quality_told(each.last),
            "worst": _quality_told(each.worst),
            "mean": _quality_told(each.mean),
            "loss": each.latest.loss,
            "round_trip_ms": each.latest.round_trip_ms,
            "jitter_ms": each.latest.jitter_ms,
        }
        for each in legs
    ]


def _quality_told(quality: Quality) -> dict[str, float]:
    return {"r": quality.r, "mos": quality.mos}
