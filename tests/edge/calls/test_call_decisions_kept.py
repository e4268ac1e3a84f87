"""Why calls were refused or had to yield: kept, bounded whoever dials, told as SIP writes it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from baluardo.calls.admission import Admission, AdmissionSettings, Decision, Request, Verdict
from baluardo.calls.call_rate import SiteRate
from baluardo.calls.causes import Cause
from baluardo.edge.calls.decision_log import DecisionLog
from baluardo.edge.calls.kept_decisions import (
    MOST_BY_ANYBODY,
    MOST_DECISIONS,
    MOST_OF_PERSON,
    KeptDecisions,
)
from baluardo.edge.calls.record_pages import decisions_told
from baluardo.terms import Precedence
from edge.calls.call_browsers import call_service

ROME, MILAN = "office/rome", "office/milan"
ANNA, BRUNO, CARLA = "person/anna", "person/bruno", "person/carla"
BOTH, RATE = (ROME, MILAN), 100.0


def decision(number: int, person: str, cause: Cause | None = Cause.NO_ROOM) -> Decision:
    request = Request(f"{number:032x}", person, Precedence.ROUTINE, callee=BRUNO)
    verdict = Verdict.ADMITTED if cause is None else Verdict.REFUSED
    return Decision(float(number), request, verdict, Cause.NO_ROOM.sentence, cause)


def calls(kept: KeptDecisions) -> list[int]:
    return [int(each.request.call, 16) for each in kept.decisions]


def test_who_dials_without_end_pushes_out_what_was_decided_on_them_alone() -> None:
    kept = KeptDecisions()
    for number in range(3):
        kept.keep(decision(number, CARLA))
    for number in range(100, 10_100):
        kept.keep(decision(number, ANNA))
    assert calls(kept) == [0, 1, 2, *range(10_100 - MOST_OF_PERSON, 10_100)]


def test_a_site_that_makes_names_up_takes_a_part_and_no_more() -> None:
    kept = KeptDecisions()
    honest = [number for number in range(120) if number % 3 == 0]
    for number in honest:
        kept.keep(decision(number, f"person/p{number}", None))
    for number in range(1_000, 3_000):
        kept.keep(decision(number, f"person/made-up-{number}", Cause.NOT_THEIRS))
    assert calls(kept) == [*honest, *range(3_000 - MOST_BY_ANYBODY, 3_000)]


def test_the_oldest_goes_where_there_are_many() -> None:
    kept = KeptDecisions()
    for number in range(MOST_DECISIONS + 7):
        kept.keep(decision(number, f"person/p{number}"))
    assert calls(kept) == list(range(7, MOST_DECISIONS + 7))


def test_a_site_tells_who_yielded_to_whom_in_both_languages_with_the_cause_of_the_rfc(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    service = call_service(tmp_path)
    admission = Admission(
        lambda _site, _slot: SiteRate(RATE, RATE),
        lambda person: Precedence.ROUTINE if person == CARLA else Precedence.FLASH,
        AdmissionSettings(0, 2, RATE),
    )
    log = DecisionLog(logging.getLogger("baluardo.edge.calls"))
    caplog.set_level(logging.INFO, "baluardo.edge.calls")
    asked = (
        Request("01" * 16, ANNA, Precedence.ROUTINE, False, BOTH, RATE, BRUNO),
        Request("02" * 16, BRUNO, Precedence.FLASH, True, BOTH, RATE, CARLA),
        Request("03" * 16, CARLA, Precedence.PRIORITY, False, BOTH, RATE),
    )
    for at, request in enumerate(asked):
        decided = admission.ask(request, 1_790_000_000.0 + at)
        for each in (decided, *decided.yielding):
            log.write(each)
            service._kept_decisions.keep(each)

    told = decisions_told(service)
    assert told["site"] == ROME
    refused, yields, flash, first = told["decisions"]
    assert (first["verdict"], first["reason"]) == ("admitted", None)
    assert (flash["caller"], flash["callee"], flash["emergency"]) == (BRUNO, CARLA, True)
    assert yields["call"] == "01" * 16
    assert yields["verdict"] == "yields"
    assert yields["reason"] == 'preemption ;cause=2 ;text="Reserved Resources Preempted"'
    assert "cede il posto" in yields["why"]["it"]
    assert "yields its room" in yields["why"]["en"]
    assert refused["reason"] == 'Q.850 ;cause=50 ;text="forbidden precedence"'
    assert refused["callee"] == ""

    lines = [each.getMessage() for each in caplog.records]
    assert lines[2].endswith('Reason: preemption ;cause=2 ;text="Reserved Resources Preempted"')
    assert lines[0].startswith(f"Call {'01' * 16} of {ANNA} to {BRUNO}, routine: admitted.")
    assert "Reason" not in lines[0]
