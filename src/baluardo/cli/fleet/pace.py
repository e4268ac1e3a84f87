"""`baluardo fleet pace`: which bearer platforms will take, what their flows get, and drills."""

from __future__ import annotations

import argparse

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.fleet.options import Opened, add_fleet_arguments, open_missions
from baluardo.cli.output import emit, emit_json
from baluardo.cli.sky.moments import span_text
from baluardo.fleet.contacts.making import ContactPlanner
from baluardo.fleet.contacts.plan import ContactPlan
from baluardo.fleet.pace.run import Carried, PaceRun, carried, stretches
from baluardo.fleet.pace.run import run as run_pace
from baluardo.scenario.missions import Sailing
from baluardo.terms import SLOT_SECONDS, Lever, slot_start

DONE = 0

MOST_STRETCHES = 40
"""Lines a platform; the JSON has them all."""

EXAMPLE = """\
  $ baluardo fleet pace Frigate --hours 2 --jam 36.9,17.4,40
  foresees two hours of the frigate's bearers through a jammed area and a drill: which is taken and
  why, and which flows stop for how long.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers,
        "pace",
        "Foresee which bearer platforms take, what stops, and drills.",
        EXAMPLE,
    )
    parser.add_argument(
        "platforms", nargs="*", metavar="PLATFORM", help="by name (default: all of the missions)"
    )
    add_fleet_arguments(parser, 6.0)


def run(args: argparse.Namespace) -> int:
    """Print each platform's bearers and flows over the plan."""
    opened = open_missions(args, args.platforms)
    planner = ContactPlanner(opened.near, opened.conditions)
    start = slot_start(opened.slots[0])
    drills = [asked.at(start) for asked in opened.source.drills]
    found = []
    for sailing, mission in zip(opened.sailings, opened.missions, strict=True):
        plan = planner.plan(mission)
        taken = run_pace(sailing.pace, plan, drills)
        found.append((sailing, plan, taken, carried(taken, plan, opened.source.flows)))
    if args.json:
        emit_json(opened.sky.preamble() | {"platforms": [_as_json(*each) for each in found]})
        return DONE
    _print(opened, found)
    return DONE


def _print(opened: Opened, found: list[tuple[Sailing, ContactPlan, PaceRun, Carried]]) -> None:
    for line in opened.sky.heading():
        emit(line)
    emit(f"missions:  {opened.source.source}")
    emit(f"slots:     {span_text(opened.slots)}")
    emit("ours:      the plan of bearers and the order of flows; observed: what bearers offer")
    for each in found:
        emit("")
        for line in _lines(*each):
            emit(line)


def _lines(sailing: Sailing, plan: ContactPlan, taken: PaceRun, flows: Carried) -> list[str]:
    pace = sailing.pace
    order = ", ".join(f"{pace.role(name)} {name}" for name in pace.order)
    shares = ", ".join(
        f"{name or 'nothing'} {100.0 * share:.1f} %" for name, share in taken.shares().items()
    )
    lines = [
        f"{plan.platform.name}: {order}; hold-down {pace.hold_down_s:g} s",
        f"  takes {shares} of the time",
    ]
    told = stretches(taken)
    lines += [
        f"  {format_time(s.start)}  {s.end - s.start:6.0f} s  {s.bearer or 'nothing':12}  {s.why}"
        for s in told[:MOST_STRETCHES]
    ]
    if len(told) > MOST_STRETCHES:
        lines.append(f"  and {len(told) - MOST_STRETCHES} more (--json has them all)")
    if taken.drilled.any():
        lines.append(f"  drilled for {int(taken.drilled.sum()) * SLOT_SECONDS} s")
    lines += [f"  drill {name!r} broken off: no other bearer was fit" for name in taken.broken]
    for flow, stopped in zip(flows.flows, flows.stopped_s(), strict=True):
        kilobits = flow.rate_bps / 1e3
        lines.append(
            f"  {flow.name} ({flow.precedence.dsn}, {flow.classification.name}, {kilobits:g} "
            f"kbit/s): stopped for {stopped:.0f} s"
        )
    return lines


def _as_json(
    sailing: Sailing, plan: ContactPlan, taken: PaceRun, flows: Carried
) -> dict[str, object]:
    return {
        "platform": plan.platform.name,
        "order": [
            {"bearer": name, "role": sailing.pace.role(name), "lever": Lever.OURS}
            for name in sailing.pace.order
        ],
        "shares": {name or "nothing": share for name, share in taken.shares().items()},
        "stretches": [
            {
                "start": format_time(s.start),
                "end": format_time(s.end),
                "bearer": s.bearer,
                "why": s.why,
            }
            for s in stretches(taken)
        ],
        "drilled_s": int(taken.drilled.sum()) * SLOT_SECONDS,
        "drills_broken_off": taken.broken,
        "flows": [
            {"flow": f.name, "precedence": f.precedence.dsn, "stopped_s": stopped}
            for f, stopped in zip(flows.flows, flows.stopped_s(), strict=True)
        ],
    }
