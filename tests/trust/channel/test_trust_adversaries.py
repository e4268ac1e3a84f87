"""Whoever must not be let in, on real sockets: refused, and told why in words people understand."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from baluardo.errors import (
    ChannelLostError,
    ClockError,
    HandshakeError,
    InvalidInputError,
    ProfileError,
)
from baluardo.trust.certificates import making
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.making import make_issuer, make_leaf
from baluardo.trust.certificates.revocation import Reason, Revocation, make_list
from baluardo.trust.certificates.verification import Standing
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.server import ChannelServer, serve
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.channel.tls import Role
from baluardo.trust.identity import DAY, Kind
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, AnyProfile
from trust.channel_foreign import Foreign, ecdsa_leaf, self_signed, unreadable
from trust.channel_wire import Ends
from trust.community import NOW, TestCommunity, make_community

MINUTE = 60.0
LOGGER = "baluardo.trust.channel"


@functools.cache
def community(profile: AnyProfile) -> TestCommunity:
    return make_community(profile)


@pytest.fixture
def italy() -> TestCommunity:
    return community(EU_HYBRID)


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def office(here: TestCommunity, clock: Callable[[], float] | None = None) -> Endpoint:
    verifier = here.verifier(Kind.SHIP)  # lists grow old in these tests, and are believed
    return Endpoint(here.credential("office/roma"), verifier, clock or Clock())


def ship(here: TestCommunity, clock: Callable[[], float] | None = None) -> Endpoint:
    verifier = here.verifier(Kind.SHIP)
    return Endpoint(here.credential("ship/bergamini"), verifier, clock or Clock())


async def served(endpoint: Endpoint) -> ChannelServer:
    """Serve what echoes one message."""

    async def echo(channel: Channel) -> None:
        channel.write(await channel.read())

    return await serve(endpoint, echo, "127.0.0.1", 0)


def echo(client: Endpoint, server: Endpoint, expected: str = "ship/bergamini") -> Channel:
    """Open a channel between two ends, have one message echoed, return the channel, closed."""

    async def run() -> Channel:
        async with await served(server) as listening:
            whom = client.credential.identity.of_path(
                client.credential.identity.community, expected
            )
            async with await open_channel("127.0.0.1", listening.port, client, whom) as channel:
                channel.write(b"can you hear me?")
                assert await channel.readexactly(16) == b"can you hear me?"
            return channel

    return asyncio.run(run())


def refused(client: Endpoint, server: Endpoint, expected: str = "ship/bergamini") -> str:
    """Return the sentence with which the client's end is refused, or refuses."""
    with pytest.raises(HandshakeError) as problem:
        echo(client, server, expected)
    return str(problem.value)


def test_honest_ends_hear_each_other(italy: TestCommunity) -> None:
    channel = echo(office(italy), ship(italy))
    assert channel.peer.identity == italy.identity("ship/bergamini")
    assert channel.peer.standing is Standing.CURRENT


class TestDates:
    def test_ten_minutes_of_skew_pass_both_ways_and_more_is_refused(
        self, italy: TestCommunity
    ) -> None:
        at = NOW + DAY  # the root is a day old, the members are new

        def meet(office_ahead: float, ship_ahead: float) -> tuple[Endpoint, Endpoint]:
            return tuple(
                Endpoint(italy.credential(path, at), italy.verifier(), Clock(at + ahead))
                for path, ahead in (("office/roma", office_ahead), ("ship/bergamini", ship_ahead))
            )

        for ahead in (-10 * MINUTE, 10 * MINUTE):
            echo(*meet(ahead, 0.0))
            echo(*meet(0.0, ahead))
        ours = refused(*meet(-11 * MINUTE, 0.0))
        theirs = refused(*meet(0.0, -11 * MINUTE))
        for sentence in (ours, theirs):
            assert "is valid only from" in sentence
            assert "clock" in sentence
        assert theirs.startswith("The other end refused us: ")

    def test_a_clock_far_ahead_finds_everybody_expired(self, italy: TestCommunity) -> None:
        sentence = refused(office(italy, Clock(NOW + 90 * DAY)), ship(italy))
        assert "valid until" in sentence

    def test_a_clock_that_was_turned_back_judges_nobody(self, italy: TestCommunity) -> None:
        def turned_back() -> float:
            raise ClockError("This machine's clock was turned back. Nothing is judged by it.")

        with pytest.raises(ClockError, match="turned back"):
            echo(office(italy, turned_back), ship(italy))
        with pytest.raises(ChannelLostError):
            echo(office(italy), ship(italy, turned_back))

    def test_a_clock_that_fails_in_a_handshake_ends_it(self, italy: TestCommunity) -> None:
        times = iter([NOW])

        def failing() -> float:
            try:
                return next(times)
            except StopIteration:
                raise ClockError("The time cannot be told.") from None

        with pytest.raises(ChannelLostError, match="time cannot be told"):
            echo(office(italy, failing), ship(italy))

    def test_an_expired_office_is_refused_at_either_end(self, italy: TestCommunity) -> None:
        late = Clock(NOW + 7 * DAY + 11 * MINUTE)
        fresh = replace(italy, now=late.now)
        client = Endpoint(italy.credential("office/roma"), italy.verifier(Kind.SHIP), late)
        server = Endpoint(fresh.credential("ship/bergamini"), italy.verifier(Kind.SHIP), late)
        assert "was valid until" in refused(client, server)
        assert "was valid until" in refused(server, client, "office/roma")

    def test_expired_between_handshake_and_resumption(self, italy: TestCommunity) -> None:
        clock = Clock()
        client, server = office(italy, clock), ship(italy, clock)
        ends = Ends(client, server, italy.identity("ship/bergamini")).turn().part()
        assert not ends.established[0].resumed
        clock.now = NOW + 8 * DAY  # the office's certificate lived for 7
        again = Ends(client, server, italy.identity("ship/bergamini")).turn()
        assert again.server.resumed
        assert "was valid until" in again.refusals[0].reason
        assert again.refusals[0].by_peer

    def test_expired_between_handshake_and_resumption_on_a_socket(
        self, italy: TestCommunity
    ) -> None:
        clock = Clock()
        client, server = office(italy, clock), ship(italy, clock)

        def expire() -> None:
            clock.now = NOW + 8 * DAY

        assert "was valid until" in refused_on_resumption(client, server, expire)

    def test_a_ship_in_its_grace_is_let_in_and_it_shows(self, italy: TestCommunity) -> None:
        clock = Clock(NOW + 40 * DAY)
        shore = Endpoint(
            italy.credential("office/roma", clock.now), italy.verifier(Kind.SHIP), clock
        )
        assert echo(shore, ship(italy, clock)).peer.standing is Standing.GRACE
        clock.now = NOW + 61 * DAY
        shore.credential = italy.credential("office/roma", clock.now)
        assert "grace of 30 days is over" in refused(shore, ship(italy, clock))

    def test_an_open_channel_ends_when_its_peer_is_no_longer_accepted(
        self, italy: TestCommunity
    ) -> None:
        client, server = office(italy), ship(italy)
        ends = Ends(client, server, italy.identity("ship/bergamini")).turn()
        at = ends.server.next_timer()
        assert at is not None
        ends.server.handle_timer(at)
        assert ends.turn().server.next_timer() == at + MINUTE
        revoked = _revoking(italy, client)
        server.verifier.revocations = revoked.revocations
        ends.server.handle_timer(at + MINUTE)
        ends.turn()
        assert "revoked" in ends.server_events[-1].reason


def _revoking(here: TestCommunity, endpoint: Endpoint) -> TestCommunity:
    serial = endpoint.credential.chain.leaf.serial
    return here.revoking({serial: Revocation(NOW, Reason.KEY_COMPROMISE)})


def refused_on_resumption(client: Endpoint, server: Endpoint, meanwhile: Callable[[], None]) -> str:
    """Return why the second of two channels is refused, which resumed the first one's session."""

    async def run() -> str:
        async with await served(server) as listening:
            whom = server.credential.identity
            async with await open_channel("127.0.0.1", listening.port, client, whom):
                pass
            meanwhile()
            with pytest.raises(HandshakeError) as problem:
                await open_channel("127.0.0.1", listening.port, client, whom)
        context = client.context(Role.CLIENT)
        assert (context.full, context.resumed) == (1, 1)
        return str(problem.value)

    return asyncio.run(run())


class TestRevocation:
    def test_revoked_between_handshake_and_resumption_on_a_socket(
        self, italy: TestCommunity
    ) -> None:
        for revoked_is_client in (True, False):
            client, server = office(italy), ship(italy)
            judge, judged = (server, client) if revoked_is_client else (client, server)

            def revoke(judge: Endpoint = judge, judged: Endpoint = judged) -> None:
                judge.verifier.revocations = _revoking(italy, judged).revocations

            sentence = refused_on_resumption(client, server, revoke)
            assert "revoked" in sentence
            assert sentence.startswith("The other end refused us: ") == revoked_is_client

    def test_a_revoked_end_is_refused_at_either_end(self, italy: TestCommunity) -> None:
        client, server = office(italy), ship(italy)
        server.verifier.revocations = _revoking(italy, client).revocations
        assert "revoked" in refused(client, server)
        client, server = office(italy), ship(italy)
        client.verifier.revocations = _revoking(italy, server).revocations
        assert "revoked" in refused(client, server)

    def test_revoked_between_handshake_and_resumption(self, italy: TestCommunity) -> None:
        client, server = office(italy), ship(italy)
        whom = italy.identity("ship/bergamini")
        Ends(client, server, whom).turn().part()
        server.verifier.revocations = _revoking(italy, client).revocations
        again = Ends(client, server, whom).turn()
        assert again.server.resumed
        assert again.refusals[0].by_peer
        assert "revoked" in again.refusals[0].reason
        client, server = office(italy), ship(italy)
        Ends(client, server, whom).turn().part()
        client.verifier.revocations = _revoking(italy, server).revocations
        again = Ends(client, server, whom).turn()
        assert again.client.resumed
        assert not again.refusals[0].by_peer
        assert "revoked" in again.refusals[0].reason

    def test_a_list_that_is_too_old_lets_nobody_in(self, italy: TestCommunity) -> None:
        clock = Clock(NOW + 15 * DAY)
        client = Endpoint(italy.credential("ship/doria", clock.now), italy.verifier(), clock)
        assert "list" in refused(client, ship(italy, clock))


class TestWhoIsThere:
    def test_another_member_than_expected_is_refused_on_a_resumption_too(
        self, italy: TestCommunity
    ) -> None:
        client, server = office(italy), ship(italy)
        assert "ship/bergamini answers where ship/doria is expected" in refused(
            client, server, "ship/doria"
        )

        def no_ships(identity: object) -> None:
            raise HandshakeError(f"{identity} is not wanted.")

        Ends(client, server, None).turn().part()
        again = Ends(client, server, None, wanted=no_ships).turn()
        assert again.server.resumed
        assert again.refusals[0].reason == "The other end refused us: office/roma is not wanted."

    def test_our_own_certificate_at_the_other_end_is_a_copied_key(
        self, italy: TestCommunity
    ) -> None:
        client = office(italy)
        thief = Endpoint(client.credential, italy.verifier(), Clock())
        assert "key has been copied" in refused(client, thief, "office/roma")

    def test_another_community_of_the_same_name_is_unknown(self, italy: TestCommunity) -> None:
        other = make_community()
        assert "issued by nobody this end knows" in refused(office(italy), ship(other))

    def test_an_issuer_of_nobody_is_refused_by_the_server(self, italy: TestCommunity) -> None:
        other = make_community()
        knows_both = office(other)
        knows_both.verifier.anchors = italy.anchors
        knows_both.verifier.revocations = italy.revocations
        sentence = refused(knows_both, ship(italy))
        assert sentence.startswith("The other end refused us.")
        assert "authority that issued our certificate" in sentence

    def test_a_members_key_issues_nothing(
        self, italy: TestCommunity, caplog: pytest.LogCaptureFixture
    ) -> None:
        member = italy.credential("office/roma")
        key = SigningKey.generate(EU_HYBRID.certificates.leaf)
        below = making.leaf(
            making.unsigned(
                making.named("authority/ca"),
                member.chain.leaf.x509.subject,
                key.public,
                NOW,
                NOW + DAY,
            ),
            key.public,
            member.key.public,
            x509.SubjectAlternativeName(
                [x509.UniformResourceIdentifier(italy.identity("authority/ca").uri)]
            ),
            [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH],
        )
        forger = Foreign(key, (making.signed(below, member.key), *member.chain.certificates))

        async def run() -> str:
            async with await served(ship(italy)) as listening:
                return await forger.connect(listening.port)

        with caplog.at_level(logging.WARNING, LOGGER):
            assert asyncio.run(run()).startswith("error: ")
        assert "a member's key signed it" in caplog.records[0].getMessage()

    def test_a_second_issuer_below_the_root_is_one_of_us(self, italy: TestCommunity) -> None:
        key, leaf_key = (SigningKey.generate(EU_HYBRID.certificates.issuer) for _ in range(2))
        issuer = make_issuer(italy.root_key, italy.root, key.public, "issuer 2", NOW, EU_HYBRID)
        whom = italy.identity("office/bari")
        leaf = make_leaf(key, issuer, leaf_key.public, whom, NOW, EU_HYBRID)
        client = Endpoint(Credential(Chain(leaf, (issuer,)), leaf_key), italy.verifier(), Clock())
        server = ship(italy)
        assert "list" in refused(client, server)  # whose lists nobody has yet
        der = make_list(key, issuer, 1, {}, NOW, NOW + 7 * DAY)
        client.verifier.revocations = client.verifier.revocations.apply(der, issuer)
        server.verifier.revocations = client.verifier.revocations
        echo(client, server)


def strange(name: str, here: TestCommunity) -> Foreign:
    """Return a foreign program by name."""
    member = here.credential("office/bari")
    ours = Foreign(member.key, member.chain.certificates)
    uri = here.identity("office/bari").uri
    other = community(CNSA if here.profile is EU_HYBRID else EU_HYBRID).credential("office/bari")
    group = here.profile.channel.group
    return {
        "classical key exchange": replace(ours, groups="X25519:P-384"),
        "an ordinary program": replace(self_signed(NOW), groups="X25519:P-384", alpn=b""),
        "tls 1.2": replace(self_signed(NOW), newest=SSL.TLS1_2_VERSION),
        "ecdsa self-signed": self_signed(NOW),
        "ecdsa under our issuer": ecdsa_leaf(here.issuer_key, here.issuer, uri, NOW),
        "classical signatures": replace(ours, signatures="ecdsa_secp384r1_sha384", key=None),
        "another profile": Foreign(
            other.key,
            other.chain.certificates,
            groups=other.key and community_group(other),
        ),
        "another cipher": replace(ours, cipher="TLS_AES_128_GCM_SHA256"),
        "no certificate": Foreign(),
        "another protocol": replace(ours, alpn=b"h2"),
        "no protocol": replace(ours, alpn=b"", groups=group),
    }[name]


def community_group(credential: Credential) -> str:
    profile = CNSA if credential.key.algorithm is CNSA.certificates.leaf else EU_HYBRID
    return profile.channel.group


STRANGERS = {
    # as a client of ours                       # as a server for us
    "classical key exchange": ("needs {group}", "needs the key exchange {group}"),
    "an ordinary program": ("without post-quantum keys", "an ordinary TLS program"),
    "tls 1.2": ("older than 1.3", "older than 1.3"),
    "ecdsa self-signed": ("or a classical one", "certificates of ML-DSA-"),
    "ecdsa under our issuer": ("or a classical one", "certificates of ML-DSA-"),
    "classical signatures": ("has a classical certificate", None),
    "another profile": ("another profile", "another profile"),
    "another cipher": ("the cipher TLS_AES_256_GCM_SHA384", "nothing in common"),
    "no certificate": ("showed no certificate", None),
    "another protocol": ("not the channels of Baluardo", "not the channels of Baluardo"),
    "no protocol": ("not the channels of Baluardo", None),
}


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=["eu-hybrid", "cnsa"])
@pytest.mark.parametrize("name", list(STRANGERS))
def test_a_stranger_that_calls_is_refused_and_the_reason_is_logged(
    name: str, profile: AnyProfile, caplog: pytest.LogCaptureFixture
) -> None:
    here = community(profile)

    async def run() -> str:
        async with await served(ship(here)) as listening:
            told = await strange(name, here).connect(listening.port)
            assert not listening.channels
            return told

    with caplog.at_level(logging.WARNING, LOGGER):
        told = asyncio.run(run())
    assert told.startswith("error: ") or "refuse" in told or "not the channels" in told
    words = STRANGERS[name][0].format(group=profile.channel.group)
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 1
    assert words in lines[0]
    assert "\n" not in lines[0]
    weaker = "protocol" not in name
    assert lines[0].startswith("Downgrade refused, from 127.0.0.1" if weaker else "Refused")


@pytest.mark.parametrize("profile", [EU_HYBRID, CNSA], ids=["eu-hybrid", "cnsa"])
@pytest.mark.parametrize("name", [name for name, (_, words) in STRANGERS.items() if words])
def test_a_stranger_that_is_called_is_refused_with_a_reason(
    name: str, profile: AnyProfile, caplog: pytest.LogCaptureFixture
) -> None:
    here = community(profile)

    async def run() -> None:
        async with await strange(name, here).serve() as listening:
            port = listening.sockets[0].getsockname()[1]
            whom = here.identity("office/bari")
            channel = await open_channel("127.0.0.1", port, office(here), whom)
            await channel.close()

    with caplog.at_level(logging.WARNING, LOGGER), pytest.raises(HandshakeError) as problem:
        asyncio.run(run())
    words = (STRANGERS[name][1] or "").format(group=profile.channel.group)
    assert words in str(problem.value)
    downgrades = [r for r in caplog.records if r.getMessage().startswith("Downgrade refused, at")]
    assert len(downgrades) == ("protocol" not in name)


@pytest.mark.parametrize(
    ("odd", "words"),
    [
        ({"verdict": b"\x01\xff\xff" + b"a" * 70_000}, "reason of 65535 octets"),
        ({"verdict": b"\x02"}, "does not say whether it lets us in"),
        ({"beside": True}, "showed a certificate that cannot be read"),
    ],
    ids=["huge verdict", "no verdict", "unreadable certificate"],
)
def test_a_member_that_keeps_to_no_rule_is_refused_at_either_end(
    italy: TestCommunity,
    odd: dict[str, object],
    words: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    member = italy.credential("office/bari")
    if "beside" in odd:
        odd = {"beside": (unreadable(italy.issuer),)}
    foreign = replace(Foreign(member.key, member.chain.certificates), **odd)

    async def calls() -> None:
        async with await served(ship(italy)) as listening:
            await foreign.connect(listening.port)
            assert not listening.channels

    async def is_called() -> None:
        async with await foreign.serve() as listening:
            port = listening.sockets[0].getsockname()[1]
            await open_channel("127.0.0.1", port, office(italy), member.identity)

    with caplog.at_level(logging.WARNING):
        asyncio.run(calls())
    (line,) = [record.getMessage() for record in caplog.records]
    assert words in line
    with pytest.raises(HandshakeError, match=words):
        asyncio.run(is_called())


@pytest.mark.parametrize(
    ("host", "port"),
    [("", 1), ("x\0y", 1), ("a" * 64 + ".it", 1), ("ex..ample", 1), ("h", 0), ("h", 65_536)],
)
def test_what_is_no_address_is_told(italy: TestCommunity, host: str, port: int) -> None:
    with pytest.raises(InvalidInputError, match=r"\.$"):
        asyncio.run(open_channel(host, port, office(italy), italy.identity("ship/doria")))


def test_a_web_server_at_the_other_end_is_recognised(italy: TestCommunity) -> None:
    async def web(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(web, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            await open_channel("127.0.0.1", port, office(italy), italy.identity("ship/doria"))

    with pytest.raises(HandshakeError, match="speaks plain HTTP"):
        asyncio.run(run())


def test_nobody_there_and_nobody_answering_are_told_apart(italy: TestCommunity) -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def run() -> tuple[str, str]:
        whom = italy.identity("ship/doria")
        async with await asyncio.start_server(mute, "127.0.0.1", 0) as listening:
            port = listening.sockets[0].getsockname()[1]
            with pytest.raises(ChannelLostError) as silent:
                await open_channel("127.0.0.1", port, office(italy), whom, deadline=0.2)
        with pytest.raises(ChannelLostError) as gone:
            await open_channel("127.0.0.1", port, office(italy), whom)
        return str(silent.value), str(gone.value)

    silent, gone = asyncio.run(run())
    assert silent.endswith("did not answer within 0.2 s.")
    assert "cannot be reached" in gone


def test_a_credential_of_another_profile_opens_nothing(italy: TestCommunity) -> None:
    mixed = Endpoint(community(CNSA).credential("office/roma"), italy.verifier(), Clock())
    with pytest.raises(ProfileError, match="ML-DSA-87"):
        echo(mixed, ship(italy))
    with pytest.raises(ProfileError, match="ML-DSA-87"):
        echo(office(italy), mixed)
