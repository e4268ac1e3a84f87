"""How every door says no: one sentence, whatever the status."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel


class Refusal(BaseModel):
    """Why nothing was done, and what to do."""

    detail: str


_REASONS: Final = {
    400: "What was asked makes no sense here.",
    401: "Nobody is signed in, or the passkey is needed once more.",
    403: "Not permitted to whoever asks.",
    404: "There is no such thing.",
    409: "What stands here does not permit it.",
    413: "The request is too large.",
    415: "The request is of another media type.",
    422: "The request is not of the form that this document gives.",
    429: "Too many attempts; Retry-After says for how long.",
    503: "The service cannot do this at the moment.",
}

REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Refusal, "description": reason} for status, reason in _REASONS.items()
}
"""For a router's `responses`: what any of its routes may answer instead."""
