"""Enrolments a second: machines that come for the first time, each with its own invitation.

A part of `authority.py`, which runs it. One enrolment is the whole way over a new TCP connection
from an address of its own: POST /api/authority/enrol/sealed, the sealed request opened, its
invitation found, the possession of its key proven, the certificate issued, the entries logged, the
checkpoint signed, all of it forced down, the chain answered. Invitations, keys and sealed requests
are made before the clock starts, and who asks is another process than who answers.

Controls in the same run and directory: `one_by_one_per_second` is the same act without HTTP and
without company, each in a transaction of its own; `bare_transactions_per_second` is SQLite alone
with one short row in each (WAL, synchronous=FULL), what the disk allows whoever does not group.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sqlite3
import statistics
import time
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from authority_served import ACCESS, COMMUNITY, HOST, address_of, hold_ceremony, serving
from baluardo.authority.acts.enrolment import enrol
from baluardo.authority.acts.invitations import InvitationMade, Purpose, make_invitation
from baluardo.authority.acts.profile import Profile
from baluardo.authority.context import Authority
from baluardo.authority.opening import open_authority
from baluardo.authority.store.transaction import Transaction
from baluardo.protocol.enrolment import open_request, seal_request
from baluardo.protocol.invitation import Invitation
from baluardo.trust.certificates.request import make_request
from baluardo.trust.identity import Identity, Kind
from baluardo.trust.one_time import OneTimeSecret
from baluardo.trust.primitives.signing import SigningKey

WANTED_PER_SECOND = 200.0
WARM_UP = 50
ALONE = 200
"""Enrolments, and bare transactions, of the controls."""
BEGAN_AT_MOST = 1_000
"""Invitations handed to the writer at a time."""


@dataclass(frozen=True)
class Driven:
    """What the clients saw."""

    seconds: float
    took_ms: list[float]
    refused: list[str]


def measure(directory: Path, count: int, at_once: int) -> dict[str, object]:
    """Run the controls and the enrolments in a directory."""
    place = directory / "enrolment"
    hold_ceremony(place)
    authority = open_authority(place, ACCESS)
    sealed = prepare(authority, ALONE + WARM_UP + count)
    alone = one_by_one(authority, sealed[:ALONE])
    before = len(authority.store.register.issued)
    authority.store.close()
    bare = bare_transactions(directory / "bare.db", ALONE)
    with serving(place) as served:
        drive(sealed[ALONE : ALONE + WARM_UP], served.web_port, at_once)
        cpu = served.cpu_s()
        driven = drive(sealed[ALONE + WARM_UP :], served.web_port, at_once)
        cpu = served.cpu_s() - cpu
        memory, _ = served.memory_mb()
    authority = open_authority(place, ACCESS)
    issued = len(authority.store.register.issued) - before
    size = authority.store.size
    authority.store.close()
    if driven.refused or issued != WARM_UP + count:
        raise RuntimeError(f"{issued} certificates were issued; refused: {driven.refused[:3]}")
    took = sorted(driven.took_ms)
    rate = count / driven.seconds
    return {
        "enrolments": count,
        "enrolments_per_second": round(rate, 1),
        "of_wanted": round(rate / WANTED_PER_SECOND, 2),
        "latency_ms": {
            "median": round(statistics.median(took), 1),
            "p99": round(took[int(len(took) * 0.99)], 1),
        },
        "at_once": at_once,
        "authority_cpu_ms": round(cpu / count * 1e3, 2),
        "authority_memory_mb": memory,
        "log_entries": size,
        "one_by_one_per_second": round(alone, 1),
        "of_one_by_one": round(rate / alone, 2),
        "bare_transactions_per_second": round(bare, 1),
        "of_bare_transactions": round(rate / bare, 2),
    }


def prepare(authority: Authority, count: int) -> list[bytes]:
    """Return sealed requests of so many ships that were invited."""
    authority.web_url = authority.settings.own_url
    verifier = authority.store.issuing.verifier()
    algorithm, sealed = authority.profile.certificates.leaf, []
    for start in range(0, count, BEGAN_AT_MOST):
        ships = [
            Identity(COMMUNITY, Kind.SHIP, f"ship-{number}")
            for number in range(start, min(count, start + BEGAN_AT_MOST))
        ]
        made = [_invited(authority, ship) for ship in ships]
        for ship, future in zip(ships, made, strict=True):
            secret = Invitation.of_text(future.result().text).secret
            request = make_request(SigningKey.generate(algorithm), ship)
            statement, now = authority.sealing_statement, time.time()
            sealed.append(seal_request(secret, request, statement, verifier, now))
    return sealed


def _invited(authority: Authority, ship: Identity) -> Future[InvitationMade]:
    def do(transaction: Transaction) -> InvitationMade:
        profile = Profile(ship.name)
        return make_invitation(transaction, authority, ship, profile, Purpose.ENROL, "", 24.0)

    return authority.store.submit(do)


def one_by_one(authority: Authority, sealed: list[bytes]) -> float:
    """Return enrolments a second, each waiting for the one before it to be on the disk."""
    begin = time.perf_counter()
    for octets in sealed:
        opened = open_request(octets, authority.sealing_key)
        digest, request = OneTimeSecret(opened.secret).digest, opened.request

        def do(transaction: Transaction, digest: bytes = digest, request: bytes = request) -> None:
            done = enrol(transaction, authority, digest, request)
            if isinstance(done, Exception):
                raise done

        authority.store.act_blocking(do)
    return len(sealed) / (time.perf_counter() - begin)


def bare_transactions(path: Path, count: int) -> float:
    """Return transactions a second of SQLite alone, one row each."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE row (number INTEGER PRIMARY KEY, octets BLOB)")
    begin = time.perf_counter()
    for number in range(count):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO row VALUES (?, ?)", (number, b"x" * 400))
        connection.execute("COMMIT")
    took = time.perf_counter() - begin
    connection.close()
    return count / took


def drive(sealed: list[bytes], port: int, at_once: int) -> Driven:
    """Let a process of its own hand in requests, so many under way at once."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_clients, args=(theirs, port, at_once))
    process.start()
    theirs.close()
    ours.send(sealed)
    driven = ours.recv()
    process.join()
    if not isinstance(driven, Driven):
        raise TypeError(f"clients returned {driven!r}")
    return driven


def _clients(parent: Connection, port: int, at_once: int) -> None:
    requests = [_request(octets, port) for octets in parent.recv()]
    parent.send(asyncio.run(_ask_all(requests, port, at_once)))


def _request(sealed: bytes, port: int) -> bytes:
    head = (
        "POST /api/authority/enrol/sealed HTTP/1.1",
        f"host: {HOST}:{port}",
        "content-type: application/octet-stream",
        f"content-length: {len(sealed)}",
        "connection: close",
        "",
        "",
    )
    return "\r\n".join(head).encode() + sealed


async def _ask_all(requests: list[bytes], port: int, at_once: int) -> Driven:
    took_ms: list[float] = []
    refused: list[str] = []
    waiting = iter(enumerate(requests))

    async def client() -> None:
        for place, request in waiting:
            begin = time.perf_counter()
            answer = await _ask(place, request, port)
            took_ms.append((time.perf_counter() - begin) * 1e3)
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200 ") or json.loads(body)["state"] != "granted":
                refused.append(answer.decode("utf-8", "replace")[-300:])

    begin = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(at_once)))
    return Driven(time.perf_counter() - begin, took_ms, refused)


async def _ask(place: int, request: bytes, port: int) -> bytes:
    local = (address_of(place), 0)
    reader, writer = await asyncio.open_connection(HOST, port, local_addr=local)
    try:
        writer.write(request)
        return await reader.read()
    finally:
        writer.close()


def missed(figures: dict[str, object]) -> list[str]:
    """Return the limits that the figures miss."""
    rate = float(str(figures["enrolments_per_second"]))
    return [] if rate >= WANTED_PER_SECOND else ["enrolments_per_second"]
