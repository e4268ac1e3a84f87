"""Scenario files: what is right is read, what is wrong is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import ScenarioError, SourceError
from baluardo.scenario.nation import SiteKind, default_path, load, parse
from baluardo.twin.sky.landing import Lasers

HEAD = """
version = 1
name = { it = "Prova", en = "Trial" }
view = { lat_deg = 41.0, lon_deg = 13.0 }
"""
SITE = """
[[sites]]
id = "rome"
kind = "ministry"
name = { it = "Roma", en = "Rome" }
lat_deg = 41.9
lon_deg = 12.5
"""


HUGE = "version = 0x" + "f" * 5_000
"""More digits than Python is willing to write."""


def test_italy_is_read() -> None:
    nation = load(default_path())
    assert [site.id for site in nation.sites] == [
        "rome",
        "milan",
        "lampedusa",
        "frigate",
        "norcia",
    ]
    rome, *_, frigate, norcia = nation.sites
    assert rome.kind is SiteKind.MINISTRY
    assert rome.rule.gateways == {"Marsala", "Foggia", "Milano", "Milano Large"}
    assert rome.place_at(0.0) == rome.place_at(1e9)
    assert frigate.rule.not_in_countries == {"TR"}
    assert norcia.mask.obstructions[0].elevation_deg == 35.0
    assert nation.catalogue == "shells"


def test_the_copy_that_people_find_first_is_the_one_that_is_used() -> None:
    shown = Path(__file__).parents[2] / "scenarios" / "italy.toml"
    assert shown.read_bytes() == default_path().read_bytes()


def test_the_frigate_stays_in_the_ionian_sea() -> None:
    frigate = load(default_path()).sites[3]
    places = [frigate.place_at(1_748_520_000.0 + 600.0 * i) for i in range(144)]
    assert all(36.5 < p.lat_deg < 38.8 and 16.9 < p.lon_deg < 19.5 for p in places)
    assert len({(p.lat_deg, p.lon_deg) for p in places}) == 144


def test_defaults() -> None:
    (site,) = parse((HEAD + SITE).encode(), "trial.toml").sites
    assert site.mask.min_elevation_deg == 25.0
    assert site.rule.gateways is None
    assert site.rule.lasers is Lasers.ANY
    assert site.start.height_m == 0.0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("version = 1", "version = 2"), "trial.toml: version is 2; this program reads version 1."),
        (("version = 1", ""), "trial.toml: version is missing."),
        (("version = 1", "version = true"), "version must be a number, not True."),
        (("version = 1", HUGE), "version must be a finite number, not a whole number of more than"),
        (
            ("version = 1", f"catalogue = [{{ a{HUGE[7:]} }}]\nversion = 1"),
            "must be a text, not [{",
        ),
        (("version = 1", 'version = 1\n"\\u001b[31m" = 3'), "trial.toml: \ufffd[31m is not known"),
        (('"rome"', '"\\u001b[31m"'), "trial.toml, site \ufffd[31m: id '\\x1b[31m' may have small"),
        (("version = 1", "version = 1\ncolour = 3"), "trial.toml: colour is not known here"),
        (('it = "Prova", ', ""), "trial.toml, name: it is missing."),
        (('en = "Trial"', 'en = ""'), "trial.toml, name: en must be a text, not ''."),
        (("lat_deg = 41.0", "lat_deg = 91.0"), "trial.toml, view: view: latitude 91.0"),
        (("lat_deg = 41.9", "lat_deg = 91.9"), "trial.toml, site rome: Rome: latitude 91.9"),
        (("lat_deg = 41.9", 'lat_deg = "x"'), "site rome: lat_deg must be a number, not 'x'."),
        (("lat_deg = 41.9", "lat_deg = nan"), "lat_deg must be a finite number, not nan."),
        (("lat_deg = 41.9", ""), "site rome: lat_deg is missing."),
        (('"ministry"', '"palace"'), "kind must be one of ministry, prefecture"),
        (('"rome"', '"Rome!"'), "id 'Rome!' may have small letters"),
        (("[[sites]]", "[sites]"), "sites must be a list of tables"),
        (("lon_deg = 12.5", "lon_deg = 12.5\nlongitude = 3"), "longitude is not known here"),
        (
            ("lon_deg = 12.5", "lon_deg = 12.5\nmask = { min_elevation = 3 }"),
            "trial.toml, site rome, mask: min_elevation is not known here",
        ),
        (
            ("lon_deg = 12.5", "lon_deg = 12.5\nmask = { min_elevation_deg = 90 }"),
            "trial.toml, site rome, mask: min_elevation_deg 90.0",
        ),
        (
            ("lon_deg = 12.5", 'lon_deg = 12.5\nlanding = { gateways = ["Atlantis"] }'),
            "trial.toml, site rome, landing: No gateway is called 'Atlantis'.",
        ),
        (
            ("lon_deg = 12.5", "lon_deg = 12.5\nlanding = { gateways = [] }"),
            "trial.toml, site rome, landing: No gateway is named",
        ),
        (
            ("lon_deg = 12.5", 'lon_deg = 12.5\nlanding = { not_in_countries = ["XX"] }'),
            "landing: 'XX' is no country code",
        ),
        (
            ("lon_deg = 12.5", 'lon_deg = 12.5\nlanding = { lasers = "maybe" }'),
            "lasers must be one of any, required, forbidden.",
        ),
        (
            ("lon_deg = 12.5", "lon_deg = 12.5\ntrack = { waypoints = [[1, 2]], speed_kn = 3 }"),
            "site rome: lat_deg and a track exclude each other.",
        ),
        (
            (
                "lat_deg = 41.9\nlon_deg = 12.5",
                "track = { waypoints = [[1, 2]], speed_kn = 3 }",
            ),
            "trial.toml, site rome, track: A track needs at least two way points.",
        ),
        (
            ("lat_deg = 41.9\nlon_deg = 12.5", "track = { waypoints = [1, 2], speed_kn = 3 }"),
            "waypoints must be a list of pairs of numbers",
        ),
        (("[[sites]]", "[[sites]"), "trial.toml is not TOML"),
        ((SITE, SITE + SITE), 'sites has the id "rome" twice.'),
        ((SITE, ""), "a nation needs at least one [[sites]] table"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(change: tuple[str, str], sentence: str) -> None:
    text = HEAD + SITE
    assert change[0] in text
    with pytest.raises(ScenarioError) as caught:
        parse(text.replace(*change).encode(), "trial.toml")
    assert sentence in str(caught.value)


def test_bytes_that_are_no_text() -> None:
    with pytest.raises(ScenarioError, match="not UTF-8"):
        parse(b"version = \xff", "trial.toml")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"none\.toml cannot be read: No such file"):
        load(tmp_path / "none.toml")
    with pytest.raises(SourceError, match="is not a regular file"):
        load(tmp_path)
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(SourceError, match=r"The scenario .*pipe\.toml is not a regular file"):
        load(tmp_path / "pipe.toml")


def test_a_file_whose_name_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / os.fsdecode(b"trial\xff.toml")
    path.write_text(HEAD + SITE)
    assert load(path).source == "trial\ufffd.toml"


KEYS = ("version", "name", "view", "catalogue", "sites", "id", "kind", "lat_deg", "it", "track")
VALUES = st.recursive(
    st.sampled_from(
        ["1", "true", '"x"', "nan", "-1e400", "9" * 400, HUGE[10:], "1979-05-27", "[]", "{}"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: f"[{', '.join(v)}]")
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3).map(
            lambda d: "{" + ", ".join(f"{k} = {v}" for k, v in d.items()) + "}"
        )
    ),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(ScenarioError):
        parse(content, "any.toml")


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6))
def test_any_toml_is_refused_in_a_sentence(values: dict[str, str]) -> None:
    text = "\n".join(f"{key} = {value}" for key, value in values.items())
    with pytest.raises(ScenarioError):
        parse(text.encode(), "any.toml")
