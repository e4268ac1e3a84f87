"""Missions read from TOML: what they may say, and what is refused with its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import ScenarioError, SourceError
from baluardo.fleet.landing.flows import UNMARKED
from baluardo.fleet.platform import PlatformKind
from baluardo.scenario.missions import default_missions_path, load_missions, parse_missions
from baluardo.terms import Precedence
from baluardo.twin.radio.radios import DishKind

SMALL = """
version = 1
[[classifications]]
id = "secret"
landing = { gateways = ["foggia"], not_in_countries = ["BG"] }
[[platforms]]
id = "Ship"
kind = "ship"
dish = "standard"
contract = false
leaves = 2026-03-22T12:00:00Z
way_points = [
  { lat_deg = 37.0, lon_deg = 17.0, speed_kn = 10.0, stay_min = 2.0 },
  { lat_deg = 38.0, lon_deg = 17.0 },
]
[platforms.mask]
min_elevation_deg = 30.0
superstructure = [{ from_azimuth_deg = 350.0, to_azimuth_deg = 10.0, elevation_deg = 35.0 }]
[[platforms]]
id = "Helo"
kind = "helicopter"
way_points = [{ lat_deg = 37.0, lon_deg = 17.0, height_m = 300.0 }]
[[flows]]
id = "command"
from = "Ship"
classification = "secret"
precedence = "flash-override"
[[flows]]
id = "picture"
from = "Helo"
to = "Ship"
"""


def read(text):
    return parse_missions(text.encode(), "test.toml")


def test_everything_that_is_said_is_read():
    missions = read(SMALL)
    ship, helo = missions.sailings
    assert ship.platform.kind is PlatformKind.SHIP
    assert ship.platform.dish is DishKind.STANDARD
    assert ship.platform.min_elevation_deg == 30.0
    assert ship.platform.superstructure[0].elevation_deg == 35.0
    assert not ship.platform.contract
    assert ship.way_points[0].stay_s == 120.0
    assert ship.start == 1_774_180_800.0
    assert ship.voyage(5.0).start == ship.start
    assert helo.voyage(5.0).start == 5.0
    assert helo.platform.dish is DishKind.MARITIME
    command, picture = missions.flows
    assert command.classification.rule.gateways == {"Foggia"}
    assert command.precedence is Precedence.FLASH_OVERRIDE
    assert picture.to == "Ship"
    assert picture.classification is UNMARKED
    assert missions.sailing(" ship ") is ship


def test_the_built_in_missions_are_right():
    missions = load_missions(default_missions_path())
    kinds = {s.platform.kind for s in missions.sailings}
    assert kinds == set(PlatformKind)
    assert {f.to for f in missions.flows} == {None, "Frigate"}


WRONG = {
    "version": ("version = 1", "version = 2", "version is 2"),
    "kind": ('kind = "ship"', 'kind = "whale"', "test.toml, platform Ship: kind must be one of"),
    "dish": ('dish = "standard"', 'dish = "big"', "dish must be one of"),
    "misspelt": ("contract = false", "contrakt = false", "contrakt is not known here"),
    "twice": ('id = "Helo"\nkind', 'id = "Ship"\nkind', "twice"),
    "zone": ("12:00:00Z", "12:00:00", "no time zone"),
    "place": ("lat_deg = 38.0", "lat_deg = 98.0", "lat_deg 98.0 is not between"),
    "still": ("speed_kn = 10.0, ", "", "no speed"),
    "gateway": ('"foggia"', '"Atlantis"', "No gateway is called"),
    "flow": ('from = "Helo"', 'from = "Yacht"', "is no platform here"),
    "marking": ('classification = "secret"', 'classification = "open"', "is not declared"),
    "precedence": ("flash-override", "soon", "is no precedence"),
    "self": ('to = "Ship"', 'to = "Helo"', "to itself"),
    "number": ("elevation_deg = 35.0", 'elevation_deg = "high"', "must be a number"),
    "elevation": ("min_elevation_deg = 30.0", "min_elevation_deg = 95.0", "min_elevation_deg 95"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_refused_with_its_place(case):
    old, new, words = WRONG[case]
    assert old in SMALL
    with pytest.raises(ScenarioError, match=words) as refused:
        read(SMALL.replace(old, new, 1))
    assert str(refused.value).startswith("test.toml")


def test_a_marking_that_contradicts_its_platform_is_refused():
    text = SMALL.replace('not_in_countries = ["BG"]', 'lasers = "required"').replace(
        'dish = "standard"', 'dish = "standard"\nlanding = { lasers = "forbidden" }'
    )
    with pytest.raises(ScenarioError, match="contradict"):
        read(text)


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(SourceError):
        load_missions(tmp_path / "nowhere.toml")
    with pytest.raises(ScenarioError, match="not TOML"):
        read("version = ")
    with pytest.raises(ScenarioError, match="not UTF-8"):
        parse_missions(b"\xff\xfe", "test.toml")
    with pytest.raises(ScenarioError, match="at least one"):
        read("version = 1")
    with pytest.raises(ScenarioError, match="larger than"):
        parse_missions(b" " * 9_000_000, "test.toml")


@given(st.integers(0, len(SMALL) - 1), st.text(max_size=3))
def test_damage_is_refused_with_a_sentence_or_harmless(at, put):
    try:
        missions = read(SMALL[:at] + put + SMALL[at + 1 :])
    except ScenarioError as refused:
        assert str(refused).endswith((".", '."'))
    else:
        assert missions.sailings


GPX = """<gpx><trk><name>patrol</name><trkseg>
<trkpt lat="37.0" lon="15.0"><ele>20</ele><time>2026-03-22T12:00:00Z</time></trkpt>
<trkpt lat="37.0" lon="15.01"><ele>20</ele><time>2026-03-22T12:02:00Z</time></trkpt>
<trkpt lat="37.6" lon="15.01"><time>2026-03-22T12:02:30Z</time></trkpt>
<trkpt lat="37.0" lon="15.01"><ele>20</ele><time>2026-03-22T12:12:00Z</time></trkpt>
<trkpt lat="37.0" lon="15.02"><ele>20</ele><time>2026-03-22T12:14:00Z</time></trkpt>
</trkseg></trk></gpx>"""


def followed(tmp_path, more=""):
    (tmp_path / "patrol.gpx").write_text(GPX)
    (tmp_path / "two.csv").write_text(
        "platform,time,lat,lon\n"
        + "".join(
            f"{who},{1774180800 + 60 * k},37,{15 + 0.005 * k}\n" for k in range(4) for who in "ab"
        )
    )
    text = f'version = 1\n[[platforms]]\nid = "P"\nkind = "ship"\n{more}\n'
    (tmp_path / "m.toml").write_text(text)
    return load_missions(tmp_path / "m.toml").sailing("P")


def test_a_platform_follows_a_log_with_its_speeds_and_stays(tmp_path):
    voyage = followed(tmp_path, 'track = "patrol.gpx"').voyage(1e9)
    assert voyage.end == pytest.approx(1e9 + 14 * 60.0)
    lat, lon, height = voyage.at([1e9, 1e9 + 60.0, 1e9 + 400.0, 1e9 + 780.0])
    assert lon.tolist() == pytest.approx([15.0, 15.005, 15.01, 15.015], abs=1e-9)
    # The jump to 37.6 is not believed.
    assert lat.tolist() == pytest.approx([37.0] * 4, abs=1e-4)
    assert height.tolist() == pytest.approx([20.0] * 4)
    assert voyage.speed_m_s([1e9 + 400.0]).tolist() == [0.0]


def test_of_several_who_report_one_is_named(tmp_path):
    voyage = followed(tmp_path, 'track = "two.csv"\ntrack_of = "b"').voyage(0.0)
    assert voyage.end == pytest.approx(180.0)
    with pytest.raises(ScenarioError, match="say whose track"):
        followed(tmp_path, 'track = "two.csv"')
    with pytest.raises(ScenarioError, match="takes two believed"):
        followed(tmp_path, 'track = "two.csv"\ntrack_of = "c"')


@pytest.mark.parametrize("name", ["../patrol.gpx", "/etc/passwd", "..", "a/b.csv"])
def test_a_track_lies_beside_the_missions(tmp_path, name):
    with pytest.raises(ScenarioError, match="beside this one"):
        followed(tmp_path, f'track = "{name}"')


def test_a_voyage_has_way_points_or_a_track(tmp_path):
    both = 'track = "patrol.gpx"\nway_points = [{ lat_deg = 37.0, lon_deg = 15.0 }]'
    with pytest.raises(ScenarioError, match="one of them"):
        followed(tmp_path, both)
    with pytest.raises(SourceError, match="cannot be read"):
        followed(tmp_path, 'track = "nowhere.gpx"')


def test_an_mmsi_has_nine_digits_and_is_one_platforms():
    way = 'kind = "ship"\nway_points = [{ lat_deg = 37.0, lon_deg = 15.0 }]\n'
    one = f'version = 1\n[[platforms]]\nid = "A"\nmmsi = "247000001"\n{way}'
    assert parse_missions(one.encode(), "m.toml").sailing("A").mmsi == "247000001"
    with pytest.raises(ScenarioError, match="nine digits"):
        parse_missions(one.replace("247000001", "24700").encode(), "m.toml")
    two = one + f'[[platforms]]\nid = "B"\nmmsi = "247000001"\n{way}'
    with pytest.raises(ScenarioError, match="one mmsi twice"):
        parse_missions(two.encode(), "m.toml")
