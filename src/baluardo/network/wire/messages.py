"""What the wire's process and its parent say to each other: one JSON object in each message."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.network.links.request_fields import whole
from baluardo.network.wire.counts import Cause, Counts, LinkCounts, PortCounts
from baluardo.network.wire.tables import LinkSegment
from baluardo.terms import Direction
from baluardo.trust.strict_json import LARGEST_NUMBER, JsonObject, write_json

MOST_OCTETS: Final = 400 * 1_024
"""Of one message: what a socket takes at once with the kernel's usual limits."""
BUFFER_OCTETS: Final = 1_024 * 1_024
"""Asked for each socket's buffer; the kernel gives what it permits."""
MOST_DESCRIPTORS: Final = 4
MOST_SEGMENTS_AT_ONCE: Final = 256
LONGEST_NAME: Final = 72
LONGEST_SENTENCE: Final = 2_000

_LINK_COUNTS: Final = 8


def name_of(fields: JsonObject, field: str) -> str:
    """Return the name of a port or a link; InvalidInputError where it is too long or empty."""
    name = fields.text(field, LONGEST_NAME)
    if not name or not name.isprintable():
        raise fields.wrong(field, f"a name of 1 to {LONGEST_NAME} letters")
    return name


def segment_rows(segments: Iterable[LinkSegment]) -> list[list[float]]:
    """Return segments as rows of seven numbers: start, end, then the direction's."""
    return [
        [
            float(start),
            float(end),
            *(float(way.delay_s), float(way.drift), float(way.jitter_s)),
            *(float(way.rate_bps), float(way.loss)),
        ]
        for start, end, way in segments
    ]


def segments_of(fields: JsonObject) -> list[LinkSegment]:
    """Return the segments of a request."""
    segments = []
    for row in fields.items("segments", MOST_SEGMENTS_AT_ONCE):
        values = row if isinstance(row, list) else []
        numbers = [
            float(each)
            for each in values
            if isinstance(each, int | float) and not isinstance(each, bool)
        ]
        if len(numbers) != 7 or len(values) != 7:
            raise InvalidInputError(f"{fields.what}: a segment is seven numbers.")
        segments.append(LinkSegment(numbers[0], numbers[1], Direction(*numbers[2:])))
    return segments


def counts_fields(counts: Counts) -> dict[str, object]:
    """Return counts as an answer holds them: rows of numbers, as there can be many."""
    return {
        "ports": [
            [
                name,
                [each.received, each.received_octets, each.sent, each.sent_octets],
                _causes(each.drops),
            ]
            for name, each in counts.ports.items()
        ],
        "links": [
            [
                name,
                [
                    *(each.packets_in, each.octets_in, each.packets_out, each.octets_out),
                    *(each.queued_packets, each.buffered_octets, each.clamped),
                    round(1e9 * each.clamp_s),
                ],
                _causes(each.drops),
            ]
            for name, each in counts.links.items()
        ],
        "captures_lost": counts.captures_lost,
        "buffers_in_use": counts.buffers_in_use,
    }


def counts_of(fields: JsonObject) -> Counts:
    """Return the counts of an answer."""
    ports, links = {}, {}
    for name, numbers, drops in _rows(fields, "ports", 4):
        received, received_octets, sent, sent_octets = numbers
        ports[name] = PortCounts(received, received_octets, sent, sent_octets, drops)
    for name, numbers, drops in _rows(fields, "links", _LINK_COUNTS):
        packets_in, octets_in, packets_out, octets_out, queued, buffered, clamped, ns = numbers
        links[name] = LinkCounts(
            packets_in=packets_in,
            octets_in=octets_in,
            packets_out=packets_out,
            octets_out=octets_out,
            queued_packets=queued,
            buffered_octets=buffered,
            clamped=clamped,
            clamp_s=ns / 1e9,
            drops=drops,
        )
    return Counts(
        ports,
        links,
        whole(fields, "captures_lost", 0, LARGEST_NUMBER),
        whole(fields, "buffers_in_use", -LARGEST_NUMBER, LARGEST_NUMBER),
    )


def refusal(sentence: str, kind: str) -> bytes:
    """Return the answer of a refusal; kind is "input" or "link"."""
    return write_json({"refused": sentence[:LONGEST_SENTENCE], "kind": kind})


def _causes(drops: dict[Cause, int]) -> dict[str, object]:
    return {cause.name: number for cause, number in drops.items()}


def _rows(
    fields: JsonObject, field: str, numbers: int
) -> Iterable[tuple[str, list[int], dict[Cause, int]]]:
    for row in fields.items(field, 4_096):
        match row:
            case [str(name), list(values), dict(drops)] if len(values) == numbers and all(
                isinstance(each, int) for each in (*values, *drops.values())
            ):
                yield name, values, {Cause[cause]: each for cause, each in drops.items()}
            case _:
                raise fields.wrong(field, "rows of counts")
