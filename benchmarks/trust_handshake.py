"""Channels being made: CPU of both ends together and octets on the way, full and resumed.

A part of `trust.py`, which runs it. Each figure is for both ends in one process over memory, from
nothing to both ends having accepted each other: TLS 1.3, both chains verified a second time by
ourselves (path, profile, dates, revocation, identity), the verdicts exchanged. `cpu_ms` is the
median of processor time, so a busy machine hardly moves it.

Controls in the same run, in turn with ours: `bare` is pyOpenSSL alone with the same certificates
and parameters, which looks at no revocation list and, when resuming, at no certificate;
`classical` is pyOpenSSL alone with X25519 and ECDSA P-384, what everybody has today. The ratios say
what checking costs, and what being safe from quantum computers costs.
"""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto
from OpenSSL._util import lib

from baluardo.trust.certificates import making
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.revocation import Revocations, make_list
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Established
from baluardo.trust.channel.tls import Role
from baluardo.trust.identity import DAY, Identity, Kind
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import PROFILES, AnyProfile

COMMUNITY = "italia.example"
WARM_UP = 5
LIMITS = {
    "eu-hybrid": {"full_cpu_ms": 8.0, "full_octets": 46_000, "resumed_octets": 3_200},
    "cnsa": {"full_cpu_ms": 8.0, "full_octets": 46_000, "resumed_octets": 4_200},
}

Handshake = Callable[[], int]
"""Makes one connection and returns the octets that went both ways."""


class Community:
    """A root, an issuer with an empty list each, and members: an office and a ship."""

    def __init__(
        self,
        profile: AnyProfile,
        now: float,
        members: Sequence[tuple[Kind, str]] = ((Kind.OFFICE, "roma"), (Kind.SHIP, "bergamini")),
    ) -> None:
        """Make them with new keys."""
        table = profile.certificates
        root_key, issuer_key = SigningKey.generate(table.root), SigningKey.generate(table.issuer)
        self.root = making.make_root(root_key, COMMUNITY, profile, now)
        self.issuer = making.make_issuer(
            root_key, self.root, issuer_key.public, "issuer", now, profile
        )
        revocations = Revocations()
        for key, certificate in ((root_key, self.root), (issuer_key, self.issuer)):
            der = make_list(key, certificate, 1, {}, now, now + 7 * DAY)
            revocations = revocations.apply(der, certificate)
        self.members = []
        for kind, name in members:
            key, identity = SigningKey.generate(table.leaf), Identity(COMMUNITY, kind, name)
            leaf = making.make_leaf(issuer_key, self.issuer, key.public, identity, now, profile)
            self.members.append(Credential(Chain(leaf, (self.issuer,)), key))
        anchors = Anchors.of_root(COMMUNITY, profile, self.root)
        self.endpoints = [
            Endpoint(member, Verifier(anchors, revocations, 7 * DAY), time.time)
            for member in self.members
        ]


def ours(community: Community, *, resuming: bool) -> Handshake:
    """Return a handshake as the house makes it."""
    office, ship = community.endpoints
    name = "ship" if resuming else ""

    def handshake(*, check: bool = True) -> int:
        now = time.time()
        client = ChannelConnection(office, Role.CLIENT, now, session_name=name)
        server = ChannelConnection(ship, Role.SERVER, now)
        octets = _exchange(client, server, now)
        told = client.next_event(), server.next_event()
        if check and not all(isinstance(t, Established) and t.resumed is resuming for t in told):
            raise RuntimeError(f"not as it should be: {told}")
        client.close(now)  # in order, or OpenSSL forgets the session
        _exchange(client, server, now)
        return octets

    if resuming:
        handshake(check=False)  # a full one, which leaves the first session
    return handshake


def _exchange(client: ChannelConnection, server: ChannelConnection, now: float) -> int:
    """Carry octets until both are silent; return how many."""
    octets = 0
    while any(moved := (client.outgoing(), server.outgoing())):
        octets += len(moved[0]) + len(moved[1])
        server.receive(moved[0], now)
        client.receive(moved[1], now)
    return octets


def bare_context(
    server: bool,
    group: str,
    signatures: str,
    chain: list[x509.Certificate],
    root: x509.Certificate,
    key: crypto.PKey,
) -> SSL.Context:
    """Return TLS as pyOpenSSL makes it, with the same choices and nothing more."""
    context = SSL.Context(SSL.TLS_SERVER_METHOD if server else SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    raw = context._context
    lib.SSL_CTX_set1_curves_list(raw, group.encode())
    lib.SSL_CTX_set1_sigalgs_list(raw, signatures.encode())
    context.set_tls13_ciphersuites(b"TLS_AES_256_GCM_SHA384")
    context.set_options(SSL.OP_NO_TICKET)
    context.use_certificate(chain[0])
    context.add_extra_chain_cert(chain[1])
    lib.SSL_CTX_use_PrivateKey(raw, key._pkey)
    store = context.get_cert_store()
    if store is not None:
        store.add_cert(crypto.X509.from_cryptography(root))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT)
    if server:
        context.set_session_id(b"bare")
        context.set_session_cache_mode(SSL.SESS_CACHE_SERVER)
    return context


def bare(client_context: SSL.Context, server_context: SSL.Context, *, resuming: bool) -> Handshake:
    """Return a handshake of pyOpenSSL alone, one octet of data from server to client included."""
    sessions: list[SSL.Session] = []

    def handshake() -> int:
        client, server = SSL.Connection(client_context, None), SSL.Connection(server_context, None)
        client.set_connect_state()
        server.set_accept_state()
        if resuming and sessions:
            client.set_session(sessions.pop())
        octets, left = 0, [client, server]
        while left:
            for end in tuple(left):
                try:
                    end.do_handshake()
                    left.remove(end)
                except SSL.WantReadError:
                    pass
                octets += _carry(client, server) + _carry(server, client)
        server.send(b"x")
        octets += _carry(server, client)
        client.recv(16)
        if resuming:
            session = client.get_session()
            sessions.extend([session] if session else [])
        for end in (client, server):
            end.set_shutdown(SSL.SENT_SHUTDOWN | SSL.RECEIVED_SHUTDOWN)
        return octets

    if resuming:
        handshake()
    return handshake


def _carry(source: SSL.Connection, target: SSL.Connection) -> int:
    octets = 0
    try:
        while True:
            part = source.bio_read(65_536)
            target.bio_write(part)
            octets += len(part)
    except SSL.WantReadError:
        return octets


def bare_of(community: Community, profile: AnyProfile, *, resuming: bool) -> Handshake:
    """Return pyOpenSSL's own handshake with a community's certificates."""
    suite = profile.channel
    contexts = [
        bare_context(
            server,
            suite.group,
            ":".join(suite.signature_algorithms),
            [c.x509 for c in member.chain.certificates],
            community.root.x509,
            crypto.load_privatekey(crypto.FILETYPE_ASN1, member.key.pkcs8().reveal()),
        )
        for server, member in zip((False, True), community.members, strict=True)
    ]
    return bare(*contexts, resuming=resuming)


def classical(now: float, *, resuming: bool) -> Handshake:
    """Return a handshake of X25519 and ECDSA P-384, with a root, an issuer and two leaves."""
    root_key, issuer_key, *keys = (ec.generate_private_key(ec.SECP384R1()) for _ in range(4))

    def certificate(
        subject: str,
        key: ec.EllipticCurvePrivateKey,
        issuer: str,
        signer: ec.EllipticCurvePrivateKey,
        authority: bool,
    ) -> x509.Certificate:
        builder = making.unsigned(
            making.named(subject),
            making.named(issuer),
            SigningKey(key).public,
            now,
            now + DAY,
        ).add_extension(x509.BasicConstraints(authority, None), critical=True)
        return builder.sign(signer, hashes.SHA384())

    root = certificate("root", root_key, "root", root_key, True)
    issuer = certificate("issuer", issuer_key, "root", root_key, True)
    contexts = [
        bare_context(
            server,
            "X25519",
            "ecdsa_secp384r1_sha384",
            [certificate(name, key, "issuer", issuer_key, False), issuer],
            root,
            crypto.PKey.from_cryptography_key(key),
        )
        for server, name, key in zip((False, True), ("roma", "bergamini"), keys, strict=True)
    ]
    return bare(*contexts, resuming=resuming)


def measure(rounds: int) -> dict[str, object]:
    """Return the figures of both profiles and of the controls."""
    now = time.time()
    jobs: dict[str, Handshake] = {}
    for name, profile in PROFILES.items():
        community = Community(profile, now)
        for kind in ("full", "resumed"):
            jobs[f"{name} {kind}"] = ours(community, resuming=kind == "resumed")
            jobs[f"{name} bare {kind}"] = bare_of(community, profile, resuming=kind == "resumed")
    for kind in ("full", "resumed"):
        jobs[f"classical {kind}"] = classical(now, resuming=kind == "resumed")
    cpu_ms: dict[str, list[float]] = defaultdict(list)
    octets: dict[str, int] = {}
    for _ in range(WARM_UP + rounds):
        for job, handshake in jobs.items():
            begin = time.process_time()
            octets[job] = handshake()
            cpu_ms[job].append((time.process_time() - begin) * 1e3)
    median = {job: statistics.median(values[WARM_UP:]) for job, values in cpu_ms.items()}
    figures: dict[str, object] = {}
    for name in PROFILES:
        figures[name] = {
            f"{kind}_{what}": value
            for kind in ("full", "resumed")
            for what, value in {
                "cpu_ms": round(median[f"{name} {kind}"], 2),
                "octets": octets[f"{name} {kind}"],
                "bare_cpu_ms": round(median[f"{name} bare {kind}"], 2),
                "bare_octets": octets[f"{name} bare {kind}"],
                "cpu_of_bare": round(median[f"{name} {kind}"] / median[f"{name} bare {kind}"], 2),
                "cpu_of_classical": round(
                    median[f"{name} {kind}"] / median[f"classical {kind}"], 2
                ),
                "octets_of_classical": round(
                    octets[f"{name} {kind}"] / octets[f"classical {kind}"], 1
                ),
            }.items()
        }
    figures["classical"] = {
        f"{kind}_{what}": value
        for kind in ("full", "resumed")
        for what, value in {
            "cpu_ms": round(median[f"classical {kind}"], 2),
            "octets": octets[f"classical {kind}"],
        }.items()
    }
    return figures


def missed(figures: dict[str, object]) -> list[str]:
    """Return the limits that the figures are above."""
    return [
        f"{name} {key}"
        for name, limits in LIMITS.items()
        for key, limit in limits.items()
        if isinstance(found := figures[name], dict) and float(found[key]) > limit
    ]
