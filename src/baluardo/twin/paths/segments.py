"""One terminal's path as the wire takes it: segments of a slot, disturbed at both edges."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from baluardo.errors import InvalidInputError
from baluardo.terms import OUT, SLOT_SECONDS, Direction, Path, PathSegment, slot_start
from baluardo.twin.paths.claims import name_keys
from baluardo.twin.paths.loss import bursts
from baluardo.twin.paths.model import PathModel
from baluardo.twin.paths.planner import SlotPaths
from baluardo.twin.paths.rounds import Reason

_UP, _DOWN = 0, 1


def wire_path(
    slots: Sequence[SlotPaths], terminal: int, model: PathModel | None = None, seed: int = 0
) -> Path:
    """Return what a terminal, by its index, is offered over slots that follow each other.

    The head and the tail of every slot are disturbed, the head more where the satellite changes;
    in the middle there are short bad states in which part of the packets is lost. InvalidInputError
    where slots are missing, or the terminal is not the same in all of them.
    """
    model = model or PathModel()
    if not 0 <= seed < 2**64:
        raise InvalidInputError(f"seed {seed} is not from 0 to 2**64 - 1.")
    for paths in slots:
        if not 0 <= terminal < len(paths.names):
            raise InvalidInputError(
                f"terminal {terminal} is not from 0 to {len(paths.names) - 1} in slot {paths.slot}."
            )
        if paths.names[terminal] != slots[0].names[terminal]:
            raise InvalidInputError(
                f"terminal {terminal} is {slots[0].names[terminal]!r} in slot {slots[0].slot} and "
                f"{paths.names[terminal]!r} in slot {paths.slot}."
            )
    for one, other in pairwise(slots):
        if other.slot != one.slot + 1:
            raise InvalidInputError(f"After slot {one.slot} comes {other.slot}: some are missing.")
    return Path(
        tuple(segment for paths in slots for segment in _segments(paths, terminal, model, seed))
    )


def _segments(paths: SlotPaths, t: int, model: PathModel, seed: int) -> list[PathSegment]:
    start = slot_start(paths.slot)
    end = start + SLOT_SECONDS
    if paths.reason[t] != Reason.SERVED:
        return [PathSegment(start, end, OUT, OUT)]
    middle, last = start + model.head_s, end - model.tail_s
    handover = bool(paths.handover[t])
    head_loss = model.handover_loss if handover else model.edge_loss
    extra = model.handover_delay_s if handover else 0.0
    marks = {middle, last}
    bad = []
    for direction in (_UP, _DOWN):
        mean = float((paths.loss_up if direction == _UP else paths.loss_down)[t])
        share = mean / model.burst_loss if model.burst_loss else 0.0
        key = (int(name_keys(paths.names)[t]) * 2 + direction + paths.slot * 0x9E37_79B9) % 2**64
        spans = bursts(seed, key, middle, last, model.burst_s, share)
        bad.append(spans)
        marks |= {float(x) for x in spans.ravel()}

    def segment(first: float, end: float, losses: Sequence[float], edge: bool) -> PathSegment:
        late = extra if edge and first == start else 0.0
        up, down = (
            _direction(paths, t, d, first, model, losses[d], edge, late) for d in (_UP, _DOWN)
        )
        return PathSegment(first, end, up, down)

    segments = []
    if model.head_s > 0.0:
        segments.append(segment(start, middle, (head_loss, head_loss), True))
    for a, b in pairwise(sorted(marks)):
        losses = [
            model.burst_loss if ((spans[:, 0] <= a) & (a < spans[:, 1])).any() else 0.0
            for spans in bad
        ]
        segments.append(segment(a, b, losses, False))
    if model.tail_s > 0.0:
        segments.append(segment(last, end, (model.edge_loss, model.edge_loss), True))
    return segments


def _direction(
    paths: SlotPaths,
    t: int,
    direction: int,
    time: float,
    model: PathModel,
    loss: float,
    edge: bool,
    extra: float,
) -> Direction:
    """Return what one direction does from a time on; a hand-over delays the way up."""
    up = direction == _UP
    drift = float(paths.drift[t])
    delay = float((paths.delay_up_s if up else paths.delay_down_s)[t])
    jitter = float((paths.jitter_up_s if up else paths.jitter_down_s)[t])
    return Direction(
        delay_s=delay + drift * (time - slot_start(paths.slot)) + (extra if up else 0.0),
        drift=drift,
        jitter_s=max(jitter, model.edge_jitter_s) if edge else jitter,
        rate_bps=float((paths.rate_up_bps if up else paths.rate_down_bps)[t]),
        loss=loss,
    )
