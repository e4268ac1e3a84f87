"""Calls that are over: so many are kept, and nobody's dialling pushes out those of others."""

from __future__ import annotations

from baluardo.calls.bodies import Dial, Side
from baluardo.calls.call import Call
from baluardo.calls.causes import Cause
from baluardo.calls.events import Ended
from baluardo.edge.calls.call_records import MOST_OF_CALLER, MOST_RECORDS, CallRecords

ANNA, CARLA = "person/anna.rossi/phone", "person/carla.verdi/phone"
ROME, MILAN = "office/rome", "office/milan"


def end(records: CallRecords, number: int, caller: str) -> str:
    dial = Dial(caller, "person/bruno.neri")
    call = Call(f"{number:032x}", Side.CALLEE, dial, (ROME, MILAN), {}, 1, 1.0 + number)
    records.ended(call, Ended(call.call, call.side, Cause.HUNG_UP, "", 1.0 + number))
    return call.call


def test_one_device_pushes_out_its_own_calls_alone() -> None:
    records = CallRecords()
    others = [end(records, number, CARLA) for number in range(3)]
    own = [end(records, 100 + number, ANNA) for number in range(2 * MOST_RECORDS)]
    kept = [each.call for each in records.records]
    assert kept == [*others, *own[-MOST_OF_CALLER:]]


def test_of_many_devices_the_oldest_call_goes() -> None:
    records = CallRecords()
    calls = [
        end(records, number, f"person/anna.rossi/phone-{number % 50}")
        for number in range(MOST_RECORDS + 7)
    ]
    assert [each.call for each in records.records] == calls[7:]
