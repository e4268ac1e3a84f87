"""The site's network as its pages show it: one JSON object."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter

from baluardo.console.part import Level, StatusItem
from baluardo.edge.tunnels.addresses import own_interfaces
from baluardo.edge.tunnels.service import Member, Run, TunnelService
from baluardo.network.bearers.counts import Counts
from baluardo.network.tunnel.addresses import edge_address
from baluardo.trust.identity import Identity


def network_router(service: TunnelService) -> APIRouter:
    """Return the route of the site's network."""
    router = APIRouter(prefix="/api/edge")

    @router.get("/network")
    async def network() -> dict[str, Any]:
        """Return bearers, tunnels, classes and drops as they are now."""
        return told(service)

    return router


def network_status(service: TunnelService) -> list[StatusItem]:
    """Return what everybody at the site is to know of its tunnels."""
    if service.run is None:
        reason = service.problem or "it is starting"
        text = {
            "it": f"La rete cifrata del sito non è attiva: {reason}",
            "en": f"The site's encrypted network is down: {reason}",
        }
        return [StatusItem("tunnels", "warning" if service.problem else "notice", text)]
    members = service.run.members.values()
    open_ones = sum(each.is_open for each in members)
    text = {
        "it": f"Tunnel aperti: {open_ones} di {len(members)}",
        "en": f"Tunnels open: {open_ones} of {len(members)}",
    }
    level: Level = "warning" if service.run.alarms else "ok"
    return [StatusItem("tunnels", level, text)]


def told(service: TunnelService) -> dict[str, Any]:
    """Return what the site's network tells of itself."""
    own = own_interfaces(service.identity, ipv4=service.configuration.network.ipv4)
    run, counts = service.run, service.counts()
    answer: dict[str, Any] = {
        "site": service.identity.path,
        "problem": service.problem,
        "addresses": [str(each.ip) for each in own],
        "bearers": [],
        "tunnels": [],
        "classes": [],
        "dropped": {},
        "real_time": run is not None and run.engine.real_time,
    }
    if run is not None and counts is not None:
        answer["bearers"] = _bearers(service, run, counts)
        answer["tunnels"] = [
            _tunnel(service, run, identity, member, counts)
            for identity, member in sorted(run.members.items(), key=lambda item: item[0].path)
        ]
        answer["classes"] = [
            {
                "precedence": each.precedence.dsn,
                "sent_packets": each.sent.packets,
                "sent_octets": each.sent.octets,
                "received_packets": each.received.packets,
                "waiting_packets": each.waiting_packets,
                "mean_delay_ms": each.mean_delay_ms,
                "dropped": sum(each.dropped.values()),
            }
            for each in counts.classes
        ]
        answer["dropped"] = {
            cause.name.lower().replace("_", "-"): number
            for cause, number in counts.dropped.items()
            if number
        }
    return answer


def _bearers(service: TunnelService, run: Run, counts: Counts) -> list[dict[str, Any]]:
    found = []
    for index, each in enumerate(service.configuration.bearers):
        way = counts.bearers.get(index)
        seen = run.bearers.seen.get(each.name)
        trip = run.bearers.round_trips.get(each.name)
        found.append(
            {
                "name": each.name,
                "kind": each.kind.value,
                "role": each.role.value,
                "device": each.device,
                "active": run.bearers.active == each.name,
                "rate_bps": service.known.rate_bps(each.name),
                "round_trip_ms": None if trip is None else trip * 1_000.0,
                "egress": None if seen is None else seen[0],
                "sent_octets": 0 if way is None else way.sent.octets,
                "received_octets": 0 if way is None else way.received.octets,
            }
        )
    return found


def _tunnel(
    service: TunnelService, run: Run, identity: Identity, member: Member, counts: Counts
) -> dict[str, Any]:
    state, decision = service.peer_state(identity), run.bearers.decision(identity.path)
    counted = counts.peers.get(member.index)
    posix = time.time()
    return {
        "peer": identity.path,
        "address": str(edge_address(identity)),
        "state": None if state is None else state.state.name.lower(),
        "open": member.is_open,
        "lanes": member.lanes,
        "epoch": 0 if state is None else state.epoch,
        "key_age_s": None if state is None else state.key_age,
        "full_age_s": _age(None if state is None else state.last_full, posix),
        "round_age_s": _age(None if state is None else state.last_round, posix),
        "problem": run.alarms.get(identity, "") or ("" if state is None else state.problem),
        "active": None if decision is None else decision.active,
        "second": None if decision is None else decision.second,
        "why": None if decision is None else decision.why.by_language(),
        "bearers": [
            {"name": each.name, "health": each.health.name.lower(), "why": each.why.by_language()}
            for each in run.bearers.standings(identity.path).values()
        ],
        "sent_octets": 0 if counted is None else counted.sent.octets,
        "received_octets": 0 if counted is None else counted.received.octets,
    }


def _age(at: float | None, now: float) -> float | None:
    return None if at is None else max(0.0, now - at)
