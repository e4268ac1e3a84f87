"""What browsers of the site judge others by in calls, from the edge's own disk: `/api/calls/...`.

All of it is public, so nobody signs in; all of it is signed by somebody, but for one thing: which
roots, which log and which witness count. A browser pins those at first sight. Everything is
answered with the authority away.
"""

from __future__ import annotations

import math
import re
from collections import OrderedDict
from ipaddress import ip_address
from typing import Any, Final

from fastapi import APIRouter, HTTPException, Request
from starlette.responses import Response

from baluardo.calls.attempts import Attempts
from baluardo.console.client_address import network_of
from baluardo.edge.log_copy.keeper import LogKeeper
from baluardo.edge.log_copy.store import LogCopy, LogEvidence
from baluardo.edge.news import Known
from baluardo.edge.state import EdgeState
from baluardo.errors import ClockError, InvalidInputError, LogError
from baluardo.network.tunnel.addresses import site_network
from baluardo.trust.base64_text import to_base64
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.strict_json import write_json

QUORUM: Final = 1
"""Of the witnesses that are named, which is this edge alone."""
AT_ONCE: Final = 120
EVERY_SECONDS: Final = 0.1
"""Questions of one address: a page asks a handful for each call, and many may be behind one."""
NETWORK_AT_ONCE: Final = 10 * AT_ONCE
NETWORK_EVERY_SECONDS: Final = EVERY_SECONDS / 10
"""Of one network outside of the site's own: whoever is there has every address of it."""
AGAIN_SECONDS: Final = 1.0
"""After which a browser that was refused may ask again."""
MOST_KEPT: Final = 1_024
"""Answers about certificates that were asked for lately."""
KEPT_SECONDS: Final = 1.0
"""For which what others are judged by is told with one and the same time."""
NEVER_KEPT: Final = {"cache-control": "no-store"}

_FINGERPRINT = re.compile(r"[0-9a-f]{64}\Z", re.ASCII)
_SIZE = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z", re.ASCII)


class TrustAnswer:
    """What an edge judges chains by, as JSON; put together anew when something has changed."""

    def __init__(self, state: EdgeState) -> None:
        """Tell of an edge."""
        self._state = state
        self._made: tuple[Known, dict[str, Any]] | None = None
        self._told: tuple[Known, LogCopy, float, bytes] | None = None

    def octets(self, copy: LogCopy) -> bytes:
        """Return it, with the edge's time; null where the edge has no time that it trusts."""
        known, at = self._state.known, self._state.clock.steady()
        if self._told is not None:
            of, copied, since, octets = self._told
            if of is known and copied is copy and 0 <= at - since < KEPT_SECONDS:
                return octets
        octets = self._octets(known, copy)
        self._told = (known, copy, at, octets)
        return octets

    def _octets(self, known: Known, copy: LogCopy) -> bytes:
        if self._made is None or self._made[0] is not known:
            self._made = (known, self._fields(known))
        try:
            now: float | None = round(self._state.clock(), 3)
        except ClockError:
            now = None
        log = {"vkey": copy.log.text, "witnesses": [copy.witness.text], "quorum": QUORUM}
        return write_json({**self._made[1], "log": log, "time": now})

    def _fields(self, known: Known) -> dict[str, Any]:
        anchors = known.anchors
        links = (
            Chain.of_pem(octets).certificates
            for path, octets in sorted(known.heard.items())
            if path.startswith("links/")
        )
        return {
            "community": anchors.community,
            "profile": anchors.profile.name,
            "roots": [
                {"der": to_base64(each.certificate.der()), "until": each.until}
                for each in anchors.anchors
            ],
            "links": [to_base64(each.der()) for chain in links for each in chain],
            "lists": [
                {
                    "issuer": to_base64(held.issuer.der()),
                    "ders": [to_base64(each.der) for each in (held.full, *held.deltas)],
                }
                for _, held in sorted(known.revocations.lists.items())
            ],
            "list_grace": self._state.verifier.list_grace,
        }


class RecentEvidence:
    """Answers about certificates that were asked for lately, under the present checkpoint."""

    def __init__(self) -> None:
        """Begin without any."""
        self._answers: OrderedDict[str, bytes] = OrderedDict()
        self._checkpoint = b""

    def find(self, fingerprint: str, checkpoint: bytes) -> bytes | None:
        """Return what was answered while this was the checkpoint; None for nothing."""
        if checkpoint != self._checkpoint:
            return None
        return self._answers.get(fingerprint)

    def add(self, fingerprint: str, found: LogEvidence) -> bytes:
        """Return the answer, and keep it until the copy has grown."""
        if found.checkpoint != self._checkpoint:
            self._answers.clear()
            self._checkpoint = found.checkpoint
        fields = {
            "record": to_base64(found.record),
            "index": found.index,
            "proof": [to_base64(each) for each in found.proof],
            "checkpoint": found.checkpoint.decode(),
        }
        answer = self._answers[fingerprint] = write_json(fields)
        while len(self._answers) > MOST_KEPT:
            self._answers.popitem(last=False)
        return answer


class Rations:
    """How often may be asked: every address, and every network that is not the site's own.

    Within the site's own networks nobody is refused for what another machine there asks.
    """

    def __init__(self, state: EdgeState) -> None:
        """Tell the site's networks by an edge's state."""
        self._state = state
        self._single = Attempts(AT_ONCE, EVERY_SECONDS)
        self._networks = Attempts(NETWORK_AT_ONCE, NETWORK_EVERY_SECONDS)

    def take(self, address: str) -> bool:
        """Take one question out; false if there is none."""
        now, network = self._state.clock.steady(), network_of(address)
        if not self._single.take(address, now):
            return False
        return self._is_own(address) or self._networks.take(network, now)

    def _is_own(self, address: str) -> bool:
        identity = self._state.identity
        try:
            found = ip_address(address)
        except ValueError:
            return False
        allowed = self._state.network.allowed_networks(identity.path)
        return any(found in each for each in (site_network(identity), *allowed))


def evidence_router(state: EdgeState, keeper: LogKeeper) -> APIRouter:
    """Return the door; `keeper` runs for as long as it is open."""
    rations, trust, recent = Rations(state), TrustAnswer(state), RecentEvidence()
    router = APIRouter(include_in_schema=False)

    def check(request: Request) -> None:
        if not rations.take("" if request.client is None else request.client.host):
            raise HTTPException(
                429,
                "Too many questions at once. Try again in a moment.",
                headers={"Retry-After": str(math.ceil(AGAIN_SECONDS))},
            )

    @router.get("/api/calls/trust")
    async def judged_by(request: Request) -> Response:
        check(request)
        try:
            copy = keeper.opened()
        except LogError as problem:
            raise HTTPException(503, str(problem)) from None
        return _answer(trust.octets(copy))

    @router.get("/api/calls/evidence/{fingerprint}")
    async def evidence(request: Request, fingerprint: str) -> Response:
        checkpoint = b"" if keeper.copy is None else keeper.copy.checkpoint
        kept = recent.find(fingerprint, checkpoint)
        if kept is not None:  # it costs no more than to refuse it
            return _answer(kept)
        check(request)
        if not _FINGERPRINT.match(fingerprint):
            raise InvalidInputError("A certificate is named by 64 small hexadecimal digits.")
        try:
            found = await keeper.evidence(fingerprint)
        except LogError as problem:
            raise HTTPException(503, str(problem)) from None
        return _answer(recent.add(fingerprint, found))

    @router.get("/api/calls/log/consistency")
    async def consistency(request: Request, old: str = "", size: str = "") -> Response:
        check(request)
        if not _SIZE.match(old) or not _SIZE.match(size):
            raise InvalidInputError("A log's size is a number of at most 16 digits.")
        try:
            hashes = await keeper.consistency(int(old), int(size))
        except LogError as problem:
            raise HTTPException(503, str(problem)) from None
        return _answer(write_json({"hashes": [each.hex() for each in hashes]}))

    return router


def _answer(octets: bytes) -> Response:
    return Response(octets, media_type="application/json", headers=NEVER_KEPT)
