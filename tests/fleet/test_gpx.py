"""Tracks of receivers: nothing valid is lost, each broken point is refused by itself."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baluardo.errors import InvalidInputError
from baluardo.fleet.tracks.gpx import read_gpx
from baluardo.fleet.tracks.heard import Kind
from baluardo.fleet.tracks.report import ReportSource

# As a handheld receiver writes it: GPX 1.1, speeds in an extension of its maker.
HANDHELD = b"""<?xml version="1.0" encoding="UTF-8" standalone="no" ?>
<gpx xmlns="http://www.topografix.com/GPX/1/1" version="1.1" creator="receiver"
  xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
  <metadata><time>2026-03-22T11:59:00Z</time></metadata>
  <wpt lat="37.0" lon="15.0"><name>Harbour</name></wpt>
  <rte><rtept lat="37.1" lon="15.1"/></rte>
  <trk><name>Pattuglia 3</name>
    <trkseg>
      <trkpt lat="37.001" lon="15.002"><ele>12.5</ele><time>2026-03-22T12:00:00Z</time>
        <extensions><gpxtpx:TrackPointExtension><gpxtpx:speed>8.2</gpxtpx:speed>
        <gpxtpx:course>41.5</gpxtpx:course></gpxtpx:TrackPointExtension></extensions></trkpt>
      <trkpt lat="37.002" lon="15.003"><time>2026-03-22T13:00:10.250+01:00</time></trkpt>
    </trkseg>
    <trkseg><trkpt lat="37.003" lon="15.004"><time>2026-03-22T12:00:20</time></trkpt></trkseg>
  </trk>
</gpx>"""

OLD = b"""<gpx version="1.0" xmlns="http://www.topografix.com/GPX/1/0"><trk><trkseg>
<trkpt lat="-33.5" lon="-70"><time>2010-01-01T00:00:00Z</time><course>0</course>
<speed>0.5</speed></trkpt></trkseg></trk></gpx>"""


def test_a_handhelds_track_is_read_whole():
    heard = list(read_gpx(HANDHELD, "file"))
    assert [each.kind for each in heard] == [Kind.OTHER] * 2 + [Kind.POSITION] * 3
    first, second, third = (each.position for each in heard[2:])
    assert (first.platform, first.source) == ("Pattuglia 3", ReportSource.GPX)
    assert (first.lat_deg, first.lon_deg, first.height_m) == (37.001, 15.002, 12.5)
    assert (first.speed_m_s, first.course_deg) == (8.2, 41.5)
    assert first.time == 1774180800.0
    assert second.time == 1774180810.25
    assert third.time == 1774180820.0
    assert second.speed_m_s is None


def test_the_older_version_tells_speed_and_course_itself():
    (heard,) = read_gpx(OLD, "boat")
    assert heard.position.platform == "boat"
    assert (heard.position.speed_m_s, heard.position.course_deg) == (0.5, 0.0)


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (b'<trkpt lat="91" lon="15.003">', "lat_deg 91"),
        (b'<trkpt lat="north" lon="15.003">', "no number"),
        (b'<trkpt lon="15.003">', "no lat"),
        (b'<trkpt lat="nan" lon="15.003">', "lat_deg nan"),
        (b'<trkpt lat="37.002" lon="15.003"><ele>high</ele>', "ele"),
    ],
)
def test_a_broken_point_is_refused_by_itself(broken, words):
    heard = list(read_gpx(HANDHELD.replace(b'<trkpt lat="37.002" lon="15.003">', broken), "x"))
    assert [each.kind for each in heard[2:]] == [Kind.POSITION, Kind.REFUSED, Kind.POSITION]
    assert heard[3].refused.number == 4
    assert words in heard[3].refused.reason


@pytest.mark.parametrize("time", [b"yesterday", b"", b"9999-99-99"])
def test_a_point_of_a_track_needs_a_time(time):
    heard = list(read_gpx(HANDHELD.replace(b"2026-03-22T12:00:00Z", time), "x"))
    assert heard[2].kind is Kind.REFUSED
    assert "time" in heard[2].refused.reason


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b"<gpx", "well-formed"),
        (b"<kml/>", "no GPX"),
        (b'<!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>', "declares"),
        (b'<?xml version="1.0" encoding="x-none"?><gpx/>', "declares|well-formed"),
        (b"", "well-formed"),
    ],
)
def test_what_is_no_gpx_is_refused_whole(octets, words):
    with pytest.raises(InvalidInputError, match=words):
        list(read_gpx(octets, "x"))


def test_nothing_lies_too_deep_to_end():
    deep = b"<gpx>" + b"<a>" * 5_000 + b"</a>" * 5_000 + b"</gpx>"
    assert list(read_gpx(deep, "x")) == []


places = st.tuples(st.floats(-90.0, 90.0), st.floats(-180.0, 180.0), st.integers(0, 4_000_000_000))


@given(st.lists(places, max_size=20))
def test_what_was_written_is_read(points):
    body = "".join(
        f'<trkpt lat="{lat!r}" lon="{lon!r}"><time>'
        f"{datetime.fromtimestamp(t, UTC).isoformat()}</time></trkpt>"
        for lat, lon, t in points
    )
    text = f"<gpx><trk><trkseg>{body}</trkseg></trk></gpx>"
    read = [each.position for each in read_gpx(text.encode(), "x")]
    assert [(p.lat_deg, p.lon_deg, p.time) for p in read] == points
