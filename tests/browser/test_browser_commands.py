"""Commands that persons propose and approve in their browsers, judged by the authority."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser
from trust_page import TrustPage, bundle, enrolled, site, text, trust_page

from baluardo.errors import CommandError, SignatureError
from baluardo.trust.commands.approval import approve, read_proposal
from baluardo.trust.commands.authorisation import authorise
from baluardo.trust.commands.proposal import proposal_digest, propose
from baluardo.trust.commands.rule import Rule
from baluardo.trust.commands.spent import SpentCommands
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import Identity
from baluardo.trust.suites import CNSA, EU_HYBRID
from trust.community import NOW, TestCommunity, make_community

RULE = Rule(
    name="two-officers",
    kinds=frozenset({"policy.set"}),
    threshold=1,
    roles=frozenset({"officer"}),
    proposer_roles=frozenset({"officer"}),
    life=3600.0,
)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("trust-page")
    bundle(folder)
    with site(folder) as address:
        yield address


@pytest.fixture
def anna(chromium: Browser, url: str) -> Iterator[TrustPage]:
    with trust_page(chromium, url) as page:
        yield page


@pytest.fixture
def bruno(chromium: Browser, url: str) -> Iterator[TrustPage]:
    with trust_page(chromium, url) as page:
        yield page


@pytest.fixture(scope="module", params=[EU_HYBRID, CNSA], ids=lambda profile: profile.name)
def community(request: pytest.FixtureRequest) -> TestCommunity:
    return make_community(request.param)


@pytest.fixture(scope="module")
def italy() -> TestCommunity:
    return make_community()


@pytest.fixture
def spent(tmp_path: Path) -> Iterator[SpentCommands]:
    spent = SpentCommands.create(tmp_path / "spent.json")
    yield spent
    spent.close()


def proposed(page: TrustPage, identity: Identity, body: dict[str, Any]) -> Envelope:
    made = page.do(
        "return shown(await trust.commands.propose("
        " {kind: 'policy.set', body, rule: 'two-officers', life: 3600, executor: 'authority'},"
        " await keyOf(uri), now));",
        body=body,
        uri=identity.uri,
        now=NOW + 0.123,
    )
    return Envelope.of_json(made.encode())


def answered(
    page: TrustPage, identity: Identity, proposal: Envelope, decision: str = "approve"
) -> Envelope:
    made = page.do(
        "const signed = await trust.commands.readProposal(trust.envelope.envelopeOfJson(proposal));"
        "const answer = trust.commands.answer(signed, decision, await keyOf(uri), now, reason);"
        "return shown(await answer);",
        proposal=proposal.to_object(),
        decision=decision,
        uri=identity.uri,
        now=NOW + 30,
        reason="così è deciso",
    )
    return Envelope.of_json(made.encode())


BODY = {"policy": {"number": 2, "share": 0.00001, "names": ["città", "\U0001f6f0"], "none": None}}


def test_two_browsers_command(
    anna: TrustPage, bruno: TrustPage, community: TestCommunity, spent: SpentCommands
) -> None:
    one = enrolled(anna, community, "person/anna.rossi/phone")
    other = enrolled(bruno, community, "person/bruno.b/phone")
    proposal = proposed(anna, one, BODY)
    settings: dict[str, Any] = {
        "rule": RULE,
        "roles_of": lambda _: frozenset({"officer"}),
        "verifier": community.verifier(),
        "now": NOW + 60,
        "executor": community.identity("authority/service"),
        "spent": spent,
    }
    refusal = answered(bruno, other, proposal, "refuse")
    with pytest.raises(CommandError, match="0 of the 1 approvals"):
        authorise(proposal, [refusal], **settings)
    altered = replace(proposal, payload=proposal.payload.replace(b"policy.set", b"policy.sea"))
    with pytest.raises(SignatureError):
        authorise(altered, [], **settings)
    command = authorise(proposal, [answered(bruno, other, proposal)], **settings)
    assert command.proposal.body == BODY
    assert (command.proposal.created, command.proposal.expires) == (NOW + 0.123, NOW + 3600.123)
    assert (command.proposer.identity, command.approvers[0].identity) == (one, other)
    own = anna.code(
        "const signed = await trust.commands.readProposal(trust.envelope.envelopeOfJson(proposal));"
        "await trust.commands.answer(signed, 'approve', await keyOf(uri), now);",
        proposal=proposal.to_object(),
        uri=one.uri,
        now=NOW + 30,
    )
    assert own == "own-proposal"


def test_a_proposal_is_read_from_what_was_signed(anna: TrustPage, italy: TestCommunity) -> None:
    author = italy.credential("person/bruno.b/phone")
    executor = italy.identity("office/rome")
    envelope = propose("policy.set", dict(BODY), RULE, executor, author, NOW)
    read = anna.do(
        "const {readProposal, differences} = trust.commands;"
        "const {proposal, digest} = await readProposal(trust.envelope.envelopeOfJson(given));"
        "const {kind, body, created, expires, proposer} = proposal;"
        "const told = {kind, body, created, expires, proposer: proposer.path};"
        "return {told, digest, executor: proposal.executor.uri, none: differences(proposal, told),"
        " all: differences(proposal,"
        "  {kind: 'x', body: {}, proposer: 'x', created: 0, expires: 1})};",
        given=json.loads(envelope.to_json()),
    )
    signed = read_proposal(envelope, italy.verifier(), NOW)
    assert read["digest"] == signed.digest.hex() == proposal_digest(envelope).hex()
    assert read["told"] == {
        "kind": "policy.set",
        "body": BODY,
        "created": NOW,
        "expires": NOW + 3600,
        "proposer": "person/bruno.b/phone",
    }
    assert read["executor"] == executor.uri
    assert read["none"] == []
    assert read["all"] == ["kind", "body", "proposer", "created", "expires"]
    assert approve(envelope, italy.credential("person/anna.rossi/phone"), NOW)


def test_an_altered_proposal_is_refused(anna: TrustPage, italy: TestCommunity) -> None:
    author = italy.credential("person/bruno.b/phone")
    impostor = italy.credential("person/carla.c/phone")
    envelope = propose("policy.set", {}, RULE, italy.identity("office/rome"), author, NOW)
    given = json.loads(envelope.to_json())
    stolen = json.loads(json.dumps(given))
    stolen["signatures"][0]["chain"] = [text(der) for der in impostor.chain.ders()]
    twice = {**given, "signatures": given["signatures"] * 2}
    relabelled = {**given, "payloadType": "application/vnd.baluardo.approval+json"}
    read = "await trust.commands.readProposal(trust.envelope.envelopeOfJson(given));"
    assert anna.code(read, given=given) == ""
    assert anna.code(read, given=stolen) == "not-genuine"
    assert anna.code(read, given=twice) == "not-genuine"
    assert anna.code(read, given=relabelled) == "not-genuine"
    assert anna.code(read, given={**given, "more": 1}) == "malformed"
    assert anna.code(read, given=[given]) == "malformed"
    codes = anna.do(
        "const found = new Set();"
        "for (let at = 0; at < given.payload.length - 4; at += 7) {"
        " const other = given.payload[at] === 'A' ? 'B' : 'A';"
        " const payload = given.payload.slice(0, at) + other + given.payload.slice(at + 1);"
        " const altered = {...given, payload};"
        " found.add(await codeOf(() => trust.commands.readProposal("
        "  trust.envelope.envelopeOfJson(altered))));"
        "}"
        "return [...found];",
        given=given,
    )
    assert codes == ["not-genuine"]
