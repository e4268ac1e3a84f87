"""Every door for catalogues, given any bytes: a catalogue or CatalogueError, nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from baluardo.errors import CatalogueError
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.formats import parse_catalogue
from baluardo.twin.sky.omm import parse_omm_csv, parse_omm_json, parse_omm_kvn, parse_omm_xml
from baluardo.twin.sky.shells import catalogue_from_shells
from baluardo.twin.sky.tle import parse_tle

Parse = Callable[[bytes, str], Catalogue]

DOORS: dict[str, Parse] = {
    "tle": parse_tle,
    "json": parse_omm_json,
    "csv": parse_omm_csv,
    "xml": parse_omm_xml,
    "kvn": parse_omm_kvn,
    "any": parse_catalogue,
    "shells": catalogue_from_shells,
}
every_door = pytest.mark.parametrize("door", DOORS)

FIELDS = {
    "OBJECT_NAME": "STARLINK-11072 [DTC]",
    "EPOCH": "2025-05-29T08:12:37.798560",
    "MEAN_MOTION": "15.06397367",
    "ECCENTRICITY": "0.0001894",
    "INCLINATION": "53.056",
    "RA_OF_ASC_NODE": "23.1004",
    "ARG_OF_PERICENTER": "82.1297",
    "MEAN_ANOMALY": "277.9907",
    "NORAD_CAT_ID": "44714",
    "BSTAR": ".62544E-4",
    "MEAN_MOTION_DOT": "0.0000065",
    "MEAN_MOTION_DDOT": "0",
}
SAMPLES: dict[str, bytes] = {
    "tle": b"STARLINK-1008\n"
    b"1 44714U 19074B   25149.34210415  .00000650  00000+0  62544-4 0  9997\n"
    b"2 44714  53.0560  23.1004 0001894  82.1297 277.9907 15.06397367305895\n"
    b"0 ISS (ZARYA)\r\n"
    b"1 25544U 98067A   19343.69339541  .00001764  00000-0  38792-4 0  9991\r\n"
    b"2 25544  51.6439 211.2001 0007417  17.6667  85.6398 15.50103472202482\r\n",
    "json": json.dumps([FIELDS, FIELDS | {"NORAD_CAT_ID": 999_999_999}]).encode(),
    "csv": f"{','.join(FIELDS)}\n{','.join(FIELDS.values())}\n".encode(),
    "kvn": "\n".join(["CCSDS_OMM_VERS = 2.0", *(f"{k} = {v}" for k, v in FIELDS.items())]).encode(),
    "xml": (
        "<ndm><omm><body><segment><data>"
        + "".join(f"<{k}>{v}</{k}>" for k, v in FIELDS.items())
        + "</data></segment></body></omm></ndm>"
    ).encode(),
    "shells": b"[[shell]]\ninclination_deg = 53\nheight_km = 550\nplanes = 7\n"
    b'satellites = 100\nphasing = 3\ngeneration = "v1"\nname = "A"\n',
}


def open_door(door: str, data: bytes) -> Catalogue | None:
    """Return the catalogue, or None where it was refused with a sentence; check what came out."""
    try:
        catalogue = DOORS[door](data, "file")
    except CatalogueError as refusal:
        assert str(refusal).startswith("file")
        assert str(refusal).isprintable()
        return None
    assert len(catalogue) > 0
    for values in vars(catalogue).values():
        if isinstance(values, np.ndarray):
            assert np.isfinite(values).all()
    assert (catalogue.eccentricity < 1.0).all()
    assert (catalogue.mean_motion > 0.0).all()
    assert all(name.isprintable() and name for name in catalogue.names)
    assert all(b.reason.isprintable() and b.line >= 1 for b in catalogue.broken)
    assert len(catalogue.broken) <= 0.05 * (len(catalogue) + len(catalogue.broken))
    return catalogue


@every_door
@given(data=st.binary(max_size=2_000))
@example(data=b"")
@example(data=b"\0")
@example(data=b"\xff\xfe<\0n\0")
@example(data=b'<?xml version="1.0" encoding="utf-7"?><ndm/>')
@example(data=b'[{"OBJECT_NAME": "\\ud800"}]')
@example(data=b"[" * 20_000)
def test_any_bytes(door: str, data: bytes) -> None:
    open_door(door, data)


@every_door
@given(data=st.text(max_size=1_000))
def test_any_text(door: str, data: str) -> None:
    open_door(door, data.encode("utf-8", errors="surrogatepass"))


@pytest.mark.parametrize("door", SAMPLES)
@settings(max_examples=300)
@given(data=st.data())
def test_damaged_records(door: str, data: st.DataObject) -> None:
    """Cut, overwrite, insert and repeat in a sound file."""
    sample = SAMPLES[door]
    assert open_door(door, sample) is not None
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(sample)))
        end = data.draw(st.integers(start, min(len(sample), start + 60)))
        middle = data.draw(
            st.one_of(
                st.binary(max_size=8),
                st.sampled_from([b"nan", b"-", b"9" * 400, b"1e999", b"\n", b'"', b"[", b"]]>"]),
                st.just(sample[start:end] * 2),
            )
        )
        sample = sample[:start] + middle + sample[end:]
    open_door(door, sample)
    if door != "shells":
        open_door("any", sample)


NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(-(10**30), 10**30),
    st.text(max_size=12),
    st.none(),
    st.booleans(),
    st.lists(st.integers(), max_size=2),
)


@settings(max_examples=300)
@given(changes=st.dictionaries(st.sampled_from(list(FIELDS)), NUMBERS, max_size=4))
def test_strange_values_in_json(changes: dict[str, object]) -> None:
    open_door("json", json.dumps([FIELDS | changes]).encode())


@settings(max_examples=200)
@given(
    changes=st.dictionaries(
        st.sampled_from(
            ["inclination_deg", "height_km", "planes", "satellites", "phasing", "eccentricity"]
        ),
        st.one_of(st.integers(-(10**20), 10**20), st.floats(), st.just("0x" + "f" * 5_000)),
        max_size=4,
    )
)
def test_strange_values_in_shells(changes: dict[str, float | str]) -> None:
    values = {"inclination_deg": 53, "height_km": 550, "planes": 3, "satellites": 30} | changes
    text = "[[shell]]\n" + "\n".join(f"{key} = {value}" for key, value in values.items())
    open_door("shells", text.encode())


@given(
    motion=st.floats(0.01, 17.9),
    eccentricity=st.floats(0.0, 0.99),
    inclination=st.floats(0.0, 180.0),
    angle=st.floats(-360.0, 360.0),
    number=st.integers(1, 999_999_999),
)
def test_possible_values_round_trip_through_every_format(
    motion: float, eccentricity: float, inclination: float, angle: float, number: int
) -> None:
    fields = FIELDS | {
        "MEAN_MOTION": repr(motion),
        "ECCENTRICITY": repr(eccentricity),
        "INCLINATION": repr(inclination),
        "MEAN_ANOMALY": repr(angle),
        "NORAD_CAT_ID": str(number),
    }
    written = {
        "json": json.dumps([fields]).encode(),
        "csv": f"{','.join(fields)}\n{','.join(fields.values())}\n".encode(),
        "kvn": "\n".join(
            ["CCSDS_OMM_VERS = 2.0", *(f"{k} = {v}" for k, v in fields.items())]
        ).encode(),
        "xml": (
            "<ndm><omm><body><segment>"
            + "".join(f"<{k}>{v}</{k}>" for k, v in fields.items())
            + "</segment></body></omm></ndm>"
        ).encode(),
    }
    for door, data in written.items():
        catalogue = open_door(door, data)
        assert catalogue is not None
        assert catalogue.numbers.tolist() == [number]
        assert catalogue.eccentricity[0] == eccentricity
        assert catalogue.mean_motion[0] * 720.0 / np.pi == pytest.approx(motion, rel=1e-14)
        assert catalogue.mean_anomaly[0] == pytest.approx(np.radians(angle), rel=1e-14, abs=1e-300)
