"""What the console serves of the sky, over real sockets from a real `baluardo up`."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from itertools import pairwise

import httpx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from baluardo.console.sky import MOST_SCREENS, SEND_SECONDS, site_question
from baluardo.edge.calls.browser_frames import LARGEST_FRAME
from baluardo.geo.ellipsoid import geodetic, places_earth_fixed
from baluardo.scenario.nation import default_path, load
from baluardo.terms import Mask, Status
from baluardo.twin.frame import Frame, decode_frame
from baluardo.twin.live import LEAST_BETWEEN_FRAMES_S
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.propagation import positions_at
from baluardo.twin.sky.sky import Sky
from running_console import RunningConsole, running

NOON = 1_748_520_000.0
SPEED_OF_LIGHT_KM_S = 299_792.458

half_a_metre_km = 0.000_5
"""Half the spacing of float32 at 7,000 km."""
a_metre_km = 0.001


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
        yield client


@pytest.fixture(autouse=True)
def _at_noon(request: pytest.FixtureRequest) -> None:
    """Start every test at a paused noon, so that answers can be compared."""
    if "client" in request.fixturenames:
        set_clock(request.getfixturevalue("client"), sky_time=NOON, paused=True, rate=1)


def set_clock(client: httpx.Client, **wish: object) -> dict:
    answer = client.post("/api/sky/clock", json=wish)
    assert answer.status_code == 200, answer.text
    return answer.json()


@contextmanager
def screen(console: RunningConsole, **options: object) -> Iterator[ClientConnection]:
    with connect(console.frames_url, compression=None, proxy=None, **options) as connection:
        yield connection


def next_frame(socket: ClientConnection) -> Frame:
    octets = socket.recv(timeout=20)
    assert isinstance(octets, bytes)
    return decode_frame(octets)


def read_on(socket: ClientConnection) -> None:
    """Read a few frames more than can be on the way."""
    for _ in range(5):
        socket.recv(timeout=20)


def test_description(client: httpx.Client, default_catalogue: Catalogue) -> None:
    sky = client.get("/api/sky").json()
    assert sky["catalogue"]["count"] == 7_500 == len(default_catalogue)
    assert sky["catalogue"]["ageless"]
    assert sky["catalogue"]["shells"] == list(default_catalogue.shell_names)
    assert sky["satellites"]["numbers"] == default_catalogue.numbers.tolist()
    assert sky["satellites"]["names"] == list(default_catalogue.names)
    assert sky["satellites"]["generation"] == default_catalogue.generation.tolist()
    assert sky["satellites"]["shell"] == default_catalogue.shell.tolist()
    assert sky["sites"][0]["id"] == "rome"
    assert sky["sites"][3]["name"] == {"it": "Fregata, mar Ionio", "en": "Frigate, Ionian Sea"}
    assert len(sky["gateways"]) == 27
    assert {p["name"] for p in sky["points_of_presence"]} >= {"Milan", "Frankfurt", "Madrid"}
    assert {g["id"] for g in sky["generations"]} == {0, 1, 2, 3}
    assert sky["nation"] == {"it": "Italia", "en": "Italy"}


def test_a_replay_by_choice_is_said(client: httpx.Client) -> None:
    sky = client.get("/api/sky").json()
    assert sky["replay"]
    assert any("2025-05-29 12:00 UTC" in notice["en"] for notice in sky["notices"])
    status = client.get("/api/console").json()["status"]
    assert any(item["id"] == "not-now" for item in status)
    set_clock(client, mode="now")
    assert not client.get("/api/sky").json()["replay"]


def test_frames_show_the_positions_of_their_time(
    console: RunningConsole, client: httpx.Client, default_catalogue: Catalogue
) -> None:
    set_clock(client, rate=60, paused=False)
    with screen(console) as socket:
        frames = [next_frame(socket) for _ in range(3)]
    sky = Sky(default_catalogue)
    for frame in frames:
        expected = positions_at(default_catalogue, [frame.sky_time])[0]
        np.testing.assert_allclose(frame.positions, expected, rtol=0, atol=half_a_metre_km)
        np.testing.assert_array_equal(frame.status, sky.statuses(expected))
        assert frame.replay
        assert not frame.paused
        assert frame.rate == 60.0
    assert frames[2].sky_time > frames[1].sky_time > frames[0].sky_time
    assert frames[2].sequence > frames[1].sequence > frames[0].sequence


def test_every_screen_gets_the_same_frames(console: RunningConsole, client: httpx.Client) -> None:
    set_clock(client, paused=False)
    with ExitStack() as open_screens:
        screens = [open_screens.enter_context(screen(console)) for _ in range(20)]
        got = [[s.recv(timeout=20) for _ in range(3)] for s in screens]
    by_sequence: dict[int, set[bytes]] = {}
    for frames in got:
        sequences = [decode_frame(octets).sequence for octets in frames]
        assert sequences == list(range(sequences[0], sequences[0] + 3))
        for sequence, octets in zip(sequences, frames, strict=True):
            by_sequence.setdefault(sequence, set()).add(octets)
    assert all(len(different) == 1 for different in by_sequence.values())


def test_a_page_of_another_origin_gets_no_frames(console: RunningConsole) -> None:
    elsewhere = screen(console, origin="http://elsewhere.example")
    with pytest.raises(InvalidStatus) as refused:
        elsewhere.__enter__()
    assert refused.value.response.status_code == 403


def test_a_page_of_another_origin_cannot_set_the_clock(client: httpx.Client) -> None:
    answer = client.post(
        "/api/sky/clock", json={"paused": False}, headers={"origin": "http://elsewhere.example"}
    )
    assert answer.status_code == 403
    assert client.get("/api/sky/clock").json()["paused"]


@pytest.mark.parametrize("message", ["hello", b"\x00", "", "x" * (LARGEST_FRAME + 1)])
def test_a_screen_that_talks_is_closed(console: RunningConsole, message: str | bytes) -> None:
    with screen(console) as socket:
        next_frame(socket)
        socket.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            read_on(socket)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == (1009 if len(message) > LARGEST_FRAME else 1008)


def test_screens_are_counted(console: RunningConsole, client: httpx.Client) -> None:
    with ExitStack() as open_screens:
        for _ in range(MOST_SCREENS):
            open_screens.enter_context(screen(console))
        one_more = open_screens.enter_context(screen(console))
        with pytest.raises(ConnectionClosed) as closed:
            one_more.recv(timeout=20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1013
        assert "screens are open" in closed.value.rcvd.reason
        assert client.get("/api/sky/clock").status_code == 200
    deadline = time.monotonic() + 60
    while True:
        try:
            with screen(console) as socket:
                next_frame(socket)
            break
        except ConnectionClosed:
            assert time.monotonic() < deadline
            time.sleep(0.1)


def test_a_screen_that_does_not_read_is_dropped_and_holds_up_nobody(
    console: RunningConsole, client: httpx.Client
) -> None:
    host, port = httpx.URL(console.url).host, httpx.URL(console.url).port
    stuck = socket.socket()
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    stuck.connect((host, port))
    stuck.sendall(
        f"GET /api/sky/frames HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    # What buffers on the way hold, far from all that are made.
    held = 12
    # Frames come no faster than this by the server's own clock: once the buffers are full and these
    # frames have come, it has waited for the stuck screen for longer than it does.
    count = held + int((SEND_SECONDS + 3.0) / LEAST_BETWEEN_FRAMES_S)
    with stuck, screen(console) as reading:
        for sent in range(count):
            set_clock(client, sky_time=NOON + sent)
            next_frame(reading)
        stuck.settimeout(60)
        received = 0
        while chunk := stuck.recv(65_536):
            received += len(chunk)
            assert received < held * 97_540


def test_site(client: httpx.Client, default_catalogue: Catalogue) -> None:
    answer = client.get("/api/sky/sites/rome").json()
    nation = load(default_path())
    rome = nation.sites[0]
    assert answer["time"] == NOON
    elevations = [s["elevation_deg"] for s in answer["satellites"]]
    assert 5 < len(elevations) < 80
    assert elevations == sorted(elevations, reverse=True)
    assert elevations[-1] >= 25.0
    positions = positions_at(default_catalogue, [NOON])[0]
    here = places_earth_fixed([rome.start])[0]
    for seen in answer["satellites"]:
        index = default_catalogue.index_of(seen["number"])
        distance = np.linalg.norm(positions[index] - here)
        assert seen["range_km"] == pytest.approx(distance, abs=a_metre_km)
    for route in (answer["route"], answer["alternative"]):
        hops = route["hops"]
        assert hops[0]["kind"] == "uplink"
        assert [h["kind"] for h in hops][-2:] == ["downlink", "fibre"]
        assert hops[0]["from"] == "Rome"
        assert all(a["to"] == b["from"] for a, b in pairwise(hops))
        assert all(a["path"][1] == b["path"][0] for a, b in pairwise(hops))
        assert route["delay_ms"] == pytest.approx(sum(h["delay_ms"] for h in hops))
        assert route["gateway"] in rome.rule.gateways
        assert hops[0]["delay_ms"] == pytest.approx(
            hops[0]["length_km"] / SPEED_OF_LIGHT_KM_S * 1_000
        )
    assert not set(answer["route"]["satellites"]) & set(answer["alternative"]["satellites"])
    assert answer["reason"] is None


def test_a_moving_site_is_where_its_track_is(client: httpx.Client) -> None:
    frigate = load(default_path()).sites[3]
    for time_s in (NOON, NOON + 7_200.0):
        set_clock(client, sky_time=time_s)
        answer = client.get("/api/sky/sites/frigate").json()
        place = frigate.place_at(time_s)
        assert (answer["lat_deg"], answer["lon_deg"]) == (place.lat_deg, place.lon_deg)


def test_all_sites_are_where_their_panels_say(client: httpx.Client) -> None:
    described = {site["id"]: site for site in client.get("/api/sky").json()["sites"]}
    set_clock(client, sky_time=NOON + 7_200.0, paused=True)
    sites = client.get("/api/sky/sites").json()
    assert [site["id"] for site in sites] == list(described)
    for site in sites:
        panel = client.get(f"/api/sky/sites/{site['id']}").json()
        assert (site["lat_deg"], site["lon_deg"]) == (panel["lat_deg"], panel["lon_deg"])
        moved = site["lat_deg"] != described[site["id"]]["lat_deg"]
        assert moved == (site["kind"] == "ship")


def test_satellite(client: httpx.Client, default_catalogue: Catalogue) -> None:
    number = int(default_catalogue.numbers[42])
    answer = client.get(f"/api/sky/satellites/{number}").json()
    position = positions_at(default_catalogue, [NOON])[0][42]
    lat_deg, lon_deg, height_km = geodetic(position)
    assert answer["lat_deg"] == pytest.approx(lat_deg, abs=1e-9)
    assert answer["lon_deg"] == pytest.approx(lon_deg, abs=1e-9)
    assert answer["height_km"] == pytest.approx(height_km, abs=a_metre_km)
    assert answer["status"] == Status.OPERATIONAL
    assert answer["age_days"] is None
    assert 2 <= len(answer["lasers"]) <= 4
    for laser in answer["lasers"]:
        other = client.get(f"/api/sky/satellites/{laser['number']}").json()
        assert number in {back["number"] for back in other["lasers"]}
        assert laser["length_km"] <= 5_400.0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/sky/sites/atlantis", 404),
        (f"/api/sky/sites/{'x' * 33}", 422),
        ("/api/sky/sites/..%2f..%2fetc", 404),
        ("/api/sky/satellites/1", 404),
        ("/api/sky/satellites/-1", 422),
        ("/api/sky/satellites/9999999999", 422),
        ("/api/sky/satellites/x", 422),
        ("/api/sky/nothing", 404),
    ],
)
def test_what_is_not_there_is_a_sentence(client: httpx.Client, path: str, status: int) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith(".")


def test_clock(client: httpx.Client) -> None:
    clock = client.get("/api/sky/clock").json()
    assert clock == {
        "mode": "replay",
        "sky_time": NOON,
        "rate": 1.0,
        "paused": True,
        "rates": [1.0, 10.0, 60.0, 300.0],
        "can_now": True,
    }
    faster = set_clock(client, rate=300, paused=False)
    assert faster["rate"] == 300.0
    time.sleep(0.2)
    assert client.get("/api/sky/clock").json()["sky_time"] > NOON + 30
    now = set_clock(client, mode="now")
    assert (now["mode"], now["rate"], now["paused"]) == ("now", 1.0, False)
    assert now["sky_time"] == pytest.approx(time.time(), abs=3_600)  # years after NOON


@pytest.mark.parametrize(
    "wish",
    [
        {"rate": 2},
        {"rate": "10"},
        {"rate": True},
        {"paused": 1},
        {"mode": "later"},
        {"mode": "now", "rate": 60},
        {"sky_time": 0},
        {"sky_time": 1e300},
        {"speed": 10},
        [],
        None,
        7,
    ],
)
def test_impossible_wishes_are_refused_and_change_nothing(
    client: httpx.Client, wish: object
) -> None:
    answer = client.post("/api/sky/clock", json=wish)
    assert 400 <= answer.status_code < 500
    assert isinstance(answer.json()["detail"], str)
    assert client.get("/api/sky/clock").json()["sky_time"] == NOON


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.floats()
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)
WISH = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("mode", "rate", "paused", "sky_time"), JSON)
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=(JSON | WISH).map(lambda v: json.dumps(v).encode()) | st.binary(max_size=60))
def test_any_body_is_taken_or_refused(client: httpx.Client, body: bytes) -> None:
    answer = client.post(
        "/api/sky/clock", content=body, headers={"content-type": "application/json"}
    )
    assert 200 <= answer.status_code < 500, (body, answer.text)
    assert client.get("/api/sky/clock").status_code == 200


def test_a_site_without_a_route_says_why_in_both_languages(default_catalogue: Catalogue) -> None:
    rome = load(default_path()).sites[0]
    walled = replace(rome, mask=Mask(min_elevation_deg=89.9))
    answer = site_question(walled)(Sky(default_catalogue).snapshot(NOON))
    assert answer.route is None
    assert answer.reason is not None
    assert "non vede alcun satellite" in answer.reason["it"]
    assert "sees no operational satellite" in answer.reason["en"]
