"""`baluardo sky capacity`: the list of sites given anything, and what the command answers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.cli.main import main
from baluardo.cli.sky.site_lists import (
    LONGEST_NAME,
    MOST_BYTES,
    MOST_SITES,
    parse_sites_csv,
    read_sites,
)
from baluardo.errors import InvalidInputError, SourceError
from baluardo.scenario.nation import default_path
from baluardo.twin.radio.radios import DishKind

GOOD = (
    b"name,lat,lon,down,up\r\nPrefettura di Lecce,40.352,18.175,50M,10M\n\n"
    b"Capraia, 43.05 ,9.84,,\nSydney,-33.87,151.21,1.5G,300k\n"
)


def knock(octets: bytes) -> bool:
    """Whatever is taken is sound; whatever is not is refused in one line that names the file."""
    try:
        sites = parse_sites_csv(octets, "sites.csv")
    except InvalidInputError as refusal:
        sentence = str(refusal)
        assert sentence.startswith("sites.csv")
        assert sentence.endswith(".")
        assert sentence.isprintable()
        assert len(sentence) < 300
        return False
    assert 0 < len(sites) <= MOST_SITES
    assert len({site.name for site in sites}) == len(sites)
    for site in sites:
        assert site.name.isprintable()
        assert 0 < len(site.name) <= LONGEST_NAME
        terminal = site.terminal(0.0, DishKind.STANDARD, 20e6, 4e6)
        assert 0.0 < terminal.down_bps <= 1e10
        assert 0.0 < terminal.up_bps <= 1e10
        assert -90.0 <= terminal.place.lat_deg <= 90.0
    return True


def test_good_octets_are_taken() -> None:
    assert knock(GOOD)
    lecce, capraia, sydney = parse_sites_csv(GOOD, "sites.csv")
    assert (lecce.name, lecce.down_bps, lecce.up_bps) == ("Prefettura di Lecce", 50e6, 10e6)
    assert (capraia.down_bps, capraia.up_bps) == (None, None)
    assert capraia.terminal(0.0, DishKind.STANDARD, 7e6, 2e6).down_bps == 7e6
    assert sydney.place_at(0.0).lat_deg == -33.87
    assert sydney.up_bps == 300e3


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
@example(b"\0")
@example(b"\xff" * 5_000)
@example(b"," * 100_000)
@example(b"\n" * 100_000)
@example(b"name,lat,lon\n\x1b[2J,1,2")
@example(b"name,lat,lon\nA,1e1,2")
@example(b"name,lat,lon\nA,\xd9\xa1,2")
@example(b"name,lat,lon,down,up\nA,1,2,0.0000000001,1e9")
def test_any_octets(octets: bytes) -> None:
    knock(octets)


@settings(max_examples=200, deadline=None)
@given(
    where=st.integers(0, len(GOOD) - 1),
    cut=st.integers(0, 12),
    put=st.binary(max_size=8) | st.sampled_from([b"\n", b",", b"-", b"e", b'"', b"M", b"\x1b["]),
)
def test_injured_octets(where: int, cut: int, put: bytes) -> None:
    knock(GOOD[:where] + put + GOOD[where + cut :])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.lists(
            st.text(max_size=12) | st.sampled_from(["0", "1", "91", "20M", "", "nan", "-0", "1_0"]),
            max_size=5,
        ),
        max_size=6,
    )
)
def test_any_table(rows: list[list[str]]) -> None:
    text = "\n".join(map(",".join, rows))
    knock(b"name,lat,lon\n" + text.encode("utf-8", "replace"))
    knock(b"name,lat,lon,down,up\n" + text.encode("utf-8", "replace"))


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "sites.csv is empty"),
        ("name,lat\nA,1", "instead of name,lat,lon"),
        ("name,lat,lon", "has no line below its header"),
        ("name,lat,lon\nA,1", "line 2: 2 columns instead of 3"),
        ("name,lat,lon\nA,91,2", "line 2: lat '91' is not between -90 and 90"),
        ("name,lat,lon\nA,1,361", "line 2: lon '361' is not between -180 and 360"),
        ("name,lat,lon\nA,nan,2", "line 2: lat 'nan' is no number of degrees"),
        ("name,lat,lon\n,1,2", "line 2: name '' is not a name of 1 to 80 characters"),
        ("name,lat,lon\nA,1,2\nA,3,4", "line 3: name 'A' stands twice"),
        ("name,lat,lon,down,up\nA,1,2,-5M,", "line 2: down '-5M' is no rate above 0"),
        ("name,lat,lon,down,up\nA,1,2,,0", "line 2: up '0' is no rate above 0"),
        ("name,lat,lon,down,up\nA,1,2,11G,", "line 2: down '11G' is no rate above 0"),
        ('name,lat,lon\n"A",1,2', "line 2: quotation marks"),
    ],
)
def test_refusals_name_the_line_and_the_field(text: str, sentence: str) -> None:
    with pytest.raises(InvalidInputError) as refusal:
        parse_sites_csv(text.encode(), "sites.csv")
    assert sentence in str(refusal.value)


def test_lists_without_end_are_refused() -> None:
    many = "name,lat,lon\n" + "".join(f"site {k},1,2\n" for k in range(MOST_SITES + 1))
    with pytest.raises(InvalidInputError, match=f"more than {MOST_SITES:,} sites"):
        parse_sites_csv(many.encode(), "sites.csv")
    with pytest.raises(InvalidInputError, match="larger than"):
        parse_sites_csv(b" " * (MOST_BYTES + 1), "sites.csv")


def test_a_scenario_brings_masks_tracks_and_rules(tmp_path: Path) -> None:
    sites = {site.name: site for site in read_sites(default_path())}
    frigate = sites["Frigate, Ionian Sea"]
    assert frigate.place_at(0.0) != frigate.place_at(3_600.0)
    assert frigate.terminal(0.0, None, 1e6, 1e6).dish is DishKind.MARITIME
    assert frigate.terminal(0.0, DishKind.STANDARD, 1e6, 1e6).dish is DishKind.STANDARD
    assert sites["Rome"].terminal(0.0, None, 1e6, 1e6).dish is DishKind.STANDARD
    assert sites["Rome"].rule.gateways is not None
    assert sites["Field unit, Norcia"].mask.obstructions
    with pytest.raises(SourceError, match="cannot be read"):
        read_sites(tmp_path / "none.csv")


def test_the_hours_and_the_most_sites(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text(
        "name,lat,lon,down,up\nValletta,35.9,14.51,,\nGozo,36.05,14.25,30M,2M\n", encoding="utf-8"
    )
    words = ["sky", "capacity", "--sites", str(sites), "--region", "malta", "--samples", "1"]
    words += ["--at", "2025-05-29T17:34:56Z", "--hours", "4.5", "--rate", "10M", "--up", "1M"]
    assert main([*words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["hours"]) == 5
    assert answer["hours"][0]["start"] == "2025-05-29T17:00:00Z"
    assert answer["sites"]["down_bps"] == 10e6
    for hour in answer["hours"]:
        for case, lever in (("with_priority", "contract"), ("without_priority", "observed")):
            found = hour[case]
            assert found["lever"] == lever
            assert found["sites_times_slots"] == 2
            assert found["full_rate"] + found["less"] + sum(found["refused"].values()) == 2
        assert hour["commercial"]["granted_bps"] <= hour["commercial"]["asked_bps"]
    asked = [hour["commercial"]["asked_bps"] for hour in answer["hours"]]
    busiest = answer["hours"][asked.index(max(asked))]["start"]
    spread = answer["spread"]
    assert spread["busiest_hour"] == busiest
    bought = spread["with_priority"]
    shares = {tried["sites"]: tried["carried_share"] for tried in bought["tried"]}
    assert bought["sites"] == 0 or shares[bought["sites"]] >= 0.95
    assert bought["too_many"] is None or shares[bought["too_many"]] < 0.95
    assert bought["sites"] >= spread["without_priority"]["sites"]


def test_the_table_for_people(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sites = tmp_path / "sites.csv"
    sites.write_text("name,lat,lon\nValletta,35.9,14.51\n", encoding="utf-8")
    words = ["sky", "capacity", "--sites", str(sites), "--region", "malta", "--samples", "1"]
    words += ["--hours", "3"]
    assert main([*words, "--at", "2025-05-29T00:00Z", "--fail", "position-fix:Valletta"]) == 0
    text = capsys.readouterr().out
    assert text.count("no fix 1 / no fix 1") == 3
    assert "bought (contract)" in text
    assert "1 of sites.csv, 20 Mbit/s down and 4 up" in text
