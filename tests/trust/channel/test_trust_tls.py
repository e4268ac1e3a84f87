"""How TLS is configured, seen from outside: what is offered, agreed, kept, and refused after."""

from __future__ import annotations

import contextlib
import functools
from dataclasses import replace

import pytest
from OpenSSL import SSL
from OpenSSL._util import lib

from baluardo.errors import CertificateError, HandshakeError, ProfileError
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.channel.connection import ChannelConnection
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.tls import ALPN, Role, TlsContext, check_handshake
from baluardo.trust.suites import CNSA, EU_HYBRID, PROFILES, AnyProfile
from trust.channel_foreign import Foreign, ecdsa_leaf
from trust.channel_wire import Ends
from trust.community import NOW, TestCommunity, make_community

GROUPS = {"X25519MLKEM768": 0x11EC, "SecP384r1MLKEM1024": 0x11ED}
"""IANA TLS supported groups (draft-ietf-tls-ecdhe-mlkem)."""
SIGNATURES = {"mldsa65": 0x0905, "mldsa87": 0x0906}
"""IANA TLS signature schemes (draft-ietf-tls-mldsa)."""


@functools.cache
def community(profile: AnyProfile) -> TestCommunity:
    return make_community(profile)


def endpoint(path: str, profile: AnyProfile) -> Endpoint:
    here = community(profile)
    return Endpoint(here.credential(path), here.verifier(), lambda: NOW)


def extensions_of(hello: bytes) -> tuple[int, dict[int, bytes]]:
    """Return how many ciphers a ClientHello offers, and its extensions (RFC 8446 section 4.1.2)."""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    ciphers = int.from_bytes(hello[at : at + 2], "big")
    at += 2 + ciphers
    at += 1 + hello[at]
    end = at + 2 + int.from_bytes(hello[at : at + 2], "big")
    at += 2
    found = {}
    while at < end:
        kind, length = (int.from_bytes(hello[at + n : at + n + 2], "big") for n in (0, 2))
        found[kind] = hello[at + 4 : at + 4 + length]
        at += 4 + length
    return ciphers // 2, found


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=list(PROFILES))
@pytest.mark.parametrize("resuming", [False, True], ids=["full", "resumed"])
def test_a_client_offers_its_profile_and_nothing_else(profile: AnyProfile, resuming: bool) -> None:
    client, server = endpoint("office/roma", profile), endpoint("ship/doria", profile)
    if resuming:
        Ends(client, server, None).turn().part()
    hello = ChannelConnection(client, Role.CLIENT, NOW, None, "server").outgoing()
    ciphers, found = extensions_of(hello)
    signatures = [SIGNATURES[name] for name in profile.channel.signature_algorithms]
    group = GROUPS[profile.channel.group].to_bytes(2, "big")
    assert found[10] == b"\x00\x02" + group
    assert found[51][2:4] == group
    assert found[13][2:] == b"".join(each.to_bytes(2, "big") for each in signatures)
    assert found[43] == b"\x02\x03\x04"  # TLS 1.3 alone
    assert found[45] == b"\x01\x01"  # psk_dhe_ke alone
    assert found[16] == b"\x00\x0b\x0a" + ALPN
    assert (41 in found) == resuming  # a session to resume
    assert 42 not in found  # no early data
    assert 0 not in found  # no name of the server in the clear
    assert ciphers == 1


def test_a_session_permits_no_early_data_and_carries_no_chain() -> None:
    client, server = endpoint("office/roma", EU_HYBRID), endpoint("ship/doria", EU_HYBRID)
    ends = Ends(client, server, None).turn()
    session = ends.client._tls.get_session()
    assert lib.SSL_SESSION_get_max_early_data(session._session) == 0
    ends.part()
    hello = ChannelConnection(client, Role.CLIENT, NOW, None, "server").outgoing()
    assert len(extensions_of(hello)[1][41]) < 200


def bare_pair(ours: Foreign, theirs: Foreign) -> SSL.Connection:
    """Return a client that shook hands with a server, neither configured by us."""
    client = SSL.Connection(ours.context(server=False), None)
    server = SSL.Connection(theirs.context(server=True), None)
    client.set_connect_state()
    server.set_accept_state()
    left = [client, server]
    while left:
        for end, other in ((client, server), (server, client)):
            try:
                end.do_handshake()
                left = [each for each in left if each is not end]
            except SSL.WantReadError:
                pass
            with contextlib.suppress(SSL.WantReadError):
                other.bio_write(end.bio_read(100_000))
    return client


class TestCheckHandshake:
    """What our own contexts never agree to is looked for all the same."""

    @pytest.fixture
    def member(self) -> Foreign:
        credential = community(EU_HYBRID).credential("ship/doria")
        return Foreign(credential.key, credential.chain.certificates)

    def test_what_the_profile_demands_passes(self, member: Foreign) -> None:
        chain = check_handshake(bare_pair(member, member), EU_HYBRID)
        assert chain.certificates == member.chain

    def test_a_classical_group(self, member: Foreign) -> None:
        connection = bare_pair(replace(member, groups="X25519"), member)
        with pytest.raises(ProfileError, match="key exchange agreed was 'x25519'"):
            check_handshake(connection, EU_HYBRID)

    def test_another_cipher(self, member: Foreign) -> None:
        connection = bare_pair(
            replace(member, cipher="TLS_AES_128_GCM_SHA256"),
            replace(member, cipher="TLS_AES_128_GCM_SHA256"),
        )
        with pytest.raises(ProfileError, match="cipher agreed was 'TLS_AES_128_GCM_SHA256'"):
            check_handshake(connection, EU_HYBRID)

    def test_an_older_version(self) -> None:
        here = community(EU_HYBRID)
        ecdsa = ecdsa_leaf(here.issuer_key, here.issuer, "spiffe://x/office/y", NOW)
        old = replace(ecdsa, newest=SSL.TLS1_2_VERSION, groups="X25519:P-384")
        with pytest.raises(ProfileError, match=r"TLS version agreed was 'TLSv1\.2'"):
            check_handshake(bare_pair(old, old), EU_HYBRID)

    def test_no_protocol_of_ours(self, member: Foreign) -> None:
        connection = bare_pair(replace(member, alpn=b""), member)
        with pytest.raises(HandshakeError, match="not the channels of Baluardo"):
            check_handshake(connection, EU_HYBRID)

    def test_an_ecdsa_leaf_under_our_issuer(self, member: Foreign) -> None:
        here = community(EU_HYBRID)
        uri = here.identity("ship/doria").uri
        forged = ecdsa_leaf(here.issuer_key, here.issuer, uri, NOW)
        with pytest.raises(ProfileError, match="key of ECDSA-P384-SHA384; profile eu-hybrid"):
            check_handshake(bare_pair(member, forged), EU_HYBRID)

    def test_a_leaf_of_the_other_profile(self, member: Foreign) -> None:
        with pytest.raises(ProfileError, match="key exchange"):
            check_handshake(bare_pair(member, member), CNSA)
        strong = replace(member, groups="SecP384r1MLKEM1024")
        with pytest.raises(ProfileError, match="key of ML-DSA-65; profile cnsa permits ML-DSA-87"):
            check_handshake(bare_pair(strong, strong), CNSA)

    def test_a_chain_that_is_too_long(self, member: Foreign) -> None:
        long = replace(member, chain=(member.chain[0], *[member.chain[1]] * 4))
        with pytest.raises(CertificateError, match="at most 4 certificates, this one 5"):
            check_handshake(bare_pair(member, long), EU_HYBRID)


def test_an_openssl_that_does_not_know_the_profile_opens_nothing() -> None:
    here = community(EU_HYBRID)
    for field, value, words in (
        ("group", "X448MLKEM9999", "does not know the group X448MLKEM9999"),
        ("signature_algorithms", ("mldsa99",), "does not know the signatures mldsa99"),
        ("cipher", "TLS_NONE", "does not know the cipher TLS_NONE"),
    ):
        odd = replace(EU_HYBRID, channel=replace(EU_HYBRID.channel, **{field: value}))
        anchors = Anchors(here.name, odd, here.anchors.anchors)
        with pytest.raises(ProfileError, match=words):
            TlsContext(here.credential("office/roma"), anchors, Role.CLIENT)
