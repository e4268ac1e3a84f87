"""Tables of positions, as archives of AIS and people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.fleet.tracks.csv_reports import read_csv
from baluardo.fleet.tracks.heard import Kind
from baluardo.fleet.tracks.reading import read_reports

# The columns of the Danish Maritime Authority's archive; values invented.
DANISH = b"""# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,\
Heading,IMO,Callsign,Name,Ship type
27/02/2024 00:00:00,Class A,219000001,55.472345,9.871234,Under way using engine,,10.3,271.4,270,\
Unknown,,ANNA,Cargo
27/02/2024 00:00:01,Base Station,2190067,56.716357,11.519123,Unknown value,,,,,Unknown,,,
27/02/2024 00:00:02,Class B,219000002,91,0,Unknown value,,,,,Unknown,,,
27/02/2024 00:00:03,Class A,219000001,55.472340,9.871100,Under way using engine,,102.3,360,511,\
Unknown,,ANNA,Cargo
"""
# The columns of the archive of the United States; values invented.
AMERICAN = b"""MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType
366000001,2020-06-01T00:00:05,29.93,-90.02,7.1,112.0,511.0,RIVER,IMO0000001,WAB,31
"""
SEMICOLONS = "\ufefftime;platform;latitude;longitude;speed_m_s\n1774180800;Nave;37,5;15,25;8,5\n"


def positions(octets, name="x"):
    return [each.position for each in read_csv(octets, name) if each.position is not None]


def test_the_danish_archive_is_read():
    heard = list(read_csv(DANISH, "x"))
    assert [each.kind for each in heard] == [
        Kind.EMPTY,
        Kind.POSITION,
        Kind.OTHER,
        Kind.OTHER,
        Kind.POSITION,
    ]
    first, last = positions(DANISH)
    assert (first.platform, first.time) == ("219000001", 1708992000.0)
    assert first.speed_m_s == pytest.approx(10.3 * 1852 / 3600)
    assert (first.course_deg, first.heading_deg) == (271.4, 270.0)
    assert (last.speed_m_s, last.course_deg, last.heading_deg) == (None, None, None)


def test_the_american_archive_is_read():
    (report,) = positions(AMERICAN)
    assert (report.platform, report.time) == ("366000001", 1590969605.0)
    assert (report.lat_deg, report.lon_deg, report.heading_deg) == (29.93, -90.02, None)


def test_a_table_of_a_spreadsheet_with_commas_in_its_numbers():
    (report,) = positions(SEMICOLONS.encode())
    assert (report.platform, report.lat_deg, report.lon_deg) == ("Nave", 37.5, 15.25)
    assert report.speed_m_s == 8.5


def test_milliseconds_tabs_and_no_name():
    text = b"t\tlat\tlon\n1774180800500\t37\t15\n2026-03-22T12:00:01+00:00\t37\t15\n"
    one, other = positions(text, "boat")
    assert (one.platform, one.time, other.time) == ("boat", 1774180800.5, 1774180801.0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"1774180800,95,15,8", "lat_deg 95"),
        (b"1774180800,37,east,8", "no number"),
        (b"yesterday,37,15,8", "time"),
        (b"inf,37,15,8", "time"),
        (b"1774180800,37,15", "columns"),
        (b'1774180800,"37,15,8', "quotes"),
        (b"1774180800,37,15,\xff", "UTF-8"),
        (b"1774180800,37,15,1e9", "speed_m_s"),
        (b"1774180800,37,15," + b"8" * 9_000, "octets"),
        (b"1774180800,37,15,nan", "finite"),
    ],
)
def test_a_broken_line_is_refused_by_itself(line, words):
    text = b"time,lat,lon,sog\n1774180790,37,15,8\n" + line + b"\n1774180810,37,15,8\n"
    heard = list(read_csv(text, "x"))
    assert [each.kind for each in heard] == [
        Kind.EMPTY,
        Kind.POSITION,
        Kind.REFUSED,
        Kind.POSITION,
    ]
    assert heard[2].refused.number == 3
    assert words in heard[2].refused.reason


@pytest.mark.parametrize(
    ("header", "words"),
    [
        (b"", "no column of a time"),
        (b"time,lat", "longitude"),
        (b"time,lat,lon,speed", "does not say its unit"),
        (b"time,lat,lon,alt", "does not say its unit"),
    ],
)
def test_what_is_no_table_of_positions_is_refused_whole(header, words):
    with pytest.raises(InvalidInputError, match=words):
        read_csv(header + b"\n1,2,3,4\n", "x")


def test_an_identity_has_nine_digits():
    text = b"mmsi,time,lat,lon\n2190067,1774180800,37,15\nANNA,1774180800,37,15\n"
    heard = list(read_csv(text, "x"))
    assert heard[1].position.platform == "002190067"
    assert "nine digits" in heard[2].refused.reason


def test_a_file_tells_what_it_is():
    assert next(iter(read_reports(DANISH, "x"))).kind is Kind.EMPTY
    gpx = b"\xef\xbb\xbf\n <gpx><wpt lat='1' lon='2'/></gpx>"
    assert [each.kind for each in read_reports(gpx.lstrip(b"\xef\xbb\xbf\n "), "x")] == [Kind.OTHER]
    ais = b"!AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0*5C\n"
    assert [each.kind for each in read_reports(ais, "x", 1e9)] == [Kind.POSITION]
    assert [each.kind for each in read_reports(b"nothing\nat all", "x")] == [Kind.REFUSED] * 2
    assert list(read_reports(b"", "x")) == []


rows = st.tuples(
    st.integers(100_000_000, 999_999_999),
    st.floats(0.0, 4e9),
    st.floats(-90.0, 90.0),
    st.floats(-179.9, 179.9),
)


@given(st.lists(rows, max_size=20), st.integers(0, 20), st.text(max_size=12))
def test_what_was_written_is_read_whatever_stands_between(written, place, noise):
    lines = [f"{m},{t!r},{lat!r},{lon!r}" for m, t, lat, lon in written]
    noise = "".join(noise.splitlines()).replace(",", "").strip()
    lines.insert(min(place, len(lines)), noise)
    text = "\n".join(["mmsi,time,lat,lon", *lines])
    read = [(int(p.platform), p.time, p.lat_deg, p.lon_deg) for p in positions(text.encode())]
    assert read == written
