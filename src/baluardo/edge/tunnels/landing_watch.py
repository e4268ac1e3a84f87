"""Where the site's bearers land, observed while they work, and barred where a rule is not kept.

In the field landing is *contract*: the operator chooses it, nobody here commands it. What is
*observed* is held against the policy's rule for this site: addresses that neighbours see us come
from, who answers on the way, and how fast. A bearer whose landing is forbidden or not shown carries
no traffic until it is. Probes, key exchanges and the channel to the authority still take it: they
are sealed, and without them nothing could be observed.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from ipaddress import ip_address
from typing import Final

from baluardo.edge.configuration import Bearer
from baluardo.errors import BaluardoError
from baluardo.network.bearers.landing import (
    Egress,
    Finding,
    Landing,
    LandingRule,
    Observations,
    RoundTrip,
    Verdict,
    judge_landing,
)
from baluardo.network.bearers.trace import Trace, trace
from baluardo.protocol import network_policy
from baluardo.terms import Bilingual

EVERY_SECONDS: Final = 180.0
"""Between two traces where addresses show the landing: traces may only contradict then."""
ALONE_SECONDS: Final = 30.0
"""Where nothing but traces shows it: four before the last one is old."""
AGAIN_SECONDS: Final = 10.0
"""While it is not shown."""
MOST_TRACES: Final = 12
"""Of a bearer that are remembered; one that names nobody does not undo one that has."""

logger = logging.getLogger("baluardo.edge")


@dataclass(slots=True)
class _Watched:
    """One bearer that lands somewhere."""

    bearer: Bearer
    traces: deque[Trace] = field(default_factory=lambda: deque(maxlen=MOST_TRACES))
    addresses: frozenset[str] = frozenset()
    """From where others saw it come when the last trace began."""
    traced_at: float | None = None
    turn: int = 0
    tracing: asyncio.Task[None] | None = None
    verdict: Verdict | None = None


class LandingWatch:
    """Judges every bearer that lands; `look` is called about once a second, on the event loop."""

    def __init__(
        self,
        bearers: Sequence[Bearer],
        landings: Sequence[Landing],
        barred: dict[str, Bilingual],
        rule: Callable[[], network_policy.LandingRule | None],
        targets: Callable[[], Sequence[str]],
        way: Callable[[str, str], Trace] = trace,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`barred` is where sentences of barred bearers go, by name; `rule` is the policy's for us.

        `targets`: hosts on the ground, to trace the way to those that are addresses, as asking for
        a name would tell who asks. Never a neighbour's dish: behind it stands another landing, its
        own. `way(target, device)` traces it, blocking.
        """
        self._watched = {each.name: _Watched(each) for each in bearers if each.lands}
        self._landings, self._barred = tuple(landings), barred
        self._rule, self._targets = rule, targets
        self._way, self._clock = way, clock

    def verdict(self, bearer: str) -> Verdict | None:
        """Return what was last found of a bearer; None for one that lands nowhere."""
        watched = self._watched.get(bearer)
        return None if watched is None else watched.verdict

    def look(self, egresses: Mapping[str, Mapping[str, Egress]]) -> bool:
        """Judge by what neighbours saw (by bearer, then by neighbour); tell whether much changed.

        Call it before anything is sent as well: what is not shown yet is barred.
        """
        now, rule, changed = self._clock(), self._rule(), False
        for name, watched in self._watched.items():
            seen = tuple(egresses.get(name, {}).values())
            before, verdict = watched.verdict, self._judge(rule, watched, seen, now)
            watched.verdict = verdict
            if verdict.passes:
                self._barred.pop(name, None)
            else:
                self._barred[name] = Bilingual(
                    f"{name}: {verdict.why.it}", f"{name}: {verdict.why.en}"
                )
            if before is None or before.passes is not verdict.passes:
                changed = True
                if rule is not None:
                    level = logging.INFO if verdict.passes else logging.WARNING
                    logger.log(level, "%s: %s", name, verdict.why.en)
            if rule is not None:
                self._trace_if_due(watched, seen, now)
        return changed

    async def close(self) -> None:
        """Wait for traces that are under way; what was found and barred stays."""
        tracing = [each.tracing for each in self._watched.values() if each.tracing is not None]
        await asyncio.gather(*tracing, return_exceptions=True)

    def _judge(
        self,
        rule: network_policy.LandingRule | None,
        watched: _Watched,
        egresses: tuple[Egress, ...],
        now: float,
    ) -> Verdict:
        allowed: frozenset[str] = frozenset()
        if rule is not None:
            allowed = frozenset(
                each.name for each in self._landings if rule.permits(each.name, each.country)
            )
            if not allowed:
                return Verdict(Finding.NOT_SHOWN, None, _NONE_PERMITTED)
        traces = tuple(watched.traces)
        seen = Observations(egresses, tuple(self._round_trips(traces)), traces)
        return judge_landing(LandingRule(allowed), self._landings, seen, now)

    def _round_trips(self, traces: Sequence[Trace]) -> list[RoundTrip]:
        """Return how fast routers answered whose place is known: nobody can hurry light."""
        places = {hop: each.place for each in self._landings for hop in each.hops}
        return [
            RoundTrip(places[hop], took, way.at)
            for way in traces
            for hop, took in zip(way.hops, way.round_trips_s, strict=False)
            if hop is not None and hop in places and took is not None
        ]

    def _trace_if_due(self, watched: _Watched, seen: Sequence[Egress], now: float) -> None:
        addresses = frozenset(each.address for each in seen)
        passes = watched.verdict is not None and watched.verdict.passes
        wait = AGAIN_SECONDS
        if passes:
            known = [each for each in addresses if self._is_known(each)]
            wait = EVERY_SECONDS if known else ALONE_SECONDS
        last = watched.traced_at
        is_due = last is None or now - last >= wait or addresses != watched.addresses
        if watched.tracing is None and is_due and (target := self._target(watched)):
            watched.traced_at, watched.addresses = now, addresses
            watched.tracing = asyncio.get_running_loop().create_task(self._trace(watched, target))

    def _is_known(self, address: str) -> bool:
        """Whether an address tells a landing."""
        return any(each.prefix_of(address) is not None for each in self._landings)

    def _target(self, watched: _Watched) -> str | None:
        """Return the next address that the way is traced to, of the bearer's IP version."""
        version = _version(watched.bearer.address)
        versions = (4, 6) if version is None else (version,)
        found = [each for each in dict.fromkeys(self._targets()) if _version(each) in versions]
        watched.turn += 1
        return found[(watched.turn - 1) % len(found)] if found else None

    async def _trace(self, watched: _Watched, target: str) -> None:
        try:
            tracing = partial(self._way, target, watched.bearer.device)
            watched.traces.append(await asyncio.to_thread(tracing))
        except BaluardoError as problem:
            logger.info("%s: %s", watched.bearer.name, problem)
        finally:
            watched.tracing = None


def _version(host: str) -> int | None:
    """Return a host's IP version; None where it is not written as an address."""
    try:
        return ip_address(host).version
    except ValueError:
        return None


_NONE_PERMITTED: Final = Bilingual(
    "La regola non permette nessuno degli approdi noti a questo apparato ([[landings]] in "
    "edge.toml): nessuno può essere dimostrato. Il traffico che lo richiede è fermo.",
    "The rule permits none of the landings that this edge knows ([[landings]] in edge.toml): none "
    "can be shown. Traffic that demands it is stopped.",
)
