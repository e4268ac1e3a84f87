"""Bearers beside the dish in a scenario file: what is right is read, what is wrong is named."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError, ScenarioError
from baluardo.scenario.bearers import GroundBearer, Role, read_bearers
from baluardo.scenario.nation import default_path, load, parse
from baluardo.scenario.table import Table
from baluardo.terms import Direction

FIBRE: dict[str, Any] = {
    "name": "fibre",
    "role": "alternate",
    "delay_ms": 5.0,
    "up_mbps": 100.0,
    "down_mbps": 300.0,
}
MOBILE = FIBRE | {"name": "mobile", "role": "contingency", "jitter_ms": 4.0, "loss": 0.01}


def read(bearers: object, **more: object) -> tuple[Role, tuple[GroundBearer, ...]]:
    """Read the bearers of a site; keys that nobody reads are refused as in a file."""
    table = Table({"bearers": bearers} | more, "trial.toml, site rome")
    found = read_bearers(table)
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


KEYS = st.sampled_from([*FIBRE, "loss", "jitter_ms", "x"])
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
