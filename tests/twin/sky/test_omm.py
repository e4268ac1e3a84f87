"""OMM in four formats: exactness against sgp4, one meaning in all of them, every kind of damage."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from satrecs import largest_difference_km, satrec_of
from sgp4 import omm
from sgp4.api import Satrec
from sgp4.exporter import export_omm

from baluardo.errors import CatalogueError
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.formats import parse_catalogue
from baluardo.twin.sky.omm import parse_omm_csv, parse_omm_json, parse_omm_kvn, parse_omm_xml

Fields = dict[str, str]

# Keywords and figures after CelesTrak's JSON for the same object as in test_tle.
STARLINK: Fields = {
    "OBJECT_NAME": "STARLINK-1008",
    "OBJECT_ID": "2019-074B",
    "EPOCH": "2025-05-29T08:12:37.798560",
    "MEAN_MOTION": "15.06397367",
    "ECCENTRICITY": ".0001894",
    "INCLINATION": "53.056",
    "RA_OF_ASC_NODE": "23.1004",
    "ARG_OF_PERICENTER": "82.1297",
    "MEAN_ANOMALY": "277.9907",
    "EPHEMERIS_TYPE": "0",
    "CLASSIFICATION_TYPE": "U",
    "NORAD_CAT_ID": "44714",
    "ELEMENT_SET_NO": "999",
    "REV_AT_EPOCH": "30589",
    "BSTAR": ".62544E-4",
    "MEAN_MOTION_DOT": ".65E-5",
    "MEAN_MOTION_DDOT": "0",
}


def as_json(records: list[Fields]) -> bytes:
    return json.dumps(records, indent=1).encode()


def as_numbers(records: list[Fields]) -> bytes:
    """Write JSON with numbers as numbers, on one line, as CelesTrak does."""
    texts = {"OBJECT_NAME", "OBJECT_ID", "EPOCH", "CLASSIFICATION_TYPE"}
    return json.dumps(
        [
            {key: value if key in texts else float(value) for key, value in record.items()}
            | {"NORAD_CAT_ID": int(record["NORAD_CAT_ID"])}
            for record in records
        ],
        separators=(",", ":"),
    ).encode()


def as_csv(records: list[Fields]) -> bytes:
    keys = list(STARLINK)
    rows = [",".join(record.get(key, "") for key in keys) for record in records]
    return "\r\n".join([",".join(keys), *rows]).encode()


def as_kvn(records: list[Fields]) -> bytes:
    messages = [
        "\n".join(["CCSDS_OMM_VERS = 2.0", *(f"{key} = {value}" for key, value in record.items())])
        for record in records
    ]
    return "\n\n".join(messages).encode()


def as_xml(records: list[Fields]) -> bytes:
    segments = [
        "<omm><body><segment><metadata/><data>\n"
        + "".join(f"<{key}>{value}</{key}>" for key, value in record.items())
        + "</data></segment></body></omm>\n"
        for record in records
    ]
    return f"<ndm>{''.join(segments)}</ndm>".encode()


FORMATS: list[tuple[Callable[[list[Fields]], bytes], Callable[[bytes, str], Catalogue]]] = [
    (as_json, parse_omm_json),
    (as_numbers, parse_omm_json),
    (as_csv, parse_omm_csv),
    (as_kvn, parse_omm_kvn),
    (as_xml, parse_omm_xml),
]
every_format = pytest.mark.parametrize(("write", "parse"), FORMATS)


def reference(fields: Fields) -> Satrec:
    satellite = Satrec()
    omm.initialize(satellite, fields | {"NORAD_CAT_ID": "5"})
    return satellite


def numbered(count: int) -> list[Fields]:
    return [STARLINK | {"NORAD_CAT_ID": str(n)} for n in range(1, count + 1)]


@every_format
def test_every_format_gives_the_same_catalogue(write: Any, parse: Any) -> None:
    records = [*numbered(2), STARLINK | {"NORAD_CAT_ID": "123456789"}]
    catalogue = parse(write(records), "test")
    again = parse_catalogue(write(records), "test")
    for c in (catalogue, again):
        assert c.numbers.tolist() == [1, 2, 123_456_789]
        assert set(c.names) == {"STARLINK-1008"}
        assert not c.broken
        ours = satrec_of(c, 2)
        theirs = reference(STARLINK)
        assert (ours.jdsatepoch, ours.jdsatepochF) == (theirs.jdsatepoch, theirs.jdsatepochF)
        # The same arithmetic as sgp4's, hence the same bits.
        assert largest_difference_km(ours, theirs) == 0.0


def test_positions_equal_those_of_sgp4_over_the_real_catalogue(real_tle: bytes) -> None:
    lines = real_tle.decode().splitlines()
    records: list[Fields] = []
    for i in range(0, 7_500, 100):
        exported = export_omm(Satrec.twoline2rv(lines[3 * i + 1], lines[3 * i + 2]), lines[3 * i])
        records.append({key: str(value) for key, value in exported.items()})
    catalogue = parse_omm_json(as_json(records), "test")
    for i, record in enumerate(records):
        assert largest_difference_km(satrec_of(catalogue, i), reference(record), days=3.0) == 0.0


@pytest.mark.parametrize("file", ["goes9.kvn", "goes9.xml"])
def test_example_of_the_standard(vectors: Path, file: str) -> None:
    catalogue = parse_catalogue((vectors / "omm" / file).read_bytes(), file)
    assert catalogue.numbers.tolist() == [23_581, 999_023_581]
    expected = STARLINK | {
        "EPOCH": "2007-03-05T10:34:41.4264",
        "MEAN_MOTION": "1.00273272",
        "ECCENTRICITY": "0.0005013",
        "INCLINATION": "3.0539",
        "RA_OF_ASC_NODE": "81.7939",
        "ARG_OF_PERICENTER": "249.2363",
        "MEAN_ANOMALY": "150.1602",
        "BSTAR": "0.0001",
        "MEAN_MOTION_DOT": "-0.00000113",
        "MEAN_MOTION_DDOT": "0.0",
    }
    for i in range(2):
        assert largest_difference_km(satrec_of(catalogue, i), reference(expected)) == 0.0


def test_names_with_brackets_survive_kvn(vectors: Path) -> None:
    catalogue = parse_omm_kvn((vectors / "omm" / "goes9.kvn").read_bytes(), "test")
    assert catalogue.names == ("GOES 9", "GOES 9 [P]")


@pytest.mark.parametrize(
    "epoch",
    [
        "2025-05-29T00:00:00",
        "2025-05-29T00:00:00.000000000000",
        "2025-05-29 00:00:00Z",
        "2025-149T00:00:00.0",
        "2025-05-28T23:59:59.9999999",
    ],
)
def test_time_codes(epoch: str) -> None:
    catalogue = parse_omm_json(as_json([STARLINK | {"EPOCH": epoch}]), "test")
    assert catalogue.epoch == 1_748_476_800.0


@every_format
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"EPOCH": "2025-02-30T00:00:00"}, "no day of the calendar"),
        ({"EPOCH": "2025-366T00:00:00"}, "no day of the calendar"),
        ({"EPOCH": "2025-05-29T24:00:00"}, "no time of the day"),
        ({"EPOCH": "yesterday"}, "no date and time"),
        ({"EPOCH": "1905-01-01T00:00:00"}, "not between 1957"),
        ({"EPOCH": "2305-01-01T00:00:00"}, "not between 1957"),
        ({"ECCENTRICITY": "1.0"}, "eccentricity 1 is not between 0 and 1"),
        ({"ECCENTRICITY": "-0.1"}, "eccentricity -0.1"),
        ({"MEAN_MOTION": "nan"}, "MEAN_MOTION"),
        ({"MEAN_MOTION": "1e999"}, "MEAN_MOTION"),
        ({"MEAN_MOTION": "0"}, "mean motion 0 "),
        ({"INCLINATION": "180.1"}, "inclination 180.1"),
        ({"NORAD_CAT_ID": "0"}, "is not a number from 1 to 999999999"),
        ({"NORAD_CAT_ID": "1234567890"}, "is not a number from 1 to 999999999"),
        ({"BSTAR": "1e6"}, "drag term"),
        ({"EPHEMERIS_TYPE": "4"}, "SGP4-XP"),
    ],
)
def test_impossible_values_are_broken_records(
    write: Any, parse: Any, change: Fields, words: str
) -> None:
    if write is as_numbers:
        change = {key: value for key, value in change.items() if key != "EPHEMERIS_TYPE"}
        if not change:
            return
    catalogue = parse(write([*numbered(30), STARLINK | change]), "test")
    assert len(catalogue) == 30
    (broken,) = catalogue.broken
    assert words in broken.reason
    assert broken.reason.startswith("STARLINK-1008: ")


@pytest.mark.parametrize(
    ("write", "parse", "line"),
    [
        (as_json, parse_omm_json, 572),
        (as_numbers, parse_omm_json, 1),
        (as_csv, parse_omm_csv, 32),
        (as_kvn, parse_omm_kvn, 571),
        (as_xml, parse_omm_xml, 61),
    ],
)
def test_broken_records_are_named_by_line(write: Any, parse: Any, line: int) -> None:
    data = write([*numbered(30), STARLINK | {"ECCENTRICITY": "7"}, STARLINK])
    catalogue = parse(data, "test")
    assert [b.line for b in catalogue.broken] == [line]


@every_format
@pytest.mark.parametrize("key", ["EPOCH", "MEAN_MOTION", "BSTAR"])
def test_missing_keywords_are_named(write: Any, parse: Any, key: str) -> None:
    less = {k: v for k, v in STARLINK.items() if k != key}
    (broken,) = parse(write([*numbered(30), less]), "test").broken
    assert f"{key} missing" in broken.reason


@pytest.mark.parametrize(
    "change",
    [
        {"CENTER_NAME": "MARS"},
        {"REF_FRAME": "GCRF"},
        {"TIME_SYSTEM": "TAI"},
        {"MEAN_ELEMENT_THEORY": "SGP4-XP"},
    ],
)
@pytest.mark.parametrize(("write", "parse"), [f for f in FORMATS if f[0] in (as_json, as_kvn)])
def test_elements_for_another_theory_are_broken(write: Any, parse: Any, change: Fields) -> None:
    (broken,) = parse(write([*numbered(30), STARLINK | change]), "test").broken
    assert next(iter(change)) in broken.reason


def test_units_other_than_the_standards_are_broken() -> None:
    data = as_kvn([*numbered(30), STARLINK | {"MEAN_MOTION": "0.00109 [rad/s]"}])
    (broken,) = parse_omm_kvn(data, "test").broken
    assert "MEAN_MOTION is in 'rad/s', not in rev/day" in broken.reason
    data = as_xml([*numbered(30), STARLINK]).replace(b"<BSTAR>", b'<BSTAR units="m**2/kg">', 1)
    (broken,) = parse_omm_xml(data, "test").broken
    assert "BSTAR is in" in broken.reason


def test_null_and_nested_values_are_not_given() -> None:
    records: list[Any] = [*numbered(60), STARLINK | {"BSTAR": None}, STARLINK | {"EPOCH": [1]}, 7]
    reasons = [b.reason for b in parse_omm_json(json.dumps(records).encode(), "test").broken]
    assert reasons == [
        "STARLINK-1008: BSTAR missing",
        "STARLINK-1008: EPOCH missing",
        "not an object of keywords and values",
    ]


def test_damage_in_one_message_of_kvn_costs_that_message() -> None:
    data = as_kvn(numbered(41)).replace(b"BSTAR = .62544E-4", b"BSTAR : .62544E-4", 1)
    catalogue = parse_omm_kvn(data.replace(b"\nEPOCH =", b"\nBSTAR = 1\nEPOCH =", 2), "test")
    assert len(catalogue) == 39
    assert "is not keyword = value" in catalogue.broken[0].reason
    assert "'BSTAR' stands twice" in catalogue.broken[1].reason


def test_an_open_quotation_mark_costs_one_line_of_csv() -> None:
    data = as_csv(numbered(41)).replace(b"STARLINK-1008", b'"STARLINK-1008', 1)
    catalogue = parse_omm_csv(data, "test")
    assert [b.line for b in catalogue.broken] == [2]
    assert len(catalogue) == 40


def test_keywords_that_cannot_be_shown_are_escaped() -> None:
    text = b"CCSDS_OMM_VERS = 2.0\n\0NAME = A\n\0NAME = A\n"
    with pytest.raises(CatalogueError) as caught:
        parse_omm_kvn(text, "file")
    assert r"line 3: '\x00NAME' stands twice" in str(caught.value)


def test_quoted_names_with_commas() -> None:
    data = as_csv([STARLINK | {"OBJECT_NAME": '"SAT, THE ""FIRST"""'}])
    assert parse_omm_csv(data, "test").names == ('SAT, THE "FIRST"',)


def test_one_object_is_a_catalogue() -> None:
    assert len(parse_catalogue(json.dumps(STARLINK).encode(), "test")) == 1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"[]", "holds no satellite"),
        (b"[1, 2]", "2 of 2 records are broken"),
        (b"[{}", "not closed"),
        (as_json([STARLINK])[:-20], "no JSON record, or is cut off"),
        (b"[" * 100_000, "no JSON record"),
        (b'[{"a":' + b"9" * 1_000_000 + b"}]", "no JSON record"),
        (b'{"a": 1} {"b": 2}', "follows the end"),
        (b'{"error": "login"}', "1 of 1 records are broken"),
        (b"<html><body>Sorry</body></html>", "is a web page"),
        (b"<!DOCTYPE html><html>", "is a web page"),
        (b"<rss/>", "its root is 'rss'"),
        (b"<ndm><omm>", "no well-formed XML"),
        (b"<ndm/>", "holds no satellite"),
        (b"<ndm>" + b"<a>" * 100 + b"</ndm>", "more elements than a message has"),
        (b"<ndm>" + b"<a/>" * 5_000 + b"</ndm>", "more elements than a message has"),
        (b'<!DOCTYPE a [<!ENTITY b "c">]><ndm>&b;</ndm>', "document types or entities"),
        (b'<!DOCTYPE ndm SYSTEM "file:///etc/passwd"><ndm/>', "document types or entities"),
        (b"NORAD_CAT_ID,EPOCH\n1,2", "names no column MEAN_MOTION"),
        (as_csv([STARLINK]).split(b"\r")[0], "holds no satellite"),
        (b"EPOCH = 1\nCCSDS_OMM_VERS = 2.0", "comes before CCSDS_OMM_VERS"),
        (b"No GP data found", "begins with 'No GP data found'"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is no catalogue"),
        (b"", "is empty"),
    ],
)
def test_what_is_no_catalogue_is_refused_with_a_sentence(data: bytes, words: str) -> None:
    with pytest.raises(CatalogueError) as caught:
        parse_catalogue(data, "file")
    assert words in str(caught.value)
    assert str(caught.value).startswith("file")
    assert str(caught.value).endswith(".")


def test_a_file_larger_than_any_catalogue_is_refused() -> None:
    with pytest.raises(CatalogueError, match="larger than 64 MiB"):
        parse_catalogue(b" " * (64 * 1024 * 1024 + 1), "file")


@pytest.mark.parametrize(
    "data",
    [
        b"[" + b"1," * 5_000_000 + b"1]",
        b"[" + b'{"a":1},' * 1_000_000 + b"{}]",
        b"<ndm>" + b"<segment/>" * 1_000_000 + b"</ndm>",
        b"CCSDS_OMM_VERS = 2.0\n" * 1_000_000,
        b"NORAD_CAT_ID," + as_csv([STARLINK]).split(b"\r")[0] + b"\n" + b"x\n" * 1_000_000,
        b"NORAD_CAT_ID," + as_csv([STARLINK]).split(b"\r")[0] + b"\n" + b"," * 20_000_000,
        b'{"a":' + b"[]," * 5_000_000,
    ],
    ids=["numbers", "objects", "segments", "messages", "lines", "commas", "nested"],
)
def test_endless_rubbish_is_given_up(data: bytes) -> None:
    with pytest.raises(CatalogueError):
        parse_catalogue(data, "file")


@every_format
def test_a_whole_constellation_parses(write: Any, parse: Any) -> None:
    assert len(parse(write(numbered(7_500)), "test")) == 7_500
