"""What a machine asks that has no channel yet: where authorities are, and what time it is."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX
from baluardo.authority.doors.rationing import Ration
from baluardo.authority.whereabouts import welcome_of
from baluardo.trust.clock import NONCE_OCTETS, sign_time
from baluardo.trust.strict_json import write_json

NONCE: Final = f"[0-9a-f]{{{2 * NONCE_OCTETS}}}"
JSON: Final = "application/json"


def whereabouts_router(authority: Authority) -> APIRouter:
    """Return the routes; they stand before those of the public half's files."""
    router = APIRouter(prefix=f"{PREFIX}/public", tags=["public"])
    signatures = Ration(30, 2.0, authority.clock)

    @router.get("/welcome", response_class=Response)
    async def welcome() -> Response:
        return Response(write_json(welcome_of(authority).to_fields()), media_type=JSON)

    @router.get("/time", response_class=Response)
    async def time(
        request: Request, nonce: Annotated[str, Query(pattern=f"^{NONCE}$", max_length=64)]
    ) -> Response:
        signatures.check(request)
        signed = sign_time(bytes.fromhex(nonce), authority.credential, authority.clock())
        return Response(signed.to_json(), media_type=JSON)

    return router
