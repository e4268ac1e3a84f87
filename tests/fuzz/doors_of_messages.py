"""Doors for channels, sealed messages, records, envelopes, commands, time and renewals."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence

from community import NOW
from door import Door
from material import (
    as_envelope,
    as_file,
    folder,
    member,
    only,
    sealing_key,
    seeded_key,
    verifier,
)

from baluardo.errors import (
    CertificateError,
    ClockError,
    CommandError,
    HandshakeError,
    InvalidInputError,
    ProfileError,
    SealError,
    SignatureError,
)
from baluardo.trust.channel.admission import read_verdict, refusal
from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Data, Established
from baluardo.trust.channel.greeting import greeting
from baluardo.trust.channel.tls import Role
from baluardo.trust.clock import EARLIEST, NONCE_OCTETS, Clock, read_time, sign_time
from baluardo.trust.commands.approval import Approval, approve, read_proposal
from baluardo.trust.commands.authorisation import authorise, read_answer, review
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import Proposal, propose
from baluardo.trust.commands.rule import Rule
from baluardo.trust.commands.spent import SpentCommands
from baluardo.trust.envelope import Envelope, add_signature, sign, verify
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.renewal import ask_renewal, read_renewal
from baluardo.trust.probe_seal import ProbeSeal
from baluardo.trust.publishing import publish_sealing_key, read_sealing_key
from baluardo.trust.records import RecordOpener, RecordSealer
from baluardo.trust.records import Role as RecordRole
from baluardo.trust.sealing import SealingKey, open_sealed, recipients_of, seal
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import parse_json
from baluardo.trust.suites import EU_HYBRID

TYPE = "application/vnd.baluardo.test"
APPROVERS = ("person/carlo.verdi/laptop", "person/dario.neri/phone")
NONCE = b"\x05" * NONCE_OCTETS
SEALED = (SealError, ProfileError)
ENVELOPE = (InvalidInputError, CertificateError, ProfileError)
VERIFIED = (*ENVELOPE, SignatureError)


@functools.cache
def endpoint(path: str) -> Endpoint:
    return Endpoint(member(path), verifier(), lambda: NOW)


def first_flight() -> bytes:
    return ChannelConnection(endpoint("ship/bergamini"), Role.CLIENT, NOW).outgoing()


def second_flight() -> bytes:
    server = ChannelConnection(endpoint("office/rome"), Role.SERVER, NOW)
    server.receive(first_flight(), NOW)
    return server.outgoing()


def nobody_comes_in(octets: bytes, role: Role) -> None:
    """Octets that were made without knowing this connection's secrets never open it."""
    connection = ChannelConnection(endpoint("office/rome"), role, NOW)
    connection.outgoing()
    for start in range(0, len(octets), 1_500):
        connection.receive(octets[start : start + 1_500], NOW)
        connection.outgoing()
    connection.receive_end()
    while event := connection.next_event():
        assert not isinstance(event, Established | Data), event


def hurt_flight(octets: bytes) -> None:
    """A handshake whose last flight is overwritten: by octets 2 and on, at the place octets 0, 1.

    It opens if and only if nothing was changed by that.
    """
    client = ChannelConnection(endpoint("ship/bergamini"), Role.CLIENT, NOW)
    server = ChannelConnection(endpoint("office/rome"), Role.SERVER, NOW)
    server.receive(client.outgoing(), NOW)
    client.receive(server.outgoing(), NOW)
    flight = client.outgoing()
    at = int.from_bytes(octets[:2], "big") % len(flight)
    hurt = flight[:at] + octets[2:] + flight[at + len(octets) - 2 :] if octets[2:] else flight
    server.receive(hurt, NOW)
    client.receive(server.outgoing(), NOW)
    server.receive(client.outgoing(), NOW)
    events = [type(event) for event in iter(server.next_event, None)]
    assert (Established in events) == hurt.startswith(flight), events


@functools.cache
def shared() -> Secret:
    return Secret(b"\x09" * 32)


def opened_record(octets: bytes) -> None:
    only(b"text", b"")(RecordOpener(shared(), RecordRole.RESPONDER).open(octets, b"about"))


def opened_probe(octets: bytes) -> None:
    only(b"probe", b"")(ProbeSeal(shared()).open(octets))


def opened_message(octets: bytes) -> None:
    only(b"text")(open_sealed(octets, sealing_key(), b"context"))


def verified(envelope: Envelope) -> None:
    only(b"payload")(verify(envelope, verifier(), NOW, TYPE).payload)


def published_key(envelope: Envelope) -> None:
    _, key = read_sealing_key(envelope, EU_HYBRID, verifier(), NOW)
    only(sealing_key().public)(key)


def read_for_approval(envelope: Envelope) -> None:
    only(proposal().payload)(read_proposal(envelope, verifier(), NOW).proposal.to_payload())


def carried_out(octets: bytes) -> None:
    """A bundle that passes is the genuine one, approved by the two who did."""
    bundle = CommandBundle.of_json(octets)
    path = folder() / "executed.json"
    path.unlink(missing_ok=True)
    spent = SpentCommands.create(path)
    here = member("authority/time").identity
    roles = rule().roles
    try:
        command = authorise(
            bundle.proposal, bundle.approvals, rule(), lambda _: roles, verifier(), NOW, here, spent
        )
    finally:
        spent.close()
    only(proposal().payload)(command.proposal.to_payload())
    only(set(APPROVERS))({peer.identity.path for peer in command.approvers})


def carried_out_before(octets: bytes) -> None:
    """The same, by who was away."""
    bundle = CommandBundle.of_json(octets)
    here, roles = member("authority/time").identity, rule().roles
    command = review(
        bundle.proposal,
        bundle.approvals,
        rule(),
        lambda _: roles,
        verifier(),
        here,
        NOW,
        NOW + 86_400.0,
    )
    only(proposal().payload)(command.proposal.to_payload())
    only(set(APPROVERS))({peer.identity.path for peer in command.approvers})


def answered(envelope: Envelope) -> None:
    signed = read_proposal(proposal(), verifier(), NOW)
    answer, peer = read_answer(envelope, signed, verifier(), NOW)
    only(approvals()[0].payload)(answer.to_payload())
    only(APPROVERS[0])(peer.identity.path)


def told(envelope: Envelope) -> None:
    only(NOW)(read_time(envelope, NONCE, verifier()))


def records() -> Sequence[bytes]:
    sealer = RecordSealer(shared(), RecordRole.INITIATOR)
    return [sealer.seal(b"text", b"about"), sealer.seal(b"", b"about")]


def probes() -> Sequence[bytes]:
    seal = ProbeSeal(shared())
    return [seal.seal(b"probe"), seal.seal(b"")]


def sealed() -> Sequence[bytes]:
    others = [SealingKey.generate(EU_HYBRID).public for _ in range(2)]
    key = sealing_key().public
    return [seal(b"text", [key], b"context"), seal(b"text", [*others, key], b"context")]


def envelopes() -> Sequence[bytes]:
    one = sign(b"payload", TYPE, member("office/rome"))
    return [one.to_json(), add_signature(one, member("ship/bergamini")).to_json()]


@functools.cache
def rule() -> Rule:
    roles = frozenset({"officer"})
    return Rule("two-officers", frozenset({"warning.release"}), 2, roles, roles, 3_600.0)


@functools.cache
def proposal() -> Envelope:
    body: dict[str, object] = {"area": [1, 2.5, None], "text": "Alluvione"}
    proposer = member("person/anna.rossi/phone")
    return propose("warning.release", body, rule(), Kind.AUTHORITY, proposer, NOW)


@functools.cache
def approvals() -> tuple[Envelope, ...]:
    return tuple(approve(proposal(), member(path), NOW) for path in APPROVERS)


def bundles() -> Sequence[bytes]:
    return [CommandBundle(proposal(), approvals()).to_json()]


def files_of_spent() -> Sequence[bytes]:
    return [b'{"spent":{}}', json.dumps({"spent": {"ab" * 16: NOW}}).encode()]


DOORS = (
    Door(
        "channel.first-octets",
        lambda octets: [greeting(octets, role) for role in Role],
        (),
        lambda: [first_flight(), second_flight(), b"GET / HTTP/1.1\r\n\r\n"],
    ),
    Door(
        "channel.admission",
        read_verdict,
        (HandshakeError,),
        lambda: [b"\0", refusal("Your clock is wrong."), refusal("")],
    ),
    Door(
        "channel.server",
        lambda octets: nobody_comes_in(octets, Role.SERVER),
        (),
        lambda: [first_flight()],
    ),
    Door(
        "channel.client",
        lambda octets: nobody_comes_in(octets, Role.CLIENT),
        (),
        lambda: [second_flight()],
    ),
    Door("channel.last-flight", hurt_flight, (), lambda: [b"", b"\1\0a", b"\x17\x70\0\0\0"]),
    Door("sealing.open", opened_message, SEALED, sealed),
    Door("sealing.recipients", lambda o: recipients_of(o, EU_HYBRID), SEALED, sealed),
    Door(
        "sealing.published-key",
        as_envelope(published_key),
        VERIFIED,
        lambda: [publish_sealing_key(sealing_key().public, member("office/rome")).to_json()],
    ),
    Door("records.open", opened_record, (SealError,), records),
    Door("probe_seal.open", opened_probe, (SealError,), probes),
    Door("envelope.read", Envelope.of_json, ENVELOPE, envelopes),
    Door(
        "envelope.verify",
        as_envelope(verified),
        VERIFIED,
        envelopes,
    ),
    Door(
        "commands.proposal",
        Proposal.of_payload,
        (InvalidInputError,),
        lambda: [proposal().payload],
    ),
    Door(
        "commands.signed-proposal",
        as_envelope(read_for_approval),
        (*VERIFIED, CommandError),
        lambda: [proposal().to_json()],
    ),
    Door(
        "commands.approval",
        Approval.of_payload,
        (InvalidInputError,),
        lambda: [approvals()[0].payload],
    ),
    Door(
        "commands.bundle",
        CommandBundle.of_json,
        ENVELOPE,
        bundles,
    ),
    Door("commands.authorisation", carried_out, (*VERIFIED, CommandError), bundles),
    Door("commands.review", carried_out_before, (*VERIFIED, CommandError), bundles),
    Door(
        "commands.answer",
        as_envelope(answered),
        (*VERIFIED, CommandError),
        lambda: [approvals()[0].to_json()],
    ),
    Door(
        "commands.spent",
        as_file("spent.json", lambda path: SpentCommands.open(path).close()),
        (CommandError,),
        files_of_spent,
    ),
    Door(
        "time.statement",
        as_envelope(told),
        (*VERIFIED, ClockError),
        lambda: [sign_time(NONCE, member("authority/time"), NOW).to_json()],
    ),
    Door(
        "time.floor",
        as_file("floor.json", lambda path: Clock(path, EARLIEST)),
        (ClockError,),
        lambda: [b'{"floor":1800000000.0}'],
    ),
    Door(
        "issuing.renewal",
        as_envelope(lambda envelope: read_renewal(envelope, verifier(), NOW)),
        VERIFIED,
        lambda: [ask_renewal(member("ship/bergamini"), seeded_key()).to_json()],
    ),
    Door(
        "strict-json",
        lambda octets: parse_json(octets, 1 << 20, "It"),
        (InvalidInputError,),
        lambda: [b'{"a":[1,2.5,null,true,"\\u00e8\\n"],"b":{"c":-7}}', b"[]"],
    ),
)
