"""The inner layer of a site: two charons, the peers they protect, and which of the two carries.

Where it stands, in a namespace of its own:

    hosts  <->  `inside`  | ipsec0, ipsec1 | ESP in UDP | an interface that leads into WireGuard

The caller gives the namespace, the interface to the hosts and the way out; keys come from the
exchange of profile cnsa, by epoch. `tend` is to be called about once a second: it begins epochs,
leads packets over when both ends stand, lets old epochs end, and starts a charon that was killed.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from baluardo.errors import InvalidInputError, LinkError
from baluardo.network.links.esp import configuration, routes
from baluardo.network.links.esp.associations import (
    Action,
    Association,
    Carry,
    Initiate,
    Rotation,
    associations,
    decide,
)
from baluardo.network.links.esp.charon import Charon, why_not
from baluardo.network.links.esp.configuration import PLANES, EspKeys, EspPeer, Network
from baluardo.network.links.interfaces import let_rules_judge, set_forwarding
from baluardo.network.links.namespaces import Namespace

FAMILIES: Final = (4, 6)


@dataclass(frozen=True)
class EspStatus:
    """What is known of one peer."""

    established: bool
    """Packets go out by an SA with a post-quantum key within."""
    epoch: int | None
    """Of that SA."""
    age_s: int
    """Of that SA."""
    rekeys: int
    """How many SAs have followed the first."""
    octets_in: int
    """Of packets within, through all SAs, since the peer was first told of."""
    octets_out: int


@dataclass(frozen=True)
class EspEvent:
    """Something that happened, for logs and pages; the sentence holds no secret."""

    peer: str
    """Empty where it concerns all."""
    text: str
    alarm: bool = False


@dataclass
class _Kept:
    """A peer, its keys as long as they may be asked for again, and what was counted."""

    peer: EspPeer
    rotation: Rotation
    keys: dict[int, EspKeys] = field(default_factory=dict)
    counts: dict[tuple[int, int, int], tuple[int, int]] = field(default_factory=dict)
    """Octets by life of a charon, IKE SA and CHILD SA, of those that stand."""
    passed: tuple[int, int, int] = (0, 0, 0)
    """How many stand no more, and their octets in and out."""
    standing: Association | None = None


class EspLayer:
    """The inner layer of one site; every method may be called from any thread."""

    def __init__(self, name: str, networks: Sequence[Network]) -> None:
        """Prepare for a site of this name, with these networks behind it."""
        self.name = configuration.checked_name(name)
        self.networks = configuration.checked_networks(tuple(networks))
        if any(network.prefixlen == network.max_prefixlen for network in self.networks):
            raise InvalidInputError("A network behind the inner layer has more than one address.")
        self._lock = threading.RLock()
        self._peers: dict[str, _Kept] = {}
        self._charons: list[Charon] = []
        self._lives = 0
        self._life: dict[int, int] = {}
        self._namespace: Namespace | None = None
        self._directory: Path | None = None

    def start(self, namespace: Namespace, inside: str, place: Path | None = None) -> None:
        """Start both charons in a namespace whose interface to the hosts is `inside`.

        The namespace must be the layer's own: its rules of routing are set for good. The caller
        gives it the addresses and the way that ESP goes out by. Settings and sockets of the charons
        stand in a directory of their own within `place`, or where the system has such. LinkError
        with a sentence if strongSwan is not installed or does not start; nothing passes then.
        """
        if problem := why_not():
            raise LinkError(problem)
        with self._lock:
            if self._namespace is not None:
                raise LinkError("The inner layer runs already.")
            set_forwarding(namespace)
            let_rules_judge(namespace)
            for family in FAMILIES:
                own = routes.of_family(self.networks, family)
                lines = [*routes.rules(inside), *routes.own(own, inside)]
                routes.apply(namespace, lines, family)
            self._namespace = namespace
            self._directory = Path(tempfile.mkdtemp(prefix="esp-", dir=place))
            try:
                for plane in range(PLANES):
                    self._charons.append(self._started(plane))
            except LinkError:
                self.close()
                raise

    def set_peer(self, peer: EspPeer, keys: EspKeys) -> None:
        """Add a peer, or give a known one the keys of a new epoch; both ends are to be told.

        Packets go on by the old epoch until the new one stands at both ends. A peer whose addresses
        or networks change must be removed first.
        """
        with self._lock:
            kept = self._peers.get(peer.name)
            if kept is None:
                self._refuse_overlap(peer)
                kept = _Kept(peer, Rotation(initiates=self.name < peer.name))
            elif kept.peer != peer:
                raise InvalidInputError(
                    f"{peer.name} is known with other addresses or networks; remove it first."
                )
            elif kept.keys and keys.epoch <= max(kept.keys):
                raise InvalidInputError(
                    f"Epoch {keys.epoch} of {peer.name} is not newer than {max(kept.keys)}; the "
                    "keys in use stay."
                )
            for charon in self._running():
                try:
                    self._load(charon, peer, keys)
                except LinkError:
                    if not charon.ended:
                        raise  # one that has just ended is told when it is started again
            kept.keys[keys.epoch] = keys
            kept.rotation.epochs.add(keys.epoch)
            kept.rotation.next_try = 0.0
            self._peers[peer.name] = kept

    def remove_peer(self, name: str) -> None:
        """End what stands with a peer and forget its keys; others notice nothing."""
        with self._lock:
            kept = self._peers.pop(name, None)
            if kept is None:
                return
            self._lead(kept.peer, None)
            for epoch in tuple(kept.keys):
                self._forget(name, epoch)

    def tend(self, now: float | None = None) -> list[EspEvent]:
        """Do what is due and tell what happened; `now` is time.monotonic() unless given."""
        with self._lock:
            if self._namespace is None:
                return []
            moment = time.monotonic() if now is None else now
            events = self._revived()
            standing = self._standing()
            for name, kept in self._peers.items():
                own = [each for each in standing if each.peer == name]
                self._count(kept, own)
                for action in decide(kept.rotation, own, moment):
                    events += self._done(kept, action)
                kept.standing = next(
                    (each for each in own if (each.epoch, each.plane) == kept.rotation.carrying),
                    None,
                )
            return events

    def status(self) -> dict[str, EspStatus]:
        """Return what the last `tend` found, by the peer's name."""
        with self._lock:
            return {name: _status(kept) for name, kept in self._peers.items()}

    def processes(self) -> list[int]:
        """Return the process numbers of the charons."""
        with self._lock:
            return [charon.process_id for charon in self._charons]

    def close(self) -> None:
        """End both charons; what the hosts send is refused from then on."""
        with self._lock:
            for charon in self._charons:
                charon.close()
            self._charons.clear()
            if self._directory is not None:
                shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = self._namespace = None

    def __enter__(self) -> EspLayer:
        """Return it."""
        return self

    def __exit__(self, *problem: object) -> None:
        """End it."""
        self.close()

    def _started(self, plane: int) -> Charon:
        if self._namespace is None or self._directory is None:
            raise LinkError("The inner layer does not run.")
        charon = Charon(plane, self._namespace, self._directory)
        self._lives += 1
        self._life[plane] = self._lives
        for kept in self._peers.values():
            for keys in kept.keys.values():
                self._load(charon, kept.peer, keys)
        return charon

    def _running(self) -> list[Charon]:
        return [charon for charon in self._charons if not charon.ended]

    def _revived(self) -> list[EspEvent]:
        """Start what has ended; its peers begin anew."""
        events: list[EspEvent] = []
        for plane, charon in enumerate(self._charons):
            if not charon.ended:
                continue
            charon.close()
            for kept in self._peers.values():
                kept.rotation.plane_lost(plane)
            try:
                self._charons[plane] = self._started(plane)
                text = "it was started again"
            except LinkError as problem:
                text = f"it cannot be started again yet: {problem}"
            text = f"A process of the inner layer ended, nothing passed in clear; {text}"
            events.append(EspEvent("", text.rstrip(".") + ".", alarm=True))
        return events

    def _standing(self) -> list[Association]:
        found: list[Association] = []
        for charon in self._running():
            try:
                told = charon.vici.stream("list-sas", "list-sa")
            except LinkError:
                charon.kill()  # ended or hung, it is started again by the next call
                continue
            found += associations(told, charon.plane)
        return found

    def _done(self, kept: _Kept, action: Action) -> list[EspEvent]:
        name = kept.peer.name
        if isinstance(action, Initiate):
            return self._initiate(name, action)
        if isinstance(action, Carry):
            self._lead(kept.peer, action.plane)
            if action.plane is None:
                return [EspEvent(name, f"The inner layer to {name} is down.", alarm=True)]
            return [EspEvent(name, f"The inner layer to {name} carries epoch {action.epoch}.")]
        kept.keys.pop(action.epoch, None)
        self._forget(name, action.epoch)
        return []

    def _initiate(self, name: str, action: Initiate) -> list[EspEvent]:
        ike = configuration.connection_name(name, action.epoch)
        try:
            self._charons[action.plane].vici.ask(
                "initiate", {"child": "inner", "ike": ike, "timeout": "-1", "init-limits": "no"}
            )
        except LinkError as problem:
            return [EspEvent(name, f"The inner layer to {name} cannot begin: {problem}")]
        return []

    def _lead(self, peer: EspPeer, plane: int | None) -> None:
        if self._namespace is None:
            return
        device = "" if plane is None else self._charons[plane].device
        for family in FAMILIES:
            lines = routes.outward(routes.of_family(peer.networks, family), device)
            routes.apply(self._namespace, lines, family)

    def _load(self, charon: Charon, peer: EspPeer, keys: EspKeys) -> None:
        for secret in configuration.secrets(self.name, peer.name, keys):
            charon.vici.ask("load-shared", secret)
        connection = configuration.connection(
            self.name, self.networks, peer, keys.epoch, charon.plane
        )
        charon.vici.ask("load-conn", connection)

    def _forget(self, name: str, epoch: int) -> None:
        """End an epoch in both charons, as far as they still know it."""
        ike = configuration.connection_name(name, epoch)
        for charon in self._running():
            orders = [
                ("unload-conn", {"name": ike}),
                *(("unload-shared", {"id": i}) for i in configuration.secret_names(name, epoch)),
                ("terminate", {"ike": ike, "timeout": "-1"}),
            ]
            for command, message in orders:
                try:
                    charon.vici.ask(command, message)
                except LinkError:
                    continue  # what it does not know need not be ended

    def _refuse_overlap(self, peer: EspPeer) -> None:
        others = [(kept.peer.name, kept.peer.networks) for kept in self._peers.values()]
        for name, networks in [("this site", self.networks), *others]:
            for one in networks:
                for other in peer.networks:
                    if one.version == other.version and one.overlaps(other):
                        raise InvalidInputError(
                            f"{other} of {peer.name} overlaps {one} of {name}; one address has "
                            "one end."
                        )

    def _count(self, kept: _Kept, standing: Sequence[Association]) -> None:
        counts = {
            (self._life[each.plane], each.number, each.child): (each.octets_in, each.octets_out)
            for each in standing
            if each.child
        }
        for place in kept.counts.keys() - counts.keys():
            gone, octets_in, octets_out = kept.passed
            last_in, last_out = kept.counts[place]
            kept.passed = (gone + 1, octets_in + last_in, octets_out + last_out)
        kept.counts = counts


def _status(kept: _Kept) -> EspStatus:
    standing = kept.standing
    gone, octets_in, octets_out = kept.passed
    return EspStatus(
        standing is not None,
        standing.epoch if standing else None,
        standing.age_s if standing else 0,
        max(0, gone + len(kept.counts) - 1),
        octets_in + sum(octets for octets, _ in kept.counts.values()),
        octets_out + sum(octets for _, octets in kept.counts.values()),
    )
