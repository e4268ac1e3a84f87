"""Calls that rang nowhere: kept for who was away, told once at the next attendance, bounded."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.calls.admission import Decision, Request, Verdict
from baluardo.calls.causes import Cause
from baluardo.edge.calls.browser_frames import Noted, read_said
from baluardo.edge.calls.missed_book import FILE, MissedBook
from baluardo.edge.calls.missed_calls import (
    KEPT_SECONDS,
    LARGEST_FILE,
    MOST_BETWEEN,
    MOST_MISSED,
    MOST_OF_CALLER,
    MOST_OF_PERSON,
    Missed,
    MissedCalls,
)
from baluardo.errors import InvalidInputError
from baluardo.terms import Precedence
from calls.world import OVER
from edge.calls.call_browsers import (
    ANNA,
    BRUNO,
    CARLA,
    Browser,
    call_service,
    now,
    served_calls,
)
from edge.country import until

CALL, OTHER = "0a" * 16, "0b" * 16
AT = 1_800_000_000


def missed(number: int, caller: str = ANNA, **more: Any) -> Missed:
    about = {"precedence": Precedence.ROUTINE, "emergency": False, "at": AT + number} | more
    return Missed(f"{number:032x}", caller, **about)


def frames(browser: Browser) -> list[dict[str, object]]:
    return [each for each in browser.frames if each["type"] == "missed"]


def test_who_was_away_is_told_at_the_next_attendance_until_a_device_has_it(tmp_path: Path) -> None:
    async def play() -> None:
        service = call_service(tmp_path)
        async with served_calls(service) as port, contextlib.AsyncExitStack() as stack:

            async def sits(person: str, device: str = "phone") -> Browser:
                found = await Browser(f"{person}/{device}", port).attend()
                stack.push_async_callback(found.close)
                return found

            bruno = await sits(BRUNO)  # so that he is known here
            assert frames(bruno) == []
            await bruno.close()
            await until(lambda: service.presence.people.devices_of(BRUNO) == ())
            anna = await sits(ANNA)
            began = int(now())
            await anna.dial(CALL, BRUNO)
            await until(lambda: anna.state(CALL) == OVER)
            assert anna.phone.calls[CALL].cause is Cause.NOBODY_THERE

            for _ in range(2):  # what the browser has not confirmed is told again
                back = await sits(BRUNO)
                await until(lambda back=back: frames(back))
                (frame,) = frames(back)
                (told,) = frame["calls"]  # type: ignore[attr-defined]
                assert told | {"at": 0} == missed(10).fields() | {"at": 0, "call": CALL}
                assert began <= told["at"] <= int(now())
            carla = await sits(CARLA)
            await carla.say({"type": "noted", "calls": [CALL]})  # not hers
            await carla.say({"type": "noted", "calls": ["x"]})
            await until(lambda: carla.problems)
            assert len(service._missed.calls) == 1
            await back.say({"type": "noted", "calls": [CALL, OTHER]})
            await until(lambda: len(service._missed.calls) == 0)
            again = await sits(BRUNO, "laptop")
            await until(lambda: again.people)
            assert frames(again) == []

            # Whom a device rings for is not told so.
            await anna.dial(OTHER, BRUNO)
            await until(lambda: again.state(OTHER) == "incoming")
            assert len(service._missed.calls) == 0
        assert (
            not (tmp_path / FILE).exists() or b"person/anna" not in (tmp_path / FILE).read_bytes()
        )

    asyncio.run(play())


def test_it_survives_a_start_and_a_damaged_file_is_forgotten(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    book = MissedBook(tmp_path)
    book.calls.keep(BRUNO, missed(1))
    book.calls.keep(BRUNO, missed(2, CARLA, precedence=Precedence.FLASH, emergency=True))
    asyncio.run(book.save())
    again = MissedBook(tmp_path)
    assert again.calls.of(BRUNO, AT) == book.calls.of(BRUNO, AT)
    (tmp_path / FILE).write_bytes((tmp_path / FILE).read_bytes()[:-1])
    assert len(MissedBook(tmp_path).calls) == 0
    assert "damaged" in caplog.text
    assert "anna" not in caplog.text


def test_nobody_is_told_of_a_call_that_the_caller_may_not_make(tmp_path: Path) -> None:
    service = call_service(tmp_path)  # where people may dial with flash at most

    def refused(number: int, precedence: Precedence, cause: Cause) -> None:
        request = Request(f"{number:032x}", ANNA, precedence, callee=BRUNO)
        service._keep_missed(Decision(float(AT), request, Verdict.REFUSED, cause.sentence, cause))

    refused(1, Precedence.FLASH_OVERRIDE, Cause.NOBODY_THERE)
    refused(2, Precedence.ROUTINE, Cause.NO_ROOM)
    refused(3, Precedence.ROUTINE, Cause.TOO_MANY)
    assert len(service._missed.calls) == 0
    refused(4, Precedence.FLASH, Cause.NOBODY_THERE)
    assert len(service._missed.calls) == 1


def test_who_calls_ten_thousand_times_is_told_of_a_few_times_and_others_stay() -> None:
    kept = MissedCalls()
    kept.keep(BRUNO, missed(1, CARLA))
    for number in range(100, 10_100):
        kept.keep(BRUNO, missed(number))
    found = [int(each.call, 16) for each in kept.of(BRUNO, AT)]
    assert found == [1, *range(10_100 - MOST_BETWEEN, 10_100)]


def test_who_calls_everybody_pushes_out_their_own_calls() -> None:
    kept = MissedCalls()
    kept.keep(BRUNO, missed(1, CARLA))
    for number in range(100, 10_100):
        kept.keep(f"person/p{number}", missed(number))
    assert len(kept) == 1 + MOST_OF_CALLER
    assert len(kept.of(BRUNO, AT)) == 1


def test_a_crowd_does_not_push_out_what_is_urgent() -> None:
    kept = MissedCalls()
    kept.keep(BRUNO, missed(1, CARLA, emergency=True))
    kept.keep(BRUNO, missed(2, CARLA, precedence=Precedence.FLASH))
    for number in range(100, 300):
        kept.keep(BRUNO, missed(number, f"person/p{number}"))
    found = [int(each.call, 16) for each in kept.of(BRUNO, AT)]
    assert found == [1, 2, *range(300 - MOST_OF_PERSON + 2, 300)]


def test_there_is_a_bound_overall_and_it_fits_the_file_and_a_frame() -> None:
    kept = MissedCalls()
    longest = "a" * 64
    for number in range(MOST_MISSED + 100):
        callee, caller = f"person/p{number}{longest}", f"person/q{number // 9}{longest}"
        kept.keep(callee[:70], missed(number, caller[:70], emergency=False))
    assert len(kept) == MOST_MISSED
    assert len(kept.to_octets()) <= LARGEST_FILE
    assert MissedCalls.of_octets(kept.to_octets()).to_octets() == kept.to_octets()


def test_after_thirty_days_it_is_forgotten() -> None:
    kept = MissedCalls()
    kept.keep(BRUNO, missed(1))
    assert kept.of(BRUNO, AT + KEPT_SECONDS) != ()
    assert kept.of(BRUNO, AT + KEPT_SECONDS + 2) == ()
    assert len(kept) == 0
    kept.keep(BRUNO, missed(2, BRUNO))  # one's own telephone rings oneself
    assert len(kept) == 0


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.booleans()), max_size=60))
def test_whatever_was_kept_is_read_again(asked: list[tuple[int, int, bool]]) -> None:
    kept = MissedCalls()
    for number, (person, caller, emergency) in enumerate(asked):
        kept.keep(f"person/p{person}", missed(number, f"person/q{caller}", emergency=emergency))
    assert MissedCalls.of_octets(kept.to_octets()).to_octets() == kept.to_octets()
    for person in range(4):
        calls = [each.call for each in kept.of(f"person/p{person}", AT)]
        assert len(calls) <= 6 * MOST_BETWEEN
        kept.told(f"person/p{person}", calls)
    assert len(kept) == 0
    assert kept._of_caller == kept._of_person == {}


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    with contextlib.suppress(InvalidInputError):
        MissedCalls.of_octets(octets)


@pytest.mark.parametrize(
    "text",
    [
        '{"type":"noted"}',
        '{"type":"noted","calls":{}}',
        '{"type":"noted","calls":[5]}',
        '{"type":"noted","calls":["0A"]}',
        '{"type":"noted","calls":[],"more":1}',
        '{"type":"noted","calls":[' + ",".join([f'"{CALL}"'] * (MOST_OF_PERSON + 1)) + "]}",
    ],
)
def test_a_receipt_is_of_calls_and_of_no_more_than_there_are(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_said(text)


def test_a_receipt_is_read() -> None:
    assert read_said(f'{{"type":"noted","calls":["{CALL}"]}}') == Noted((CALL,))
