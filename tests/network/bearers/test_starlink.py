"""A dish read over real gRPC: well, silent, lying, speaking nonsense, rebooting, gone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from dish import Dish
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, SourceError
from baluardo.network.bearers import starlink
from baluardo.network.bearers.starlink import DishReader, load_library, read_dish, telemetry_of
from baluardo.network.bearers.telemetry import Telemetry

PATIENCE = 30.0


@pytest.fixture
def dish() -> Iterator[Dish]:
    one = Dish()
    yield one
    one.close()


@pytest.fixture
def reader(dish: Dish, monkeypatch: pytest.MonkeyPatch) -> Iterator[DishReader]:
    monkeypatch.setattr(starlink, "TIMEOUT_SECONDS", 0.5)
    one = DishReader(dish.address, interval_s=0.02)
    one.start()
    yield one
    one.close()


def wait_for(condition: Callable[[], Any]) -> Any:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if result := condition():
            return result
        time.sleep(0.01)
    pytest.fail("it did not come")


def latest(reader: DishReader) -> Telemetry | None:
    return reader.latest(time.monotonic())


def test_dish_is_read(reader: DishReader) -> None:
    told = wait_for(lambda: latest(reader))
    assert told.up_bps == 7e6
    assert told.down_bps == 42e6
    assert told.drop == pytest.approx(0.01)
    assert told.latency_s == pytest.approx(0.0335)
    assert told.fraction_obstructed == pytest.approx(0.02)
    assert (told.obstructed, told.outage, told.uptime_s) == (False, None, 86_400.0)
    assert told.alerts == ("thermal_throttle",)
    assert reader.problem is None


def test_outage_is_told_in_the_dishs_own_word(dish: Dish, reader: DishReader) -> None:
    dish.status["outage"] = {"cause": 5}
    assert wait_for(lambda: (t := latest(reader)) and t.outage) == "NO_SATS"
    del dish.status["outage"]
    wait_for(lambda: (t := latest(reader)) and t.outage is None)


def test_dish_that_hangs_stops_being_news_and_holds_nobody(dish: Dish, reader: DishReader) -> None:
    told = wait_for(lambda: latest(reader))
    dish.hangs.set()
    wait_for(lambda: reader.problem)
    assert reader.latest(told.at + 60.0) is None
    dish.hangs.clear()
    dish.asked.clear()
    wait_for(dish.asked.is_set)


def test_reader_closes_while_its_dish_hangs(dish: Dish) -> None:
    dish.hangs.set()
    one = DishReader(dish.address, interval_s=0.02)
    one.start()
    wait_for(dish.asked.is_set)
    one.close()
    assert not one._thread.is_alive()


@pytest.mark.parametrize(
    ("field", "value", "word"),
    [
        ("uplink_throughput_bps", -5.0, "uplink_throughput_bps"),
        ("downlink_throughput_bps", float("nan"), "downlink_throughput_bps"),
        ("downlink_throughput_bps", 1e30, "downlink_throughput_bps"),
        ("pop_ping_drop_rate", 7.0, "pop_ping_drop_rate"),
        ("pop_ping_latency_ms", float("inf"), "pop_ping_latency_ms"),
        ("device_info", {"id": ""}, "no identity"),
    ],
)
def test_dish_that_lies_is_believed_nothing(
    dish: Dish, reader: DishReader, field: str, value: object, word: str
) -> None:
    dish.status[field] = value
    problem = wait_for(lambda: (p := reader.problem) and word in p.en and p)
    assert "Nothing was taken from it" in problem.en
    assert problem.it != problem.en


def test_latency_that_was_not_measured_is_none(dish: Dish, reader: DishReader) -> None:
    dish.status["pop_ping_latency_ms"] = -1.0
    wait_for(lambda: (t := latest(reader)) and t.latency_s is None)


def test_octets_that_are_no_message_are_survived(dish: Dish, reader: DishReader) -> None:
    dish.octets = b"\xff" * 40
    wait_for(lambda: (p := reader.problem) and "tells nothing" in p.en)
    dish.octets = None
    wait_for(lambda: reader.problem is None)


def test_dish_that_reboots_into_another_version_is_read_again(
    dish: Dish, reader: DishReader
) -> None:
    wait_for(lambda: latest(reader))
    dish.close()
    wait_for(lambda: reader.problem)
    newer = Dish(dish.port, alerts=("dish_water_detected",))
    try:
        newer.status["device_state"] = {"uptime_s": 4}
        newer.status["alerts"] = {"dish_water_detected": True}
        told = wait_for(lambda: (t := latest(reader)) and t.uptime_s == 4.0 and t)
        assert told.alerts == ("dish_water_detected",)
    finally:
        newer.close()


def test_no_dish_is_a_sentence() -> None:
    one = DishReader("127.0.0.1:1", interval_s=0.02)
    one.start()
    problem = wait_for(lambda: (p := one.problem) and "tells nothing" in p.en and p)
    assert "judged by probes" in problem.en
    one.close()


def test_missing_package_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "starlink_grpc", None)
    with pytest.raises(SourceError, match="starlink-grpc-core is missing"):
        load_library()
    one = DishReader(interval_s=0.02)
    one.start()
    assert (
        "baluardo[starlink]" in wait_for(lambda: (p := one.problem) and "missing" in p.en and p).it
    )
    one.close()


@settings(max_examples=60, deadline=None)
@given(octets=st.binary(max_size=200))
def test_any_octets_of_a_dish_are_taken_or_refused(octets: bytes) -> None:
    """Fuzzed over the real channel: one dish for all examples."""
    dish, library, context = _fuzzed()
    dish.octets = octets
    try:
        told = read_dish(library, context, lambda: 1.0)
    except SourceError as problem:
        assert str(problem).isprintable()
    else:
        assert isinstance(told, Telemetry)


_KEPT: list[Any] = []


def _fuzzed() -> Any:
    if not _KEPT:
        dish, library = Dish(), load_library()
        _KEPT.extend((dish, library, library.ChannelContext(target=dish.address)))
    return _KEPT


@pytest.fixture(autouse=True, scope="module")
def fuzzed_dish_closes() -> Iterator[None]:
    yield
    if _KEPT:
        _KEPT[2].close()
        _KEPT[0].close()
        _KEPT.clear()


@pytest.mark.parametrize("field", ["drop", "fraction_obstructed", "latency_s", "up_bps"])
@pytest.mark.parametrize("value", [-0.1, float("nan"), float("inf")])
def test_telemetry_that_nothing_can_measure_is_refused(field: str, value: float) -> None:
    with pytest.raises(InvalidInputError, match=field):
        Telemetry(0.0, **{field: value})  # type: ignore[arg-type]


ANY = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=80) | st.binary()
FIELDS = ("id", "state", "uptime", "uplink_throughput_bps", "pop_ping_drop_rate", "obstructed")


@given(
    status=st.dictionaries(st.sampled_from(FIELDS), ANY),
    alerts=st.dictionaries(st.text(max_size=70), ANY, max_size=80),
)
def test_any_fields_are_taken_or_refused(
    status: dict[str, object], alerts: dict[str, object]
) -> None:
    try:
        telemetry_of({"id": "ut01", "state": "CONNECTED", **status}, alerts, 1.0)
    except SourceError as problem:
        assert str(problem).isprintable()
        assert len(str(problem)) < 400
