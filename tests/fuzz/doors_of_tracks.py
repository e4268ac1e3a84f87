"""The door for where platforms were: logs of AIS, tracks of receivers, tables."""

from __future__ import annotations

from door import Door

from baluardo.errors import InvalidInputError
from baluardo.fleet.platform import PlatformKind
from baluardo.fleet.tracks.followed import Followed
from baluardo.fleet.tracks.heard import Kind
from baluardo.fleet.tracks.reading import is_gpx, read_reports


def followed(octets: bytes) -> None:
    """Every line gives one thing, and what it gives can be followed."""
    everybody = Followed()
    lines = 0
    for heard in read_reports(octets, "x", 1.7e9):
        given = (heard.position, heard.refused)
        if (heard.kind is Kind.REFUSED) != (given[1] is not None):
            raise AssertionError(f"{heard.kind} with {given}")
        lines += heard.kind is not Kind.REFUSED
        if heard.position is not None:
            everybody.take(heard.position, PlatformKind.AIRCRAFT)
            estimate = everybody.estimator(heard.position.platform)
            if (
                estimate is None
                or not -90.0 <= estimate.at(estimate.last_time or 0.0).lat_deg <= 90
            ):
                raise AssertionError("an estimate off the Earth")
    if not is_gpx(octets) and lines > len(octets.splitlines()):
        raise AssertionError(f"{lines} lines of {len(octets.splitlines())}")


DOORS = (
    Door(
        "fleet.reports",
        followed,
        (InvalidInputError,),
        lambda: [
            b"!AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0*5C\n"
            b"!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E\n"
            b"!AIVDM,2,2,3,B,1@0000000000000,2*55\n",
            b'<gpx version="1.1"><trk><name>a</name><trkseg><trkpt lat="37" lon="15"><ele>1</ele>'
            b'<time>2026-03-22T12:00:00Z</time></trkpt><trkpt lat="37.1" lon="15">'
            b"<time>2026-03-22T12:30:00Z</time></trkpt></trkseg></trk></gpx>",
            b"mmsi,time,lat,lon,sog,cog\n247000001,1774180800,37.0,15.0,12,90\n"
            b"247000001,2026-03-22T12:00:10Z,37.0,15.001,12,90\n",
            b"# Timestamp,Type of mobile,MMSI,Latitude,Longitude\n"
            b"27/02/2024 00:00:00,Class A,219000001,55.47,9.87\n",
        ],
    ),
)
