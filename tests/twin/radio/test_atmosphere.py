"""Gases, clouds and scintillation against `itur`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import itur
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from itur.models import itu618, itu676, itu835, itu840

from baluardo.errors import InvalidInputError
from baluardo.twin.radio.atmosphere import (
    cloud_attenuation_db,
    gas_attenuation_db,
    path_factor,
    scintillation_db,
)
from baluardo.twin.radio.gases import standard_pressure_hpa

AIR: dict[str, Any] = {
    "elevation_deg": 50.0,
    "frequency_hz": 12e9,
    "station_height_km": 0.045,
    "temperature_k": 288.7,
    "humidity_g_m3": 18.24,
    "vapour_kg_m2": 36.01,
}
CLOUD: dict[str, Any] = {"elevation_deg": 50.0, "frequency_hz": 12e9, "liquid_kg_m2": 1.2}
TURBULENCE: dict[str, Any] = {
    "elevation_deg": 50.0,
    "frequency_hz": 12e9,
    "wet_refractivity": 60.0,
    "percent": 0.01,
}


def test_pressure_equals_itur() -> None:
    height = np.array([-0.4, 0.0, 1.5, 8.8, 11.0, 11.1, 15.0])
    np.testing.assert_allclose(
        standard_pressure_hpa(height), itu835.standard_pressure(height).value, rtol=1e-12
    )


@pytest.mark.parametrize("ghz", [2.0, 12.0, 14.0, 18.5, 22.235, 28.5, 40.0, 50.0])
def test_gases_equal_itur(ghz: float) -> None:
    height = np.array([0.0, 0.045, 1.0, 3.5, 4.5])
    kelvin = np.array([300.0, 288.7, 280.0, 265.0, 240.0])
    humidity = np.array([20.0, 18.2, 7.5, 3.0, 0.3])
    column = np.array([60.0, 36.0, 15.0, 4.0, 0.5])
    for elevation_deg in (5.0, 25.0, 89.0):
        with np.errstate(over="ignore"):  # `itur` raises heights to powers that it then drops
            peer = itu676.gaseous_attenuation_slant_path(
                ghz,
                elevation_deg,
                humidity,
                itu835.standard_pressure(height),
                kelvin,
                column,
                height,
            ).value
        ours = gas_attenuation_db(
            elevation_deg=elevation_deg,
            frequency_hz=ghz * 1e9,
            station_height_km=height,
            temperature_k=kelvin,
            humidity_g_m3=humidity,
            vapour_kg_m2=column,
        )
        np.testing.assert_allclose(ours, peer, rtol=1e-4)


def test_rome_gas_and_scintillation_as_in_facts() -> None:
    """FACTS.md, ITU-R check point: gas 0.116 dB (height by height 0.115 to 0.117), 0.405 dB."""
    wet = itur.models.itu453.map_wet_term_radio_refractivity(41.9, 12.5, 50).value
    assert gas_attenuation_db(**AIR) == pytest.approx(0.116, abs=0.0015)
    shimmer = scintillation_db(**(TURBULENCE | {"wet_refractivity": wet}), diameter_m=0.6)
    assert shimmer == pytest.approx(0.405, abs=0.0005)


def test_clouds_equal_itur() -> None:
    for ghz in (2.0, 12.0, 28.5, 50.0):
        column = np.array([[1.3]])
        peer = itu840.cloud_attenuation(41.9, 12.5, 25.0, ghz, 1.0, Lred=column).value
        ours = cloud_attenuation_db(elevation_deg=25.0, frequency_hz=ghz * 1e9, liquid_kg_m2=1.3)
        assert ours == pytest.approx(peer, rel=1e-12)


@pytest.mark.parametrize("diameter_m", [0.3, 0.6, 1.8, 13.0])
def test_scintillation_equals_itur(diameter_m: float) -> None:
    wet = itur.models.itu453.map_wet_term_radio_refractivity(1.3, 103.8, 50).value
    for ghz in (4.0, 12.0, 28.5):
        for percent in (0.001, 0.01, 1.0, 50.0):
            for elevation_deg in (5.0, 10.0, 50.0):
                with np.errstate(invalid="ignore"):  # `itur` takes the root first
                    peer = itu618.scintillation_attenuation(
                        1.3, 103.8, ghz, elevation_deg, percent, diameter_m
                    ).value
                ours = scintillation_db(
                    wet_refractivity=wet,
                    elevation_deg=elevation_deg,
                    frequency_hz=ghz * 1e9,
                    percent=percent,
                    diameter_m=diameter_m,
                )
                assert ours == pytest.approx(peer, abs=1e-9)


def test_path_is_a_cosecant_down_to_five_degrees_and_finite_below() -> None:
    angle = np.array([90.0, 30.0, 5.0])
    np.testing.assert_allclose(path_factor(angle), 1.0 / np.sin(np.radians(angle)), rtol=1e-15)
    low = path_factor(np.linspace(0.0, 6.0, 601))
    assert (np.diff(low) < 0.0).all()
    assert np.abs(np.diff(low)).max() < 0.8
    assert 30.0 < low[0] < 100.0


@given(elevation_deg=st.floats(0.0, 88.0), ghz=st.floats(1.0, 54.0))
@settings(max_examples=100, deadline=None)
def test_all_fall_with_elevation(elevation_deg: float, ghz: float) -> None:
    angles = [elevation_deg, elevation_deg + 1.0]
    gases = gas_attenuation_db(**(AIR | {"elevation_deg": angles, "frequency_hz": ghz * 1e9}))
    clouds = cloud_attenuation_db(**(CLOUD | {"elevation_deg": angles, "frequency_hz": ghz * 1e9}))
    turbulence = TURBULENCE | {"elevation_deg": angles, "frequency_hz": ghz * 1e9}
    shimmer = scintillation_db(**turbulence)
    assert gases[0] > gases[1] > 0.0
    assert clouds[0] > clouds[1] > 0.0
    assert shimmer[0] >= shimmer[1] > 0.0


@pytest.mark.parametrize(
    ("call", "given_values", "field", "value"),
    [
        (gas_attenuation_db, AIR, "elevation_deg", -1.0),
        (gas_attenuation_db, AIR, "frequency_hz", 60e9),
        (gas_attenuation_db, AIR, "temperature_k", 15.0),
        (gas_attenuation_db, AIR, "vapour_kg_m2", -1.0),
        (gas_attenuation_db, AIR, "humidity_g_m3", math.nan),
        (gas_attenuation_db, AIR, "station_height_km", 40.0),
        (cloud_attenuation_db, CLOUD, "liquid_kg_m2", -0.1),
        (scintillation_db, TURBULENCE, "percent", 60.0),
        (scintillation_db, TURBULENCE, "diameter_m", -0.6),
        (scintillation_db, TURBULENCE, "efficiency", 1.2),
        (scintillation_db, TURBULENCE, "wet_refractivity", math.inf),
    ],
)
def test_refuses_what_cannot_be(
    call: Callable[..., Any], given_values: dict[str, Any], field: str, value: float
) -> None:
    with pytest.raises(InvalidInputError, match=field):
        call(**(given_values | {field: value}))
