"""Platforms where receivers say they are: believed, doubted, and forgotten in time."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from pyais import encode_dict

from baluardo.console.app import create_console
from baluardo.console.fleet import fleet_part
from baluardo.console.fleet_observed import DOUBT_S, OLDEST_S, Observed, Receiver
from baluardo.console.sky import sky_part
from baluardo.errors import StageError
from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.ais import AisReader
from baluardo.scenario.nation import default_path, load
from baluardo.twin.catalogues import Loaded
from baluardo.twin.live import LiveSky
from baluardo.twin.sky.shells import default_catalogue
from served import served

OURS, THEIRS = "247999001", "211000001"
FEW = default_catalogue().select(np.arange(7_500) % 100 == 0)


def line(lat: float, lon: float, mmsi: str = OURS) -> bytes:
    told = {"msg_type": 1, "mmsi": mmsi, "lat": lat, "lon": lon, "speed": 10.0, "course": 90.0}
    return str(encode_dict(told, talker_id="AI")[0]).encode()


class Clock:
    """A time that a test sets."""

    now = 1.7e9

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def observed(clock: Clock) -> Observed:
    return Observed({OURS: PlatformKind.SHIP}, None, clock)


def hear(observed: Observed, clock: Clock, lat: float, lon: float, mmsi: str = OURS) -> None:
    observed.take(AisReader().take(line(lat, lon, mmsi), clock.now))


def test_a_ship_is_where_it_says_and_further_on(observed: Observed, clock: Clock) -> None:
    assert observed.of(OURS, clock.now).estimate is None
    hear(observed, clock, 37.0, 17.0)
    estimate = observed.of(OURS, clock.now + 60.0).estimate
    assert estimate is not None
    assert estimate.holds(37.0, 17.0 + 60.0 * 5.144 / 88_800.0)
    assert estimate.age_s == 60.0
    assert observed.of(OURS, clock.now + OLDEST_S + 1.0).estimate is None
    assert observed.of(OURS, clock.now - 60.0).estimate is None
    assert observed.of(None, clock.now).estimate is None


def test_a_jump_is_told_for_a_while_and_not_believed(observed: Observed, clock: Clock) -> None:
    hear(observed, clock, 37.0, 17.0)
    clock.now += 10.0
    hear(observed, clock, 37.45, 17.0)
    seen = observed.of(OURS, clock.now)
    assert seen.estimate is not None
    assert seen.estimate.lat_deg == pytest.approx(37.0, abs=0.01)
    assert seen.doubt is not None
    assert "50" in seen.doubt.en or "49.9" in seen.doubt.en
    clock.now += DOUBT_S + 1.0
    assert observed.of(OURS, clock.now).doubt is None


def test_others_and_repetitions_are_nothing_to_us(observed: Observed, clock: Clock) -> None:
    hear(observed, clock, 37.0, 17.0, THEIRS)
    assert observed.of(THEIRS, clock.now).estimate is None
    hear(observed, clock, 37.0, 17.0)
    hear(observed, clock, 37.0, 17.0)
    assert observed.of(OURS, clock.now).doubt is None


def test_a_port_that_is_taken_is_told() -> None:
    async def listen() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            receiver = Receiver("udp", "127.0.0.1", taken.getsockname()[1])
            with pytest.raises(StageError, match="cannot be had"):
                async with Observed({}, receiver).listening():
                    pass

    asyncio.run(listen())


def test_a_receiver_that_is_not_there_is_told_on_every_page() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    async def listen() -> None:
        observed = Observed({OURS: PlatformKind.SHIP}, Receiver("tcp", "127.0.0.1", port))
        async with observed.listening(), asyncio.timeout(30.0):
            while not (items := await observed.status()):
                await asyncio.sleep(0.02)
        assert str(port) in items[0].text["it"]

    asyncio.run(listen())


@pytest.fixture
def console(tmp_path: Path) -> Iterator[tuple[httpx.Client, int]]:
    """Return a client of a console that hears datagrams, and their port."""
    data = default_path().parent
    missions = (data / "mediterranean.toml").read_text()
    (tmp_path / "mediterranean.toml").write_text(
        missions.replace('id = "Frigate"', f'id = "Frigate"\nmmsi = "{OURS}"')
    )
    (tmp_path / "n.toml").write_bytes(default_path().read_bytes())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    nation, live = load(tmp_path / "n.toml"), LiveSky(Loaded(FEW))
    fleet = fleet_part(live, nation, None, receiver=Receiver("udp", "127.0.0.1", port))
    with (
        served(create_console([sky_part(live, nation), fleet], ["127.0.0.1"])) as url,
        httpx.Client(base_url=url, timeout=60.0) as client,
    ):
        yield client, port


def test_the_page_is_told_what_a_receiver_hears(console: tuple[httpx.Client, int]) -> None:
    client, port = console

    def frigate() -> dict:
        return client.get("/api/fleet").json()["platforms"][0]

    def until(condition: str) -> dict:
        deadline = time.monotonic() + 60.0
        while time.monotonic() < deadline:
            if (told := frigate())[condition] is not None:
                return told
            time.sleep(0.05)
        pytest.fail(condition)

    assert frigate()["ellipse"] is None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(line(36.0, 16.0) + b"\r\n", ("127.0.0.1", port))
        told = until("ellipse")
        assert (told["lat_deg"], told["lon_deg"]) == pytest.approx((36.0, 16.0), abs=0.05)
        assert told["ellipse"]["major_m"] >= told["ellipse"]["minor_m"] > 0.0
        assert told["doubt"] is None
        sender.sendto(b"\xff" * 2_000, ("127.0.0.1", port))
        sender.sendto(line(38.0, 16.0), ("127.0.0.1", port))
        told = until("doubt")
        assert told["doubt"]["it"].startswith("Posizione impossibile")
        assert told["lat_deg"] == pytest.approx(36.0, abs=0.05)
    # Another time of the sky has no reports.
    client.post("/api/sky/clock", json={"sky_time": 1_748_520_000.0, "paused": True})
    assert frigate()["ellipse"] is None
