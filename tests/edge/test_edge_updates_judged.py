"""Which updates an edge takes: two officers have signed them, and every octet of them."""

from __future__ import annotations

import asyncio
import io
import random
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.edge.updates.installation import check_python, install
from baluardo.edge.updates.judgement import EDGE_UPDATE, Judge
from baluardo.edge.updates.manifest import UpdateManifest, release
from baluardo.edge.updates.package import MAGIC, read_header, read_wheels, write_update
from baluardo.edge.updates.versions import Versions
from baluardo.errors import (
    BaluardoError,
    CommandError,
    ConflictError,
    ExpiredError,
    InvalidInputError,
    RevokedError,
    SignatureError,
    SourceError,
)
from baluardo.trust.commands.bundle import CommandBundle
from baluardo.trust.identity import DAY
from edge.country import ANNA, BRUNO, Country, altered, first_policy, until
from edge.signed_updates import Site
from fuzz.door import mutated

WHEELS = {"baluardo-0.2.0-py3-none-any.whl": b"program" * 9, "b-1-py3-none-any.whl": b"b" * 5}
MANIFEST = UpdateManifest.of_wheels(WHEELS, 7, "0.2.0", "3.11")


@pytest.fixture(scope="module")
def site(ceremony: Path, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """Return an edge that holds the first policy."""
    folder = tmp_path_factory.mktemp("site")
    return Site.settle(Country.copied(ceremony, folder / "authority"), folder)


@pytest.fixture(scope="module")
def octets(site: Site, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the file of a rightful update."""
    path = tmp_path_factory.mktemp("update") / "an.update"
    return site.update(path, WHEELS, 7, "0.2.0").read_bytes()


def judge(site: Site) -> Judge:
    return Judge.of_edge(site.edge, site.country.read)


def test_two_officers_make_an_update_rightful(site: Site, octets: bytes) -> None:
    file = io.BytesIO(octets)
    header = read_header(file.read)
    rightful = judge(site).judge(header.bundle)
    assert rightful.manifest == MANIFEST == header.claimed
    assert rightful.command.proposer.identity.name == ANNA
    assert [each.identity.name for each in rightful.command.approvers] == [BRUNO]
    assert [found for _, found in read_wheels(file.read, MANIFEST)] == [b"b" * 5, b"program" * 9]


def forged_approval(bundle: CommandBundle) -> CommandBundle:
    return replace(bundle, approvals=(altered(bundle.approvals[0]),))


def forged_proposal(bundle: CommandBundle) -> CommandBundle:
    return replace(bundle, proposal=altered(bundle.proposal))


Made = Callable[[Site], CommandBundle]
WRONG: dict[str, tuple[Made, type[BaluardoError], str]] = {
    "nobody approved": (
        lambda site: site.bundle(MANIFEST, approvers=()),
        CommandError,
        "0 of the 1 approvals",
    ),
    "approved by a member": (
        lambda site: site.bundle(MANIFEST, approvers=("mario",)),
        CommandError,
        "mario.* may not approve",
    ),
    "proposed by a member": (
        lambda site: site.bundle(MANIFEST, "mario"),
        CommandError,
        "mario.* may not propose",
    ),
    "forged approval": (
        lambda site: forged_approval(site.bundle(MANIFEST)),
        SignatureError,
        "has not signed this",
    ),
    "forged proposal": (
        lambda site: forged_proposal(site.bundle(MANIFEST)),
        SignatureError,
        "has not signed this",
    ),
    "approval of another": (
        lambda site: CommandBundle(site.bundle(MANIFEST).proposal, site.bundle(MANIFEST).approvals),
        CommandError,
        "answered another proposal",
    ),
    "another command": (
        lambda site: site.country.command(
            replace(first_policy(), number=2), first_policy(), [BRUNO]
        ),
        CommandError,
        "not one that rule edge.update governs",
    ),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_not_rightful_is_refused(name: str, site: Site) -> None:
    make, error, words = WRONG[name]
    with pytest.raises(error, match=words):
        judge(site).judge(make(site))


def test_the_policy_may_ask_for_more(site: Site) -> None:
    lenient = judge(site)
    assert lenient.policy is not None
    strict = replace(lenient, policy=replace(lenient.policy, approvers={EDGE_UPDATE: 2}))
    with pytest.raises(CommandError, match="1 of the 2 approvals"):
        strict.judge(site.bundle(MANIFEST))
    with pytest.raises(CommandError, match="holds no policy yet"):
        replace(lenient, policy=None).judge(site.bundle(MANIFEST))


def test_an_update_that_was_signed_too_long_ago_is_refused(site: Site) -> None:
    bundle, calendar = site.bundle(MANIFEST), site.country.calendar
    before = calendar.now
    try:
        calendar.now += 32 * DAY
        with pytest.raises(ExpiredError, match="was valid until"):
            judge(site).judge(bundle)
    finally:
        calendar.now = before


def test_an_officer_who_was_revoked_signs_no_more(country: Country, tmp_path: Path) -> None:
    site = Site.settle(country, tmp_path)
    bundle = site.bundle(MANIFEST)
    judge(site).judge(bundle)

    async def scenario() -> None:
        async with country.authority() as authority:
            await country.revoke(authority, f"person/{BRUNO}/laptop")
            async with country.running(site.edge) as (rome,):
                await until(
                    lambda: any(
                        each.revoked for each in rome.state.known.revocations.lists.values()
                    )
                )

    asyncio.run(scenario())
    with pytest.raises(RevokedError):
        judge(site).judge(bundle)


def test_a_file_that_is_not_what_was_signed_installs_nothing(
    site: Site, octets: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "an.update"
    flipped = octets[:-3] + bytes([octets[-3] ^ 1]) + octets[-2:]
    for wrong, words in (
        (b"", "This is no update"),
        (b"PK\x03\x04" + octets, "This is no update"),
        (octets[: len(MAGIC) + 4], "This is no update"),
        (octets[:1_000], "cut off"),
        (octets[:-1], "not the wheel that was signed"),
        (flipped, "not the wheel that was signed"),
        (octets + b"\n", "something after"),
    ):
        file.write_bytes(wrong)
        with pytest.raises(InvalidInputError, match=words):
            install(site.edge, file, read=site.country.read)
        assert Versions(site.edge).current == 0
        assert not list(Versions(site.edge).directory.glob("[1-9.]*"))
    with pytest.raises(SourceError, match="cannot be read: No such file"):
        install(site.edge, tmp_path / "none", read=site.country.read)
    with pytest.raises(SourceError, match="is not a regular file"):
        install(site.edge, Path("/dev/zero"), read=site.country.read)
    with pytest.raises(InvalidInputError, match="not the wheel that was signed"):
        write_update(
            file, site.bundle(MANIFEST), {**WHEELS, "b-1-py3-none-any.whl": b"c"}, replace=True
        )


def test_what_does_not_come_next_is_refused(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "an.update"
    for version, words in (("0.1.0", "0.1.0 is not newer than 0.1.0"), ("0.0.9", "is not newer")):
        wheels = {f"baluardo-{version}-py3-none-any.whl": b"program"}
        site.update(file, wheels, 7, version)
        with pytest.raises(ConflictError, match=words):
            install(site.edge, file, read=site.country.read)
        versions = Versions(site.edge)
        allowed = UpdateManifest.of_wheels(wheels, 7, version, "3.11", allow_older=True)
        versions.check_next(allowed)
    future = replace(MANIFEST, python=f"{sys.version_info.major}.{sys.version_info.minor + 1}")
    with pytest.raises(InvalidInputError, match="Update the machine's Python first"):
        check_python(future)
    check_python(MANIFEST)


def test_one_update_at_a_time(site: Site, octets: bytes, tmp_path: Path) -> None:
    file = tmp_path / "an.update"
    file.write_bytes(octets)
    with (
        Versions(site.edge).held(),
        pytest.raises(BaluardoError, match="Another update is under way"),
    ):
        install(site.edge, file, read=site.country.read)


NO_MANIFESTS = {
    "number": lambda: replace(MANIFEST, number=0),
    "alphabetical": lambda: replace(MANIFEST, wheels=MANIFEST.wheels[::-1]),
    "1 to 256": lambda: replace(MANIFEST, wheels=()),
    "must be baluardo-0.3-": lambda: replace(MANIFEST, version="0.3"),
    "version '0.2.0rc1'": lambda: replace(MANIFEST, version="0.2.0rc1"),
    "is no name of a wheel": lambda: UpdateManifest.of_wheels({"../x.whl": b"x"}, 1, "1", "3"),
    "from 1 to": lambda: UpdateManifest.of_wheels({"x.whl": b""}, 1, "1", "3"),
    "unknown field": lambda: UpdateManifest.of_body({**MANIFEST.to_body(), "more": 1}),
    "v must be 1": lambda: UpdateManifest.of_body({**MANIFEST.to_body(), "v": 2}),
    "allow_older must be": lambda: UpdateManifest.of_body({**MANIFEST.to_body(), "allow_older": 1}),
    "sha384 must be": lambda: UpdateManifest.of_body(
        {**MANIFEST.to_body(), "wheels": [{"name": "a.whl", "size": 1, "sha384": "00"}]}
    ),
}


@pytest.mark.parametrize("words", NO_MANIFESTS)
def test_what_is_no_manifest_is_refused(words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        NO_MANIFESTS[words]()


@given(
    one=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    other=st.lists(st.integers(0, 20), min_size=1, max_size=4),
)
def test_versions_are_ordered_by_their_numbers(one: list[int], other: list[int]) -> None:
    a, b = (release(".".join(map(str, each))) for each in (one, other))
    pad = lambda parts: [*parts, 0, 0, 0][:4]  # noqa: E731
    assert (a < b) == (pad(one) < pad(other))
    assert (a == b) == (pad(one) == pad(other))


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**63))
def test_injured_files_are_refused_with_a_sentence(octets: bytes, site: Site, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - it injures, it protects nothing
    injured = mutated(octets, octets[::-1], chance)
    file = io.BytesIO(injured)
    try:
        header = read_header(file.read)
        rightful = judge(site).judge(header.bundle)
        for _ in read_wheels(file.read, rightful.manifest):
            pass
    except BaluardoError as refused:
        assert str(refused).isprintable()
    else:
        assert rightful.manifest == MANIFEST
