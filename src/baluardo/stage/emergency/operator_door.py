"""The satellite operator's door, played: signed requests in, signed receipts out, over HTTP."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

from fastapi import FastAPI, Request, Response

from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.settings import LOCAL_DOMAIN, Settings
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.receipt import BeamReceipt, Outcome
from baluardo.errors import BaluardoError
from baluardo.stage.address import bind
from baluardo.stage.emergency.operator import TwinOperator
from baluardo.stage.server import serve
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.custody.keyfile import Unlock, Unprotected
from baluardo.trust.custody.shares import Share
from baluardo.trust.issuing.authority import IssuingAuthority
from baluardo.trust.issuing.ceremony import Custodians
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.suites import EU_HYBRID

COMMUNITY: Final = "operator.example"
KEYS: Final = KeyAccess(Unprotected(), Unlock())
LARGEST_REQUEST: Final = 4_000_000


def found_operator(directory: Path) -> Credential:
    """Make the operator's own root, and return what it signs receipts with."""
    officers = (Officer("one.officer", "One"), Officer("two.officer", "Two"))
    settings = Settings(domain=LOCAL_DOMAIN, web_port=0, channel_port=0)
    founding = Founding(COMMUNITY, EU_HYBRID, officers, Custodians(3, 2), settings)

    def nobody_needs_them(_root: Certificate, _shares: tuple[Share, ...]) -> None:
        """Let the shares of a root that lives for minutes go."""

    now = time.time()
    found(directory, founding, KEYS, nobody_needs_them, now)
    with IssuingAuthority.open(directory, KEYS.unlock, now) as issuing:
        return issuing.service_credential(KEYS, now)


class OperatorDoor:
    """Serves an operator's beams to whoever signs as its customer does."""

    def __init__(self, operator: TwinOperator, credential: Credential) -> None:
        """Take the operator, and what it signs receipts with."""
        self._operator, self._credential = operator, credential
        self.url = ""
        self.seen: list[Channel] = []
        """Of each request that was taken, repetitions too."""
        self.refused: list[str] = []
        self.held = asyncio.Event()
        """While it is not set, requests are read and not answered: as if the line were cut."""
        self.held.set()
        self.waiting = asyncio.Event()
        """Set once a request came that is not answered."""

    @property
    def identity(self) -> str:
        """Who signs the receipts."""
        return self._credential.identity.uri

    def admit(self, community: str, verifier: Callable[[], Verifier]) -> None:
        """Take requests of a community's senders."""
        self._operator.admit(community, None, verifier)

    async def take(self, octets: bytes) -> bytes:
        """Return the receipt for a request; BaluardoError where nothing of it is genuine."""
        taken = await self._operator.judge(octets)
        self.seen.append(taken.request.channel)
        receipt = BeamReceipt.of_request(taken.request, Outcome.ACCEPTED, taken.at, taken.detail)
        return receipt.sign(self._credential).to_json()

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Serve on a free port of this machine while inside."""
        app, done, ready = FastAPI(), asyncio.Event(), asyncio.Event()

        @app.post("/beams")
        async def beams(request: Request) -> Response:
            octets = await request.body()
            if len(octets) > LARGEST_REQUEST:
                return Response(status_code=413)
            if not self.held.is_set():
                self.waiting.set()
                await self.held.wait()
            try:
                receipt = await self.take(octets)
            except BaluardoError as problem:
                self.refused.append(str(problem))
                return Response(str(problem), 403)
            return Response(receipt, media_type="application/json")

        listener = bind("127.0.0.1", 0)
        port = listener.socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}/beams"
        listener.open()
        task = asyncio.create_task(serve(app, listener.socket, ready.set, until=done.wait))
        try:
            await ready.wait()
            yield
        finally:
            self.held.set()
            done.set()
            await asyncio.gather(task, return_exceptions=True)
            listener.socket.close()
