"""AIS read line by line: real sentences without loss, broken ones refused by themselves."""

from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyais.encode import encode_dict

from baluardo.fleet.motion.voyage import M_S_PER_KNOT
from baluardo.fleet.tracks.ais import MOST_OCTETS, MOST_OPEN, AisReader, read_ais
from baluardo.fleet.tracks.heard import Kind
from baluardo.fleet.tracks.report import ReportSource

NOW = 1_774_180_800.0

# Sentences heard by receivers, as the public documentation of the format shows them.
SHIP = b"!AIVDM,1,1,,B,15M67FC000G?ufbE`FepT@3n00Sa,0*5C"
CLASS_B = b"!AIVDM,1,1,,A,B5NJ;PP005l4ot5Isbl03wsUkP06,0*76"
LONG_RANGE = b"!AIVDM,1,1,,B,KC5E2b@U19PFdLbMuc5=ROv62<7m,0*16"
NAME = b"!AIVDM,1,1,,A,H42O55i18tMET00000000000000,2*6D"
VOYAGE = (
    b"!AIVDM,2,1,3,B,55P5TL01VIaAL@7WKO@mBplU@<PDhh000000001S;AJ::4A80?4i@E53,0*3E",
    b"!AIVDM,2,2,3,B,1@0000000000000,2*55",
)
REAL = (SHIP, *VOYAGE, CLASS_B, LONG_RANGE, NAME)


def checksum(body):
    total = 0
    for octet in body:
        total ^= octet
    return b"%02X" % total


def sealed(body):
    return b"!" + body + b"*" + checksum(body)


def tagged(line, words=b"s:station,c:1774180800"):
    return b"\\" + words + b"*" + checksum(words) + b"\\" + line


def made(**fields):
    return [line.encode() for line in encode_dict(fields, talker_id="AI", sentence_type="VDM")]


def one(line, time=NOW):
    return AisReader().take(line, time)


def test_real_sentences_say_what_they_say():
    ship = one(SHIP).position
    assert (ship.platform, ship.time, ship.source) == ("366053209", NOW, ReportSource.AIS)
    assert (ship.lat_deg, ship.lon_deg) == (37.802118, -122.341618)
    assert (ship.speed_m_s, ship.course_deg, ship.heading_deg) == (0.0, 219.3, 1.0)
    small = one(CLASS_B).position
    assert small.platform == "367430530"
    assert small.heading_deg is None
    far = one(LONG_RANGE).position
    assert far.platform == "206914217"
    assert far.speed_m_s == pytest.approx(57.0 * M_S_PER_KNOT)
    assert one(NAME).static.name == "PROGUY"


def test_nothing_is_lost_of_a_log():
    log = b"\r\n".join([*REAL, b"", b"# a comment", b"$GPGGA,1*00", SHIP[:-1] + b"D", b"junk"])
    found = list(read_ais(log, NOW))
    assert Counter(h.kind for h in found) == {
        Kind.POSITION: 3,
        Kind.STATIC: 2,
        Kind.PART: 1,
        Kind.EMPTY: 2,
        Kind.FOREIGN: 1,
        Kind.REFUSED: 2,
    }
    assert len(found) == len(log.splitlines())
    assert [h.refused.number for h in found if h.refused] == [10, 11]


def test_every_type_with_a_position_is_read_and_nothing_else_is_lost():
    at = {"lat": 36.5, "lon": 17.25, "speed": 12.5, "course": 123.4, "mmsi": 247000001}
    for kind in (1, 2, 3, 18, 19, 9, 27):
        lines = made(msg_type=kind, **(at | ({"speed": 12} if kind in (9, 27) else {})))
        reader = AisReader()
        heard = [reader.take(each, NOW) for each in lines][-1]
        assert heard.kind is Kind.POSITION, kind
        assert heard.position.lat_deg == pytest.approx(36.5, abs=0.01)
        assert heard.position.speed_m_s == pytest.approx(12.5 * M_S_PER_KNOT, abs=0.6)
    more = {"dest_mmsi": 5, "text": "HELLO", "dac": 1, "fid": 2, "data": b"\x01", "name": "BUOY"}
    for kind in (4, 8, 11, 12, 14, 21):
        reader = AisReader()
        heard = [reader.take(each, NOW) for each in made(msg_type=kind, mmsi=2_470_001, **more)]
        assert heard[-1].kind is Kind.OTHER, kind
        assert heard[-1].message_type == kind


def test_what_is_not_available_is_not_told():
    (line,) = made(msg_type=1, mmsi=1, lat=36.0, lon=17.0, speed=102.3, course=360.0, heading=511)
    position = one(line).position
    assert (position.speed_m_s, position.course_deg, position.heading_deg) == (None, None, None)
    (line,) = made(msg_type=1, mmsi=1, lat=91.0, lon=181.0)
    heard = one(line)
    assert (heard.kind, heard.message_type) == (Kind.OTHER, 1)


def test_parts_come_in_any_order_and_streams_do_not_mix():
    for order in permutations(VOYAGE):
        reader = AisReader()
        assert [reader.take(each).kind for each in order] == [Kind.PART, Kind.STATIC]
        assert reader.finish() == []
    other = sealed(VOYAGE[1][1:-3].replace(b",B,", b",A,"))
    reader = AisReader()
    assert [reader.take(each).kind for each in (VOYAGE[0], other)] == [Kind.PART, Kind.PART]
    assert [r.number for r in reader.finish()] == [1, 2]


def test_parts_that_never_come_are_given_up_and_bounded():
    reader = AisReader()
    for number in range(MOST_OPEN + 40):
        body = b"AIVDM,2,1,%d,%s,55P5TL01VIaAL@7WKO@mBplU@,0" % (number % 10, b"%d" % number)
        reader.take(sealed(body))
    given_up = reader.given_up()
    assert len(given_up) >= 40
    assert all("only 1 came" in each.reason for each in given_up)
    assert len(given_up) + len(reader.finish()) == MOST_OPEN + 40


def test_a_number_used_again_gives_up_what_it_stood_for():
    reader = AisReader()
    assert reader.take(VOYAGE[0]).kind is Kind.PART
    assert reader.take(VOYAGE[0]).kind is Kind.PART
    assert len(reader.given_up()) == 1
    assert reader.take(VOYAGE[1]).kind is Kind.STATIC


def test_times_before_the_sentence_are_read():
    for line in (
        tagged(SHIP),
        tagged(SHIP, b"c:1774180800000,s:x"),
        b"1774180800 " + SHIP,
        b"1774180800.0," + SHIP,
        b"2026-03-22T12:00:00Z;" + SHIP,
        b"2026-03-22T13:00:00+01:00 " + SHIP,
    ):
        assert one(line, None).position.time == NOW, line
    assert one(tagged(SHIP, b"s:station"), 5e8).position.time == 5e8


REFUSED = {
    "a wrong checksum": (SHIP[:-2] + b"5D", "checksum is 5C"),
    "a bit turned": (SHIP.replace(b"FepT", b"FepU"), "checksum"),
    "cut short": (SHIP[:30], "breaks off"),
    "no checksum": (SHIP[:-3], "breaks off"),
    "something else": (b"hello", "no sentence of AIS"),
    "another talker's": (b"!AB,1*00", "none of AIS"),
    "too long": (b"!" + b"A" * MOST_OCTETS, "octets"),
    "no such type": (sealed(b"AIVDM,1,1,,A,w5M67FC000G?ufbE`FepT@3n00Sa,0"), "payload"),
    "no payload": (sealed(b"AIVDM,1,1,,A,,0"), ""),
    "a position cut short": (sealed(b"AIVDM,1,1,,A,15M67FC0,0"), "payload"),
    "part 3 of 2": (sealed(b"AIVDM,2,3,1,A,15M67FC0,0"), ""),
    "part 0": (sealed(b"AIVDM,2,0,1,A,15M67FC0,0"), ""),
    "a broken tag": (b"\\c:1774180800*00\\" + SHIP, "tag block"),
    "no time before it": (b"yesterday " + SHIP, "no time"),
    "octets before it": (b"\xff\xfe " + SHIP, "no time"),
    "a time of another age": (b"17 " + SHIP, "no time"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_broken_lines_are_refused_by_themselves(case):
    line, words = REFUSED[case]
    reader = AisReader()
    assert reader.take(SHIP, NOW).kind is Kind.POSITION
    heard = reader.take(line, NOW)
    assert heard.kind is Kind.REFUSED, heard
    assert heard.refused.number == 2
    assert words in heard.refused.reason
    assert heard.refused.reason.endswith(".")
    assert reader.take(SHIP, NOW).kind is Kind.POSITION


def test_a_position_without_any_time_is_refused():
    assert "no time" in one(SHIP, None).refused.reason


@given(
    st.sampled_from(REAL),
    st.integers(0, 200),
    st.one_of(st.binary(max_size=4), st.sampled_from([b"!", b"*", b",", b"\\", b"\x00", b"w"])),
)
def test_whatever_happens_to_a_line_the_reader_goes_on(line, at, put):
    reader = AisReader()
    reader.take(VOYAGE[0], NOW)
    hurt = line[:at] + put + line[at + 1 :]
    for each in hurt.splitlines() or [b""]:
        heard = reader.take(each, NOW)
        assert heard.kind in Kind
    assert reader.take(SHIP, NOW).position.platform == "366053209"


@given(st.binary(max_size=80).filter(lambda b: not set(b) & set(b"*\\!\r\n")))
def test_any_payload_with_a_right_checksum_is_read_or_refused(payload):
    heard = one(sealed(b"AIVDM,1,1,,A," + payload + b",0"))
    assert heard.kind in {Kind.REFUSED, Kind.POSITION, Kind.STATIC, Kind.OTHER}
    if heard.position is not None:
        assert -90.0 <= heard.position.lat_deg <= 90.0
