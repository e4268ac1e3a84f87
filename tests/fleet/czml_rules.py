"""What a CZML document may be, as far as ours go: the rules of the "CZML Guide", version 1.0."""

import json
from datetime import datetime
from itertools import pairwise

PROPERTIES = {
    "id",
    "name",
    "version",
    "clock",
    "availability",
    "position",
    "point",
    "label",
    "path",
    "polyline",
}
CLOCK = {"interval", "currentTime", "multiplier", "range", "step"}
COORDINATES = {"cartesian": 3, "cartographicDegrees": 3}


def time_of(text):
    """Read a time; the guide wants ISO 8601 with a zone."""
    assert text.endswith("Z")
    return datetime.fromisoformat(text).timestamp()


def span_of(text):
    """Read an interval, which must not run backwards."""
    start, end = (time_of(part) for part in text.split("/"))
    assert start < end
    return start, end


def spans_of(value):
    """Read an availability: an interval, or a list of them."""
    return [span_of(each) for each in (value if isinstance(value, list) else [value])]


def samples_of(position):
    """Return the samples of a position: (time, coordinates); check that they are in order."""
    (key,) = COORDINATES.keys() & position.keys()
    values, width = position[key], COORDINATES[key] + 1
    assert len(values) % width == 0
    rows = [values[k : k + width] for k in range(0, len(values), width)]
    assert all(a[0] < b[0] for a, b in pairwise(rows))
    assert position["interpolationAlgorithm"] in {"LINEAR", "LAGRANGE", "HERMITE"}
    assert len(rows) > position["interpolationDegree"] >= 1
    epoch = time_of(position["epoch"])
    return [(epoch + row[0], row[1:]) for row in rows]


def check_colour(value):
    """A colour: four octets, or a list of intervals that each have one."""
    for each in value if isinstance(value, list) else [value]:
        if "interval" in each:
            span_of(each["interval"])
        assert len(each["rgba"]) == 4
        assert all(isinstance(c, int) and 0 <= c <= 255 for c in each["rgba"])


def check_czml(packets):
    """Check a document; AssertionError says where it breaks a rule."""
    # No NaN: JSON has none.
    packets = json.loads(json.dumps(packets, allow_nan=False))
    assert packets[0]["id"] == "document"
    assert packets[0]["version"] == "1.0"
    identities = [packet["id"] for packet in packets]
    assert len(set(identities)) == len(identities)
    for packet in packets:
        assert packet.keys() <= PROPERTIES
        if "clock" in packet:
            assert packet["clock"].keys() <= CLOCK
            start, end = span_of(packet["clock"]["interval"])
            assert start <= time_of(packet["clock"]["currentTime"]) <= end
        spans = spans_of(packet["availability"]) if "availability" in packet else []
        assert all(one[1] <= other[0] for one, other in pairwise(spans))
        positions = packet.get("position", [])
        positions = positions if isinstance(positions, list) else [positions]
        for position, span in zip(
            positions, spans if len(positions) > 1 else spans[:1], strict=False
        ):
            times = [time for time, _ in samples_of(position)]
            # Nothing is extrapolated while the object is there.
            assert times[0] <= span[0]
            assert times[-1] >= span[1]
        if "point" in packet:
            check_colour(packet["point"]["color"])
        if "polyline" in packet:
            line = packet["polyline"]
            assert line["arcType"] in {"NONE", "GEODESIC", "RHUMB"}
            assert [span_of(each["interval"]) for each in line["show"]] == spans
            for reference in line["positions"]["references"]:
                identity, name = split_reference(reference)
                assert identity in identities
                assert name == "position"
    return packets


def split_reference(text):
    """Split a reference at its "#"; a backslash takes the next character as it is."""
    identity, rest = "", iter(text)
    for character in rest:
        if character == "\\":
            identity += next(rest)
        elif character == "#":
            return identity, "".join(rest)
        else:
            identity += character
    raise AssertionError(f"{text} refers to no property")
