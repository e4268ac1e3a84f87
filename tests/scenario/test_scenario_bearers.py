"""Bearers beside the dish in a scenario file: what is right is read, what is wrong is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.cli.sky.site_lists import read_sites
from baluardo.errors import InvalidInputError, ScenarioError
from baluardo.scenario.bearers import GroundBearer, read_bearers
from baluardo.scenario.nation import default_path, load, parse
from baluardo.scenario.table import Table
from baluardo.terms import Direction, Role

FIBRE: dict[str, Any] = {
    "name": "fibre",
    "role": "alternate",
    "delay_ms": 5.0,
    "up_mbps": 100.0,
    "down_mbps": 300.0,
}
MEASURED: dict[str, Any] = {
    "name": "mobile",
    "role": "contingency",
    "trace": "traces/mobile.csv",
    "up_mbps": 20.0,
    "down_mbps": 30.0,
}
PINGS = b"time_s,rtt_ms\n0,40\n1,60\n2,\n"
MOBILE = FIBRE | {"name": "mobile", "role": "contingency", "jitter_ms": 4.0, "loss": 0.01}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a scenario is, with a trace below it and one that is not."""
    scenario = tmp_path / "scenario"
    (scenario / "traces").mkdir(parents=True)
    for path in (scenario / "traces" / "mobile.csv", tmp_path / "outside.csv"):
        path.write_bytes(PINGS)
    return scenario


def read(
    bearers: object, folder: Path | None = None, **more: object
) -> tuple[Role, tuple[GroundBearer, ...]]:
    """Read the bearers of a site; keys that nobody reads are refused as in a file."""
    table = Table({"bearers": bearers} | more, "trial.toml, site rome")
    found = read_bearers(table, folder)
    table.done()
    return found


def test_units_become_those_of_directions() -> None:
    sky, (fibre, mobile) = read([FIBRE, MOBILE])
    assert sky is Role.PRIMARY
    assert fibre == GroundBearer(
        "fibre",
        Role.ALTERNATE,
        up=Direction(0.005, 0.0, 0.0, 100e6, 0.0),
        down=Direction(0.005, 0.0, 0.0, 300e6, 0.0),
    )
    assert mobile.role is Role.CONTINGENCY
    assert mobile.up.jitter_s == mobile.down.jitter_s == 0.004
    assert mobile.up.loss == mobile.down.loss == 0.01


def test_a_site_without_bearers_has_its_dish() -> None:
    assert read_bearers(Table({}, "trial.toml, site rome")) == (Role.PRIMARY, ())


def test_the_dish_can_stand_elsewhere_in_the_plan() -> None:
    sky, (fibre,) = read([FIBRE | {"role": "primary"}], sky_role="emergency")
    assert (sky, fibre.role) == (Role.EMERGENCY, Role.PRIMARY)


def test_every_site_of_italy_has_a_second_way() -> None:
    nation = load(default_path())
    assert all(len(site.bearers) == 1 for site in nation.sites)
    assert {site.sky_role for site in nation.sites} == {Role.PRIMARY}
    assert nation.sites[3].bearers[0].role is Role.EMERGENCY


@pytest.mark.parametrize(
    ("bearers", "sentence"),
    [
        ([FIBRE | {"name": "sky"}], 'not "sky", which is the dish'),
        ([FIBRE | {"name": "Fibre"}], "name 'Fibre': a small letter and up to eleven more"),
        ([FIBRE | {"name": "f" * 13}], "a small letter and up to eleven more or digits"),
        ([FIBRE | {"name": "fibre\n"}], "a small letter and up to eleven more or digits"),
        ([FIBRE | {"name": "../../x"}], "a small letter and up to eleven more or digits"),
        ([FIBRE | {"name": 3}], "name must be a text, not 3"),
        ([FIBRE | {"role": "first"}], "role must be one of primary, alternate, contingency, em"),
        ([FIBRE | {"delay_ms": -1.0}], "delay_ms -1 is not from 0 to 2000"),
        ([FIBRE | {"delay_ms": 2_001.0}], "delay_ms 2001 is not from 0 to 2000"),
        ([FIBRE | {"delay_ms": float("nan")}], "delay_ms must be a finite number"),
        ([FIBRE | {"delay_ms": True}], "delay_ms must be a number, not True"),
        ([FIBRE | {"up_mbps": 0.0}], "up_mbps 0 is not above 0 and at most 100000"),
        ([FIBRE | {"down_mbps": 1e9}], "down_mbps 1e+09 is not above 0"),
        ([FIBRE | {"loss": 1.5}], "bearer is impossible"),
        ([FIBRE | {"loss": -0.1}], "bearer is impossible"),
        ([FIBRE | {"jitter_ms": -1.0}], "bearer is impossible"),
        ([FIBRE | {"rate": 3}], "rate is not known here; known are delay_ms, down_mbps"),
        ([FIBRE, FIBRE | {"role": "emergency"}], "bearers has a name twice"),
        ([FIBRE, MOBILE | {"role": "alternate"}], "gives one place in the plan to two"),
        ([FIBRE | {"role": "primary"}], "gives one place in the plan to two, the dish among them"),
        ([FIBRE] * 4, "bearers has 4 entries; 3 are the most"),
        (FIBRE, "bearers must be a list of tables"),
        (["fibre"], "bearers must be a list of tables"),
        *(
            ([{k: v for k, v in FIBRE.items() if k != key}], f"{key} is missing")
            for key in ("name", "role", "delay_ms", "up_mbps", "down_mbps")
        ),
    ],
)
def test_what_is_wrong_is_named(bearers: object, sentence: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        read(bearers)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("trial.toml, site rome")


def test_a_role_of_the_dish_that_is_none_is_refused() -> None:
    with pytest.raises(ScenarioError, match="sky_role must be one of primary"):
        read([], sky_role="always")


def test_the_place_of_a_fault_is_named_in_a_whole_file() -> None:
    text = default_path().read_text().replace("jitter_ms = 4.0", "jitter_s = 4.0")
    with pytest.raises(ScenarioError, match=r"site norcia, bearer (mobile|1): jitter_s is not kn"):
        parse(text.encode(), "italy.toml")


def test_a_bearer_can_be_made_under_a_name_that_an_interface_can_have_only() -> None:
    way = Direction(0.0, 0.0, 0.0, 1e6, 0.0)
    assert GroundBearer("f" * 12, Role.PRIMARY, way, way).name == "f" * 12
    for name in ("", "sky", "1x", "fi bre", "fibre/0", "é"):
        with pytest.raises(InvalidInputError):
            GroundBearer(name, Role.PRIMARY, way, way)


def test_a_trace_is_read_from_below_the_scenario(folder: Path) -> None:
    _, (plain, mobile) = read([FIBRE, MEASURED | {"up_share": 0.25}], folder)
    assert plain.trace is None
    assert mobile.trace is not None
    assert mobile.trace.source == "traces/mobile.csv"
    assert [ping.rtt_ms for ping in mobile.trace.pings] == [40.0, 60.0, None]
    assert mobile.trace.up_share == 0.25
    assert (mobile.trace.up_bps, mobile.trace.down_bps) == (20e6, 30e6)
    # What is asked for without a time is of the middle: 60 ms there and back.
    assert mobile.up == Direction(0.25 * 0.06, 0.0, 0.0, 20e6, 0.0)
    assert mobile.down == Direction(0.75 * 0.06, 0.0, 0.0, 30e6, 0.0)
    _, (half,) = read([MEASURED], folder)
    assert half.trace is not None
    assert half.trace.up_share == 0.5


def scenario_with_a_trace(folder: Path) -> Path:
    (folder / "trial.toml").write_text(
        """
version = 1
name = { it = "Prova", en = "Trial" }
view = { lat_deg = 42.0, lon_deg = 13.5 }
[[sites]]
id = "rome"
kind = "ministry"
name = { it = "Roma", en = "Rome" }
lat_deg = 41.9
lon_deg = 12.5
[[sites.bearers]]
name = "mobile"
role = "contingency"
trace = "traces/mobile.csv"
up_mbps = 20.0
down_mbps = 30.0
"""
    )
    return folder / "trial.toml"


def test_a_scenario_names_a_trace_relative_to_itself(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = scenario_with_a_trace(folder)
    monkeypatch.chdir(folder.parent)
    for named in (path, path.relative_to(folder.parent)):
        ((bearer,),) = (site.bearers for site in load(named).sites)
        assert bearer.trace is not None
        assert len(bearer.trace.pings) == 3
    monkeypatch.chdir(folder)
    assert load(Path("trial.toml")).sites[0].bearers[0].trace is not None
    assert len(read_sites(path)) == 1
    with pytest.raises(ScenarioError, match="trace is a file beside the scenario's, and this"):
        parse(path.read_bytes(), "trial.toml")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"trace": "../outside.csv"}, "is not below the scenario's folder; name a file that is"),
        ({"trace": "traces/../../outside.csv"}, "is not below the scenario's folder"),
        ({"trace": "/etc/passwd"}, "trace '/etc/passwd' is not below the scenario's folder"),
        ({"trace": "mobile.csv"}, "trace cannot be replayed: The file "),
        ({"trace": "traces"}, "traces is not a regular file."),
        ({"trace": "traces/mo\0bile.csv"}, "trace cannot be replayed: The file "),
        ({"trace": "x" * 5_000}, "trace cannot be replayed: The file "),
        ({"trace": "\x1b[2J"}, "trace cannot be replayed: The file "),
        ({"trace": ""}, "trace must be a text, not ''"),
        ({"trace": 3}, "trace must be a text, not 3"),
        ({"delay_ms": 20.0}, "delay_ms and a trace exclude each other: the trace tells it"),
        ({"jitter_ms": 0.0}, "jitter_ms and a trace exclude each other: the trace tells it"),
        ({"loss": 0.0}, "loss and a trace exclude each other: the trace tells it"),
        ({"up_share": 1.5}, "trace cannot be replayed: up_share 1.5 is not between 0 and 1."),
        ({"up_share": "half"}, "up_share must be a number, not 'half'"),
        ({"up_mbps": 0.0}, "up_mbps 0 is not above 0"),
        ({"name": "sky"}, 'not "sky", which is the dish'),
        ({"rate": 3}, "rate is not known here; known are down_mbps, name, role, trace, up_mbps"),
    ],
)
def test_what_is_wrong_with_a_trace_is_named(
    change: dict[str, Any], sentence: str, folder: Path
) -> None:
    with pytest.raises(ScenarioError) as refused:
        read([MEASURED | change], folder)
    assert sentence in str(refused.value)
    assert str(refused.value).startswith("trial.toml, site rome, bearer 1")
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("octets", "sentence"),
    [
        (b"", "trace cannot be replayed: traces/mobile.csv is empty."),
        (b"0,40\n1,x\n", "trace cannot be replayed: traces/mobile.csv, line 2: 'x' is no number."),
        (b"\xff\xfe", "traces/mobile.csv, line 1: no UTF-8 text."),
        (b"0,1\n0.001,1\n", "pings in 15 s, more than 250. Leave some out."),
    ],
)
def test_a_trace_that_cannot_be_replayed_is_named(
    octets: bytes, sentence: str, folder: Path
) -> None:
    (folder / "traces" / "mobile.csv").write_bytes(octets)
    with pytest.raises(ScenarioError) as refused:
        read([MEASURED], folder)
    assert str(refused.value).endswith(sentence)


def test_a_share_without_a_trace_is_refused() -> None:
    with pytest.raises(ScenarioError, match="up_share is not known here"):
        read([FIBRE | {"up_share": 0.5}])


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,11}", fullmatch=True).filter(lambda name: name != "sky")
RIGHT = st.tuples(
    NAMES,
    st.floats(0.0, 2_000.0),
    st.floats(0.001, 100_000.0),
    st.floats(0.001, 100_000.0),
    st.floats(0.0, 1.0),
    st.floats(0.0, 50.0),
)


@given(
    st.lists(RIGHT, max_size=3, unique_by=lambda each: each[0]),
    st.permutations(list(Role)),
)
def test_what_is_right_is_read_as_it_is(
    rights: list[tuple[str, float, float, float, float, float]], roles: list[Role]
) -> None:
    sky, found = read(
        [
            {
                "name": name,
                "role": role.value,
                "delay_ms": delay,
                "up_mbps": up,
                "down_mbps": down,
                "loss": loss,
                "jitter_ms": jitter,
            }
            for (name, delay, up, down, loss, jitter), role in zip(rights, roles[1:], strict=False)
        ],
        sky_role=roles[0].value,
    )
    assert sky is roles[0]
    assert [each.role for each in found] == roles[1 : 1 + len(rights)]
    for each, (name, delay, up, down, loss, jitter) in zip(found, rights, strict=True):
        assert each.name == name
        assert each.up == Direction(delay / 1e3, 0.0, jitter / 1e3, up * 1e6, loss)
        assert each.down == Direction(delay / 1e3, 0.0, jitter / 1e3, down * 1e6, loss)


KEYS = st.sampled_from([*FIBRE, "loss", "jitter_ms", "trace", "up_share", "x"])
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=14)
    | st.sampled_from([each.value for each in Role])
)


@given(st.lists(st.dictionaries(KEYS, VALUES), max_size=5), st.sampled_from(["primary", "x"]))
def test_whatever_a_file_says_is_read_or_refused(
    bearers: list[dict[str, Any]], sky_role: str
) -> None:
    try:
        _, found = read(bearers, sky_role=sky_role)
    except ScenarioError as problem:
        assert str(problem).isprintable()
        return
    assert len({each.role for each in found} | {Role(sky_role)}) == len(found) + 1
