"""The paths' part of a real console: what it says equals what the planner says, worldwide."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace

import h3.api.numpy_int as h3
import httpx
import numpy as np
import pytest

from baluardo.cli.up import _parse_rain
from baluardo.console.paths import REASONS, SLOTS_AFTER, SLOTS_BEFORE
from baluardo.console.paths_plans import CELLS_RADIUS_KM, Plan, Plans, terminal_names
from baluardo.errors import InvalidInputError, StageError
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.nation import default_path, load
from baluardo.terms import slot_at, slot_start
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.planner import Planner, SlotPaths
from baluardo.twin.paths.rounds import Reason
from baluardo.twin.paths.world import World
from baluardo.twin.radio.climate import rain_rate_exceeded_mm_h
from baluardo.twin.radio.radios import DishKind
from baluardo.twin.radio.rain_field import RainField
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.sky import Sky
from running_console import RunningConsole, running

NOON = 1_748_520_000.0
SLOT = slot_at(NOON)
NATION = load(default_path())
SMALL = default_catalogue().select(np.arange(7_500) % 10 == 0)

half_a_hundredth_deg = 0.005_01
"""Corners of cells come in hundredths of a degree."""


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningConsole]:
    with running(tmp_path_factory.mktemp("state")) as console:
        yield console
        status, talk = console.stop()
        assert status == 0
        assert "Traceback" not in talk
        assert "ERROR" not in talk


@pytest.fixture(scope="module")
def client(console: RunningConsole) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=console.url, timeout=60.0) as client:
        answer = client.post("/api/sky/clock", json={"sky_time": NOON, "paused": True, "rate": 1})
        assert answer.status_code == 200
        yield client


@pytest.fixture(scope="module")
def planner() -> Planner:
    """Return a planner of the whole world: the console's own knows its neighbourhood only."""
    world = World(ComputedEphemeris(Sky(default_catalogue())), subscribers())
    return Planner(world, weather=RainField(1))


def terminals(slot: int) -> list[Terminal]:
    return [
        Terminal(
            site.name.en,
            site.place_at(slot_start(slot)),
            site.mask,
            site.rule,
            DishKind.MARITIME if site.kind == "ship" else DishKind.STANDARD,
        )
        for site in NATION.sites
    ]


def whole(client: httpx.Client, site: str) -> dict:
    """Ask until the whole series is there, as the page does."""
    deadline = time.monotonic() + 60
    while True:
        answer = client.get(f"/api/paths/sites/{site}")
        assert answer.status_code == 200, answer.text
        if answer.json()["complete"]:
            return answer.json()
        assert time.monotonic() < deadline


@pytest.mark.parametrize("row", range(len(NATION.sites)))
def test_a_site_gets_what_the_planner_says(
    client: httpx.Client, planner: Planner, row: int
) -> None:
    answer = client.get(f"/api/paths/sites/{NATION.sites[row].id}").json()
    paths = planner.paths(SLOT, terminals(SLOT))
    catalogue, ground = planner.world.ephemeris.sky.catalogue, planner.world.ephemeris.sky.ground
    assert (answer["slot"], answer["slot_start"]) == (SLOT, slot_start(SLOT))
    assert answer["slot_end"] == slot_start(SLOT + 1)
    now = answer["now"]
    assert now["reason"] == REASONS[paths.reason[row]] == "served"
    satellite = int(paths.satellite[row])
    assert now["satellite"]["number"] == catalogue.numbers[satellite]
    assert now["satellite"]["name"] == catalogue.names[satellite]
    assert now["gateway"] == ground.gateways[paths.gateway[row]].place.name
    assert now["point_of_presence"] == ground.points_of_presence[paths.point[row]].place.name
    assert (now["in_view"], now["handover"]) == (paths.in_view[row], paths.handover[row])
    for field, value in (
        (now["satellite"]["elevation_deg"], paths.elevation_deg),
        (now["delay_up_ms"], paths.delay_up_s * 1e3),
        (now["delay_down_ms"], paths.delay_down_s * 1e3),
        (now["rate_up_bps"], paths.rate_up_bps),
        (now["rate_down_bps"], paths.rate_down_bps),
        (now["loss_up"], paths.loss_up),
        (now["loss_down"], paths.loss_down),
        (now["load"], paths.load),
        (now["rain_mm_h"], paths.rain_mm_h),
        (now["fade_down_db"], paths.fade_down_db),
    ):
        assert field == pytest.approx(float(value[row]), rel=1e-12)


def test_the_series_is_forty_slots_of_the_planner(client: httpx.Client, planner: Planner) -> None:
    answer = whole(client, "rome")
    series = answer["series"]
    first = series.pop("first_slot")
    assert first == SLOT - SLOTS_BEFORE
    assert {len(column) for column in series.values()} == {SLOTS_BEFORE + SLOTS_AFTER + 1} == {40}
    numbers = planner.world.ephemeris.sky.catalogue.numbers
    for index in (0, 1, SLOTS_BEFORE, 39):
        paths: SlotPaths = planner.paths(first + index, terminals(first + index))
        assert series["satellite"][index] == numbers[paths.satellite[0]]
        assert series["handover"][index] == paths.handover[0]
        assert series["delay_up_ms"][index] == pytest.approx(paths.delay_up_s[0] * 1e3, abs=1e-3)
        assert series["rate_down_bps"][index] == pytest.approx(paths.rate_down_bps[0], abs=1.0)
    middle = SLOTS_BEFORE
    assert series["delay_down_ms"][middle] == pytest.approx(
        answer["now"]["delay_down_ms"], abs=1e-3
    )


def test_every_value_says_whose_hand_is_on_it(client: httpx.Client) -> None:
    answer = client.get("/api/paths/sites/rome").json()
    levers = answer["levers"]
    assert levers["asked"] == "ours"
    assert {levers["priority"], levers["landing_rule"]} == {"contract"}
    rest = set(levers) - {"asked", "priority", "landing_rule"}
    assert {levers[name] for name in rest} == {"observed"}
    assert answer["asked"]["gateways"] == sorted(NATION.sites[0].rule.gateways or ())
    for layer in ("sites", "cells", "rain"):
        assert client.get(f"/api/paths/{layer}").json()["lever"] == "observed"


def test_who_serves_each_site(client: httpx.Client) -> None:
    answer = client.get("/api/paths/sites").json()
    assert [entry["site"] for entry in answer["sites"]] == [site.id for site in NATION.sites]
    for entry in answer["sites"]:
        own = client.get(f"/api/paths/sites/{entry['site']}").json()["now"]
        assert entry["satellite"] == own["satellite"]["number"]
        assert entry["reason"] == own["reason"]


def test_cells_are_loaded_as_the_world_says(client: httpx.Client, planner: Planner) -> None:
    answer = client.get("/api/paths/cells").json()
    listed = client.get(f"/api/paths/cells/{answer['cells']}")
    assert "immutable" in listed.headers["cache-control"]
    cells = listed.json()
    assert len(cells["numbers"]) == len(answer["load_percent"]) == len(answer["reason"]) > 10_000
    assert answer["reasons"] == list(REASONS)
    world = planner.world
    assignment = world.assign(SLOT, terminals(SLOT))
    served = assignment.commercial
    expected: dict[int, tuple[int, int]] = {}
    for claim, cell in enumerate(world.claims.cell.tolist()):
        load, reason = expected.get(cell, (-1, 0))
        satellite, channel = served.satellite[claim], served.channel[claim]
        if satellite >= 0:
            share = assignment.used[satellite, channel] / assignment.room[satellite, channel]
            load = max(load, round(100.0 * float(share)))
        expected[cell] = (load, max(reason, int(served.reason[claim])))
    got = zip(answer["load_percent"], answer["reason"], strict=True)
    for name, values in zip(cells["numbers"], got, strict=True):
        assert values == expected[int(name, 16)]


def test_cells_have_their_corners(client: httpx.Client) -> None:
    digest = client.get("/api/paths/cells").json()["cells"]
    cells = client.get(f"/api/paths/cells/{digest}").json()
    middle = NATION.view.lat_deg, NATION.view.lon_deg
    for name, steps in list(zip(cells["numbers"], cells["boundaries"], strict=True))[::500]:
        corners = np.cumsum(np.array(steps).reshape(-1, 2), axis=0) / 100.0
        expected = np.array(h3.cell_to_boundary(int(name, 16)))[:, ::-1]
        np.testing.assert_allclose(corners, expected, rtol=0, atol=half_a_hundredth_deg)
        distance_km = h3.great_circle_distance(middle, h3.cell_to_latlng(int(name, 16)), unit="km")
        assert distance_km <= CELLS_RADIUS_KM + 0.1


def test_rain_is_that_of_the_field(client: httpx.Client) -> None:
    answer = client.get("/api/paths/rain").json()
    assert (answer["slot"], answer["seed"]) == (SLOT, 1)
    tenths = np.array(answer["tenths_mm_h"]).reshape(-1, answer["columns"])
    rows, columns = np.arange(0, tenths.shape[0], 7), np.arange(0, tenths.shape[1], 7)
    lat = answer["south_deg"] + answer["step_deg"] * rows
    lon = answer["west_deg"] + answer["step_deg"] * columns
    lats, lons = (grid.ravel() for grid in np.meshgrid(lat, lon, indexing="ij"))
    percent = RainField(1).percent(lats, lons, slot_start(SLOT))
    expected = rain_rate_exceeded_mm_h(lats, lons, percent)
    got = tenths[np.ix_(rows, columns)].ravel() / 10.0
    np.testing.assert_allclose(got, expected, rtol=0, atol=0.050_001)
    assert (tenths > 0).any()
    assert (tenths == 0).mean() > 0.5


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/paths/sites/atlantis", 404),
        (f"/api/paths/sites/{'x' * 33}", 422),
        ("/api/paths/sites/..%2f..%2fetc", 404),
        ("/api/paths/sites/%00", 404),
        ("/api/paths/cells/00000000", 404),
        ("/api/paths/cells/..", 404),
        ("/api/paths/cells/ABCDEF01", 422),
        (f"/api/paths/cells/{'0' * 4_000}", 422),
        ("/api/paths", 404),
    ],
)
def test_what_is_not_there_is_a_sentence(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")


def test_reasons_are_named_in_their_order() -> None:
    assert [name.replace("-", "_").upper() for name in REASONS] == [r.name for r in Reason]


def test_names_of_terminals_differ() -> None:
    rome, milan = NATION.sites[0], NATION.sites[1]
    called = replace(milan.start, name="rome")
    sites = (
        rome,
        replace(rome, id="rome-2"),
        replace(milan, id="odd", start=called),
        replace(milan, id="milan"),
    )
    assert terminal_names(sites) == ("rome", "rome-2", "odd", "Milan")


def test_dry_by_choice_has_no_rain() -> None:
    plan = Plan(Sky(SMALL), NATION, None)
    assert plan.rain(SLOT).rate_mm_h.shape == (0, 0)
    assert plan.paths(SLOT).rain_mm_h.tolist() == [0.0] * len(NATION.sites)


def test_a_view_without_customers_has_no_cells() -> None:
    view = replace(NATION.view, lat_deg=-89.0, lon_deg=179.0)
    plan = Plan(Sky(SMALL), replace(NATION, view=view), 1)
    assert plan.loads(SLOT).load_percent.size == 0
    assert plan.boundaries == []
    assert np.isfinite(plan.rain(SLOT).rate_mm_h).all()


def test_another_catalogue_means_another_plan() -> None:
    async def scenario() -> None:
        live = LiveSky(Loaded(SMALL))
        plans = Plans(live, NATION, None)
        try:
            before = await plans.paths(SLOT)
            assert plans.known(SLOT) is before
            assert await plans.paths(SLOT) is before
            other = default_catalogue().select(np.arange(7_500) % 10 == 5)
            assert await live.exchange(lambda: Loaded(other))
            assert plans.known(SLOT) is None
            after = await plans.paths(SLOT)
            assert (after.elevation_deg != before.elevation_deg).any()
        finally:
            plans.stop()
        with pytest.raises(StageError, match="stopping"):
            await plans.paths(SLOT)

    asyncio.run(scenario())


def test_equal_questions_are_worked_out_once_and_failures_are_not_kept() -> None:
    async def scenario() -> None:
        plans = Plans(LiveSky(Loaded(SMALL)), NATION, None)
        calls = []

        def question(_plan: Plan) -> int:
            calls.append(1)
            if len(calls) == 1:
                raise InvalidInputError("once")
            return len(calls)

        try:
            asked = await asyncio.gather(
                *(plans.cells(question) for _ in range(3)), return_exceptions=True
            )
            assert [str(answer) for answer in asked] == ["once"] * 3
            assert await asyncio.gather(*(plans.cells(question) for _ in range(3))) == [2, 2, 2]
        finally:
            plans.stop()

    asyncio.run(scenario())


def test_the_rain_of_the_command_line() -> None:
    assert (_parse_rain("none"), _parse_rain("7")) == (None, 7)
    for text in ("", "-1", "1.5", "rain", str(2**63), "\N{ARABIC-INDIC DIGIT ONE}"):
        with pytest.raises(argparse.ArgumentTypeError, match="neither a whole number"):
            _parse_rain(text)
