"""A command that was carried out elsewhere, verified later by who was away: as of its time."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import pytest

from baluardo.errors import (
    CertificateError,
    CommandError,
    ExpiredError,
    RevokedError,
    SignatureError,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.revocation import Revocation, make_list
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.commands.approval import Decision, approve
from baluardo.trust.commands.authorisation import ReviewedCommand, authorise, review
from baluardo.trust.commands.proposal import proposal_digest, propose
from baluardo.trust.commands.rule import Rule
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import DAY, LIFETIMES, Identity, Kind
from trust.community import NOW, TestCommunity, make_community

KIND = "policy.set"
RULE = Rule(
    "two-officers", frozenset({KIND}), 1, frozenset({"officer"}), frozenset({"officer"}), 3600.0
)
ROLES = {"anna": {"officer"}, "bruno": {"officer"}, "elena": {"clerk"}}
THEN = NOW + 600.0
"""When the authority carried it out."""
BACK = NOW + 25 * DAY
"""When the ship hears of it."""


def roles_of(identity: Identity) -> frozenset[str]:
    return frozenset(ROLES.get(identity.name, ()))


class Spent:
    """What a transaction of a database would note."""

    def __init__(self) -> None:
        self.noted: dict[bytes, float] = {}

    def spend(self, one_use: bytes, expires: float, now: float) -> None:
        if one_use in self.noted:
            raise CommandError("This command was carried out before.")
        assert now < expires
        self.noted[one_use] = expires


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return make_community()


@pytest.fixture(scope="module")
def people(community: TestCommunity) -> dict[str, Credential]:
    paths = {"anna": "anna/phone", "anna/desk": "anna/desk", "bruno": "bruno/phone"}
    paths["elena"] = "elena/phone"
    return {name: community.credential(f"person/{path}") for name, path in paths.items()}


@pytest.fixture(scope="module")
def authority(community: TestCommunity) -> Identity:
    return community.identity("authority/service")


@pytest.fixture
def proposal(people: dict[str, Credential], authority: Identity) -> Envelope:
    return propose(KIND, {"policy": {}}, RULE, authority, people["anna"], NOW)


def newest(
    community: TestCommunity, revoked: dict[int, float] | None = None, made: float = BACK - DAY
) -> Verifier:
    """What a ship judges by when it is back: lists of today, of the root too."""
    taken = {serial: Revocation(time) for serial, time in (revoked or {}).items()}
    after = community.revoking(taken, now=made)
    root = make_list(community.root_key, community.root, 2, {}, made, made + 7 * DAY)
    revocations = after.revocations.apply(root, community.root)
    return Verifier(community.anchors, revocations, LIFETIMES[Kind.SHIP].list_grace)


Review = Callable[..., ReviewedCommand]


@pytest.fixture
def reviewed(community: TestCommunity, authority: Identity) -> Review:
    """The ship looks at it weeks later, unless a test says otherwise."""

    def look(proposal: Envelope, *approvals: Envelope, **other: Any) -> ReviewedCommand:
        settings: dict[str, Any] = {
            "rule": RULE,
            "roles_of": roles_of,
            "verifier": newest(community),
            "executor": authority,
            "executed_at": THEN,
            "now": BACK,
        }
        return review(proposal, approvals, **(settings | other))

    return look


def yes(proposal: Envelope, credential: Credential, now: float = NOW + 30) -> Envelope:
    return approve(proposal, credential, now)


def test_who_was_away_follows_as_often_as_it_looks(
    reviewed: Review,
    community: TestCommunity,
    proposal: Envelope,
    people: dict[str, Credential],
    authority: Identity,
) -> None:
    approvals = [yes(proposal, people["bruno"])]
    spent = Spent()
    judged = (proposal, approvals, RULE, roles_of, community.verifier(), THEN, authority)
    done = authorise(*judged, spent)
    with pytest.raises(CommandError, match="carried out before"):
        authorise(*judged, spent)
    assert list(spent.noted) == [done.proposal.one_use]
    for _ in range(2):
        found = reviewed(proposal, *approvals)
        assert found.proposal == done.proposal
        assert found.digest == proposal_digest(proposal)
        assert (found.proposer, found.approvers) == (done.proposer, done.approvers)
        assert found.executed_at == THEN
    assert len(spent.noted) == 1


def test_the_present_refuses_what_the_past_allowed(
    community: TestCommunity, proposal: Envelope, people: dict[str, Credential], authority: Identity
) -> None:
    """The very same, judged as of today: the proposal is over."""
    approvals = [yes(proposal, people["bruno"])]
    verifier = newest(community)
    with pytest.raises(CommandError, match="expired"):
        authorise(proposal, approvals, RULE, roles_of, verifier, BACK, authority, Spent())
    with pytest.raises(CertificateError, match="clock is behind"):  # the lists are of later
        authorise(proposal, approvals, RULE, roles_of, verifier, THEN, authority, Spent())


@pytest.mark.parametrize("who", ["anna", "bruno"])
@pytest.mark.parametrize(
    ("when", "good"),
    [(-DAY, False), (0.0, False), (600.0, False), (601.0, True), (3599.0, True), (20 * DAY, True)],
)
def test_who_was_revoked_by_then_and_who_later(
    reviewed: Review,
    community: TestCommunity,
    proposal: Envelope,
    people: dict[str, Credential],
    who: str,
    when: float,
    good: bool,
) -> None:
    verifier = newest(community, {people[who].chain.leaf.serial: NOW + when})
    approval = yes(proposal, people["bruno"])
    if good:
        reviewed(proposal, approval, verifier=verifier)
    else:
        with pytest.raises(RevokedError, match=f"{who}/phone"):
            reviewed(proposal, approval, verifier=verifier)
    with pytest.raises(RevokedError):  # today nobody believes the certificate
        verifier.verify(people[who].chain, BACK)


@pytest.mark.parametrize("when", [-DAY, DAY])
def test_an_issuer_that_was_ever_taken_back_vouches_for_nothing(
    reviewed: Review,
    community: TestCommunity,
    proposal: Envelope,
    people: dict[str, Credential],
    when: float,
) -> None:
    gone = {community.issuer.serial: Revocation(NOW + when)}
    made = BACK - DAY
    root = make_list(community.root_key, community.root, 3, gone, made, made + 7 * DAY)
    verifier = newest(community)
    verifier.revocations = verifier.revocations.apply(root, community.root)
    with pytest.raises(RevokedError, match="issuer 1"):
        reviewed(proposal, yes(proposal, people["bruno"]), verifier=verifier)


def test_a_certificate_that_ended_since_was_good_then(
    reviewed: Review, community: TestCommunity, proposal: Envelope
) -> None:
    short = community.credential("person/bruno/old", life=3600.0)
    reviewed(proposal, yes(proposal, short))
    with pytest.raises(ExpiredError):
        newest(community).verify(short.chain, BACK)
    over = community.credential("person/bruno/older", life=60.0)
    reviewed(proposal, yes(proposal, over), executed_at=NOW + 60 + SKEW)
    with pytest.raises(ExpiredError):
        reviewed(proposal, yes(proposal, over), executed_at=NOW + 61 + SKEW)
    later = community.credential("person/bruno/later", now=THEN + SKEW + 1)
    with pytest.raises(ExpiredError):
        reviewed(proposal, yes(proposal, later))


def test_lists_too_old_for_that_time_tell_nothing(
    reviewed: Review, community: TestCommunity, proposal: Envelope, people: dict[str, Credential]
) -> None:
    grace = LIFETIMES[Kind.SHIP].list_grace
    made = THEN - 7 * DAY - grace
    approval = yes(proposal, people["bruno"])
    old = community.revoking({}, number=9, now=made - SKEW - 1).revocations
    stale = Verifier(community.anchors, old, grace)
    with pytest.raises(CertificateError, match="too old"):
        reviewed(proposal, approval, verifier=stale)
    fresh = community.revoking({}, number=9, now=made - SKEW + 1).revocations
    reviewed(proposal, approval, verifier=Verifier(community.anchors, fresh, grace))
    none = Verifier(community.anchors, dataclasses.replace(old, lists={}), grace)
    with pytest.raises(CertificateError, match="No revocation list"):
        reviewed(proposal, approval, verifier=none)


@pytest.mark.parametrize("then", [NOW + 3600.0, NOW + 3601.0, BACK])
def test_it_was_carried_out_within_its_life_or_not_at_all(
    reviewed: Review, proposal: Envelope, people: dict[str, Credential], then: float
) -> None:
    with pytest.raises(CommandError, match="expired"):
        reviewed(proposal, yes(proposal, people["bruno"]), executed_at=then)


def test_it_was_not_carried_out_before_it_was_proposed(
    reviewed: Review, people: dict[str, Credential], authority: Identity
) -> None:
    made = NOW + DAY
    later = propose(KIND, {}, RULE, authority, people["anna"], made)
    approval = yes(later, people["bruno"], made)
    reviewed(later, approval, executed_at=made - SKEW)
    with pytest.raises(CommandError, match="still to come"):
        reviewed(later, approval, executed_at=made - SKEW - 1)


@pytest.mark.parametrize("then", [BACK + SKEW + 1, math.inf, math.nan])
def test_nothing_was_carried_out_in_the_future(
    reviewed: Review, proposal: Envelope, people: dict[str, Credential], then: float
) -> None:
    with pytest.raises(CommandError, match="still to come"):
        reviewed(proposal, yes(proposal, people["bruno"]), executed_at=then)


def test_an_answer_given_after_it_was_carried_out_does_not_count(
    reviewed: Review, proposal: Envelope, people: dict[str, Credential]
) -> None:
    late = yes(proposal, people["bruno"], THEN + SKEW + 1)
    with pytest.raises(CommandError, match="answer is of"):
        reviewed(proposal, late)
    reviewed(proposal, yes(proposal, people["bruno"], THEN + SKEW))


def test_the_rule_the_roles_and_the_executor_are_asked_as_ever(
    reviewed: Review, community: TestCommunity, proposal: Envelope, people: dict[str, Credential]
) -> None:
    approval = yes(proposal, people["bruno"])
    with pytest.raises(CommandError, match="0 of the 1 approvals"):
        reviewed(proposal)
    with pytest.raises(CommandError, match="may not approve"):
        reviewed(proposal, yes(proposal, people["elena"]))
    with pytest.raises(CommandError, match="may not propose"):
        reviewed(proposal, approval, roles_of=lambda each: roles_of(each) - {"officer"})
    with pytest.raises(CommandError, match="governs"):
        reviewed(proposal, approval, rule=dataclasses.replace(RULE, name="other"))
    with pytest.raises(CommandError, match="longer than"):
        reviewed(proposal, approval, rule=dataclasses.replace(RULE, life=60.0))
    with pytest.raises(CommandError, match="another executor"):
        reviewed(proposal, approval, executor=community.identity("ship/bergamini"))
    no = approve(proposal, people["bruno"], NOW + 40, Decision.REFUSE)
    with pytest.raises(CommandError, match="0 of the 1 approvals"):
        reviewed(proposal, approval, no)


def test_one_person_is_one_person_whatever_the_device(
    reviewed: Review,
    community: TestCommunity,
    proposal: Envelope,
    people: dict[str, Credential],
    authority: Identity,
) -> None:
    with pytest.raises(CommandError, match="cannot approve what they have proposed"):
        yes(proposal, people["anna/desk"])
    two = dataclasses.replace(RULE, threshold=2)
    more = propose(KIND, {}, two, authority, people["anna"], NOW)
    bruno, desk = people["bruno"], community.credential("person/bruno/desk")
    with pytest.raises(CommandError, match="1 of the 2 approvals"):
        reviewed(more, yes(more, bruno), yes(more, desk), rule=two)


def test_altered_and_foreign(
    reviewed: Review, proposal: Envelope, people: dict[str, Credential], authority: Identity
) -> None:
    approval = yes(proposal, people["bruno"])
    altered = dataclasses.replace(approval, payload=approval.payload.replace(b'"', b"'", 1))
    with pytest.raises(SignatureError):
        reviewed(proposal, altered)
    twin = propose(KIND, {"policy": {}}, RULE, authority, people["anna"], NOW)
    with pytest.raises(CommandError, match="another proposal"):
        reviewed(twin, approval)
    other = make_community(name="altrove.example")
    theirs = other.credential("person/anna/phone")
    foreign = propose(KIND, {}, RULE, other.identity("authority/service"), theirs, NOW)
    with pytest.raises(CertificateError):
        reviewed(foreign, yes(foreign, other.credential("person/bruno/phone")))
    impostors = make_community()  # the same name, other keys
    posed = propose(KIND, {}, RULE, authority, impostors.credential("person/anna/phone"), NOW)
    with pytest.raises(CertificateError):
        reviewed(posed, yes(posed, people["bruno"]))
