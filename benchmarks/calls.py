"""What carries calls: an edge's media relay, its signalling, and the keys of two devices.

Usage: python benchmarks/calls.py [--relay] [--signalling] [--mls] [--calls N] [--seconds S]
       [--rounds R] [--people N] [--per-second N] [--between N] [--minute S] [--talk S]

Prints one JSON line a part; without a part's name, every part. `relay`: so many calls of 100
packets/s of 200 octets, half of them each way, on one core, through our relay, a loop of epoll,
recvmmsg and sendmmsg in C that looks at nothing, and rtpengine with one thread in user space, in
turn; figures are medians of the rounds. `late_ms` is from the sender's call of the kernel to the
arrival at the receiver's socket by the kernel's stamp; `direct` is the same without any relay.
`cpu_us` is the processor time of a packet. Then more is sent than can pass (`full_late_p99_ms`):
`per_s` is what arrives, `per_core_s` what arrives for a second of the relay's processor time, which
other programs on the machine hardly change. `ratio` is of `per_core_s`, and theirs over ours of the
steady calls' `cpu_us`: above 1 is better than theirs. Without the right to real-time scheduling the
line says `"privileged": false` and delays have no limit. A peer that is not installed is named in
`skipped`.

`signalling` (`calls_signalling.py`): so many people present at one edge, which alone decides on the
calls of its site: no other machine takes part. `attend_per_s` is how fast they came, each by
real signatures; then calls are begun at an even rate for a minute on an edge of one core, with all
telephones on another. `ring` and `set_up` are from dialling until the caller hears that it rings
and that it was answered, `cores` the processor time of the edge per second, `told` what all are
told of people meanwhile, `relay` what calls have taken of the relay at once (`most`), not given
back (`left`) and not been given (`refused`). `echo` is the control, and `ratio` ours over it.
`two_edges`: half of the people each, all calls from one edge to the other.

`mls` (`calls_mls.py`): two devices come to share keys in Chromium, beside bare primitives.

Exit status 1 when a figure misses its limit. Needs two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import sys
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import calls_mls
import calls_signalling
import relay_load
from baluardo.network.links.real_time import ask_for_real_time
from machine import machine
from relay_peers import CORE, Baluardo, CLoop, Peer, RtpEngine, why_not

PEERS: dict[str, type[Baluardo | CLoop | RtpEngine]] = {
    "baluardo": Baluardo,
    "c_loop": CLoop,
    "rtpengine": RtpEngine,
}
PER_CALL_S = 100
OVERLOAD_PER_S = 600_000
SETTLE_S = 1.0
DESCRIPTORS = 16_384

SETS_UP_AT_MOST_MS = 300.0
"""At the 99th percentile: what a person does not notice before it rings."""

AT_LEAST = {"arrived_share": 0.999, "of_c_loop": 0.7}
AT_MOST = {"late_p99_ms": 1.0, "idle_core_share": 0.03}
PRIVILEGED_ONLY = ("late_p99_ms",)


class Load:
    """The two sockets at the ends of all calls."""

    def __init__(self) -> None:
        """Open them."""
        self.near, self.far = relay_load.side(), relay_load.side()

    @property
    def ports(self) -> tuple[int, int]:
        """Of the sockets."""
        return self.near.getsockname()[1], self.far.getsockname()[1]

    def run(self, peer: Peer, per_s: int, seconds: float, urgent: bool) -> relay_load.Outcome:
        """Load a peer."""
        return self._run(peer.ports, peer.lead, per_s, seconds, urgent)

    def direct(self, per_s: int, seconds: float, urgent: bool) -> relay_load.Outcome:
        """Send to the other end without a relay."""
        near, far = self.ports
        return self._run(([far], [near]), 0, per_s, seconds, urgent)

    def _run(
        self,
        ports: tuple[list[int], list[int]],
        lead: int,
        per_s: int,
        seconds: float,
        urgent: bool,
    ) -> relay_load.Outcome:
        outcomes: list[relay_load.Outcome] = []

        def run() -> None:
            if urgent:
                ask_for_real_time()
            outcomes.append(relay_load.run(self.near, self.far, ports, lead, per_s, seconds))

        # A thread of its own: real time ends with it.
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
        return outcomes[0]


def measured(kind: type[Any], load: Load, calls: int, seconds: float) -> dict[str, float]:
    """Carry steady calls in real time, then more than can pass without it; the figures."""
    figures: dict[str, float] = {}
    for urgent in (True, False):
        peer = kind(urgent)
        try:
            peer.open(calls, *load.ports)
            if isinstance(peer, Baluardo):
                peer.show(load.near)
            load.run(peer, calls * PER_CALL_S, SETTLE_S, urgent)
            if not urgent:
                before = peer.cpu_s()
                outcome = load.run(peer, OVERLOAD_PER_S, seconds, False)
                figures["per_s"] = round(outcome.per_s)
                figures["full_late_p99_ms"] = outcome.late_ms(99.0)
                figures["per_core_s"] = round(outcome.arrived / (peer.cpu_s() - before))
                continue
            before = peer.cpu_s()
            outcome = load.run(peer, calls * PER_CALL_S, seconds, True)
            figures["cpu_us"] = round((peer.cpu_s() - before) / outcome.arrived * 1e6, 2)
            figures["late_p50_ms"], figures["late_p99_ms"] = map(outcome.late_ms, (50.0, 99.0))
            figures["arrived_share"] = round(outcome.arrived / outcome.sent, 5)
            if isinstance(peer, Baluardo):
                figures["idle_core_share"] = round(peer.idle_core_share(seconds), 4)
        finally:
            peer.close()
    return figures


def relay(calls: int, seconds: float, rounds: int) -> int:
    """Measure relays in turn and print the line; return the exit status."""
    privileged = _may_be_urgent()
    ran_on = machine()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores - {CORE} or cores)
    skipped = {name: why for name, kind in PEERS.items() if (why := why_not(kind))}
    kinds = {name: kind for name, kind in PEERS.items() if name not in skipped}
    load = Load()
    all_figures: dict[str, list[dict[str, float]]] = {name: [] for name in (*kinds, "direct")}
    for _ in range(rounds):
        outcome = load.direct(calls * PER_CALL_S, seconds, True)
        late = {"late_p50_ms": outcome.late_ms(50.0), "late_p99_ms": outcome.late_ms(99.0)}
        all_figures["direct"].append(late)
        for name, kind in kinds.items():
            all_figures[name].append(measured(kind, load, calls, seconds))
    figures = {
        name: {key: round(statistics.median(each[key] for each in of), 5) for key in of[0]}
        for name, of in all_figures.items()
    }
    ours = figures["baluardo"]
    ratio = {
        name: {
            "per_core_s": round(ours["per_core_s"] / figures[name]["per_core_s"], 3),
            "cpu": round(figures[name]["cpu_us"] / ours["cpu_us"], 3),
        }
        for name in kinds
        if name != "baluardo"
    }
    line = {
        "benchmark": "calls relay",
        "calls": calls,
        "figures": figures,
        "limits": {"at_least": AT_LEAST, "at_most": AT_MOST},
        "ratio": ratio,
        "skipped": skipped,
        "privileged": privileged,
        "machine": ran_on,
    }
    print(json.dumps(line))
    judged = dict(ours)
    if "c_loop" in ratio:
        judged["of_c_loop"] = ratio["c_loop"]["per_core_s"]
    free = () if privileged else PRIVILEGED_ONLY
    missed = [k for k, limit in AT_LEAST.items() if judged.get(k, limit) < limit]
    missed += [k for k, limit in AT_MOST.items() if judged[k] > limit and k not in free]
    for each in missed:
        print(f"{each} misses its limit: {judged[each]}", file=sys.stderr)
    return 1 if missed else 0


def _may_be_urgent() -> bool:
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(ask_for_real_time()))
    thread.start()
    thread.join()
    return told[0]


def signalling(load: calls_signalling.Load) -> int:
    """Measure signalling beside an echo and print the line; return the exit status."""
    ran_on = machine()
    figures = calls_signalling.measure(load)
    edge, echo = figures["edge"], figures["echo"]
    ratio = {
        name: round(edge[name] / echo[name], 2) for name in ("cores", "set_up_p50_ms", "memory_mb")
    }
    line = {
        "benchmark": "calls signalling",
        "people": load.people,
        "per_s": load.per_s,
        "between_per_s": load.between_per_s,
        "seconds": load.seconds,
        "talk_s": load.talk_s,
        "figures": figures,
        "limits": {"completed_share": 1.0, "set_up_p99_ms": SETS_UP_AT_MOST_MS},
        "ratio": ratio,
        "machine": ran_on,
    }
    print(json.dumps(line))
    missed = 0
    for name in ("edge", "two_edges"):
        found = figures[name]
        if found["completed_share"] < 1.0 or found["problems"]:
            missed = 1
            told = f"{found['completed_share']}, {found['problems']} problems"
            print(f"{name}: calls failed: {told}", file=sys.stderr)
        if found["relay_left"] or found["relay_refused"] or not found["relay_most"]:
            missed = 1
            print(f"{name}: ports of the relay were not taken and freed", file=sys.stderr)
        if found["set_up_p99_ms"] > SETS_UP_AT_MOST_MS:
            missed = 1
            late = found["set_up_p99_ms"]
            print(f"{name}: set_up_p99_ms misses its limit: {late}", file=sys.stderr)
    return missed


def mls() -> int:
    """Measure the keys of two devices in Chromium and print the line; return the exit status."""
    why = calls_mls.why_not()
    if why is not None:
        print(f"{why}: nothing measured.", file=sys.stderr)
        return 0
    figures = calls_mls.measure()
    line = {
        "benchmark": "calls mls",
        "figures": figures,
        "limits": {"at_most_ms": calls_mls.LONGEST_MS},
        "machine": machine(),
    }
    print(json.dumps(line))
    late = calls_mls.missed(figures)
    for each in late:
        print(f"{each} misses its limit", file=sys.stderr)
    return 1 if late else 0


def main() -> int:
    """Measure and print; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--relay", action="store_true", help="the media relay alone")
    parser.add_argument("--signalling", action="store_true", help="signalling of an edge alone")
    parser.add_argument("--mls", action="store_true", help="keys of two devices alone")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each measurement")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--people", type=int, default=10_000, help="present at the edge")
    parser.add_argument("--per-second", type=float, default=100.0, help="calls that begin")
    parser.add_argument("--minute", type=float, default=60.0, help="for so many seconds")
    parser.add_argument(
        "--between", type=float, default=20.0, help="calls that begin between two edges a second"
    )
    parser.add_argument(
        "--talk", type=float, default=4.0, help="seconds of each call; 448 fit into a site's relay"
    )
    asked = parser.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = DESCRIPTORS if most == resource.RLIM_INFINITY else min(DESCRIPTORS, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))
    every = not (asked.relay or asked.signalling or asked.mls)
    missed = 0
    if asked.relay or every:
        missed |= relay(asked.calls, asked.seconds, asked.rounds)
    if asked.signalling or every:
        load = calls_signalling.Load(
            asked.people, asked.per_second, asked.minute, asked.talk, asked.between
        )
        missed |= signalling(load)
    if asked.mls or every:  # last: it changes where modules are looked for
        missed |= mls()
    return missed


if __name__ == "__main__":
    sys.exit(main())
