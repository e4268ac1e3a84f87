"""A command is carried out once, if its proposer, its approvers and its rule all say so."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from baluardo.errors import (
    CertificateError,
    CommandError,
    ExpiredError,
    InvalidInputError,
    RevokedError,
    SignatureError,
)
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.revocation import Revocation
from baluardo.trust.commands.approval import (
    APPROVAL_TYPE,
    Approval,
    Decision,
    approve,
    read_proposal,
)
from baluardo.trust.commands.authorisation import AuthorisedCommand, authorise
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.commands.proposal import (
    PROPOSAL_TYPE,
    Proposal,
    proposal_digest,
    propose,
)
from baluardo.trust.commands.rule import LONGEST_LIFE, Rule
from baluardo.trust.commands.spent import SpentCommands
from baluardo.trust.envelope import Envelope, add_signature, sign
from baluardo.trust.identity import Identity, Kind
from trust.community import NOW, TestCommunity, make_community

KIND = "warning.release"
RULE = Rule(
    name="two-officers",
    kinds=frozenset({KIND, "warning.cancel"}),
    threshold=2,
    roles=frozenset({"duty-officer", "prefect"}),
    proposer_roles=frozenset({"forecaster"}),
    life=3600.0,
)
ROLES = {
    "anna": {"forecaster", "duty-officer"},
    "bruno": {"duty-officer"},
    "carla": {"prefect"},
    "dario": {"prefect", "clerk"},
    "elena": {"clerk"},
}


def roles_of(identity: Identity) -> frozenset[str]:
    return frozenset(ROLES.get(identity.name, ()))


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return make_community()


@pytest.fixture(scope="module")
def people(community: TestCommunity) -> dict[str, Credential]:
    devices = [f"{name}/phone" for name in ROLES] + ["anna/desk", "bruno/desk"]
    made = {path: community.credential(f"person/{path}") for path in devices}
    return {path.removesuffix("/phone"): credential for path, credential in made.items()} | {
        "office": community.credential("office/rome"),
        "ship": community.credential("ship/bergamini"),
    }


@pytest.fixture
def spent(tmp_path: Path) -> Iterator[SpentCommands]:
    spent = SpentCommands.create(tmp_path / "spent.json")
    yield spent
    spent.close()


@pytest.fixture
def proposal(people: dict[str, Credential]) -> Envelope:
    return propose(KIND, {"area": "Etna"}, RULE, people["office"].identity, people["anna"], NOW)


Judge = Callable[..., AuthorisedCommand]


@pytest.fixture
def judge(community: TestCommunity, people: dict[str, Credential], spent: SpentCommands) -> Judge:
    """The office of Rome decides, a minute after the proposal, unless a test says otherwise."""

    def decide(proposal: Envelope, *approvals: Envelope, **other: Any) -> AuthorisedCommand:
        settings: dict[str, Any] = {
            "rule": RULE,
            "roles_of": roles_of,
            "verifier": community.verifier(),
            "now": NOW + 60,
            "executor": people["office"].identity,
            "spent": spent,
        }
        return authorise(proposal, approvals, **(settings | other))

    return decide


def answers(
    proposal: Envelope, people: dict[str, Credential], *names: str, now: float = NOW + 30
) -> list[Envelope]:
    return [approve(proposal, people[name], now) for name in names]


def test_two_officers_release_a_warning(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    command = judge(proposal, *answers(proposal, people, "bruno", "carla"))
    assert command.proposal.body == {"area": "Etna"}
    assert command.proposer.identity.name == "anna"
    assert [peer.identity.name for peer in command.approvers] == ["bruno", "carla"]
    assert command.digest == proposal_digest(proposal)
    assert command.authorised_at == NOW + 60


def test_it_is_carried_in_a_bundle(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    bundle = CommandBundle(proposal, tuple(answers(proposal, people, "bruno", "carla")))
    read = CommandBundle.of_json(bundle.to_json())
    assert read == bundle
    judge(read.proposal, *read.approvals)


def test_once_only(judge: Judge, proposal: Envelope, people: dict[str, Credential]) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    judge(proposal, *approvals)
    with pytest.raises(CommandError, match="carried out before"):
        judge(proposal, *approvals)
    with pytest.raises(CommandError, match="carried out before"):
        judge(proposal, *approvals, *answers(proposal, people, "dario"))


def test_nobody_spends_the_command_of_another(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    """A harmless command under an urgent one's id would else stop it, as if it had been done."""
    urgent = Proposal.of_payload(proposal.payload)
    bruno = people["bruno"]
    copied = dataclasses.replace(urgent, proposer=bruno.identity, body={"area": "none"})
    other = sign(copied.to_payload(), PROPOSAL_TYPE, bruno)
    everybody = RULE.roles | RULE.proposer_roles
    judge(other, *answers(other, people, "carla", "dario"), roles_of=lambda _: everybody)
    judge(proposal, *answers(proposal, people, "bruno", "carla"))
    again = sign(proposal.payload, PROPOSAL_TYPE, people["anna"])
    with pytest.raises(CommandError, match="carried out before"):
        judge(again, *answers(again, people, "bruno", "carla"))


@pytest.mark.parametrize("life", [100.1, 86_400 / 7, 0.3, 3599.9])
def test_a_rules_whole_life_may_be_asked_for(
    judge: Judge, people: dict[str, Credential], life: float
) -> None:
    """Whatever floating point makes of the sum."""
    rule = dataclasses.replace(RULE, life=life)
    office, anna = people["office"].identity, people["anna"]
    for made in (NOW, NOW + 0.1, NOW + 1 / 3):
        whole = propose(KIND, {}, rule, office, anna, made)
        judge(whole, *answers(whole, people, "bruno", "carla", now=made), rule=rule, now=made)


def test_what_is_refused_is_not_spent(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    one, other = answers(proposal, people, "bruno", "carla")
    with pytest.raises(CommandError, match="1 of the 2 approvals"):
        judge(proposal, one)
    judge(proposal, one, other)


def test_a_person_counts_once(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    """Two devices of one person, or one answer twice, are one approval."""
    bruno, desk, carla = answers(proposal, people, "bruno", "bruno/desk", "carla")
    for approvals in ((bruno, desk), (bruno, bruno)):
        with pytest.raises(CommandError, match="1 of the 2 approvals"):
            judge(proposal, *approvals)
    command = judge(proposal, bruno, desk, carla)
    assert [peer.identity.path for peer in command.approvers] == [
        "person/bruno/phone",
        "person/carla/phone",
    ]


def forged(proposal: Envelope, credential: Credential, **change: Any) -> Envelope:
    """An approval made by somebody who does not use `approve`."""
    answer = Approval(proposal_digest(proposal), credential.identity, Decision.APPROVE, NOW + 30)
    changed = dataclasses.replace(answer, **change)
    return sign(changed.to_payload(), APPROVAL_TYPE, credential)


@pytest.mark.parametrize("device", ["anna", "anna/desk"])
def test_the_proposer_cannot_approve(
    judge: Judge, proposal: Envelope, people: dict[str, Credential], device: str
) -> None:
    with pytest.raises(CommandError, match="cannot approve what they have proposed"):
        approve(proposal, people[device], NOW)
    own = forged(proposal, people[device])
    with pytest.raises(CommandError, match="cannot approve what they have proposed"):
        judge(proposal, own, *answers(proposal, people, "bruno", "carla"))


def test_only_persons_approve(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    with pytest.raises(CommandError, match="a person of"):
        approve(proposal, people["ship"], NOW)
    with pytest.raises(CommandError, match="a person of"):
        judge(
            proposal,
            forged(proposal, people["ship"]),
            *answers(proposal, people, "bruno", "carla"),
            roles_of=lambda _: RULE.roles | RULE.proposer_roles,
        )


def test_without_the_role(judge: Judge, proposal: Envelope, people: dict[str, Credential]) -> None:
    with pytest.raises(CommandError, match="elena/phone may not approve"):
        judge(proposal, *answers(proposal, people, "bruno", "carla", "elena"))
    theirs = propose(KIND, {}, RULE, people["office"].identity, people["bruno"], NOW)
    with pytest.raises(CommandError, match="bruno/phone may not propose"):
        judge(theirs, *answers(theirs, people, "carla", "dario"))


def test_refusals_do_not_count_and_take_back_their_givers_yes(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    bruno, carla, dario = answers(proposal, people, "bruno", "carla", "dario")
    no = approve(proposal, people["bruno/desk"], NOW + 40, Decision.REFUSE, "wrong area")
    with pytest.raises(CommandError, match="1 of the 2 approvals"):
        judge(proposal, no, carla)
    for order in ((bruno, no, carla), (no, bruno, carla)):
        with pytest.raises(CommandError, match="1 of the 2 approvals"):
            judge(proposal, *order)
    command = judge(proposal, bruno, carla, no, dario)
    assert [peer.identity.name for peer in command.approvers] == ["carla", "dario"]


def test_an_approval_is_of_one_proposal(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    """Not of its twin: neither of the same text anew, nor of the same octets signed again."""
    twin = propose(KIND, {"area": "Etna"}, RULE, people["office"].identity, people["anna"], NOW)
    again = sign(proposal.payload, PROPOSAL_TYPE, people["anna"])
    for other in (twin, again):
        with pytest.raises(CommandError, match="another proposal"):
            judge(other, *answers(proposal, people, "bruno", "carla"))


@pytest.mark.parametrize(
    ("time", "good"),
    [(-SKEW, True), (-SKEW - 1, False), (60 + SKEW, True), (61 + SKEW, False), (3600, False)],
)
def test_approvals_outside_the_time_in_force(
    judge: Judge, proposal: Envelope, people: dict[str, Credential], time: float, good: bool
) -> None:
    approvals = (
        forged(proposal, people["bruno"], time=NOW + time),
        forged(proposal, people["carla"]),
    )
    if good:
        judge(proposal, *approvals)
    else:
        with pytest.raises(CommandError, match="bruno/phone's answer is of"):
            judge(proposal, *approvals)


def test_expiry(judge: Judge, proposal: Envelope, people: dict[str, Credential]) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    for late in (3600.0, 3601.0, 86_400.0):
        with pytest.raises(CommandError, match="expired"):
            judge(proposal, *approvals, now=NOW + late)
        with pytest.raises(CommandError, match="expired"):
            approve(proposal, people["dario"], NOW + late)
    with pytest.raises(CommandError, match="still to come"):
        approve(proposal, people["dario"], NOW - SKEW - 1)
    judge(proposal, *approvals, now=NOW + 3599.9)


def test_the_wrong_executor(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    for other in (people["ship"].identity, Identity("italia.example", Kind.OFFICE, "milan")):
        with pytest.raises(CommandError, match="another executor"):
            judge(proposal, *approvals, executor=other)


def test_a_kind_as_executor(judge: Judge, people: dict[str, Credential], tmp_path: Path) -> None:
    """Every ship carries it out, each once by its own list; an office does not."""
    to_ships = propose(KIND, {}, RULE, Kind.SHIP, people["anna"], NOW)
    approvals = answers(to_ships, people, "bruno", "carla")
    with pytest.raises(CommandError, match="another executor"):
        judge(to_ships, *approvals)
    foreign = Identity("elsewhere.example", Kind.SHIP, "bergamini")
    with pytest.raises(CommandError, match="another executor"):
        judge(to_ships, *approvals, executor=foreign)
    for name in ("bergamini", "doria"):
        own = SpentCommands.create(tmp_path / name)
        ship = Identity("italia.example", Kind.SHIP, name)
        judge(to_ships, *approvals, executor=ship, spent=own)
        with pytest.raises(CommandError, match="carried out before"):
            judge(to_ships, *approvals, executor=ship, spent=own)
        own.close()


def test_the_wrong_rule(judge: Judge, proposal: Envelope, people: dict[str, Credential]) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    for rule in (
        dataclasses.replace(RULE, name="lenient", threshold=1),
        dataclasses.replace(RULE, kinds=frozenset({"warning.cancel"})),
    ):
        with pytest.raises(CommandError, match="governs"):
            judge(proposal, *approvals, rule=rule)
    with pytest.raises(CommandError, match="longer than the 3599 s"):
        judge(proposal, *approvals, rule=dataclasses.replace(RULE, life=3599.0))


def test_altered_and_forged(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    payload = proposal.payload.replace(b"Etna", b"Roma")
    altered = dataclasses.replace(proposal, payload=payload)
    with pytest.raises(SignatureError):
        judge(altered, *approvals)
    claimed = sign(proposal.payload, PROPOSAL_TYPE, people["carla"])
    with pytest.raises(CommandError, match="says that person/anna/phone made it"):
        judge(claimed, *approvals)
    in_name_of = forged(proposal, people["elena"], approver=people["bruno"].identity)
    with pytest.raises(CommandError, match="says that it is person/bruno/phone's"):
        judge(proposal, in_name_of, approvals[1])
    for index in range(2):
        spoiled = list(approvals)
        spoiled[index] = dataclasses.replace(
            spoiled[index], payload=spoiled[index].payload.replace(b"approve", b"refuse\x65", 1)
        )
        with pytest.raises(SignatureError):
            judge(proposal, *spoiled)
    no_approval = sign(b"{}", APPROVAL_TYPE, people["bruno"])
    with pytest.raises(CommandError, match="An approval was refused"):
        judge(proposal, no_approval)
    no_proposal = sign(b"{}", PROPOSAL_TYPE, people["anna"])
    with pytest.raises(CommandError, match="A proposal was refused"):
        judge(no_proposal)


def test_one_kind_of_envelope_is_not_another(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    one, other = answers(proposal, people, "bruno", "carla")
    with pytest.raises(SignatureError, match="expected"):
        judge(one, one, other)
    with pytest.raises(SignatureError, match="expected"):
        judge(proposal, one, proposal)


def test_one_signature_each(
    judge: Judge, proposal: Envelope, people: dict[str, Credential]
) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    with pytest.raises(CommandError, match="one signature, this one 2"):
        judge(add_signature(proposal, people["bruno"]), *approvals)
    with pytest.raises(CommandError, match="one signature, this one 2"):
        judge(proposal, add_signature(approvals[0], people["carla"]))


def test_revoked_and_expired_signers(
    judge: Judge,
    proposal: Envelope,
    people: dict[str, Credential],
    community: TestCommunity,
) -> None:
    approvals = answers(proposal, people, "bruno", "carla")
    for name in ("anna", "bruno"):
        revoked = {people[name].chain.leaf.serial: Revocation(NOW)}
        with pytest.raises(RevokedError):
            judge(proposal, *approvals, verifier=community.revoking(revoked).verifier())
    short = community.credential("person/dario/old", life=60.0)
    early = forged(proposal, short)
    with pytest.raises(ExpiredError):
        judge(proposal, early, *approvals, now=NOW + 60 + SKEW + 1)


def test_strangers(judge: Judge, proposal: Envelope, people: dict[str, Credential]) -> None:
    foreign = make_community().credential("person/bruno/phone")
    with pytest.raises(CertificateError):
        judge(proposal, forged(proposal, foreign), *answers(proposal, people, "carla"))


def test_too_many_answers(judge: Judge, proposal: Envelope, people: dict[str, Credential]) -> None:
    (one,) = answers(proposal, people, "bruno")
    with pytest.raises(CommandError, match="at most 32 answers"):
        judge(proposal, *[one] * 33)
    with pytest.raises(InvalidInputError, match="at most 32 answers"):
        CommandBundle(proposal, (one,) * 33)


def test_reading_before_answering(
    proposal: Envelope, people: dict[str, Credential], community: TestCommunity
) -> None:
    verifier = community.verifier()
    read = read_proposal(proposal, verifier, NOW)
    assert read.proposal.body == {"area": "Etna"}
    assert read.proposer.identity == people["anna"].identity
    with pytest.raises(CommandError, match="expired"):
        read_proposal(proposal, verifier, NOW + 3600)
    with pytest.raises(InvalidInputError, match="at most 500"):
        approve(proposal, people["bruno"], NOW, Decision.REFUSE, "n" * 501)


def test_what_a_rule_does_not_let_be_proposed(people: dict[str, Credential]) -> None:
    office, anna = people["office"].identity, people["anna"]
    with pytest.raises(InvalidInputError, match="does not govern"):
        propose("beam.move", {}, RULE, office, anna, NOW)
    for life in (0.0, -1.0, 3601.0, float("nan"), float("inf")):
        with pytest.raises(InvalidInputError, match="life"):
            propose(KIND, {}, RULE, office, anna, NOW, life)
    for body in ({"x": float("nan")}, {"x": 2**53}, {"x": (1,)}, {"x": "\ud800"}):
        with pytest.raises(InvalidInputError):
            propose(KIND, body, RULE, office, anna, NOW)
    with pytest.raises(InvalidInputError, match="community"):
        propose(KIND, {}, RULE, Identity("other.example", Kind.OFFICE, "rome"), anna, NOW)
    read = Proposal.of_payload(propose(KIND, {}, RULE, office, anna, NOW, 60.0).payload)
    assert read.expires == NOW + 60


@pytest.mark.parametrize(
    "change",
    [
        {"threshold": 0},
        {"threshold": 17},
        {"kinds": frozenset()},
        {"kinds": frozenset({"Release"})},
        {"roles": frozenset()},
        {"proposer_roles": frozenset()},
        {"name": "no name"},
        {"life": 0.0},
        {"life": LONGEST_LIFE + 1},
        {"life": float("nan")},
    ],
)
def test_impossible_rules(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        dataclasses.replace(RULE, **change)
