"""The one place that configures TLS: version, group, signatures, cipher, sessions, certificates.

TLS 1.3 (RFC 8446) only, both ends with certificates, resumption by `psk_dhe_ke` alone and never
with early data. Sessions stay in the server's memory (OP_NO_TICKET): a ticket would carry the
peer's whole chain, 11 kB of it, over the way at each resumption.

OpenSSL verifies each chain by itself; only its judgement of time is overruled here, because
`Verifier` judges time by a trusted clock and with the grace of each class. OpenSSL looks at no
certificate when a session is resumed, so the caller verifies the chain that `check_handshake`
returns each time, resumed or not.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final

from OpenSSL import SSL, crypto
from OpenSSL._util import ffi, lib

from baluardo.errors import CertificateError, HandshakeError, ProfileError
from baluardo.foreign_input import quoted
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import PARSER_FAILURES, Certificate, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.suites import AnyProfile

ALPN: Final = b"baluardo/1"
"""Application protocol (RFC 7301): a channel of this kind is taken for nothing else."""
SESSION_LIFE: Final = 43_200
"""Seconds a session may be resumed: 12 hours, our choice; RFC 8446 section 4.6.1 allows 7 days.
It bounds how long one stolen session secret is of use, not trust: the chain is judged each time."""
MOST_CERTIFICATES: Final = 4

_TIME_ERRORS: Final = frozenset(
    {lib.X509_V_ERR_CERT_NOT_YET_VALID, lib.X509_V_ERR_CERT_HAS_EXPIRED}
)


class Role(Enum):
    """Which end of a channel this is."""

    CLIENT = "client"
    SERVER = "server"


class TlsContext:
    """TLS as one credential uses it in one role: every connection made from it is alike.

    `count` counts the full handshakes and the resumptions it has seen, for `Endpoint`, which
    replaces a server's context before the sessions it keeps take too much memory.
    """

    __slots__ = (
        "__weakref__",
        "_context",
        "credential",
        "full",
        "keeps_sessions",
        "profile",
        "resumed",
        "role",
    )

    def __init__(
        self, credential: Credential, anchors: Anchors, role: Role, *, keeps_sessions: bool = True
    ) -> None:
        """Configure it; ProfileError if the credential's key is not of the community's profile.

        A server that keeps no sessions makes a full handshake each time; a client's are kept by
        `Endpoint`.
        """
        if credential.key.algorithm is not anchors.profile.certificates.leaf:
            raise ProfileError(
                f"A key of {credential.key.algorithm.value} opens no channel in {anchors.community}"
                f": its profile {anchors.profile.name} uses "
                f"{anchors.profile.certificates.leaf.value}."
            )
        self.credential = credential
        self.profile: AnyProfile = anchors.profile
        self.role = role
        self.keeps_sessions = keeps_sessions
        self.full = 0
        self.resumed = 0
        self._context = _configured(credential, anchors, role, keeps_sessions)

    def connection(self, session: SSL.Session | None = None) -> SSL.Connection:
        """Make one end of one connection over memory; a client may try to resume a session."""
        connection = SSL.Connection(self._context, None)
        if self.role is Role.SERVER:
            connection.set_accept_state()
            return connection
        connection.set_connect_state()
        if session is not None:
            connection.set_session(session)
        return connection

    def count(self, *, resumed: bool) -> None:
        """Note a finished handshake."""
        if resumed:
            self.resumed += 1
        else:
            self.full += 1


def was_resumed(connection: SSL.Connection) -> bool:
    """Tell whether the handshake resumed a session."""
    return bool(lib.SSL_session_reused(connection._ssl))  # no public call


def renew_buffers(connection: SSL.Connection) -> None:
    """Give a connection new, small buffers in memory: those of OpenSSL grow and never shrink.

    Both must be empty: all that came was taken, all that is to go out was read.
    """
    into, out = lib.BIO_new(lib.BIO_s_mem()), lib.BIO_new(lib.BIO_s_mem())
    if ffi.NULL in (into, out):
        raise MemoryError
    lib.SSL_set_bio(connection._ssl, into, out)  # frees those before, and owns these
    connection._into_ssl, connection._from_ssl = into, out


def verdict_of(connection: SSL.Connection) -> tuple[int, int] | None:
    """Return OpenSSL's error and the depth where it refused the peer's chain, or None."""
    verdict = connection.get_app_data()
    return verdict if isinstance(verdict, tuple) else None


def verdict_text(error: int) -> str:
    """Return OpenSSL's own words for an error of verification."""
    text: bytes = ffi.string(lib.X509_verify_cert_error_string(error))
    return text.decode("ascii", "replace")


def check_handshake(connection: SSL.Connection, profile: AnyProfile) -> Chain:
    """Return the peer's chain if the handshake is what the profile demands, else raise.

    Looks at what was negotiated, on a resumption too: TLS version, cipher, group, ALPN, and the
    key of every certificate. ProfileError, HandshakeError, or CertificateError for an odd chain.
    """
    suite = profile.channel
    for what, found, wanted in (
        ("TLS version", connection.get_protocol_version_name(), "TLSv1.3"),
        ("cipher", connection.get_cipher_name(), suite.cipher),
        ("key exchange", connection.get_group_name(), suite.group),
    ):
        if found != wanted:
            raise ProfileError(
                f"The {what} agreed was {quoted(found)}; profile {profile.name} demands {wanted}. "
                "Nothing was sent over it."
            )
    if connection.get_alpn_proto_negotiated() != ALPN:
        raise HandshakeError("The other end speaks TLS but not the channels of Baluardo.")
    chain = _peer_chain(connection)
    _check_keys(chain, profile)
    return chain


def _peer_chain(connection: SSL.Connection) -> Chain:
    try:  # OpenSSL reads what `cryptography` does not, in certificates beside the path
        leaf = connection.get_peer_certificate(as_cryptography=True)
        # On the client this list begins with the leaf, on the server it does not
        # (SSL_get_peer_cert_chain(3)).
        others = connection.get_peer_cert_chain(as_cryptography=True) or []
    except PARSER_FAILURES as problem:
        raise CertificateError(
            f"The other end showed a certificate that cannot be read: {quoted(str(problem))}."
        ) from None
    if leaf is None:
        raise CertificateError("The other end showed no certificate.")
    return Chain(Certificate(leaf), tuple(Certificate(each) for each in others if each != leaf))


def _check_keys(chain: Chain, profile: AnyProfile) -> None:
    table = profile.certificates
    for certificate, permitted in (
        (chain.leaf, {table.leaf}),
        *((c, {table.issuer, table.root}) for c in chain.intermediates),
    ):
        algorithm = certificate.key.algorithm
        if algorithm not in permitted:
            raise ProfileError(
                f"The certificate of {quoted(certificate.subject)} has a key of {algorithm.value}; "
                f"profile {profile.name} permits "
                f"{' or '.join(sorted(a.value for a in permitted))} there."
            )


def _configured(
    credential: Credential, anchors: Anchors, role: Role, keeps_sessions: bool
) -> SSL.Context:
    server = role is Role.SERVER
    context = SSL.Context(SSL.TLS_SERVER_METHOD if server else SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(SSL.TLS1_3_VERSION)
    context.set_max_proto_version(SSL.TLS1_3_VERSION)
    context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION)
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 34 kB less for a channel that is idle
    _set_suite(context, anchors.profile)
    _set_credential(context, credential)
    _set_anchors(context, anchors)
    context.set_timeout(SESSION_LIFE)
    if server:
        context.set_alpn_select_callback(_choose_protocol)
        context.set_session_id(ALPN)
    else:
        context.set_alpn_protos([ALPN])
    kept = SSL.SESS_CACHE_SERVER if server and keeps_sessions else SSL.SESS_CACHE_OFF
    context.set_session_cache_mode(kept)
    return context


def _set_suite(context: SSL.Context, profile: AnyProfile) -> None:
    # pyOpenSSL has no public call for groups, signature algorithms and early data. Without the
    # second an ECDSA leaf under an ML-DSA root would be accepted.
    suite = profile.channel
    raw = context._context
    _must(lib.SSL_CTX_set1_curves_list(raw, suite.group.encode()), f"the group {suite.group}")
    signatures = ":".join(suite.signature_algorithms)
    _must(lib.SSL_CTX_set1_sigalgs_list(raw, signatures.encode()), f"the signatures {signatures}")
    _must(lib.SSL_CTX_set_max_early_data(raw, 0), "to take no early data")
    try:
        context.set_tls13_ciphersuites(suite.cipher.encode())
    except SSL.Error:
        _must(0, f"the cipher {suite.cipher}")


def _set_credential(context: SSL.Context, credential: Credential) -> None:
    context.use_certificate(credential.chain.leaf.x509)
    for certificate in credential.chain.intermediates:
        context.add_extra_chain_cert(certificate.x509)
    # The public call takes no ML-DSA key of `cryptography`, and warns about one of its own.
    key = crypto.load_privatekey(crypto.FILETYPE_ASN1, credential.key.pkcs8().reveal())
    raw = context._context
    _must(lib.SSL_CTX_use_PrivateKey(raw, key._pkey), "this private key")
    context.check_privatekey()


def _set_anchors(context: SSL.Context, anchors: Anchors) -> None:
    store = context.get_cert_store()
    if store is None:
        raise ProfileError("This OpenSSL keeps no store of roots.")
    for anchor in anchors.anchors:  # which of them is in force, Verifier says at each handshake
        store.add_cert(crypto.X509.from_cryptography(anchor.certificate.x509))
    context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, _judge)
    context.set_verify_depth(MOST_CERTIFICATES)


def _judge(connection: SSL.Connection, _certificate: Any, error: int, depth: int, ok: int) -> bool:
    """Keep OpenSSL's verdict, except about time."""
    if ok or error in _TIME_ERRORS:
        return True
    connection.set_app_data((error, depth))
    return False


def _choose_protocol(_connection: SSL.Connection, offered: list[bytes]) -> bytes:
    if ALPN not in offered:  # raised out of the handshake; the peer gets no_application_protocol
        raise HandshakeError("The other end speaks TLS but not the channels of Baluardo.")
    return ALPN


def _must(success: int, what: str) -> None:
    if success != 1:
        raise ProfileError(
            f"This OpenSSL does not know {what}. Install the `cryptography` that this version of "
            "Baluardo asks for; no channel is opened with anything weaker."
        )
