"""Public warnings on the pages of sites: who is believed, how long they stand, and what is kept."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import httpx
import pytest

from authority.warnings.warning_country import draft
from baluardo.authority.context import Authority
from baluardo.authority.events.event import EventKind
from baluardo.authority.store.transaction import Transaction
from baluardo.authority.warnings.drafting import check_draft
from baluardo.authority.warnings.releasing import (
    CANCELLED,
    end_warning,
    judge_release,
    prepare,
)
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.console.warnings_in_force import PATH
from baluardo.edge.agent import EdgeAgent
from baluardo.edge.site_warnings import DIRECTORY, SiteWarnings
from baluardo.emergency.cap.alert import CAP_TYPE, Alert, MessageType, Reference, Status
from baluardo.emergency.cap.writing import write_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.writing.draft import Draft
from baluardo.errors import CertificateError, InvalidInputError, SignatureError, TrustError
from baluardo.protocol.site_warnings import (
    CANCEL_SHOWN,
    MOST_HELD,
    SiteWarning,
    WarningsHold,
    digest_of,
    read_site_warning,
)
from baluardo.trust.envelope import Envelope, add_signature, sign
from edge.country import Country, until
from fuzz.good_alerts import GOOD
from trust.community import NOW, TestCommunity, make_community


@cache
def italy() -> TestCommunity:
    return make_community()


def alert(number: int = 1, **changes: object) -> Alert:
    """A warning of an hour from a minute before NOW."""
    sent = datetime.fromtimestamp(NOW - 60.0, UTC)
    info = replace(GOOD.infos[0], onset=None, expires=sent + timedelta(hours=1))
    made = replace(
        GOOD, identifier=f"IT-EXERCISE-{number}", sent=sent, infos=(info,), references=()
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@cache
def signer(path: str = "sender/exercise") -> object:
    return italy().credential(path)


def told(about: Alert, path: str = "sender/exercise") -> Envelope:
    return sign(write_alert(about), CAP_TYPE, signer(path))  # type: ignore[arg-type]


def held(place: Path, now: float = NOW) -> SiteWarnings:
    return SiteWarnings.read(place, italy().verifier(), lambda: now)


def holding(*envelopes: Envelope) -> WarningsHold:
    return WarningsHold(tuple(digest_of(each.payload) for each in envelopes))


def shown(warnings: SiteWarnings) -> list[str]:
    return [each.alert.identifier for each in warnings.holding()]


def test_what_a_channels_sender_has_signed_is_read() -> None:
    found = read_site_warning(told(alert()), italy().verifier(), NOW)
    assert (found.channel, found.alert) == (Channel.EXERCISE, alert())
    assert found.digest == digest_of(write_alert(alert()))
    assert found.until == NOW - 60.0 + 3_600.0


@pytest.mark.parametrize(
    "path", ["office/rome", "authority/authority", "person/anna.rossi/phone", "sender/public"]
)
def test_nobody_elses_word_is_a_warning_of_a_channel(path: str) -> None:
    with pytest.raises((SignatureError, InvalidInputError)):
        read_site_warning(told(alert(), path), italy().verifier(), NOW)


def test_two_signers_another_state_and_another_type_are_refused() -> None:
    verifier = italy().verifier()
    both = add_signature(told(alert()), signer("sender/test"))  # type: ignore[arg-type]
    with pytest.raises(SignatureError, match="nobody else"):
        read_site_warning(both, verifier, NOW)
    stranger = make_community(name="francia.example").credential("sender/exercise")
    with pytest.raises(CertificateError):
        read_site_warning(sign(write_alert(alert()), CAP_TYPE, stranger), verifier, NOW)
    other = sign(write_alert(alert()), "application/json", signer())  # type: ignore[arg-type]
    with pytest.raises(SignatureError):
        read_site_warning(other, verifier, NOW)
    with pytest.raises(InvalidInputError, match="has the status Exercise, not Actual"):
        read_site_warning(told(alert(status=Status.ACTUAL)), verifier, NOW)


def test_warnings_stand_until_they_expire_are_ended_or_left_out(tmp_path: Path) -> None:
    warnings = held(tmp_path)
    first, second = told(alert(1)), told(alert(2, sent=alert().sent + timedelta(seconds=5)))
    for envelope in (first, second, first):
        warnings.hear(SiteWarning(envelope))
    assert shown(warnings) == ["IT-EXERCISE-2", "IT-EXERCISE-1"]
    warnings.hear(holding(first, second))
    assert shown(held(tmp_path)) == ["IT-EXERCISE-2", "IT-EXERCISE-1"]  # after a restart
    assert shown(held(tmp_path, NOW + 3_540.0)) == []
    warnings.hear(WarningsHold((digest_of(second.payload), "0a" * 48)))
    assert shown(warnings) == shown(held(tmp_path)) == ["IT-EXERCISE-2"]
    warnings.hear(WarningsHold(()))
    assert shown(warnings) == shown(held(tmp_path)) == []


def test_a_cancel_stands_for_a_while(tmp_path: Path) -> None:
    reference = Reference(alert().sender, alert().identifier, alert().sent)
    cancel = alert(3, message_type=MessageType.CANCEL, references=(reference,))
    warnings = held(tmp_path)
    warnings.hear(SiteWarning(told(cancel)))
    warnings.hear(holding(told(cancel)))
    assert shown(warnings) == ["IT-EXERCISE-3"]
    assert shown(held(tmp_path, NOW - 60.0 + CANCEL_SHOWN)) == []


def test_a_forged_one_changes_nothing_and_many_fit_into_their_room(tmp_path: Path) -> None:
    warnings = held(tmp_path)
    warnings.hear(SiteWarning(told(alert())))
    for envelope in (told(alert(2), "office/rome"), told(alert(2), "sender/public")):
        with pytest.raises((TrustError, InvalidInputError)):
            warnings.hear(SiteWarning(envelope))
    assert shown(warnings) == ["IT-EXERCISE-1"]
    many = [told(alert(number)) for number in range(1, MOST_HELD + 3)]
    for envelope in many:
        warnings.hear(SiteWarning(envelope))
    warnings.hear(holding(*many[:MOST_HELD]))
    assert len(shown(warnings)) == len(shown(held(tmp_path))) == MOST_HELD


@pytest.mark.parametrize("text", ["", "{", "7", '{"payload": 7}'])
def test_a_broken_file_is_left_out_and_holds_up_no_other(tmp_path: Path, text: str) -> None:
    held(tmp_path).hear(SiteWarning(told(alert())))
    (tmp_path / DIRECTORY / "0.json").write_text(text)
    assert shown(held(tmp_path)) == ["IT-EXERCISE-1"]


def test_what_is_over_leaves_the_disk(tmp_path: Path) -> None:
    now = [NOW]
    warnings = SiteWarnings.read(tmp_path, italy().verifier(), lambda: now[0])
    warnings.hear(SiteWarning(told(alert(1))))
    now[0] += 3_600.0
    later = alert(2, sent=alert().sent + timedelta(hours=1), infos=())
    info = replace(alert().infos[0], expires=alert().sent + timedelta(hours=3))
    warnings.hear(SiteWarning(told(replace(later, infos=(info,)))))
    assert len(list((tmp_path / DIRECTORY).iterdir())) == 1
    warnings.hear(WarningsHold(()))
    assert list((tmp_path / DIRECTORY).iterdir()) == []


@pytest.fixture
def warning_state(country: Country) -> Country:
    (country.directory / "warnings.toml").write_text(
        'channels = ["exercise", "test"]\nsites = ["exercise"]\n'
    )
    return country


async def released(authority: Authority) -> str:
    """Release an exercise as two officers would, and return the warning's id."""

    def do(transaction: Transaction) -> str:
        given = draft(channel="exercise", level="exercise")
        drafted = Draft.of_object(given, "The draft")
        desk, now = authority.warnings, transaction.now
        checked = check_draft(transaction.connection, desk, drafted, (), now)
        assert checked.release is not None, checked.problems
        found = judge_release(authority, checked.release, authority.policy, (), now)
        prepared = prepare(transaction.connection, authority, found, transaction.now)
        return prepared.keep(transaction, "0" * 64, ["anna.rossi"])

    return await authority.store.act(do)


async def ended(authority: Authority, warning: str) -> None:
    def do(transaction: Transaction) -> None:
        end_warning(transaction.connection, warning, CANCELLED, transaction.now)
        transaction.tell(EventKind.WARNINGS)

    await authority.store.act(do)


def test_sites_hear_of_a_warning_at_once_and_whoever_comes_later_too(
    warning_state: Country, tmp_path: Path
) -> None:
    country = warning_state

    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            milan = await country.enrolled(authority, tmp_path, "office/milan")
            async with country.running(rome) as (first,):
                await until(lambda: first.link.connected)
                assert authority.warnings.count_sites() == 1
                warning = await released(authority)
                await until(first.state.warnings.holding)
                (seen,) = first.state.warnings.holding()
                assert (seen.channel, seen.alert.status) == (Channel.EXERCISE, Status.EXERCISE)
                assert await asked(first) == [
                    (
                        "exercise",
                        False,
                        "Norcia",
                        "ESERCITAZIONE ESERCITAZIONE Forte terremoto a Norcia ESERCITAZIONE",
                    )
                ]
                async with country.running(milan) as (second,):
                    await until(second.state.warnings.holding)
                    await ended(authority, warning)
                    await until(lambda: not first.state.warnings.holding())
                    await until(lambda: not second.state.warnings.holding())
                    assert await asked(second) == []

    asyncio.run(scenario())


async def asked(site: EdgeAgent) -> list[tuple[str, bool, str, str]]:
    """Return what a page of a site is told."""
    transport = httpx.ASGITransport(site.app)
    where = f"http://{site.state.whereabouts.host}"
    async with httpx.AsyncClient(transport=transport, base_url=where) as client:
        answer = await client.get(PATH)
    assert answer.status_code == 200, answer.text
    return [
        (each["channel"], each["cancel"], each["area"], each["texts"][0]["headline"])
        for each in answer.json()["warnings"]
    ]


def test_a_warning_outlives_the_way_to_the_authority_and_a_restart(
    warning_state: Country, tmp_path: Path
) -> None:
    country = warning_state

    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, "office/rome")
            async with country.running(rome) as (first,):
                await until(lambda: first.link.connected)
                await released(authority)
                await until(first.state.warnings.holding)
        async with country.running(rome) as (again,):
            assert len(again.state.warnings.holding()) == 1

    asyncio.run(scenario())


def test_settings_name_open_channels_alone() -> None:
    channels = frozenset({Channel.TEST})
    with pytest.raises(InvalidInputError, match="sites names a channel"):
        WarningSettings(channels=channels, sites=frozenset({Channel.EXERCISE}))
    read = WarningSettings.of_toml('channels = ["test"]\nsites = ["test"]', "it")
    assert read.sites == channels
    with pytest.raises(InvalidInputError, match="sites is a list"):
        WarningSettings.of_toml('channels = ["test"]\nsites = ["tests"]', "it")
