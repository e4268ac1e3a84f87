"""The model, demand, policy, terminals and options refuse what cannot be, by the field's name."""

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.terms import Mask, Obstruction, Place
from baluardo.twin.paths.beams import CHANNELS, UNITS_PER_BEAM, room
from baluardo.twin.paths.claims import Terminal
from baluardo.twin.paths.demand import HOURLY_SHARE, Demand
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.policy import WEIGHTS, Policy, PolicyName, Weights
from baluardo.twin.paths.world import SlotOptions
from baluardo.twin.radio.links import Links

MODEL_FIELDS = [f.name for f in fields(PathModel)]
SHARES = [
    *("base_up_share", "scheduling_up_share", "share_down", "share_up", "handover_loss"),
    *("edge_loss", "loss_down", "loss_up", "burst_loss", "highest_load"),
]
NO_NUMBER = st.one_of(
    st.floats(max_value=0.0, exclude_max=True, allow_nan=False),
    st.just(math.nan),
    st.just(math.inf),
)


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(MODEL_FIELDS), NO_NUMBER)
def test_no_constant_of_the_model_is_negative_or_no_number(field, value):
    with pytest.raises(InvalidInputError, match=f"^{field} "):
        PathModel(**{field: value})


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(SHARES), st.floats(1.0, 1e6, exclude_min=True))
def test_no_share_of_the_model_is_above_one(field, value):
    with pytest.raises(InvalidInputError, match=f"^{field} "):
        PathModel(**{field: value})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"loss_up": 0.5}, "loss_up 0.5 is not below burst_loss 0.5"),
        ({"loss_down": 0.6}, "loss_down 0.6 is not below burst_loss"),
        ({"burst_loss": 0.0}, "loss_down 0.004 is not below burst_loss 0.0"),
        ({"burst_s": 0.0}, "burst_s 0.0 is not at least"),
        ({"head_s": 10.0, "tail_s": 5.0}, "head_s 10.0 and tail_s 5.0"),
        ({"scheduling_rounds": 0}, "scheduling_rounds 0"),
        ({"scheduling_rounds": 17}, "scheduling_rounds 17"),
        ({"scheduling_rounds": 1.5}, "scheduling_rounds 1.5"),
        ({"highest_load": 1.0}, "highest_load 1.0"),
    ],
)
def test_constants_that_contradict_each_other_are_refused(change, why):
    with pytest.raises(InvalidInputError, match=why):
        PathModel(**change)


def test_a_model_without_loss_is_a_model():
    assert PathModel(loss_up=0.0, loss_down=0.0, burst_loss=0.0).burst_loss == 0.0


@pytest.mark.parametrize("field", ["busy_hour_down_bps", "busy_hour_up_bps"])
@pytest.mark.parametrize("value", [-1.0, 1.1e9, math.nan, math.inf])
def test_impossible_demands_are_refused(field, value):
    with pytest.raises(InvalidInputError, match=f"{field} {value} is not between 0 and 1 Gbit/s"):
        Demand(**{field: value})


@pytest.mark.parametrize(
    "hourly", [(), (1.0,) * 23, (*HOURLY_SHARE[:23], -0.1), (*HOURLY_SHARE[:23], math.nan)]
)
def test_curves_that_are_not_24_shares_are_refused(hourly):
    with pytest.raises(InvalidInputError, match="hourly is not 24 shares"):
        Demand(hourly=hourly)


@settings(max_examples=60, deadline=None)
@given(st.floats(-4e9, 4e9), st.floats(-12.0, 14.0))
def test_demand_follows_the_local_hour(time, offset):
    share = float(Demand().at(time, offset))
    local = (time / 3_600.0 + offset) % 24.0
    expected = np.interp(local, range(25), [*HOURLY_SHARE, HOURLY_SHARE[0]])
    assert share == pytest.approx(expected, abs=1e-6)
    assert share == pytest.approx(float(Demand().at(time + 86_400.0, offset)), abs=1e-6)


@pytest.mark.parametrize("name", [f.name for f in fields(Weights)])
def test_weights_are_numbers_and_noise_is_not_negative(name):
    for value in (math.nan, math.inf, -math.inf):
        with pytest.raises(InvalidInputError, match=f"Weight {name} "):
            Weights(**{name: value})
    if name in {"noise", "pressure"}:
        with pytest.raises(InvalidInputError, match=f"Weight {name} -1.0 is below 0"):
            Weights(**{name: -1.0})


def test_policies_are_known_by_name():
    assert set(WEIGHTS) == set(PolicyName)
    assert Policy.named("highest").weights == Weights(sine=1.0)
    assert not Policy.named("load-aware", contract=False).contract
    with pytest.raises(InvalidInputError, match="'best' is no policy; known are highest"):
        Policy.named("best")


@pytest.mark.parametrize("field", ["down_bps", "up_bps"])
@pytest.mark.parametrize("value", [0.0, -1.0, 1.1e10, math.nan, math.inf])
def test_terminals_ask_for_possible_rates(field, value):
    with pytest.raises(InvalidInputError, match=f"Rome: {field} "):
        Terminal("Rome", Place("Rome", 41.9, 12.5), **{field: value})


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5, math.nan])
def test_seeds_are_whole_numbers_of_64_bits(seed):
    with pytest.raises(InvalidInputError, match=f"seed {seed} is not a whole number"):
        SlotOptions(seed=seed)


def test_commercial_users_have_no_walls():
    with pytest.raises(InvalidInputError, match="has obstructions"):
        SlotOptions(mask=Mask(obstructions=(Obstruction(0.0, 90.0, 40.0),)))


def test_beams_are_dealt_to_channels_in_turn():
    radios = SlotOptions().radios
    twelve = replace(radios.satellites[1], user_down_beams=12, user_up_beams=3)
    links = Links(replace(radios, satellites=(twelve,) * 4))
    down, up = room(links, np.array([0, 3], dtype=np.int8))
    assert down.tolist() == [[2 * UNITS_PER_BEAM] * 4 + [UNITS_PER_BEAM] * 4] * 2
    assert up.tolist() == [3 * UNITS_PER_BEAM] * 2
    assert down.shape == (2, CHANNELS)
    # FACTS: 8 channels of v1.x; 48 downlink and 16 uplink beams of v2 mini.
    down, up = room(Links(), np.array([1, 2], dtype=np.int8))
    assert down.sum(axis=1).tolist() == [8 * UNITS_PER_BEAM, 48 * UNITS_PER_BEAM]
    assert up.tolist() == [8 * UNITS_PER_BEAM, 16 * UNITS_PER_BEAM]
