"""The fleet's part of a real console: what it says equals what the planners say."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest
from fastapi import Request
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.console.app import create_console
from baluardo.console.fleet import fleet_part
from baluardo.console.fleet_members import Mission as Course
from baluardo.console.fleet_members import members, short_name
from baluardo.console.paths import REASONS
from baluardo.console.sky import sky_part
from baluardo.fleet.contacts.making import ContactPlanner, Mission
from baluardo.fleet.contacts.plan import contacts, gaps
from baluardo.fleet.motion.voyage import Voyage, WayPoint
from baluardo.geo.subscribers import subscribers
from baluardo.scenario.missions import load_missions
from baluardo.scenario.nation import default_path, load
from baluardo.terms import slot_at
from baluardo.twin.catalogues import Loaded
from baluardo.twin.clock import Readings
from baluardo.twin.live import LiveSky
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.near.sky import Cap, prepare
from baluardo.twin.sky.shells import default_catalogue
from baluardo.twin.sky.sky import Sky
from served import served

NOON = 1_748_520_000.0
NATION = load(default_path())
SMALL = default_catalogue().select(np.arange(7_500) % 10 == 0)
HIDDEN = "drone"


def sight(request: Request) -> Callable[[str], bool]:
    """Show the drone to who asks with the right word, as an authority's session would."""
    fleet_officer = request.headers.get("x-who") == "fleet-officer"
    return lambda name: fleet_officer or name != HIDDEN


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    """Return a client of a console whose sky stands still at noon."""
    live = LiveSky(Loaded(SMALL), read=lambda: Readings(time.monotonic(), NOON))
    parts = [sky_part(live, NATION), fleet_part(live, NATION, None, sight)]
    with (
        served(create_console(parts, ["127.0.0.1"])) as address,
        httpx.Client(base_url=address, timeout=60.0) as client,
    ):
        said = {"sky_time": NOON, "paused": True, "rate": 1}
        assert client.post("/api/sky/clock", json=said).status_code == 200
        # The first question has the sky's code compiled; the fleet waits for that.
        assert client.get("/api/sky/sites/rome").status_code == 200
        yield client


def until_complete(client: httpx.Client, path: str) -> dict:
    """Ask as the page does until the load of commercial users is known."""
    deadline = time.monotonic() + 300.0
    while time.monotonic() < deadline:
        answer = client.get(path)
        assert answer.status_code in {200, 202}, answer.text
        if answer.status_code == 200 and answer.json()["complete"]:
            return answer.json()
        time.sleep(0.2)
    pytest.fail("The sky ahead was not prepared.")


def of(client: httpx.Client, name: str) -> dict:
    fleet = client.get("/api/fleet").json()
    return next(each for each in fleet["platforms"] if each["id"] == name)


def test_the_fleet_is_the_sites_that_move_and_the_missions(client: httpx.Client) -> None:
    fleet = client.get("/api/fleet").json()
    assert fleet["time"] == NOON
    told = {each["id"]: each for each in fleet["platforms"]}
    assert list(told) == ["frigate", "helicopter", "patrol-aircraft"]
    site = next(s for s in NATION.sites if s.id == "frigate")
    place = site.place_at(NOON)
    frigate = told["frigate"]
    assert (frigate["lat_deg"], frigate["lon_deg"]) == (place.lat_deg, place.lon_deg)
    assert frigate["kind"] == "ship"
    assert len(frigate["ahead"]) == 6 * 12 + 1
    lon, lat, when = frigate["ahead"][12]
    assert when == NOON + 3_600.0
    assert (lat, lon) == site.track.position_at(when)
    assert told["helicopter"]["name"] == {"it": "Elicottero", "en": "Helicopter"}
    assert told["helicopter"]["landing"]["rule"]["not_in_countries"] == ["BG", "TR"]
    assert fleet["levers"]["course"] == "ours"
    assert fleet["levers"]["satellite"] == "observed"


@pytest.mark.parametrize("name", ["frigate", "patrol-aircraft"])
def test_a_plan_is_the_planners(client: httpx.Client, name: str) -> None:
    answer = until_complete(client, f"/api/fleet/{name}/plan?hours=1")
    member = next(m for m in members(NATION, NOON) if m.id == name)
    place = member.course.now(NOON)
    first, slots = slot_at(NOON), 241
    cap = Cap(place.lat_deg, place.lon_deg, 900.0)
    near = prepare(ComputedEphemeris(Sky(SMALL)), cap, first, slots, users=subscribers())
    plan = ContactPlanner(near).plan(
        Mission(member.platform, member.course.whereabouts(first, slots), first)
    )
    expected = [c for c in contacts(plan) if c.start < NOON + 3_600.0]
    told = answer["contacts"]
    assert [(c["start"], c["satellite"], c["gateway"]) for c in told] == [
        (c.start, c.satellite, c.gateway) for c in expected
    ]
    for one, other in zip(told, expected, strict=True):
        assert one["round_trip_ms"][0] == pytest.approx(other.round_trip_s[0] * 1e3, abs=1e-3)
    assert [(g["start"], g["reason"]) for g in answer["gaps"]] == [
        (g.start, REASONS[g.cause]) for g in gaps(plan) if g.start < NOON + 3_600.0
    ]
    in_touch = sum(min(c["end"], NOON + 3_600.0) - max(c["start"], NOON) for c in told)
    assert answer["availability"] == pytest.approx(in_touch / 3_600.0)
    now = of(client, name)
    assert now["serving"]["satellite"] == (told[0]["satellite"] if told else None)


def test_the_watch_list_is_the_gaps_of_all_in_their_order(client: httpx.Client) -> None:
    watch = until_complete(client, "/api/fleet/watch?hours=3")
    starts = [gap["start"] for gap in watch["gaps"]]
    assert starts == sorted(starts)
    for name in ("frigate", "helicopter", "patrol-aircraft"):
        plan = until_complete(client, f"/api/fleet/{name}/plan?hours=3")
        mine = [{k: g[k] for k in ("start", "end", "reason")} for g in plan["gaps"]]
        watched = [g for g in watch["gaps"] if g["platform"] == name]
        assert [{k: g[k] for k in ("start", "end", "reason")} for g in watched] == mine
    assert watch["gaps"], "a tenth of the sky leaves gaps"


def test_who_may_not_see_a_platform_is_told_nothing_of_it(client: httpx.Client) -> None:
    officer = {"x-who": "fleet-officer"}
    ids = [p["id"] for p in client.get("/api/fleet", headers=officer).json()["platforms"]]
    assert HIDDEN in ids
    assert client.get(f"/api/fleet/{HIDDEN}/plan", headers=officer).status_code in {200, 202}
    hidden = client.get(f"/api/fleet/{HIDDEN}/plan")
    absent = client.get("/api/fleet/nobody/plan")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.json() == absent.json()
    for path in ("/api/fleet", "/api/fleet/watch?hours=6"):
        until_complete(client, "/api/fleet/watch?hours=6")
        assert HIDDEN not in client.get(path).text
        assert "Drone" not in client.get(path).text


TRACK = {
    "kind": "ship",
    "waypoints": [[37.0, 17.0], [36.5, 18.0]],
    "speed_kn": 16.0,
    "height_m": 25.0,
    "start": NOON,
}


def drawn(client: httpx.Client, **other: object) -> httpx.Response:
    until_complete(client, "/api/fleet/watch?hours=6")
    return client.post("/api/fleet/plan", json=TRACK | other)


def test_a_track_that_is_drawn_gets_its_plan(client: httpx.Client) -> None:
    answer = drawn(client)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    (leg,) = told["legs"]
    assert told["arrival"] == pytest.approx(
        NOON + leg["length_m"] / (16.0 * 1_852.0 / 3_600.0), abs=1.0
    )
    assert leg["length_m"] == pytest.approx(104_700.0, rel=0.01)
    assert told["contacts"]
    strict = drawn(client, rule={"gateways": ["Marsala"], "not_in_countries": ["IT"]}).json()
    assert strict["contacts"] == []
    assert {gap["reason"] for gap in strict["gaps"]} >= {"no-landing"}


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"speed_kn": 90.0}, "which a ship goes"),
        ({"waypoints": []}, "waypoints"),
        ({"waypoints": [[0.0, 90.0]]}, "prepared only so far"),
        ({"waypoints": [[99.0, 17.0]]}, ""),
        ({"start": NOON + 9_000.0}, "neither now nor in the next"),
        ({"height_m": -1.0}, "Height"),
        ({"rule": {"gateways": ["Atlantis"]}}, "Atlantis"),
        ({"kind": "submarine"}, "kind"),
        ({"waypoints": [[37.0, 17.0]] * 101}, "up to 100 points"),
        ({"more": 1}, "more"),
    ],
)
def test_a_track_that_cannot_be_is_refused(
    client: httpx.Client, other: dict[str, object], words: str
) -> None:
    answer = drawn(client, **other)
    assert answer.status_code == 422
    assert words in answer.text
    assert isinstance(answer.json()["detail"], str)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.sampled_from([*TRACK, "rule"]), anything)
def test_whatever_is_asked_is_answered_or_refused(
    client: httpx.Client, field: str, value: object
) -> None:
    try:
        answer = drawn(client, **{field: value})
    except ValueError:
        return  # what JSON cannot carry is not sent
    assert answer.status_code in {200, 400, 413, 422}


def test_a_mission_without_a_time_goes_round() -> None:
    (helicopter,) = (m for m in members(NATION, NOON) if m.id == "helicopter")
    course = helicopter.course
    assert isinstance(course, Course)
    lasts = course.voyage.end - course.voyage.start
    start = course.now(NOON)
    assert (start.lat_deg, start.lon_deg) == pytest.approx((37.2, 17.0))
    for later in (0.0, 1_000.0, 0.4 * lasts):
        one, other = course.now(NOON + later), course.now(NOON + later + 3.0 * lasts)
        assert (one.lat_deg, one.lon_deg) == pytest.approx((other.lat_deg, other.lon_deg), abs=1e-6)
        assert one.speed_m_s == pytest.approx(other.speed_m_s)
    where = course.whereabouts(slot_at(NOON), 4 * 240)
    jumps = np.hypot(np.diff(where.lat_deg), np.diff(where.lon_deg) * math.cos(0.64)) * 111.2
    assert jumps.max() < 15.0 * 0.09 + 0.1, "no faster than a helicopter"


def test_a_mission_with_a_time_waits_and_stays() -> None:
    legs = (WayPoint(37.0, 15.0, speed_kn=20.0), WayPoint(37.0, 15.5))
    course = Course(Voyage(legs, NOON), again=False)
    assert course.now(NOON - 60.0).speed_m_s == 0.0
    assert course.now(NOON + 60.0).speed_m_s == pytest.approx(20.0 * 1_852.0 / 3_600.0, rel=1e-6)
    there = course.now(NOON + 86_400.0)
    assert (there.lon_deg, there.speed_m_s) == (pytest.approx(15.5), 0.0)


def test_names_become_addresses_and_none_is_lost(tmp_path) -> None:
    assert short_name("Patrol aircraft") == "patrol-aircraft"
    assert short_name("Ærø!") == "r"
    assert short_name("!!") == "platform"
    text = "version = 1\n" + "".join(
        f'[[platforms]]\nid = "{name}"\nkind = "ship"\n'
        "way_points = [{ lat_deg = 37.0, lon_deg = 17.0 }]\n"
        for name in ("A b", "a-b", "Rome")
    )
    (tmp_path / "m.toml").write_text(text)
    (tmp_path / "n.toml").write_text(
        default_path().read_text().replace("mediterranean.toml", "m.toml")
    )
    nation = load(tmp_path / "n.toml")
    assert nation.missions is not None
    assert nation.missions.sailings == load_missions(tmp_path / "m.toml").sailings
    # "Rome" is a site's name: that one is lived, and stays where it is.
    assert [m.id for m in members(nation, NOON)] == ["frigate", "a-b", "a-b-2"]
