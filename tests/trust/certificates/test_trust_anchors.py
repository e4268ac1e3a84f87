"""Roots: which are trusted when, how one succeeds another, and what is kept on disk."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.errors import CertificateError, InvalidInputError, ProfileError, SourceError
from baluardo.trust.certificates.anchors import INDEX, MOST_ANCHORS, Anchor, Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.making import certify_successor, make_root
from baluardo.trust.identity import DAY
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import CNSA, EU_HYBRID, SignatureAlgorithm
from trust.community import NOW, TestCommunity, make_community

COMMUNITY = make_community()
NEXT_KEY = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
AT = NOW + 10 * DAY
NEXT = make_root(NEXT_KEY, "italia.example", EU_HYBRID, AT)
WORD = certify_successor(COMMUNITY.root_key, COMMUNITY.root, NEXT, AT, 60 * DAY)
ROLLED = COMMUNITY.anchors.succeed(NEXT, WORD, AT)


@pytest.fixture(scope="module")
def community() -> TestCommunity:
    return COMMUNITY


def test_before_during_and_after_a_roll_over(community: TestCommunity) -> None:
    assert community.anchors.in_force(AT) == (community.root,)
    assert ROLLED.in_force(AT - SKEW - 1) == (community.root,)
    assert ROLLED.in_force(AT) == (community.root, NEXT)
    assert ROLLED.in_force(AT + 60 * DAY + SKEW) == (community.root, NEXT)
    assert ROLLED.in_force(AT + 60 * DAY + SKEW + 1) == (NEXT,)
    assert ROLLED.in_force(NEXT.not_after + SKEW + 1) == ()
    assert [anchor.until for anchor in ROLLED.anchors] == [AT + 60 * DAY, None]


def test_hearing_of_a_new_root_twice_changes_nothing() -> None:
    assert ROLLED.succeed(NEXT, WORD, AT + DAY) == ROLLED


def test_a_new_root_may_bear_the_old_ones_name(community: TestCommunity) -> None:
    """RFC 9810 section 4.4 has it so; made within one year, ours have the same name."""
    assert NEXT.x509.subject == community.root.x509.subject


def test_a_root_that_nobody_vouches_for(community: TestCommunity) -> None:
    stranger = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
    its_root = make_root(stranger, "italia.example", EU_HYBRID, NOW)
    own_word = certify_successor(stranger, its_root, NEXT, AT, 60 * DAY)
    with pytest.raises(CertificateError, match="No root in force vouches"):
        community.anchors.succeed(NEXT, own_word, AT)


def test_a_word_for_another_root(community: TestCommunity) -> None:
    other = make_root(
        SigningKey.generate(SignatureAlgorithm.ML_DSA_87), "italia.example", EU_HYBRID, AT
    )
    with pytest.raises(CertificateError, match="vouches for another key"):
        community.anchors.succeed(other, WORD, AT)


@pytest.mark.parametrize("now", [AT - SKEW - 1, AT + 60 * DAY + SKEW + 1])
def test_a_word_out_of_its_dates(community: TestCommunity, now: float) -> None:
    with pytest.raises(CertificateError, match="the roots stay as they are"):
        community.anchors.succeed(NEXT, WORD, now)


def test_a_succeeded_root_vouches_for_no_other(community: TestCommunity) -> None:
    """Whoever steals the old root's key during the overlap makes no third root of it."""
    third_key = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
    third = make_root(third_key, "italia.example", EU_HYBRID, AT + DAY)
    word = certify_successor(community.root_key, community.root, third, AT + DAY, 30 * DAY)
    with pytest.raises(CertificateError, match="a root that has been succeeded vouches for no"):
        ROLLED.succeed(third, word, AT + DAY)
    good = certify_successor(NEXT_KEY, NEXT, third, AT + DAY, 30 * DAY)
    assert len(ROLLED.succeed(third, good, AT + DAY).in_force(AT + DAY)) == 3


def test_history_is_bounded() -> None:
    """Ten roots, each the successor of the one before; the oldest are forgotten."""
    anchors, key, root, now = COMMUNITY.anchors, COMMUNITY.root_key, COMMUNITY.root, NOW
    for _ in range(10):
        now += 30 * DAY
        new_key = SigningKey.generate(SignatureAlgorithm.ML_DSA_87)
        new = make_root(new_key, "italia.example", EU_HYBRID, now)
        anchors = anchors.succeed(new, certify_successor(key, root, new, now, 10 * DAY), now)
        key, root = new_key, new
    assert len(anchors.anchors) == MOST_ANCHORS
    assert anchors.in_force(now + 20 * DAY) == (root,)


def test_what_is_no_root(community: TestCommunity) -> None:
    with pytest.raises(ProfileError, match="A root of the profile eu-hybrid"):
        Anchors.of_root("italia.example", EU_HYBRID, community.issuer)
    with pytest.raises(CertificateError, match="was not signed by"):
        Anchors.of_root("italia.example", EU_HYBRID, WORD)
    with pytest.raises(CertificateError, match="twice"):
        replace(community.anchors, anchors=(Anchor(community.root), Anchor(community.root)))
    with pytest.raises(CertificateError, match="1 to 8 roots"):
        replace(community.anchors, anchors=())
    with pytest.raises(InvalidInputError, match="community"):
        replace(community.anchors, community="Not A Domain")


def test_a_root_key_that_is_good_for_both_profiles(community: TestCommunity) -> None:
    """Both profiles ask for ML-DSA-87 at the root; what is below it tells them apart."""
    assert Anchors.of_root("italia.example", CNSA, community.root).profile is CNSA


def test_there_and_back(tmp_path: Path) -> None:
    ROLLED.write(tmp_path / "anchors")
    assert Anchors.read(tmp_path / "anchors") == ROLLED
    ROLLED.write(tmp_path / "anchors")
    assert Anchors.read(tmp_path / "anchors") == ROLLED


def test_what_is_on_disk(tmp_path: Path, community: TestCommunity) -> None:
    community.anchors.write(tmp_path)
    name = f"root-{community.root.fingerprint.hex()}.pem"
    assert json.loads((tmp_path / INDEX).read_text()) == {
        "community": "italia.example",
        "profile": "eu-hybrid",
        "anchors": [{"file": name, "until": None}],
    }
    assert Certificate.of_pem((tmp_path / name).read_bytes()) == community.root
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([INDEX, name])


def test_an_unfinished_write_leaves_the_old_roots(tmp_path: Path, community: TestCommunity) -> None:
    """The new root's file is there, the index is still the old one: as if nothing had happened."""
    community.anchors.write(tmp_path)
    (tmp_path / f"root-{NEXT.fingerprint.hex()}.pem").write_text(NEXT.pem())
    assert Anchors.read(tmp_path) == community.anchors


def test_a_swapped_root_is_found(tmp_path: Path, community: TestCommunity) -> None:
    community.anchors.write(tmp_path)
    (tmp_path / f"root-{community.root.fingerprint.hex()}.pem").write_text(NEXT.pem())
    with pytest.raises(CertificateError, match="holds another certificate than its name says"):
        Anchors.read(tmp_path)


def test_a_missing_file(tmp_path: Path, community: TestCommunity) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        Anchors.read(tmp_path)
    community.anchors.write(tmp_path)
    (tmp_path / f"root-{community.root.fingerprint.hex()}.pem").unlink()
    with pytest.raises(SourceError, match=r"The root .* cannot be read"):
        Anchors.read(tmp_path)


GOOD = {
    "community": "italia.example",
    "profile": "eu-hybrid",
    "anchors": [{"file": f"root-{COMMUNITY.root.fingerprint.hex()}.pem", "until": None}],
}


@pytest.mark.parametrize(
    "change",
    [
        {"more": 1},
        {"community": 7},
        {"community": "../etc"},
        {"anchors": []},
        {"anchors": {}},
        {"anchors": [{"file": "../../etc/passwd", "until": None}]},
        {"anchors": [{"file": "root-00.pem", "until": None}]},
        {"anchors": [{**GOOD["anchors"][0], "until": "never"}]},
        {"anchors": [{**GOOD["anchors"][0], "until": True}]},
        {"anchors": [{**GOOD["anchors"][0], "until": -1}]},
        {"anchors": [GOOD["anchors"][0]] * 2},
        {"anchors": [GOOD["anchors"][0]] * 9},
    ],
)
def test_an_index_that_is_refused(
    tmp_path: Path, community: TestCommunity, change: dict[str, object]
) -> None:
    community.anchors.write(tmp_path)
    (tmp_path / INDEX).write_text(json.dumps({**GOOD, **change}))
    with pytest.raises(CertificateError):
        Anchors.read(tmp_path)


def test_a_profile_that_does_not_exist(tmp_path: Path, community: TestCommunity) -> None:
    community.anchors.write(tmp_path)
    (tmp_path / INDEX).write_text(json.dumps({**GOOD, "profile": "classical"}))
    with pytest.raises(ProfileError, match="There is no profile 'classical'"):
        Anchors.read(tmp_path)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_a_damaged_index_reads_or_is_refused(tmp_path: Path, data: st.DataObject) -> None:
    COMMUNITY.anchors.write(tmp_path)
    text = bytearray(json.dumps(GOOD).encode())
    if data.draw(st.booleans()):
        text = bytearray(data.draw(st.binary(max_size=100)))
    elif data.draw(st.booleans()):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    else:
        text = text[: data.draw(st.integers(0, len(text)))]
    (tmp_path / INDEX).write_bytes(bytes(text))
    with contextlib.suppress(CertificateError, ProfileError, SourceError):
        Anchors.read(tmp_path)
