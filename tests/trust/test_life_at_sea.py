"""Lives of ships, offices, officers and thieves, from the ceremony on: everything of trust joined.

Real files, cores of channels joined in memory or sockets, and one calendar that the tests turn.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from baluardo.errors import (
    CertificateError,
    ChannelLostError,
    ClockError,
    CommandError,
    ExpiredError,
    HandshakeError,
    LogError,
    RevokedError,
    SealError,
    TargetError,
)
from baluardo.trust.audit.evidence import ForkEvidence
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.recomputing import Finding
from baluardo.trust.audit.verification import examine_log
from baluardo.trust.audit.witness import Witness, cosign_directory, new_witness_key
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.certificates.verification import Standing
from baluardo.trust.channel.endpoint import Endpoint
from baluardo.trust.channel.events import Closed, Refused
from baluardo.trust.channel.server import serve
from baluardo.trust.channel.stream import Channel, open_channel
from baluardo.trust.clock import sign_time, time_question
from baluardo.trust.commands.approval import approve, read_proposal
from baluardo.trust.commands.authorisation import AuthorisedCommand, authorise
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import propose
from baluardo.trust.commands.rule import Rule
from baluardo.trust.commands.spent import SpentCommands
from baluardo.trust.custody.keyfile import read_key, write_key
from baluardo.trust.custody.sealing_file import load_sealing_key, store_sealing_key
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.layout import Public
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.publishing import publish_sealing_key, read_sealing_key
from baluardo.trust.sealing import SealingKey, open_sealed, seal
from baluardo.trust.suites import PROFILES
from trust.channel_wire import Ends
from trust.community import NOW
from trust.fleet import ACCESS, COMMUNITY, Calendar, Land, Member, a_minute_passes, call, met


@pytest.fixture(scope="module", params=PROFILES.values(), ids=PROFILES)
def founded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Land:
    directory = tmp_path_factory.mktemp("land") / "authority"
    return Land.found(directory, Calendar(), request.param)


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
def land(founded: Land, calendar: Calendar, tmp_path: Path) -> Land:
    return founded.copy(tmp_path / "authority", calendar)


Enrol = Callable[[str], Member]


@pytest.fixture
def enrol(land: Land, calendar: Calendar, tmp_path: Path) -> Enrol:
    def enrolled(path: str) -> Member:
        return Member(tmp_path / path, path, calendar).enrol(land)

    return enrolled


def parting(ends: Ends) -> Refused:
    """Why an end gave an open channel up; the other end sees an end in order."""
    (refused,) = [
        event for event in (*ends.client_events, *ends.server_events) if isinstance(event, Refused)
    ]
    assert Closed() in (ends.client_events[-1], ends.server_events[-1])
    return refused


def test_a_ship_20_days_out_talks_to_another_also_resumed_and_renews_on_its_return(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini, fasan = enrol("ship/bergamini"), enrol("ship/fasan")
    calendar.day(19)
    for ship in (bergamini, fasan):
        with land.open():
            ship.hear(land.public)
        assert not ship.credential.due(ship.clock())
    calendar.day(39)
    for ship in (bergamini, fasan):
        ship.start()
    ends = met(bergamini, fasan)
    assert {each.peer.standing for each in ends.established} == {Standing.GRACE}
    ends.part()
    again = met(bergamini, fasan)
    assert all(each.resumed for each in again.established)
    assert {each.peer.standing for each in again.established} == {Standing.GRACE}
    rome = enrol("office/rome")
    assert met(bergamini, rome).established[1].peer.standing is Standing.GRACE
    assert bergamini.credential.due(bergamini.clock())
    assert bergamini.renew(land).chain.leaf.not_after == pytest.approx(NOW + 69 * DAY, abs=1.0)
    again.client.send(b"still here")  # what was open goes on with the certificate it was made with
    assert again.turn().received()[1].endswith(b"still here")
    for caller in (fasan, rome):
        assert met(caller, bergamini).established[0].peer.standing is Standing.CURRENT


def test_a_ship_past_its_grace_is_told_why_may_not_renew_and_is_enrolled_anew(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini = enrol("ship/bergamini")
    calendar.day(60.5)
    rome = enrol("office/rome")
    ends = call(bergamini, rome)
    told, refusing = ends.refusals
    assert told.by_peer
    assert not refusing.by_peer
    assert "its grace of 30 days is over" in told.reason
    assert "It can no longer be renewed: its holder must enrol anew" in told.reason
    with pytest.raises(ExpiredError, match="grace of 30 days"):
        bergamini.renew(land)
    with pytest.raises(TargetError, match="enrol anew in another directory"):
        bergamini.holder.request(bergamini.identity, land.profile, ACCESS)
    bergamini.holder = Holder(bergamini.directory / "keys-2")
    bergamini.enrol(land)
    assert met(bergamini, rome).established[1].peer.standing is Standing.CURRENT


def test_an_office_that_hears_of_a_revocation_by_delta_ends_the_open_channel_within_a_minute(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini, rome = enrol("ship/bergamini"), enrol("office/rome")
    ends = met(bergamini, rome)
    calendar.now += 10.0
    with land.open() as authority:
        found = authority.find("ship/bergamini", calendar.now)
        authority.revoke([each.serial for each in found], Reason.KEY_COMPROMISE, calendar.now)
    a_minute_passes(calendar, ends)
    assert ends.server.peer is not None  # it has not heard yet
    rome.hear(land.public)
    issuer = bergamini.credential.chain.intermediates[0].key_id
    assert len(rome.verifier.revocations.lists[issuer].deltas) == 1
    a_minute_passes(calendar, ends)
    assert "was revoked" in parting(ends).reason
    rome.start()
    told, _ = call(bergamini, rome).refusals
    assert "keyCompromise" in told.reason


def test_the_root_is_replaced_while_a_ship_is_away_and_another_brings_it_the_news(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    bergamini = enrol("ship/bergamini")
    calendar.day(19)
    with land.open():
        bergamini.hear(land.public)
    stale = Public(shutil.copytree(bergamini.public.directory, tmp_path / "stale"))
    calendar.day(25)
    land.roll_root(overlap=90 * DAY)
    calendar.day(26)
    fasan = enrol("ship/fasan")
    assert len(fasan.credential.chain.certificates) == 3
    calendar.day(39)
    bergamini.start()
    told, _ = call(fasan, bergamini).refusals  # it follows the old root's word, but has no list
    assert "No revocation list of 'issuer-2'" in told.reason
    assert "any copy of what it publishes" in told.reason
    bergamini.hear(fasan.public)  # a copy of the public half, from whatever hand
    assert len(bergamini.verifier.anchors.in_force(calendar.now)) == 2
    ends = met(bergamini, fasan)
    assert {each.peer.standing for each in ends.established} == {Standing.GRACE, Standing.CURRENT}
    ends.part()
    assert met(bergamini, fasan).established[0].resumed
    bergamini.start()  # what it learned is on its disk
    met(fasan, bergamini)
    with pytest.raises(CertificateError, match="older than list"):
        bergamini.hear(stale)
    met(fasan, bergamini)


def test_after_the_overlap_a_ship_refuses_what_the_old_root_has_made(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    bergamini = enrol("ship/bergamini")
    calendar.day(5)
    land.roll_root(overlap=60 * DAY)
    calendar.day(25)
    assert bergamini.renew(land).chain.intermediates[0].subject == "issuer-2"
    calendar.day(50)
    bergamini.renew(land)
    calendar.day(64.9)
    with land.open():
        bergamini.hear(land.public)
    pirate = pirate_of(land, bergamini, tmp_path / "pirate")
    ends = met(pirate, bergamini)
    calendar.day(65.1)
    a_minute_passes(calendar, ends)
    assert "no longer in force" in parting(ends).reason
    bergamini.start()
    for caller, called in ((pirate, bergamini), (bergamini, pirate)):
        refusals = call(caller, called).refusals
        assert all("no longer in force" in each.reason for each in refusals)
    fasan = enrol("ship/fasan")
    assert len(fasan.credential.chain.certificates) == 2
    met(fasan, bergamini)


def pirate_of(land: Land, told: Member, directory: Path) -> Member:
    """Return a ship that the issuer of the old root makes, behind the authority's back."""
    chain, key = land.public.issuer("issuer-1"), SigningKey.generate(land.profile.certificates.leaf)
    issuer_key = read_key(land.layout.issuer_key("issuer-1"), ACCESS.unlock)
    pirate = Member(directory, "ship/pirate", land.calendar)
    leaf = make_leaf(
        issuer_key, chain.leaf, key.public, pirate.identity, land.calendar.now, land.profile
    )
    pirate.clock, pirate.verifier = told.clock, told.verifier
    credential = Credential(Chain(leaf, (chain.leaf,)), key)
    pirate.endpoint = Endpoint(credential, told.verifier, told.clock)
    return pirate


def test_a_ship_away_beyond_the_overlap_believes_no_new_root_by_itself(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini = enrol("ship/bergamini")
    calendar.day(5)
    land.roll_root(overlap=30 * DAY)
    calendar.day(39)
    with pytest.raises(CertificateError, match="the roots stay"):
        bergamini.hear(land.public)
    with pytest.raises(ExpiredError, match="no longer in force"):
        bergamini.renew(land)
    bergamini.holder = Holder(bergamini.directory / "keys-2")
    bergamini.enrol(land)  # with the new root, from the operator's hand
    met(bergamini, enrol("office/rome"))


def test_a_ship_whose_clock_died_judges_nothing_until_signed_time_reaches_it(
    land: Land, calendar: Calendar, enrol: Enrol, caplog: pytest.LogCaptureFixture
) -> None:
    bergamini = enrol("ship/bergamini")
    calendar.day(19)
    with land.open():
        bergamini.hear(land.public)
    answer(land, calendar, bergamini)
    calendar.day(39)
    rome = enrol("office/rome")
    bergamini.start(wall=0.0)  # 1970

    async def run() -> None:
        async with (
            await serve(bergamini.endpoint, say_hello, "127.0.0.1", 0) as aboard,
            await serve(rome.endpoint, say_hello, "127.0.0.1", 0) as ashore,
        ):
            with pytest.raises(ClockError, match="lost its battery"):
                await hello(bergamini, rome, ashore.port)
            with pytest.raises((HandshakeError, ChannelLostError)):
                await hello(rome, bergamini, aboard.port)
            bergamini.clock.hear(broadcast(land, calendar), bergamini.verifier)
            with pytest.raises(ClockError):  # it may be an old one: it raises the floor, no more
                await hello(bergamini, rome, ashore.port)
            old = answer(land, calendar, bergamini)
            assert abs(bergamini.clock() - calendar.now) <= 45.0
            assert await hello(bergamini, rome, ashore.port) == b"ciao"
            assert await hello(rome, bergamini, aboard.port) == b"ciao"
            bergamini.start(wall=NOW)
            with pytest.raises(ClockError):
                await hello(bergamini, rome, ashore.port)
            with pytest.raises(ClockError, match="another question"):
                bergamini.hear_time(old, time_question(), bergamini.clock.steady())

    asyncio.run(run())
    assert "Nobody can be let in" in caplog.text
    assert "The machine's clock is off" in caplog.text
    assert bergamini.clock.floor > NOW + 38 * DAY


def answer(land: Land, calendar: Calendar, asks: Member, heard: Public | None = None) -> Envelope:
    """Carry a question to the authority and its answer back: octets, on any way there is.

    No channel is needed: the answer is signed, and judged at the time that it states.
    """
    nonce, asked_at = time_question(), asks.clock.steady()
    with land.open() as authority:
        service = authority.service_credential(ACCESS, calendar.now)
    calendar.now += 45.0
    statement = Envelope.of_json(sign_time(nonce, service, calendar.now).to_json())
    calendar.now += 45.0
    asks.hear_time(statement, nonce, asked_at, heard)
    return statement


def broadcast(land: Land, calendar: Calendar) -> Envelope:
    with land.open() as authority:
        service = authority.service_credential(ACCESS, calendar.now)
    return Envelope.of_json(sign_time(b"", service, calendar.now).to_json())


async def say_hello(channel: Channel) -> None:
    channel.write(b"ciao")


async def hello(caller: Member, called: Member, port: int) -> bytes:
    """Call over a socket and return what is said."""
    async with await open_channel("127.0.0.1", port, caller.endpoint, called.identity) as channel:
        return await channel.readexactly(4)


def test_a_clock_that_died_while_the_root_was_replaced_is_set_by_an_authority_under_the_new_one(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    bergamini = enrol("ship/bergamini")
    strangers = Land.found(tmp_path / "strangers", calendar, land.profile)
    calendar.day(25)
    land.roll_root(overlap=90 * DAY)
    strangers.roll_root(overlap=90 * DAY)
    calendar.day(39)
    bergamini.start(wall=0.0)
    with pytest.raises(ClockError):
        bergamini.hear(land.public)
    with pytest.raises(CertificateError, match="No revocation list"):
        answer(land, calendar, bergamini)
    with pytest.raises(CertificateError, match="does not lead back"):
        answer(strangers, calendar, bergamini, strangers.public)
    with pytest.raises(CertificateError):
        answer(strangers, calendar, bergamini, land.public)
    assert len(bergamini.verifier.anchors.anchors) == 1  # nothing was kept
    answer(land, calendar, bergamini, land.public)
    assert abs(bergamini.clock() - calendar.now) <= 45.0
    met(bergamini, enrol("ship/fasan"))


def test_a_false_answer_to_a_renewal_is_not_taken_and_the_true_one_still_is(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    bergamini = enrol("ship/bergamini")
    strangers = Land.found(tmp_path / "strangers", calendar, land.profile)
    calendar.day(20)
    bergamini.hear(land.public)
    asked = bergamini.holder.renew(ACCESS)
    with strangers.open() as authority, pytest.raises(CertificateError):
        bergamini.take(authority.issue(asked.payload, calendar.now))
    with land.open() as authority:
        bergamini.take(authority.renew(asked, calendar.now))
    met(enrol("office/rome"), bergamini)


def test_a_thief_who_renews_a_copied_disk_first_is_thrown_out_with_the_ship_when_it_renews(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    bergamini, fasan = enrol("ship/bergamini"), enrol("ship/fasan")
    sealing = SealingKey.generate(land.profile)
    published = publish_sealing_key(sealing.public, bergamini.credential)
    shutil.copytree(bergamini.directory, tmp_path / "copy")
    thief = Member(tmp_path / "copy", "ship/bergamini", calendar)
    thief.start()
    calendar.day(20)
    rome = enrol("office/rome")
    thief.hear(land.public)
    thief.renew(land)
    for member in (bergamini, fasan):
        member.hear(land.public)
    channels = [
        met(thief, rome),
        met(bergamini, rome),
        met(fasan, bergamini),
        met(thief, fasan),
    ]
    read_sealing_key(published, land.profile, rome.verifier, calendar.now)
    with pytest.raises(CertificateError, match="its key was copied"):
        bergamini.renew(land)
    for member in (rome, fasan):
        member.hear(land.public)
    a_minute_passes(calendar, *channels)
    for ends in channels:
        assert "was revoked" in parting(ends).reason
    for holder in (thief, bergamini):
        with pytest.raises(RevokedError):
            holder.renew(land)
        told, _ = call(holder, rome).refusals
        assert "keyCompromise" in told.reason
    with pytest.raises(RevokedError):
        read_sealing_key(published, land.profile, rome.verifier, calendar.now)
    bergamini.holder = Holder(bergamini.directory / "keys-2")
    bergamini.enrol(land)
    met(bergamini, rome)


SILENCE = "radio.silence"
RULE = Rule(
    name="three-aboard",
    kinds=frozenset({SILENCE}),
    threshold=2,
    roles=frozenset({"officer"}),
    proposer_roles=frozenset({"operator"}),
    life=3_600.0,
)
ROLES = {"anna": {"operator"}, "bruno": {"officer"}, "carla": {"officer"}}


def roles_of(identity: Identity) -> frozenset[str]:
    return frozenset(ROLES.get(identity.name, ()))


def test_a_ship_does_a_sealed_command_of_its_officers_once_and_not_again_after_a_restart(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini, fasan = enrol("ship/bergamini"), enrol("ship/fasan")
    key_file, spent_file = bergamini.directory / "sealing", bergamini.directory / "spent"
    store_sealing_key(key_file, SealingKey.generate(land.profile), ACCESS.protection)
    SpentCommands.create(spent_file).close()
    key = load_sealing_key(key_file, land.profile)
    statement = publish_sealing_key(key.public, bergamini.credential).to_json()
    calendar.day(19)
    anna, bruno, carla = (enrol(f"person/{name}/tablet") for name in ROLES)
    bergamini.hear(land.public)
    calendar.day(32)  # the ship is in its grace, and nobody has heard anything since
    body: dict[str, object] = {"hours": 6}
    proposal = propose(SILENCE, body, RULE, bergamini.identity, anna.credential, anna.clock())
    answers = []
    for officer in (bruno, carla):
        read_proposal(proposal, officer.verifier, officer.clock())
        answers.append(approve(proposal, officer.credential, officer.clock()))
    bundle = CommandBundle(proposal, tuple(answers)).to_json()
    owner, public = read_sealing_key(
        Envelope.of_json(statement), land.profile, carla.verifier, carla.clock()
    )
    assert (owner.identity, owner.standing) == (bergamini.identity, Standing.GRACE)
    sealed = seal(bundle, [public], b"command")
    with pytest.raises(SealError):
        open_sealed(sealed, SealingKey.generate(land.profile), b"command")

    def executed(ship: Member) -> AuthorisedCommand:
        """Start the ship from its disk, and let it take the sealed message."""
        ship.start()
        opened = open_sealed(sealed, load_sealing_key(key_file, land.profile), b"command")
        command = CommandBundle.of_json(opened)
        with closing(SpentCommands.open(spent_file)) as spent:
            return authorise(
                command.proposal,
                command.approvals,
                RULE,
                roles_of,
                ship.verifier,
                ship.clock(),
                ship.identity,
                spent,
            )

    with pytest.raises(CommandError, match="another executor"):
        executed(fasan)
    done = executed(bergamini)
    assert done.proposal.body == {"hours": 6}
    assert [each.identity.name for each in done.approvers] == ["bruno", "carla"]
    with pytest.raises(CommandError, match="carried out before"):
        executed(bergamini)
    calendar.now += 3_600.0
    with pytest.raises(CommandError, match="expired"):
        executed(bergamini)


def test_a_ship_that_comes_back_convicts_a_log_whose_owner_rewrote_what_it_had_seen(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    other = land.copy(tmp_path / "other")
    bergamini = enrol("ship/bergamini")
    key_file, state = bergamini.directory / "witness", bergamini.directory / "seen"
    write_key(key_file, new_witness_key(land.profile), ACCESS.protection)

    def look(at: Land) -> None:
        """Start the ship's witness from its disk, and let it look at a log."""
        key = read_key(key_file)
        with Witness(state, f"{COMMUNITY}/bergamini", key, [land.log_vkey]) as witness:
            cosign_directory(witness, at.public.log, calendar.now)

    calendar.day(19)
    with land.open():
        look(land)
    calendar.day(39)
    with land.open():
        look(land)
    grow(other, calendar)  # a history without the ship
    with pytest.raises(LogError, match="forked: the") as told:
        look(other)
    (evidence,) = state.glob("*fork-*.json")
    assert evidence.name in str(told.value)
    assert "forked" in ForkEvidence.of_octets(evidence.read_bytes()).verify(land.log_vkey)
    look(land)


def grow(land: Land, calendar: Calendar) -> None:
    """Let an authority write a history of its own, longer than that of the others here."""
    key = SigningKey.generate(land.profile.certificates.leaf)
    false = make_request(key, Identity.of_path(COMMUNITY, "office/rome"))
    with land.open() as authority:
        for _ in range(20):
            authority.issue(false, calendar.now)


def test_a_fork_after_the_last_visit_is_found_when_two_witnesses_meet(
    land: Land, calendar: Calendar, enrol: Enrol, tmp_path: Path
) -> None:
    calendar.day(19)
    bergamini = enrol("ship/bergamini")
    other = land.copy(tmp_path / "other")
    calendar.day(39)
    with land.open() as authority:
        authority.revoke([bergamini.credential.chain.leaf.serial], Reason.KEY_COMPROMISE, NOW)
    grow(other, calendar)  # the revocation is kept from the ship
    key = new_witness_key(land.profile)
    rome = f"{COMMUNITY}/rome"
    with Witness(tmp_path / "rome", rome, key, [land.log_vkey]) as witness:
        cosign_directory(witness, land.public.log, calendar.now)
        known = witness.cosigned(land.log_vkey.name)
    vkey = VerifierKey(rome, key.public)
    for shown, found in ((land, set()), (other, {Finding.FORKED})):
        report = examine_log(shown.public.log, land.log_vkey, [vkey], [known], 0, calendar.now)
        assert {fault.finding for fault in report.faults} == found


def test_a_device_aboard_needs_its_ships_patience_with_old_lists_and_ends_with_its_certificate(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini = enrol("ship/bergamini")
    calendar.day(19)
    bruno = enrol("person/bruno/tablet")
    bergamini.hear(land.public)
    calendar.day(39)
    refused, _ = call(bruno, bergamini).refusals
    assert "too old to judge" in refused.reason
    assert not refused.by_peer
    bruno.verifier.list_grace = bergamini.verifier.list_grace
    met(bruno, bergamini)
    calendar.day(49.1)
    told, _ = call(bruno, bergamini).refusals
    assert told.by_peer
    assert "was valid until" in told.reason


def test_an_open_channel_ends_with_the_certificate_it_was_made_with_and_is_made_anew(
    land: Land, calendar: Calendar, enrol: Enrol
) -> None:
    bergamini, rome = enrol("ship/bergamini"), enrol("office/rome")
    calendar.day(4)
    ends = met(bergamini, rome)
    calendar.day(5)
    rome.renew(land)
    a_minute_passes(calendar, ends)
    ends.client.send(b"still here")
    assert ends.turn().received()[1].endswith(b"still here")
    calendar.day(7.1)
    a_minute_passes(calendar, ends)
    assert "was valid until" in parting(ends).reason
    assert met(bergamini, rome).established[0].peer.standing is Standing.CURRENT
