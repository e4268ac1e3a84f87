"""The site's network as its pages show it: one JSON object."""

from __future__ import annotations

import time
from typing import Any, Final

from fastapi import APIRouter

from baluardo.console.part import Level, StatusItem
from baluardo.edge.tunnels.addresses import own_interfaces
from baluardo.edge.tunnels.plain_devices import PlainDevices
from baluardo.edge.tunnels.run import Member, Run
from baluardo.edge.tunnels.second_layer import SecondLayer
from baluardo.edge.tunnels.service import TunnelService
from baluardo.edge.tunnels.serving_satellite import told_of
from baluardo.network.bearers.choice import Decision
from baluardo.network.bearers.counts import Counts
from baluardo.network.bearers.forecast import ForecastFile
from baluardo.network.links.answers import PeerView
from baluardo.network.links.requests import MOST_ROUTES
from baluardo.network.tunnel.addresses import edge_address
from baluardo.network.tunnel.callbacks import PeerState
from baluardo.trust.identity import Identity

NO_ROUTES: Final = (
    f"No host here reaches it: the networks of all sites are more than the {MOST_ROUTES:,} that "
    "have room here."
)


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
    forecasts = [
        StatusItem(f"forecast-{name}", "warning", file.problem.by_language())
        for name, file in service.known.forecasts.items()
        if file.problem is not None
    ]
    if service.run is None:
        reason = service.problem or "it is starting"
        text = {
            "it": f"La rete cifrata del sito non è attiva: {reason}",
            "en": f"The site's encrypted network is down: {reason}",
        }
        level: Level = "warning" if service.problem else "notice"
        return [StatusItem("tunnels", level, text), *forecasts]
    members = service.run.members.values()
    open_ones = sum(each.is_open for each in members)
    text = {
        "it": f"Tunnel aperti: {open_ones} di {len(members)}",
        "en": f"Tunnels open: {open_ones} of {len(members)}",
    }
    second = service.run.second
    crowded = not all(each.has_routes for each in members)
    alarmed = crowded or service.run.alarms or (second is not None and second.alarms)
    level = "warning" if alarmed else "ok"
    barred = [
        StatusItem(f"landing-{name}", "warning", sentence.by_language())
        for name, sentence in service.known.barred.items()
    ]
    devices = _device_status(service.devices)
    return [StatusItem("tunnels", level, text), *barred, *forecasts, *devices]


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
        "devices": _devices(service),
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
    names = [each.bearer.name for each in run.usable]
    for each in service.configuration.bearers:
        way = counts.bearers.get(names.index(each.name)) if each.name in names else None
        seen = run.bearers.seen.get(each.name)
        trip = run.bearers.round_trips.get(each.name)
        verdict = service.landing.verdict(each.name)
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
                "egress_by_peer": {
                    peer: one.address
                    for peer, one in run.bearers.egresses.get(each.name, {}).items()
                },
                "landing": None if verdict is None else verdict.landing,
                "landing_why": None if verdict is None else verdict.why.by_language(),
                "barred": each.name in service.known.barred,
                "forecast": _forecast(service.known.forecasts.get(each.name)),
                "satellite": _satellite(service, each.name),
                "sent_octets": 0 if way is None else way.sent.octets,
                "received_octets": 0 if way is None else way.received.octets,
            }
        )
    return found


def _satellite(service: TunnelService, bearer: str) -> dict[str, Any] | None:
    """Return which satellite serves a bearer now; None for one that goes over none."""
    if not service.known.is_low_orbit(bearer):
        return None
    return told_of(service.known.satellites.get(bearer), service.trusted_time())


def _devices(service: TunnelService) -> dict[str, Any]:
    """Return what everybody may know of plain devices, which are not post-quantum."""
    plain = service.devices
    return {
        "post_quantum": False,
        "permitted": plain.is_permitted,
        "port": service.configuration.network.devices_port,
        "problem": plain.problem,
        "devices": [
            {
                "name": each.name,
                "addresses": list(map(str, each.addresses)),
                "exported_at": each.exported_at,
                "let_in": each.public_key in plain.seen,
                **_traffic(plain.seen.get(each.public_key)),
            }
            for each in plain.devices
        ],
    }


def _traffic(seen: PeerView | None) -> dict[str, Any]:
    return {
        "handshake_at": seen.handshake if seen is not None and seen.handshake else None,
        "sent_octets": 0 if seen is None else seen.sent,
        "received_octets": 0 if seen is None else seen.received,
    }


def _device_status(plain: PlainDevices) -> list[StatusItem]:
    """Return what everybody at the site is to know of plain devices; nothing where none is in."""
    if plain.problem:
        text = {
            "it": f"Dispositivi senza cifratura post-quantistica: {plain.problem}",
            "en": f"Devices that are not post-quantum: {plain.problem}",
        }
        return [StatusItem("devices", "warning", text)]
    if not plain.seen:
        return []
    text = {
        "it": f"Dispositivi ammessi senza cifratura post-quantistica: {len(plain.seen)}",
        "en": f"Devices let in that are not post-quantum: {len(plain.seen)}",
    }
    return [StatusItem("devices", "notice", text)]


def _forecast(file: ForecastFile | None) -> dict[str, Any] | None:
    """Return from when until when a bearer's forecast speaks, and what is wrong with its file."""
    if file is None:
        return None
    held, problem = file.latest, file.problem
    return {
        "start": None if held is None else held.start,
        "end": None if held is None else held.end,
        "problem": None if problem is None else problem.by_language(),
    }


def _tunnel(
    service: TunnelService, run: Run, identity: Identity, member: Member, counts: Counts
) -> dict[str, Any]:
    state, decision = service.peer_state(identity), run.bearers.decision(identity.path)
    counted = counts.peers.get(member.index)
    now = service.trusted_time()
    return {
        "peer": identity.path,
        "address": str(edge_address(identity)),
        "state": None if state is None else state.state.name.lower(),
        "open": member.is_open,
        "lanes": member.lanes,
        "layers": 1 if run.second is None else 2,
        "inner": None if run.second is None else _inner(run.second, identity),
        "epoch": 0 if state is None else state.epoch,
        "key_age_s": None if state is None else state.key_age,
        "full_age_s": _age(None if state is None else state.last_full, now),
        "round_age_s": _age(None if state is None else state.last_round, now),
        "problem": _problem(run, identity, state),
        "active": None if decision is None else decision.active,
        "active_age_s": _active_age(decision),
        "second": None if decision is None else decision.second,
        "why": None if decision is None else decision.why.by_language(),
        "bearers": [
            {"name": each.name, "health": each.health.name.lower(), "why": each.why.by_language()}
            for each in run.bearers.standings(identity.path).values()
        ],
        "sent_octets": 0 if counted is None else counted.sent.octets,
        "received_octets": 0 if counted is None else counted.received.octets,
    }


def _active_age(decision: Decision | None) -> float | None:
    if decision is None or decision.active is None:
        return None
    return max(0.0, time.monotonic() - decision.since)


def _inner(second: SecondLayer, peer: Identity) -> dict[str, Any]:
    """Return where ESP within WireGuard stands with a neighbour."""
    status = second.status(peer)
    return {
        "established": second.stands(peer),
        "epoch": None if status is None else status.epoch,
        "age_s": 0 if status is None else status.age_s,
        "rekeys": 0 if status is None else status.rekeys,
        "sent_octets": 0 if status is None else status.octets_out,
        "received_octets": 0 if status is None else status.octets_in,
        "problem": second.problem_with(peer),
    }


def _problem(run: Run, peer: Identity, state: PeerState | None) -> str:
    """Return the first of what keeps packets from a neighbour."""
    inner = "" if run.second is None else run.second.problem_with(peer)
    if (member := run.members.get(peer)) is not None and not member.has_routes:
        return NO_ROUTES
    return run.alarms.get(peer, "") or ("" if state is None else state.problem) or inner


def _age(at: float | None, now: float | None) -> float | None:
    return None if at is None or now is None else max(0.0, now - at)
