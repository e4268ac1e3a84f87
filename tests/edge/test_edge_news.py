"""News at an edge: roots, issuers and lists are judged, and whatever is forged changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.durable_files import write_durably
from baluardo.edge.news import Known
from baluardo.edge.state import read_known, write_known
from baluardo.errors import BaluardoError, CertificateError
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.trust.certificates.anchors import Anchors
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.request import make_request
from baluardo.trust.certificates.revocation import Revocations
from baluardo.trust.certificates.revocation_list import Reason
from baluardo.trust.identity import DAY, Identity
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from trust.fleet import COMMUNITY, Calendar, Land


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Land:
    land = Land.found(tmp_path_factory.mktemp("land") / "authority", Calendar(), EU_HYBRID)
    publish(land)
    return land


@pytest.fixture
def copy(land: Land, tmp_path: Path) -> Land:
    return land.copy(tmp_path / "authority", Calendar())


def publish(land: Land) -> None:
    """Publish the lists that are due."""
    land.open().close()


def files(land: Land) -> dict[str, bytes]:
    return dict(PublicBundle.of_public(land.public.directory).files)


def first(land: Land) -> Known:
    """What an edge knows before it hears anything: the roots."""
    return Known(Anchors.read(land.public.anchors), Revocations())


def known(land: Land) -> Known:
    return first(land).learn(files(land), land.calendar.now)


def revoke_one(land: Land) -> int:
    """Issue a certificate and take it back."""
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    request = make_request(key, Identity.of_path(COMMUNITY, "ship/fasan"))
    with land.open() as authority:
        serial = authority.issue(request, land.calendar.now).leaf.serial
        authority.revoke([serial], Reason.KEY_COMPROMISE, land.calendar.now)
    return serial


def revoked(held: Known) -> set[int]:
    return {serial for each in held.revocations.lists.values() for serial in each.revoked}


def test_all_of_a_public_half_is_taken_and_hearing_it_again_changes_nothing(land: Land) -> None:
    learnt = known(land)
    assert len(learnt.numbers()) == 2
    assert learnt.learn(files(land), land.calendar.now) is learnt
    assert not any(path.startswith("anchors/") for path in learnt.heard)


def test_a_delta_is_enough_and_an_old_list_hides_nothing(copy: Land) -> None:
    held, old = known(copy), files(copy)
    copy.calendar.day(8)
    publish(copy)
    held = held.learn(files(copy), copy.calendar.now)
    copy.calendar.day(9)
    serial = revoke_one(copy)
    deltas = {path: octets for path, octets in files(copy).items() if ".delta." in path}
    assert deltas
    informed = held.learn(deltas, copy.calendar.now)
    assert revoked(informed) == {serial}
    assert informed.learn(old, copy.calendar.now) is informed


def test_a_new_root_is_learnt_by_its_link_and_its_issuer_with_it(copy: Land) -> None:
    held = known(copy)
    copy.roll_root(30 * DAY)
    publish(copy)
    learnt = held.learn(files(copy), copy.calendar.now)
    assert len(learnt.anchors.anchors) == 2
    assert len(learnt.numbers()) == 4
    assert [path for path in learnt.heard if path.startswith("links/")]


def without_links(land: Land) -> dict[str, bytes]:
    land.roll_root(30 * DAY)
    return {path: each for path, each in files(land).items() if not path.startswith("links/")}


def with_stranger(land: Land) -> dict[str, bytes]:
    """An issuer of the same names, whom no root here has certified."""
    stranger = Land.found(land.directory.parent / "stranger", Calendar(), EU_HYBRID)
    (path,) = [path for path in files(stranger) if path.startswith("issuers/")]
    return {**files(land), "issuers/issuer-9.pem": files(stranger)[path]}


def with_foreign_list(land: Land) -> dict[str, bytes]:
    stranger = Land.found(land.directory.parent / "stranger", Calendar(), EU_HYBRID)
    lists = {path: each for path, each in files(stranger).items() if path.startswith("lists/")}
    return {**files(land), **lists}


def with_forged_list(land: Land) -> dict[str, bytes]:
    revoke_one(land)
    told = files(land)
    path = next(path for path in told if path.startswith("lists/") and ".delta." not in path)
    return {**told, path: told[path][:-1] + bytes([told[path][-1] ^ 1])}


def with_swapped_issuer(land: Land) -> dict[str, bytes]:
    """A second issuer of the very root, in the place of the one that is known."""
    land.new_issuer("issuer-2")
    told = files(land)
    return {**told, "issuers/issuer-1.pem": told["issuers/issuer-2.pem"]}


FORGERIES: dict[str, Callable[[Land], dict[str, bytes]]] = {
    each.__name__: each
    for each in (
        without_links,
        with_stranger,
        with_foreign_list,
        with_forged_list,
        with_swapped_issuer,
    )
}


@pytest.mark.parametrize("name", FORGERIES)
def test_forged_news_are_refused_as_a_whole(name: str, copy: Land) -> None:
    held = known(copy)
    told = FORGERIES[name](copy)
    before = held.anchors, held.revocations, dict(held.heard)
    with pytest.raises(CertificateError):
        held.learn(told, copy.calendar.now)
    assert (held.anchors, held.revocations, dict(held.heard)) == before


def test_the_key_of_the_log_and_others_are_not_replaced_by_news(land: Land) -> None:
    held = Known(
        known(land).anchors, known(land).revocations, {**known(land).heard, "log.vkey": b"k"}
    )
    told = {"log.vkey": b"another", "pages.pem": b"x", "sealing-key.json": b"{}"}
    assert held.learn(told, land.calendar.now) is held


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_news_that_were_altered_anywhere_teach_nothing_false(
    data: st.DataObject, land: Land
) -> None:
    held, told = known(land), files(land)
    path = data.draw(st.sampled_from(sorted(told)))
    octets = bytearray(told[path])
    place = data.draw(st.integers(0, len(octets) - 1))
    octets[place] ^= 1 << data.draw(st.integers(0, 7))
    try:
        learnt = held.learn({**told, path: bytes(octets)}, land.calendar.now)
    except BaluardoError:
        return
    assert set(authorities(learnt)) == set(authorities(held))
    assert learnt.revocations == held.revocations


def authorities(held: Known) -> Iterator[bytes]:
    return (each.key_id for each in held.authorities())


def test_a_stop_anywhere_between_two_files_leaves_a_state_that_starts(
    copy: Land, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = tmp_path / "edge"
    edge.mkdir()
    held = known(copy)
    write_known(edge, held, None)
    copy.roll_root(30 * DAY)
    publish(copy)
    learnt = held.learn(files(copy), copy.calendar.now)

    class Stop(Exception):  # noqa: N818 - a pulled plug
        pass

    left, stopped = 0, 0
    targets = [
        "baluardo.trust.certificates.anchors",
        "baluardo.trust.certificates.revocation",
        "baluardo.protocol.public_bundle",
    ]

    def limited(*arguments: object, **options: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise Stop
        write_durably(*arguments, **options)  # type: ignore[arg-type]

    for target in targets:
        monkeypatch.setattr(f"{target}.write_durably", limited)
    for count in range(100):
        left = count
        try:
            write_known(edge, learnt, held)
        except Stop:
            stopped += 1
        found = read_known(edge)
        roots = {anchor.certificate for anchor in found.anchors.anchors}
        assert {anchor.certificate for anchor in held.anchors.anchors} <= roots
        left += 1_000
        # What was cut off is not claimed to be held, so it is sent again.
        again = found.learn(files(copy), copy.calendar.now)
        assert again.numbers() == learnt.numbers()
        assert isinstance(next(again.authorities()), Certificate)
        if stopped == count:  # this time it was not stopped
            break
    assert stopped > 5
