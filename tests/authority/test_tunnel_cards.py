"""The directory of tunnel cards at the authority: whose is kept, why not, and who is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from authority.officers import ANNA, OTTO, State
from authority.test_channel_door import put_out, spoken
from baluardo.authority.acts.renewal import renew_certificate
from baluardo.authority.acts.tunnel_cards import changes_after, publish_card, remove_revoked_cards
from baluardo.authority.acts.tunnel_cards import standing as standing_of
from baluardo.authority.backup import restore_backup, write_backup
from baluardo.authority.channel_directory import CARDS_AT_ONCE
from baluardo.authority.channel_guest import ASKED_AT_ONCE
from baluardo.authority.events.event import EventKind
from baluardo.authority.opening import open_authority
from baluardo.authority.store import schema
from baluardo.authority.store.restored import SKIPPED
from baluardo.errors import BaluardoError, CertificateError, ConflictError, InvalidInputError
from baluardo.network.tunnel.addresses import site_network
from baluardo.network.tunnel.card import CARD_TYPE, TunnelCard
from baluardo.protocol.driver import MessageChannel
from baluardo.protocol.messages import AskDirectory, CardAnswer, Directory, Hello, Ping, PublishCard
from baluardo.protocol.network_policy import MOST_SITES, NetworkPolicy, network_of
from baluardo.trust.audit.record import Record
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.renewal import ask_renewal
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from edge.cards import card_of, signed_card, twin_paths
from edge.country import Country, altered, hold_ceremony
from trust.fleet import ACCESS, COMMUNITY

pytest_plugins = ["authority.officers_fixtures"]

SHIP, ROME = "ship/bergamini", "office/roma"


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ceremony") / "authority"
    hold_ceremony(directory)
    return directory


def publish(state: State, path: str, envelope: Envelope) -> int:
    """Publish a card over the channel of a site."""
    identity = Identity.of_path(COMMUNITY, path)
    return state.authority.store.act_blocking(
        lambda transaction: publish_card(transaction, state.authority, identity, envelope)
    )


def card(state: State, path: str, number: int, *networks: str) -> Envelope:
    """Return a card that a site has signed."""
    device = state.devices.get(path) or state.enrol(path)
    return signed_card(device, number, state.calendar.now, tuple(map(network_of, networks)))


def reissued(state: State, path: str) -> Credential:
    """Issue one more certificate for a site that is written down."""
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    request = make_request(key, Identity.of_path(COMMUNITY, path))
    chain = state.authority.store.act_blocking(
        lambda transaction: transaction.issuing.issue(request, transaction.now)
    )
    return Credential(chain, key)


def told(state: State, since: int = 0) -> Directory:
    """Return what somebody who sees all is told after a change."""

    def read(connection: Any) -> Directory:
        newest = standing_of(connection, state.authority).newest
        return changes_after(connection, since, newest, None)

    return state.authority.store.read_blocking(read)


def entries(state: State) -> list[tuple[str, Any, Any]]:
    """Return kind, number and site of every entry of the log about cards."""
    records = [Record.of_entry(each) for each in state.authority.store.log.entries()]
    return [
        (each.kind, each.facts["number"], each.facts["identity"])
        for each in records
        if each.kind.startswith("card.")
    ]


def test_the_newest_card_of_each_site_is_kept_and_logged(any_country: State) -> None:
    state = any_country
    first, second = card(state, SHIP, 3), card(state, SHIP, 4)
    assert publish(state, SHIP, first) == 3
    assert publish(state, ROME, rome := card(state, ROME, 1)) == 1
    assert publish(state, SHIP, first) == 3  # the same once more is no change
    found = told(state)
    assert (found.since, found.number, found.newest) == (0, 2, 2)
    assert found.cards == (first, rome)
    assert publish(state, SHIP, second) == 4
    assert told(state, 2).cards == (second,)
    assert told(state).cards == (rome, second)
    assert told(state, 3) == Directory(3, 3, 3)
    assert told(state, 77) == told(state)  # no such change was ever made here
    published = "card.published"
    assert entries(state) == [(published, 3, SHIP), (published, 1, ROME), (published, 4, SHIP)]


@pytest.mark.parametrize(("make", "error", "sentence"), [
    (lambda state: card(state, ROME, 9), CertificateError, "its own"),
    (lambda state: altered(card(state, SHIP, 9)), BaluardoError, "altered"),
    (lambda state: card(state, SHIP, 3), ConflictError, "not newer"),
    (lambda state: card(state, SHIP, 2), ConflictError, "not newer"),
    (lambda state: card(state, SHIP, 9, "10.1.0.0/16"), ConflictError, "does not allow"),
    (lambda state: replace(card(state, SHIP, 9), payload=b"{}"), BaluardoError, "refused"),
], ids=["another's", "altered", "same number", "older", "networks", "no card"])  # fmt: skip
def test_what_is_refused_leaves_the_directory_as_it_was(
    make: Callable[[State], Envelope], error: type[Exception], sentence: str, country: State
) -> None:
    publish(country, SHIP, card(country, SHIP, 3))
    before = told(country)
    with pytest.raises(error, match=sentence):
        publish(country, SHIP, make(country))
    assert told(country) == before
    assert len(entries(country)) == 1


def test_no_site_is_outside_where_the_policy_lets_another_be(country: State) -> None:
    """Else it could keep that one's card out, which would hold its address."""
    allowing = NetworkPolicy(networks={ROME: (network_of("192.168.2.0/24"),)})
    country.authority.policy = replace(country.authority.policy, network=allowing)

    def there(path: str) -> Envelope:
        device = country.devices.get(path) or country.enrol(path)
        made = card_of(device.identity, 1, country.calendar.now, address="192.168.2.9")
        return made.sign(device)

    with pytest.raises(ConflictError, match=f"allows to {ROME}"):
        publish(country, SHIP, there(SHIP))
    assert publish(country, ROME, there(ROME)) == 1


def test_two_sites_never_have_the_same_addresses(country: State) -> None:
    one, other = twin_paths()
    publish(country, one, card(country, one, 1))
    with pytest.raises(InvalidInputError, match=f"which {one} has"):
        publish(country, other, card(country, other, 1))
    country.ask(ANNA, "POST", "/certificates/revoke", {"holder": one, "reason": "keyCompromise"})
    assert publish(country, other, card(country, other, 1)) == 1  # they are free again


def test_a_directory_has_so_many_sites_and_no_more(
    country: State, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("baluardo.authority.acts.tunnel_cards.MOST_SITES", 1)
    publish(country, SHIP, card(country, SHIP, 1))
    with pytest.raises(ConflictError, match="no room"):
        publish(country, ROME, card(country, ROME, 1))
    assert publish(country, SHIP, card(country, SHIP, 2)) == 2
    assert MOST_SITES == 1_000


def test_a_revoked_site_is_taken_out_in_the_same_act(any_country: State) -> None:
    state = any_country
    publish(state, SHIP, card(state, SHIP, 5))
    publish(state, ROME, kept := card(state, ROME, 1))
    state.ask(ANNA, "POST", "/certificates/revoke", {"holder": SHIP, "reason": "keyCompromise"})
    found = told(state, 2)
    assert (found.cards, found.removed, found.number) == ((), (SHIP,), 3)
    assert told(state).cards == (kept,)
    assert entries(state)[-1] == ("card.removed", 5, SHIP)
    with pytest.raises(CertificateError, match="revoked"):
        publish(state, SHIP, card(state, SHIP, 6))
    state.devices[SHIP] = reissued(state, SHIP)  # invited anew, with a new key and a new count
    assert publish(state, SHIP, again := card(state, SHIP, 1)) == 1
    assert told(state, 3).cards == (again,)
    state.authority.store.act_blocking(remove_revoked_cards)
    assert told(state).cards == (kept, again)


def test_a_copied_key_takes_the_card_out(country: State) -> None:
    device = country.enrol(SHIP)
    publish(country, SHIP, card(country, SHIP, 1))
    for _ in range(2):
        asked_for = ask_renewal(device, SigningKey.generate(device.key.algorithm))
        country.authority.store.act_blocking(
            partial(renew_certificate, peer=device.identity, envelope=asked_for)
        )
    assert told(country).removed == (SHIP,)


def test_the_page_of_sites_shows_the_card(country: State) -> None:
    allowing = NetworkPolicy(networks={SHIP: (network_of("10.1.0.0/16"),)})
    country.authority.policy = replace(country.authority.policy, network=allowing)
    publish(country, SHIP, card(country, SHIP, 5, "10.1.7.0/24"))
    country.enrol(ROME)
    sites = {each["identity"]: each for each in country.ask(OTTO, "GET", "/sites").json()}
    assert sites[ROME]["tunnel"] is None
    assert sites[SHIP]["tunnel"] == {
        "number": 5,
        "made_at": country.calendar.now,
        "heard": country.calendar.now,
        "network": str(site_network(Identity.of_path(COMMUNITY, SHIP))),
        "networks": ["10.1.7.0/24"],
        "endpoints": ["192.0.2.7:51820"],
    }
    text = country.metrics.text().decode()
    assert "baluardo_tunnel_cards 1.0" in text
    country.ask(ANNA, "POST", "/certificates/revoke", {"holder": SHIP, "reason": "keyCompromise"})
    sites = {each["identity"]: each for each in country.ask(OTTO, "GET", "/sites").json()}
    assert sites[SHIP]["tunnel"] is None


def test_cards_come_back_with_a_restore_as_changes_that_nobody_has_seen(
    country: State, tmp_path: Path
) -> None:
    authority = country.authority
    publish(country, SHIP, ship := card(country, SHIP, 1))
    publish(country, ROME, card(country, ROME, 1))
    directory = authority.layout.directory
    write_backup(directory, authority.settings, COMMUNITY, tmp_path / "backup.tar")
    serial = country.devices[ROME].chain.leaf.serial
    country.ask(ANNA, "POST", "/certificates/revoke", {"holder": ROME, "reason": "keyCompromise"})
    heard = tmp_path / "heard"
    authority.layout.public.directory.rename(heard)
    heard_again = [heard]
    restore_backup(tmp_path / "backup.tar", tmp_path / "restored", heard=heard_again)
    heard.rename(authority.layout.public.directory)
    again = open_authority(tmp_path / "restored", ACCESS, lambda: country.calendar.now)
    try:
        assert again.store.register.is_revoked(serial)
        found = again.store.read_blocking(lambda c: changes_after(c, 3, 1 << 50, None))
        assert (found.cards, found.removed) == ((ship,), (ROME,))
        rows = again.store.read_blocking(
            lambda c: c.scalars(select(schema.tunnel_card.c.changed)).all()
        )
        assert min(rows) == SKIPPED + 1
    finally:
        again.store.close()


@given(octets=st.binary(max_size=200), at=st.integers(0, 300), whole=st.booleans())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_a_site_signs(octets: bytes, at: int, whole: bool, country: State) -> None:
    """Its own signature makes no card of anything else."""
    device = country.devices.get(SHIP) or country.enrol(SHIP)
    payload = card_of(device.identity, 1, country.calendar.now).payload()
    injured = octets if whole else payload[:at] + octets + payload[at + 1 :]
    before = told(country)
    try:
        publish(country, SHIP, sign(injured, CARD_TYPE, device))
    except BaluardoError as refusal:
        assert str(refusal).isprintable()
        assert told(country) == before
    else:
        assert TunnelCard.of_payload(injured).identity == device.identity


# Over real channels


async def asked(messages: MessageChannel, kind: type[Any]) -> Any:
    """Return the next message of a kind."""
    async with asyncio.timeout(30.0):
        while (message := await messages.receive()) is not None:
            if isinstance(message, kind):
                return message
    raise AssertionError("closed")


def scenario_of(country: Country, do: Callable[..., Any], tmp_path: Path, path: str) -> None:
    """Let a test speak as a site, over a channel of its own."""

    async def scenario() -> None:
        async with country.authority() as authority:
            state = country.open_edge(await country.enrolled(authority, tmp_path, path))
            async with spoken(country, authority, state) as messages:
                await messages.send(Hello("test", {}, 0, 0))
                await do(authority, state, messages)
            state.close()

    asyncio.run(scenario())


@pytest.fixture
def served(ceremony: Path, tmp_path: Path) -> Country:
    return Country.copied(ceremony, tmp_path / "authority")


def test_who_publishes_without_end_is_told_to_wait(served: Country, tmp_path: Path) -> None:
    async def do(authority: Any, state: Any, messages: MessageChannel) -> None:
        answers = []
        for number in range(1, CARDS_AT_ONCE + 3):
            envelope = signed_card(state.credential, number, served.calendar.now)
            await messages.send(PublishCard(envelope))
            answers.append(await asked(messages, CardAnswer))
        kept = [each.number for each in answers if not each.refusal]
        assert kept == list(range(1, CARDS_AT_ONCE + 1))
        assert answers[-1].number == CARDS_AT_ONCE
        assert "Too many" in answers[-1].refusal
        events: list[EventKind] = []
        authority.bus.subscribe(lambda event: events.append(event.kind))
        await messages.send(Ping())  # the channel is as good as before
        await messages.send(AskDirectory(0))
        assert (await asked(messages, Directory)).newest == CARDS_AT_ONCE

    scenario_of(served, do, tmp_path, ROME)


def test_who_asks_without_end_is_put_out(served: Country, tmp_path: Path) -> None:
    async def do(_authority: Any, _state: Any, messages: MessageChannel) -> None:
        for _ in range(2 * ASKED_AT_ONCE):
            await messages.send(AskDirectory(0))
        await put_out(messages)
        assert not messages.channel.is_open

    scenario_of(served, do, tmp_path, ROME)


def test_an_edge_that_never_asks_is_told_nothing(served: Country, tmp_path: Path) -> None:
    """A program from before there were tunnels knows no such message."""

    async def do(authority: Any, state: Any, messages: MessageChannel) -> None:
        envelope = signed_card(state.credential, 1, served.calendar.now)
        await authority.store.act(
            lambda transaction: publish_card(transaction, authority, state.identity, envelope)
        )
        await served.revoke(authority, "office/nobody")
        await asyncio.sleep(0.2)
        await messages.send(Ping())
        found = []
        async with asyncio.timeout(30.0):
            while (message := await messages.receive()) is not None:
                found.append(type(message).__name__)
                if found[-1] == "Pong":
                    break
        assert "Directory" not in found

    scenario_of(served, do, tmp_path, ROME)


def test_a_person_has_no_tunnels(served: Country) -> None:
    async def scenario() -> None:
        async with served.authority() as authority:
            anna = await served.person(authority, ANNA)
            hers = sign(b"{}", CARD_TYPE, anna)
            for said in (AskDirectory(0), PublishCard(hers)):
                async with spoken(served, authority, anna) as messages:
                    await messages.send(Hello("test", {}, 0, 0))
                    await messages.send(said)
                    await put_out(messages)

    asyncio.run(scenario())


def test_reasons_of_every_kind_take_a_card_out(country: State) -> None:
    for number, reason in enumerate((Reason.SUPERSEDED, Reason.CESSATION), start=1):
        path = f"ship/nave-{number}"
        publish(country, path, card(country, path, 1))
        country.ask(ANNA, "POST", "/certificates/revoke", {"holder": path, "reason": reason.value})
        assert told(country).removed[-1] == path
