"""AIS as receivers pass it on: NMEA 0183 lines of VDM and VDO (IEC 61162-1, ITU-R M.1371). Pure.

Every line becomes something or is refused with a sentence; nothing that is valid is lost, and what
is held back, the parts of messages of several lines, is bounded. `pyais` decodes.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pyais.exceptions import AISBaseException
from pyais.messages import AISSentence

from baluardo.errors import InvalidInputError
from baluardo.fleet.motion.voyage import M_S_PER_KNOT
from baluardo.fleet.tracks.heard import Heard, Kind, StaticReport
from baluardo.fleet.tracks.report import PositionReport, RefusedLine, ReportSource

MOST_OCTETS = 1_024
"""Of a line; a sentence has 82, a tag block as many."""

MOST_OPEN = 256
"""Messages of several lines that are waited for at once."""

MOST_PARTS = 9

_SENTENCE = re.compile(rb"!(?P<body>[A-Z]{2}VD[MO],[^*!\\\r\n]*)\*(?P<sum>[0-9A-Fa-f]{2})\s*\Z")
_TAG = re.compile(rb"\\(?P<body>[^\\*]*)\*(?P<sum>[0-9A-Fa-f]{2})\\")
_TAG_TIME = re.compile(rb"(?:\A|,)c:(\d{9,16})(?:,|\Z)")

POSITIONS = frozenset({1, 2, 3, 9, 18, 19, 27})
STATICS = frozenset({5, 19, 24})

_NO_SPEED = {9: 1_023.0, 27: 63.0}
_NO_COURSE = {27: 511.0}
"""Values that stand for "not available" where they are not the usual 102.3 and 360."""

DEVIATION_M = {True: 5.0, False: 15.0}
"""By the accuracy bit, which tells better or worse than 10 m (ITU-R M.1371); the sizes are ours."""


@dataclass(slots=True)
class _Open:
    """A message that has not ended: parts by number, and the line of its first part."""

    count: int
    line: int
    parts: dict[int, AISSentence] = field(default_factory=dict)
    time: float | None = None


class AisReader:
    """Reads lines one after the other; one stream each."""

    def __init__(self) -> None:
        """Begin without open messages."""
        self._open: OrderedDict[tuple[bytes, object, object], _Open] = OrderedDict()
        self._line = 0
        self._given_up: list[RefusedLine] = []

    def take(self, line: bytes, time: float | None = None) -> Heard:
        """Return what a line gave; `time` is when it came, where it does not tell itself."""
        self._line += 1
        text = line.strip()
        if not text or text.startswith(b"#"):
            return Heard(Kind.EMPTY)
        try:
            return self._taken(text, time)
        except InvalidInputError as error:
            return self._refused(str(error))

    def given_up(self) -> list[RefusedLine]:
        """Return the messages that were given up since last asked: their other parts never came."""
        found, self._given_up = self._given_up, []
        return found

    def finish(self) -> list[RefusedLine]:
        """Give up what is still open, and return all that was given up."""
        while self._open:
            self._give_up(self._open.popitem(last=False)[1])
        return self.given_up()

    def _taken(self, text: bytes, time: float | None) -> Heard:
        if len(text) > MOST_OCTETS:
            raise InvalidInputError(f"The line has {len(text):,} octets; AIS has {MOST_OCTETS:,}.")
        before, mark, rest = text.partition(b"!")
        if not mark:
            if text.startswith(b"$"):
                return Heard(Kind.FOREIGN)
            raise InvalidInputError("The line has no sentence of AIS (!AIVDM or !AIVDO).")
        told = _time_before(before)
        sentence = _sentence(mark + rest)
        when = time if told is None else told
        try:
            part = AISSentence.from_bytes(sentence)
        except _BROKEN as error:
            raise InvalidInputError(f"The sentence is broken: {_words(error)}.") from None
        if part.fragment_count > 1:
            whole, when = self._joined(part, sentence[1:3], when)
            if whole is None:
                return Heard(Kind.PART)
            part = whole
        return _message(part, when)

    def _joined(
        self, part: AISSentence, talker: bytes, time: float | None
    ) -> tuple[AISSentence | None, float | None]:
        """Return the whole message and its time if this part was the last that was missing."""
        count, number = part.fragment_count, part.frag_num
        if not 1 <= number <= count <= MOST_PARTS:
            raise InvalidInputError(f"Part {number} of {count} is none.")
        key = talker, part.seq_id, part.channel
        waiting = self._open.get(key)
        if waiting is not None and (waiting.count != count or number in waiting.parts):
            # The number is used again: what it stood for before never came to its end.
            self._give_up(self._open.pop(key))
            waiting = None
        if waiting is None:
            waiting = self._open[key] = _Open(count, self._line)
            if len(self._open) > MOST_OPEN:
                self._give_up(self._open.popitem(last=False)[1])
        waiting.parts[number] = part
        waiting.time = waiting.time if time is None else time
        if len(waiting.parts) < count:
            return None, None
        del self._open[key]
        ordered = [waiting.parts[k] for k in range(1, count + 1)]
        try:
            return AISSentence.assemble_from_iterable(ordered), waiting.time
        except _BROKEN as error:
            raise InvalidInputError(f"The parts make no message: {_words(error)}.") from None

    def _give_up(self, waiting: _Open) -> None:
        self._given_up.append(
            RefusedLine(
                waiting.line,
                f"Of {waiting.count} parts only {len(waiting.parts)} came.",
            )
        )

    def _refused(self, sentence: str) -> Heard:
        return Heard(Kind.REFUSED, refused=RefusedLine(self._line, sentence))


def read_ais(octets: bytes, time: float | None = None) -> Iterator[Heard]:
    """Yield what every line of a log gave, and at its end what was given up, as refused."""
    reader = AisReader()
    for line in octets.splitlines():
        yield reader.take(line, time)
        for refused in reader.given_up():
            yield Heard(Kind.REFUSED, refused=refused)
    for refused in reader.finish():
        yield Heard(Kind.REFUSED, refused=refused)


_BROKEN = (AISBaseException, ValueError, IndexError, TypeError, KeyError, AttributeError)
"""What `pyais` raises for payloads that are none: its own, and what its conversions raise."""


def _sentence(octets: bytes) -> bytes:
    """Return a sentence whose checksum is right."""
    match = _SENTENCE.match(octets)
    if match is None:
        raise InvalidInputError("The sentence is none of AIS, or it breaks off.")
    told, found = int(match["sum"], 16), _checksum(match["body"])
    if told != found:
        raise InvalidInputError(f"The checksum is {found:02X}, and the line says {told:02X}.")
    return octets.strip()


def _checksum(body: bytes) -> int:
    total = 0
    for octet in body:
        total ^= octet
    return total


def _time_before(before: bytes) -> float | None:
    """Return the time that a tag block (NMEA 4.10) or a first column tells; None for neither."""
    text = before.strip().strip(b",;\t ")
    if not text:
        return None
    if text.startswith(b"\\"):
        match = _TAG.match(text)
        if match is None or int(match["sum"], 16) != _checksum(match["body"]):
            raise InvalidInputError("The tag block before the sentence is broken.")
        time = _TAG_TIME.search(match["body"])
        return None if time is None else _seconds(float(time[1]))
    try:
        words = text.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidInputError("What stands before the sentence is no time.") from None
    try:
        return _seconds(float(words))
    except (ValueError, InvalidInputError):
        pass
    try:
        moment = datetime.fromisoformat(words)
    except ValueError:
        raise InvalidInputError("What stands before the sentence is no time.") from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _seconds(number: float) -> float:
    """Return POSIX seconds of a number of seconds or milliseconds between 1973 and 2100."""
    value = number / 1_000.0 if number > 1e11 else number
    if not 1e8 <= value <= 4_102_444_800.0:
        raise InvalidInputError("What stands before the sentence is no time.")
    return value


def _message(sentence: AISSentence, time: float | None) -> Heard:
    try:
        message = sentence.decode()
        values: dict[str, Any] = message.asdict(enum_as_int=True)
    except _BROKEN as error:
        raise InvalidInputError(f"The payload is broken: {_words(error)}.") from None
    kind, mmsi = int(values.get("msg_type", 0)), values.get("mmsi")
    if not 1 <= kind <= 27:
        raise InvalidInputError(f"There is no message of type {kind}.")
    platform = f"{int(mmsi):09d}" if mmsi is not None else ""
    position = _position(kind, platform, values, time) if kind in POSITIONS else None
    static = _static(platform, values) if kind in STATICS else None
    if position is not None:
        return Heard(Kind.POSITION, kind, position, static)
    if static is not None:
        return Heard(Kind.STATIC, kind, static=static)
    return Heard(Kind.OTHER, kind)


def _position(
    kind: int, platform: str, values: dict[str, Any], time: float | None
) -> PositionReport | None:
    """Return a position; None where the message says that it has none."""
    lat, lon = values.get("lat"), values.get("lon")
    if lat is None or lon is None:
        raise InvalidInputError("The payload breaks off before the position.")
    if lat == 91.0 or lon == 181.0:
        return None
    if time is None:
        raise InvalidInputError("The line tells no time, and none was given for it.")
    speed = _told(values.get("speed"), _NO_SPEED.get(kind, 102.3))
    course = _told(values.get("course"), _NO_COURSE.get(kind, 360.0))
    heading = _told(values.get("heading"), 511.0)
    height = _told(values.get("alt"), 4_095.0) if kind == 9 else None
    return PositionReport(
        platform=platform,
        time=time,
        lat_deg=float(lat),
        lon_deg=float(lon),
        speed_m_s=None if speed is None else speed * M_S_PER_KNOT,
        course_deg=course if course is None or course <= 360.0 else None,
        heading_deg=heading if heading is None or heading <= 360.0 else None,
        height_m=height,
        deviation_m=DEVIATION_M[bool(values.get("accuracy"))],
        source=ReportSource.AIS,
    )


def _static(platform: str, values: dict[str, Any]) -> StaticReport:
    kind = values.get("ship_type")
    return StaticReport(
        platform,
        str(values.get("shipname") or "").strip(),
        str(values.get("callsign") or "").strip(),
        int(kind) if kind else None,
    )


def _told(value: Any, absent: float) -> float | None:
    """Return a value that a message tells; None for the one that stands for nothing."""
    if value is None:
        return None
    number = float(value)
    return None if abs(number - absent) < 1e-9 else number


def _words(error: BaseException) -> str:
    """Return the first words of an error, as a line can hold them."""
    text = " ".join(str(error).split())[:80].rstrip(". ")
    return text if text and text.isprintable() else type(error).__name__
