"""`baluardo sky assign`: its numbers add up, its cells are cells, its ranks are ranks."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from baluardo.cli.main import main
from baluardo.geo.geojson import polygons_from_geojson
from baluardo.geo.subscribers import subscribers
from baluardo.terms import Mask, Place, slot_at
from baluardo.twin.paths.ephemeris import ComputedEphemeris
from baluardo.twin.paths.world import World
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky
from baluardo.twin.sky.visibility import Observers

EVENING = "2025-05-29T19:00:00Z"


def ask(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["sky", "assign", "--at", EVENING, *words]) == 0
    return capsys.readouterr().out


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict, dict]:
    """Return the JSON answer for Italy and its GeoJSON."""
    folder = tmp_path_factory.mktemp("assign")
    shapes, answer = folder / "cells.geojson", folder / "answer.json"
    with pytest.MonkeyPatch.context() as patch, answer.open("w", encoding="utf-8") as file:
        patch.setattr("sys.stdout", file)
        words = ["--region", "italy", "--json", "--geojson", str(shapes)]
        assert main(["sky", "assign", "--at", EVENING, *words]) == 0
    return json.loads(answer.read_text("utf-8")), json.loads(shapes.read_text("utf-8"))


def test_what_is_served_and_refused_is_all(asked: tuple[dict, dict]) -> None:
    answer, _ = asked
    found, cells = answer["commercial"], answer["cells"]
    refused = sum(r["users"] for r in found["refused"].values())
    assert found["users_served"] + refused == pytest.approx(found["users"], abs=0.05)
    assert found["users"] == pytest.approx(sum(cells["users"]), abs=1.0)
    assert found["users_served"] == pytest.approx(sum(cells["users_served"]), abs=1.0)
    assert found["granted_beams"] == pytest.approx(sum(found["granted_beams_by_channel"]), abs=0.01)
    assert found["granted_beams"] == pytest.approx(sum(cells["granted_beams"]), abs=0.1)
    assert found["granted_beams"] <= found["asked_beams"]
    assert found["cells"] == len(cells["h3"]) == len(set(cells["h3"]))
    assert sum(s["users"] for s in answer["satellites"]) == pytest.approx(
        found["users_served"], abs=1.0
    )
    kinds = answer["satellites_by_generation"]
    assert sum(k["satellites"] for k in kinds.values()) == len(answer["satellites"])
    loads = [s["load"] for s in answer["satellites"]]
    assert loads == sorted(loads, reverse=True)
    assert max(loads) == max(k["highest_load"] for k in kinds.values())


def test_the_cells_are_polygons_and_the_sites_points(asked: tuple[dict, dict]) -> None:
    answer, collection = asked
    polygons = [f for f in collection["features"] if f["geometry"]["type"] == "Polygon"]
    points = [f for f in collection["features"] if f["geometry"]["type"] == "Point"]
    assert [f["id"] for f in polygons] == answer["cells"]["h3"]
    assert [f["properties"]["name"] for f in points] == [t["name"] for t in answer["terminals"]]
    assert points[0]["properties"]["name"] == "Rome"
    assert {f["properties"]["in_region"] for f in points} == {True, False}, "a frigate is at sea"
    drawn = polygons_from_geojson(
        json.dumps({"type": "FeatureCollection", "features": polygons}).encode(), "cells"
    )
    assert len(drawn) == len(polygons)
    for feature in polygons:
        got = feature["properties"]
        assert (got["reason"] == "served") == (got["users_served"] == got["users"])
        assert (got["satellite"] is None) == (got["satellite_load"] == 0.0)
        assert 0.0 <= got["satellite_load"] <= 1.0


def test_the_ranks_are_those_of_the_sightings(
    capsys: pytest.CaptureFixture[str], default_catalogue: Catalogue
) -> None:
    answer = json.loads(ask(capsys, "--region", "malta", "--json"))
    sky = Sky(default_catalogue)
    world = World(ComputedEphemeris(sky), subscribers())
    users = subscribers()
    assigned = world.assign(slot_at(1_748_545_200.0))
    ranks = []
    for name in answer["cells"]["h3"]:
        row = int(np.flatnonzero(users.numbers == np.uint64(int(name, 16)))[0])
        satellite = int(
            assigned.commercial.satellite[
                np.flatnonzero(world.claims.cell == users.numbers[row])[0]
            ]
        )
        place = Place("cell", float(users.lat_deg[row]), float(users.lon_deg[row]))
        snapshot = sky.snapshot(assigned.sky.time)
        seen = snapshot.sightings(Observers.of([place], Mask(25.0))).satellites.tolist()
        ranks.append(seen.index(satellite) + 1)
    assert answer["rank"]["quartiles"] == pytest.approx(np.percentile(ranks, (25, 50, 75)))
    assert answer["rank"]["measured"] == [16, 3, 17, 7]


def test_a_policy_by_height_takes_higher_satellites(
    capsys: pytest.CaptureFixture[str], asked: tuple[dict, dict]
) -> None:
    usual = asked[0]["rank"]["quartiles"][1]
    words = ("--region", "italy", "--json", "--policy", "highest")
    highest = json.loads(ask(capsys, *words))["rank"]["quartiles"][1]
    assert highest <= 3.0 < usual


def test_what_people_read_has_the_same_numbers(
    capsys: pytest.CaptureFixture[str], asked: tuple[dict, dict]
) -> None:
    answer = asked[0]
    text = ask(capsys, "--region", "italy")
    found = answer["commercial"]
    assert f"{found['users_served']:,.0f} of {found['users']:,.0f} served" in text
    assert "one log: 16, 3, 17, 7" in text
    for name in [t["satellite"] for t in answer["terminals"]] + [
        s["name"] for s in answer["satellites"][:10]
    ]:
        assert name in text
    for word in ("contract", "observed"):
        assert word in text


def test_contract_reaches_the_sites(capsys: pytest.CaptureFixture[str]) -> None:
    answer = json.loads(ask(capsys, "--region", "malta", "--json", "--contract"))
    assert all(t["priority"] == {"lever": "contract", "bought": True} for t in answer["terminals"])


def test_a_region_without_users_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sea = tmp_path / "ocean.geojson"
    ring = [[-40.0, -40.0], [-39.0, -40.0], [-39.0, -39.0], [-40.0, -40.0]]
    sea.write_text(json.dumps({"type": "Polygon", "coordinates": [ring]}), encoding="utf-8")
    assert main(["sky", "assign", "--region", str(sea), "--at", EVENING]) == 1
    assert "no commercial user of the subscriber map lives in ocean" in capsys.readouterr().err


def test_a_site_gets_what_contacts_tells_of_it(
    asked: tuple[dict, dict], capsys: pytest.CaptureFixture[str]
) -> None:
    """A site that shares its satellite with no other of the state's: the ship does."""
    answer = asked[0]
    ship = next(t for t in answer["terminals"] if t["name"].startswith("Frigate"))
    assert [t["number"] for t in answer["terminals"]].count(ship["number"]) == 1
    words = ["sky", "contacts", "frigate", "--at", answer["time"], "--hours", "0.001", "--json"]
    capsys.readouterr()
    assert main(words) == 0
    told = json.loads(capsys.readouterr().out)["slots"][0]
    same = ("number", "in_view", "elevation_deg", "round_trip_ms", "rate_down_bps", "rate_up_bps")
    assert {name: ship[name] for name in same} == {name: told[name] for name in same}
    assert (ship["gateway"], ship["reason"]) == (told["gateway"], told["reason"])
