"""Programs that are no channels of ours: bare TLS of every weakness, on real sockets, for tests."""

from __future__ import annotations

import asyncio
import warnings
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from OpenSSL import SSL, crypto
from OpenSSL._util import lib

from baluardo.trust.certificates import making
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.channel.tls import ALPN
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey

GROUPS = "X25519MLKEM768:SecP384r1MLKEM1024:X25519"
MLDSA = "mldsa65:mldsa87"
EVERYTHING = f"{MLDSA}:ecdsa_secp384r1_sha384:rsa_pss_rsae_sha256"


@dataclass(frozen=True)
class Foreign:
    """What a foreign program has and offers."""

    key: SigningKey | None = None
    chain: tuple[Certificate, ...] = ()
    groups: str = GROUPS
    signatures: str = EVERYTHING
    cipher: str = "TLS_AES_256_GCM_SHA384"
    newest: int = SSL.TLS1_3_VERSION
    alpn: bytes = ALPN
    beside: tuple[crypto.X509, ...] = ()
    """Shown with the chain, though it leads nowhere."""
    verdict: bytes = b""
    """Said as soon as hands are shaken."""

    def context(self, *, server: bool) -> SSL.Context:
        """Return its TLS; it trusts everybody."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD if server else SSL.TLS_CLIENT_METHOD)
        context.set_max_proto_version(self.newest)
        raw = context._context
        assert lib.SSL_CTX_set1_curves_list(raw, self.groups.encode()) == 1
        assert lib.SSL_CTX_set1_sigalgs_list(raw, self.signatures.encode()) == 1
        context.set_tls13_ciphersuites(self.cipher.encode())
        if self.key is not None:
            context.use_certificate(self.chain[0].x509)
            for certificate in self.chain[1:]:
                context.add_extra_chain_cert(certificate.x509)
            for odd in self.beside:
                with warnings.catch_warnings():  # the call wants what it can read itself
                    warnings.simplefilter("ignore", DeprecationWarning)
                    context.add_extra_chain_cert(odd)
            key = crypto.load_privatekey(crypto.FILETYPE_ASN1, self.key.pkcs8().reveal())
            assert lib.SSL_CTX_use_PrivateKey(raw, key._pkey) == 1
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        if server:
            context.set_alpn_select_callback(
                lambda _c, offered: (
                    self.alpn if self.alpn in offered else SSL.NO_OVERLAPPING_PROTOCOLS
                )
            )
        elif self.alpn:
            context.set_alpn_protos([self.alpn])
        return context

    async def talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, server: bool
    ) -> str:
        """Shake hands and read until the other end is done; return what was read, or its error."""
        tls = SSL.Connection(self.context(server=server), None)
        if server:
            tls.set_accept_state()
        else:
            tls.set_connect_state()
        read, done = b"", False
        while True:
            try:
                if not done:
                    tls.do_handshake()
                    done = True
                    if self.verdict:
                        tls.sendall(self.verdict)
                read += tls.recv(65_536)
                continue
            except SSL.WantReadError:
                pass
            except SSL.ZeroReturnError:
                break
            except SSL.Error as problem:
                writer.write(_out(tls))
                return f"error: {problem}"
            writer.write(_out(tls))
            octets = await reader.read(65_536)
            if not octets:
                break
            tls.bio_write(octets)
        return read.decode("utf-8", "replace")

    async def connect(self, port: int) -> str:
        """Play a client."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            return await self.talk(reader, writer, server=False)
        except ConnectionError as problem:
            return f"error: {problem}"
        finally:
            writer.close()

    async def serve(self) -> asyncio.Server:
        """Play a server, until closed."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await self.talk(reader, writer, server=True)
            except ConnectionError:
                return
            finally:
                writer.close()

        return await asyncio.start_server(accept, "127.0.0.1", 0)


def ecdsa_leaf(issuer_key: SigningKey, issuer: Certificate, uri: str, now: float) -> Foreign:
    """Return a program whose ECDSA leaf was signed by an issuer of ours, as a mistake would."""
    key = SigningKey(ec.generate_private_key(ec.SECP384R1()))
    builder = making.unsigned(
        making.named("leaf"), issuer.x509.subject, key.public, now, now + DAY
    ).add_extension(
        x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)]), critical=False
    )
    signed = builder.sign(issuer_key.private, issuer_key.certificate_hash)
    return Foreign(key, (Certificate(signed), issuer))


def self_signed(now: float) -> Foreign:
    """Return an ordinary program with an ordinary certificate."""
    key = SigningKey(ec.generate_private_key(ec.SECP384R1()))
    name = making.named("www.example")
    builder = making.unsigned(name, name, key.public, now, now + DAY)
    return Foreign(key, (Certificate(builder.sign(key.private, hashes.SHA384())),))


def unreadable(certificate: Certificate) -> crypto.X509:
    """Return a certificate altered so that OpenSSL reads it and `cryptography` does not."""
    version_3 = bytes.fromhex("a003020102")  # RFC 5280 section 4.1.2.1
    der = certificate.der().replace(version_3, version_3[:-1] + b"\x09", 1)
    return crypto.load_certificate(crypto.FILETYPE_ASN1, der)


def _out(tls: SSL.Connection) -> bytes:
    try:
        return bytes(tls.bio_read(1_000_000))
    except SSL.WantReadError:
        return b""
