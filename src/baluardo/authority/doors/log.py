"""The audit log: entries, and the proofs by which everybody signed in may verify them.

What is personal is told to auditors and security officers alone; everybody else sees its digests.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel

from baluardo.authority.acts.audit_log import (
    MOST_ENTRIES,
    Told,
    erase_person,
    find_traces,
    read_log,
)
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX, principal_of
from baluardo.errors import InvalidInputError
from baluardo.protocol.roles import Role
from baluardo.trust.base64_text import to_base64

Index = Annotated[int, Query(ge=0, le=2**53)]
Count = Annotated[int, Query(ge=1, le=MOST_ENTRIES)]
Name = Annotated[str, Path(max_length=63)]


class CheckpointAnswer(BaseModel):
    """The newest checkpoint (C2SP tlog-checkpoint) and the key that verifies it."""

    note: str
    vkey: str
    size: int


class DetailAnswer(BaseModel):
    """A personal detail that was not erased."""

    name: str
    value: Any
    text: str
    """The opening itself: whoever hashes it finds the digest that the entry holds."""


class EntryAnswer(BaseModel):
    """An entry; `details` is null for who may not read any."""

    index: int
    octets: str
    """Base64."""
    details: list[DetailAnswer] | None

    @classmethod
    def of(cls, told: Told) -> EntryAnswer:
        """Tell one entry."""
        details = told.details
        return cls(
            index=told.index,
            octets=to_base64(told.octets),
            details=None
            if details is None
            else [
                DetailAnswer(name=each.name, value=each.value, text=each.text) for each in details
            ],
        )


class EntriesAnswer(BaseModel):
    """Entries in order, of a log of `size`."""

    size: int
    entries: list[EntryAnswer]


class ProofAnswer(BaseModel):
    """A proof of RFC 9162: SHA-256 hashes in hexadecimal digits."""

    hashes: list[str]


class ErasedAnswer(BaseModel):
    """How many details of the log's entries are gone."""

    details: int


def log_router(authority: Authority) -> APIRouter:
    """Return the door to the audit log."""
    router = APIRouter(prefix=PREFIX, tags=["log"])
    store = authority.store

    @router.get("/log/checkpoint")
    async def checkpoint(request: Request) -> CheckpointAnswer:
        principal_of(request)
        signed = store.log.checkpoint
        note = signed.note.octets().decode()
        return CheckpointAnswer(note=note, vkey=store.log.verifier_key.text, size=signed.size)

    @router.get("/log/entries")
    async def entries(
        request: Request, start: Index = 0, count: Count = MOST_ENTRIES
    ) -> EntriesAnswer:
        principal, size = principal_of(request), store.size
        told = await store.read(lambda c: read_log(c, principal, start, count, size))
        return EntriesAnswer(size=size, entries=[EntryAnswer.of(each) for each in told])

    @router.get("/log/inclusion")
    async def inclusion(request: Request, index: Index, size: Index) -> ProofAnswer:
        principal_of(request)
        if not index < size <= store.size:
            raise InvalidInputError(
                f"index {index}, size {size}: the entry is one of the first {store.size}."
            )
        proof = await asyncio.to_thread(store.log.inclusion_proof, index, size)
        return ProofAnswer(hashes=[each.hex() for each in proof])

    @router.get("/log/consistency")
    async def consistency(request: Request, old: Index, new: Index) -> ProofAnswer:
        principal_of(request)
        if not old <= new <= store.size:
            raise InvalidInputError(
                f"old {old}, new {new}: sizes of the log, which has {store.size} entries."
            )
        proof = await asyncio.to_thread(store.log.consistency_proof, old, new)
        return ProofAnswer(hashes=[each.hex() for each in proof])

    @router.delete("/people/{name}")
    async def erase(request: Request, name: Name) -> ErasedAnswer:
        principal, size = principal_of(request), store.size
        principal.require(Role.SECURITY_OFFICER)
        known = await store.read(lambda c: find_traces(c, name, 0, size))
        gone = await store.act(lambda t: erase_person(t, authority, principal, name, known))
        return ErasedAnswer(details=gone)

    return router
