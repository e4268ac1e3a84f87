"""`baluardo fleet landing`: where flows land, second by second, and what their rules cost."""

from __future__ import annotations

import argparse
import csv
import io
import math
from pathlib import Path

import numpy as np

from baluardo.cli.arguments import format_time
from baluardo.cli.command import AddParser, command_parser
from baluardo.cli.files import check_target, write_whole
from baluardo.cli.fleet.options import add_fleet_arguments, open_missions
from baluardo.cli.output import emit, emit_json
from baluardo.cli.sky.moments import span_text
from baluardo.errors import InvalidInputError
from baluardo.fleet.contacts.making import ContactPlanner
from baluardo.fleet.landing.flows import Flow
from baluardo.fleet.landing.proof import FlowProof, State, prove
from baluardo.foreign_input import quoted
from baluardo.scenario.missions import Missions
from baluardo.terms import SLOT_SECONDS, Lever
from baluardo.twin.sky.landing import LandingRule, Lasers

DONE, BROKEN = 0, 1

COLUMNS = (
    *("flow", "time", "state", "why", "satellite", "lasers", "gateway", "gateway_country"),
    *("point_of_presence", "point_country", "delay_ms"),
)

EXAMPLE = """\
  $ baluardo fleet landing command --hours 1 --csv command.csv
  proves for every second of the next hour where the flow "command" lands, and tells what its rule
  costs in delay and availability. Exit status 1 if a landing were against the rule.
"""


def register(subparsers: AddParser) -> None:
    """Declare the command's arguments."""
    parser = command_parser(
        subparsers, "landing", "Prove where flows land, and what their rules cost.", EXAMPLE
    )
    parser.add_argument(
        "flows", nargs="*", metavar="FLOW", help="by name (default: all of the missions)"
    )
    parser.add_argument(
        "--csv", type=Path, metavar="FILE", help="write a line for every second of every flow"
    )
    add_fleet_arguments(parser, 6.0)


def run(args: argparse.Namespace) -> int:
    """Print each flow's proof; the status is 1 where a landing is against a rule."""
    if args.csv is not None:
        check_target(args.csv)
    opened = open_missions(args, [])
    flows = _asked(opened.source, args.flows)
    planner = ContactPlanner(opened.near, opened.conditions)
    proofs = [prove(planner, list(opened.missions), flow) for flow in flows]
    if args.csv is not None:
        write_whole(args.csv, _sheet(proofs))
    status = BROKEN if any(p.violations for p in proofs) else DONE
    if args.json:
        emit_json(opened.sky.preamble() | {"flows": [_as_json(p) for p in proofs]})
        return status
    for line in opened.sky.heading():
        emit(line)
    emit(f"missions:  {opened.source.source}")
    emit(f"slots:     {span_text(opened.slots)}")
    emit("contract:  landing rules; observed: what lands where")
    for proof in proofs:
        emit("")
        for line in _lines(proof):
            emit(line)
    return status


def _asked(source: Missions, names: list[str]) -> list[Flow]:
    if not source.flows:
        raise InvalidInputError(f"{source.source} has no [[flows]].")
    found = []
    for name in names:
        flow = next((f for f in source.flows if f.name == name), None)
        if flow is None:
            known = ", ".join(f.name for f in source.flows)
            raise InvalidInputError(f"No flow is called {quoted(name)}. Known: {known}.")
        found.append(flow)
    return found or list(source.flows)


def _lines(proof: FlowProof) -> list[str]:
    flow, cost, state = proof.flow, proof.cost, proof.state
    to = f"by lasers alone to {flow.to}" if flow.to else f"landing {rule_text(proof.rule)}"
    held, stopped, out = (
        int(np.count_nonzero(state == s)) * SLOT_SECONDS
        for s in (State.HELD, State.STOPPED, State.OUT)
    )
    lines = [
        f"{flow.name}: {flow.platform}, {flow.classification.name}, {flow.precedence.dsn}; {to}",
        f"  {held:,} s held, {stopped:,} s stopped (nowhere it may land), {out:,} s out of service",
        f"  {len(proof.violations)} landings against the rule in {held:,} s",
    ]
    if math.isfinite(cost.delay_s):
        lines.append(
            f"  median {1e3 * cost.delay_s:.1f} ms up; the rule adds "
            f"{1e3 * cost.added_s[0]:.1f} ms (median), {1e3 * cost.added_s[1]:.1f} ms (95 %), "
            "and takes "
            f"{100.0 * (cost.free_availability - cost.availability):.3f} % of the time"
        )
    return lines + [f"  {format_time(v.time)}: {v.sentence}" for v in proof.violations[:20]]


def rule_text(rule: LandingRule) -> str:
    """Return a rule in words."""
    words = ["anywhere" if rule.gateways is None else f"at {', '.join(sorted(rule.gateways))}"]
    if rule.not_in_countries:
        words.append(f"not in {', '.join(sorted(rule.not_in_countries))}")
    if rule.lasers is not Lasers.ANY:
        words.append(f"lasers {rule.lasers}")
    return ", ".join(words)


def _as_json(proof: FlowProof) -> dict[str, object]:
    flow, rule, cost = proof.flow, proof.rule, proof.cost
    return {
        "flow": flow.name,
        "from": flow.platform,
        "to": flow.to or "ground",
        "classification": flow.classification.name,
        "precedence": flow.precedence.dsn,
        "rule": {
            "lever": Lever.CONTRACT,
            "gateways": None if rule.gateways is None else sorted(rule.gateways),
            "not_in_countries": sorted(rule.not_in_countries),
            "lasers": rule.lasers,
        },
        "seconds": {
            s.name.lower(): int(np.count_nonzero(proof.state == s)) * SLOT_SECONDS for s in State
        },
        "violations": [
            {"time": format_time(v.time), "sentence": v.sentence} for v in proof.violations
        ],
        "availability": cost.availability,
        "availability_without_rule": cost.free_availability,
        "delay_up_ms": 1e3 * cost.delay_s,
        "added_ms": {"median": 1e3 * cost.added_s[0], "95 %": 1e3 * cost.added_s[1]},
    }


def _sheet(proofs: list[FlowProof]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for proof in proofs:
        for s in proof.seconds():
            why = "" if s.state is State.HELD else s.why.name.lower().replace("_", " ")
            writer.writerow(
                (
                    *(proof.flow.name, format_time(s.time), s.state.name.lower(), why),
                    *(s.satellite, s.lasers, s.gateway, s.gateway_country, s.point),
                    *(s.point_country, None if s.delay_s is None else round(1e3 * s.delay_s, 3)),
                )
            )
    return text.getvalue().encode()
