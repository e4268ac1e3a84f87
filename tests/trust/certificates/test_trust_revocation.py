"""Lists of revoked certificates: numbers that only rise, deltas, and what is kept on disk."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from hypothesis import given, settings
from hypothesis import strategies as st

from baluardo.errors import CertificateError, InvalidInputError, ProfileError, RevokedError
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.dates import SKEW, to_x509
from baluardo.trust.certificates.forgotten import KEPT_FORGOTTEN, SURELY_LISTED
from baluardo.trust.certificates.pem import CERTIFICATE, REVOCATION_LIST, armour
from baluardo.trust.certificates.revocation import (
    MOST_DELTAS,
    Reason,
    Revocation,
    Revocations,
    make_delta,
    make_list,
    read_list,
)
from baluardo.trust.identity import DAY
from trust.community import NOW, make_community

COMMUNITY = make_community()
KEY, ISSUER = COMMUNITY.issuer_key, COMMUNITY.issuer
DUE = NOW + 7 * DAY
STOLEN = Revocation(NOW, Reason.KEY_COMPROMISE)
LEFT = Revocation(NOW + 60.0, Reason.AFFILIATION_CHANGED)
HELD = Revocation(NOW + 90.0, Reason.HOLD)
REMOVED = Revocation(NOW + 120.0, Reason.REMOVED)


def full(number: int, revoked: dict[int, Revocation], now: float = NOW) -> bytes:
    return make_list(KEY, ISSUER, number, revoked, now, now + 7 * DAY)


def delta(number: int, base: int, changes: dict[int, Revocation], now: float = NOW) -> bytes:
    return make_delta(KEY, ISSUER, number, base, changes, now, now + 7 * DAY)


def after(*ders: bytes) -> Revocations:
    """Return what is known after lists have come in this order."""
    known = Revocations()
    for der in ders:
        known = known.apply(der, ISSUER)
    return known


def revoked(known: Revocations) -> dict[int, Revocation]:
    return dict(known.lists[ISSUER.key_id].revoked)


def number(known: Revocations) -> int:
    return known.lists[ISSUER.key_id].number


def test_a_list_there_and_back() -> None:
    entries = {1: STOLEN, 2**159 - 1: LEFT, 77: Revocation(NOW)}
    signed = read_list(full(3, entries), ISSUER)
    assert (signed.number, signed.base) == (3, None)
    assert (signed.this_update, signed.next_update) == (NOW, DUE)
    assert signed.entries == entries
    changes = {1: REMOVED, 5: STOLEN}
    signed = read_list(delta(9, 3, changes), ISSUER)
    assert (signed.number, signed.base, signed.entries) == (9, 3, changes)


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason is not Reason.REMOVED])
def test_every_reason_there_and_back(reason: Reason) -> None:
    assert revoked(after(full(1, {5: Revocation(NOW, reason)}))) == {5: Revocation(NOW, reason)}


def test_the_standards_marks() -> None:
    """RFC 5280 section 5.2: CRL number and authority key id, the delta's indicator critical."""
    parsed = x509.load_der_x509_crl(delta(9, 3, {}))
    indicator = parsed.extensions.get_extension_for_class(x509.DeltaCRLIndicator)
    assert indicator.critical
    authority = parsed.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    assert authority.value.key_identifier == ISSUER.key_id
    assert not parsed.extensions.get_extension_for_class(x509.CRLNumber).critical
    with_reason = x509.load_der_x509_crl(full(1, {1: Revocation(NOW), 2: STOLEN}))
    assert [len(entry.extensions) for entry in with_reason] == [0, 1]


def test_deltas_on_a_full_list() -> None:
    known = after(full(1, {1: STOLEN, 2: HELD}), delta(2, 1, {3: LEFT}))
    assert revoked(known) == {1: STOLEN, 2: HELD, 3: LEFT}
    known = known.apply(delta(4, 2, {2: REMOVED}), ISSUER)
    assert (number(known), revoked(known)) == (4, {1: STOLEN, 3: LEFT})
    known = known.apply(delta(5, 1, {2: REMOVED, 3: LEFT, 9: STOLEN}), ISSUER)
    assert (number(known), revoked(known)) == (5, {1: STOLEN, 3: LEFT, 9: STOLEN})


def test_a_delta_needs_what_it_starts_from() -> None:
    with pytest.raises(CertificateError, match="nothing to start from"):
        after(delta(2, 1, {}))
    with pytest.raises(CertificateError, match=r"starts from list 3 .*; here is list 2"):
        after(full(2, {}), delta(4, 3, {}))


def test_older_lists_are_refused() -> None:
    """Somebody plays yesterday's genuine list again to hide a revocation."""
    known = after(full(7, {1: STOLEN}))
    for older in (full(6, {}), delta(6, 5, {})):
        with pytest.raises(CertificateError, match="is older than list 7, which is held"):
            known.apply(older, ISSUER)


def test_the_same_list_again_changes_nothing() -> None:
    known = after(full(1, {}), delta(2, 1, {1: STOLEN}))
    assert known.apply(delta(2, 1, {1: STOLEN}), ISSUER) is known
    assert known.apply(full(2, {1: STOLEN}), ISSUER) is known
    assert known.apply(full(2, {1: STOLEN}), ISSUER) is known


@pytest.mark.parametrize(
    "second",
    [
        full(2, {}),
        full(2, {1: LEFT}),
        full(2, {1: STOLEN, 2: LEFT}),
        full(2, {1: STOLEN}, now=NOW + 1),
        delta(2, 1, {1: REMOVED}),
    ],
)
def test_two_different_lists_with_one_number(second: bytes) -> None:
    known = after(full(1, {}), delta(2, 1, {1: STOLEN}))
    with pytest.raises(CertificateError, match="signed two different lists with the number 2"):
        known.apply(second, ISSUER)


def test_lists_of_others() -> None:
    stranger = make_community()
    foreign = make_list(stranger.issuer_key, stranger.issuer, 9, {}, NOW, DUE)
    with pytest.raises(CertificateError, match="was not signed by"):
        Revocations().apply(foreign, ISSUER)
    roots = make_list(COMMUNITY.root_key, COMMUNITY.root, 9, {}, NOW, DUE)
    with pytest.raises(CertificateError, match="is of another issuer"):
        Revocations().apply(roots, ISSUER)


def test_a_member_signs_no_lists() -> None:
    ship = COMMUNITY.credential("ship/bergamini")
    with pytest.raises(CertificateError, match="no authority that may sign revocation lists"):
        make_list(ship.key, ship.chain.leaf, 1, {}, NOW, DUE)
    with pytest.raises(CertificateError, match="no authority that may sign revocation lists"):
        Revocations().apply(full(1, {}), ship.chain.leaf)
    with pytest.raises(CertificateError, match="not the key of"):
        make_list(ship.key, ISSUER, 1, {}, NOW, DUE)


def test_a_forged_issuer_with_the_key_identifier_of_ours() -> None:
    """Key identifiers are what a certificate says; keys are compared."""
    known = after(full(1, {}))
    forged = make_community()
    twin = Certificate(forged.issuer.x509)
    object.__setattr__(twin, "key_id", ISSUER.key_id)
    leaf = COMMUNITY.credential("ship/bergamini").chain.leaf
    with pytest.raises(CertificateError, match="but not its key"):
        known.check(leaf, twin, NOW, 0.0)
    foreign = make_list(forged.issuer_key, forged.issuer, 9, {}, NOW, DUE)
    with pytest.raises(CertificateError, match="but not its key"):
        known.apply(foreign, twin)


def test_two_issuers_do_not_disturb_each_other() -> None:
    known = after(full(5, {1: STOLEN}))
    roots = make_list(COMMUNITY.root_key, COMMUNITY.root, 1, {2: LEFT}, NOW, DUE)
    known = known.apply(roots, COMMUNITY.root)
    assert revoked(known) == {1: STOLEN}
    assert dict(known.lists[COMMUNITY.root.key_id].revoked) == {2: LEFT}


# Judging by a list.


@pytest.mark.parametrize(
    ("now", "grace", "match"),
    [
        (NOW, 0.0, None),
        (DUE + SKEW, 0.0, None),
        (DUE + SKEW + 1, 0.0, "too old to judge"),
        (DUE + 2 * DAY + SKEW, 2 * DAY, None),
        (DUE + 2 * DAY + SKEW + 1, 2 * DAY, "too old to judge"),
        (NOW - SKEW, 0.0, None),
        (NOW - SKEW - 1, 0.0, "this machine's clock is behind"),
    ],
)
def test_how_old_a_list_may_be(now: float, grace: float, match: str | None) -> None:
    known = after(full(1, {}))
    leaf = COMMUNITY.credential("ship/bergamini").chain.leaf
    if match is None:
        known.check(leaf, ISSUER, now, grace)
    else:
        with pytest.raises(CertificateError, match=match):
            known.check(leaf, ISSUER, now, grace)


def test_a_revoked_certificate_is_revoked_however_old_the_list() -> None:
    leaf = COMMUNITY.credential("ship/bergamini").chain.leaf
    known = after(full(1, {leaf.serial: STOLEN}))
    for now in (NOW - DAY, NOW, NOW + 365 * DAY):
        with pytest.raises(RevokedError, match="keyCompromise"):
            known.check(leaf, ISSUER, now, 0.0)


def test_a_suspended_certificate_comes_back() -> None:
    leaf = COMMUNITY.credential("ship/bergamini").chain.leaf
    known = after(full(1, {leaf.serial: HELD}))
    with pytest.raises(RevokedError, match="certificateHold"):
        known.check(leaf, ISSUER, NOW, 0.0)
    known.apply(delta(2, 1, {leaf.serial: REMOVED}), ISSUER).check(leaf, ISSUER, NOW, 0.0)


def test_a_revocation_that_a_newer_list_leaves_out_holds(tmp_path: Path) -> None:
    """An authority put back from an older backup, or one that was taken over, un-revokes nobody."""
    leaf = COMMUNITY.credential("ship/bergamini").chain.leaf
    for later in (full(9, {}), full(9, {7: LEFT}), delta(2, 1, {leaf.serial: REMOVED})):
        known = after(full(1, {leaf.serial: STOLEN, 7: LEFT}), later)
        assert leaf.serial not in revoked(known)
        known.write(tmp_path)
        for each in (known, Revocations.read(tmp_path)):
            with pytest.raises(RevokedError, match="keyCompromise"):
                each.check(leaf, ISSUER, NOW, 0.0)
            with pytest.raises(RevokedError, match="keyCompromise"):
                each.check_past(leaf, ISSUER, NOW, 0.0)
            assert leaf.serial in [serial for _, serial in each.forgotten()]
        again = known.apply(full(10, {leaf.serial: LEFT, 7: LEFT}), ISSUER)
        assert not list(again.forgotten())
        again.write(tmp_path)
        assert Revocations.read(tmp_path) == again


def test_what_is_long_past_its_end_is_let_go() -> None:
    known = after(full(1, {5: STOLEN}))
    usual = known.apply(full(2, {}, now=NOW + SURELY_LISTED), ISSUER)
    assert not list(usual.forgotten())
    assert 5 in usual.kept[ISSUER.key_id]
    early = known.apply(full(2, {}, now=NOW + SURELY_LISTED - 1.0), ISSUER)
    assert [serial for _, serial in early.forgotten()] == [5]
    gone = usual.apply(full(3, {}, now=NOW + KEPT_FORGOTTEN + 1.0), ISSUER)
    assert not gone.kept[ISSUER.key_id]


def test_a_root_lets_no_issuer_go() -> None:
    key, root = COMMUNITY.root_key, COMMUNITY.root
    first = make_list(key, root, 1, {5: STOLEN}, NOW, DUE)
    later = NOW + 3 * 365 * DAY
    second = make_list(key, root, 2, {}, later, later + DAY)
    known = Revocations().apply(first, root).apply(second, root)
    assert [serial for _, serial in known.forgotten()] == [5]


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"[]",
        b'{"5":[1]}',
        b'{"5":[1,"no such reason"]}',
        b'{"-5":[1,"unspecified"]}',
        b'{"x":[1,"unspecified"]}',
        b'{"5":["1","unspecified"]}',
    ],
)
def test_damaged_notes_of_revocations_are_refused(tmp_path: Path, octets: bytes) -> None:
    after(full(1, {5: STOLEN}), full(2, {})).write(tmp_path)
    (note,) = tmp_path.glob("kept-*.json")
    note.write_bytes(octets)
    with pytest.raises(CertificateError, match="was damaged"):
        Revocations.read(tmp_path)


# Lists that are not made, and not read.


def test_lists_that_are_not_made() -> None:
    with pytest.raises(InvalidInputError, match="leaves out what is removed"):
        full(1, {1: REMOVED})
    with pytest.raises(InvalidInputError, match="due again after now"):
        make_list(KEY, ISSUER, 1, {}, NOW, NOW)
    for wrong in (-1, 2**64):
        with pytest.raises(InvalidInputError, match="number is 0 to"):
            full(wrong, {})
    for serial in (-1, 0, 2**159):
        with pytest.raises(InvalidInputError, match="at most 159 bits"):
            full(1, {serial: STOLEN})
    for base in (-1, 2, 3):
        with pytest.raises(InvalidInputError, match="a list before its own"):
            delta(2, base, {})


def odd_list(*extensions: tuple[x509.ExtensionType, bool], next_update: bool = True) -> bytes:
    """Return a list that our issuer signed, but that `make_list` would never make."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(ISSUER.x509.subject)
        .last_update(to_x509(NOW))
        .next_update(to_x509(DUE if next_update else NOW))
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return builder.sign(KEY.private, None).public_bytes(serialization.Encoding.DER)


ODD = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\x05\x00")


@pytest.mark.parametrize(
    ("der", "match"),
    [
        (odd_list(), "is not numbered"),
        (odd_list((x509.CRLNumber(1), False), (ODD, True)), "critical extension"),
        (odd_list((x509.CRLNumber(2**70), False)), "is not numbered"),
        (odd_list((x509.CRLNumber(1), False), next_update=False), "due again before"),
        (
            odd_list((x509.CRLNumber(1), False), (x509.DeltaCRLIndicator(1), True)),
            "no list before it",
        ),
    ],
)
def test_lists_that_are_not_read(der: bytes, match: str) -> None:
    with pytest.raises(CertificateError, match=match):
        read_list(der, ISSUER)


def test_an_extension_that_is_not_critical_is_passed_over() -> None:
    assert read_list(odd_list((x509.CRLNumber(4), False), (ODD, False)), ISSUER).number == 4


def test_an_entry_with_a_critical_extension_that_nobody_knows() -> None:
    """A list that speaks for several issuers at once (indirect) is not understood."""
    entry = (
        x509.RevokedCertificateBuilder()
        .serial_number(5)
        .revocation_date(to_x509(NOW))
        .add_extension(x509.CertificateIssuer([x509.DNSName("a.example")]), critical=True)
        .build()
    )
    builder = (
        x509.CertificateRevocationListBuilder(revoked_certificates=[entry])
        .issuer_name(ISSUER.x509.subject)
        .last_update(to_x509(NOW))
        .next_update(to_x509(DUE))
        .add_extension(x509.CRLNumber(1), critical=False)
    )
    der = builder.sign(KEY.private, None).public_bytes(serialization.Encoding.DER)
    with pytest.raises(CertificateError, match="An entry of this revocation list"):
        read_list(der, ISSUER)


GENUINE = full(3, {1: STOLEN, 2**150: LEFT})


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_octets_are_no_list(octets: bytes) -> None:
    with pytest.raises(CertificateError):
        read_list(octets, ISSUER)


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_damaged_list_is_refused(data: st.DataObject) -> None:
    damaged = bytearray(GENUINE)
    kind = data.draw(st.sampled_from(["flip", "cut", "grow"]))
    if kind == "flip":
        place = data.draw(st.integers(0, 300) | st.integers(0, len(damaged) - 1))
        damaged[place] ^= data.draw(st.integers(1, 255))
    elif kind == "cut":
        del damaged[data.draw(st.integers(0, len(damaged) - 1)) :]
    else:
        damaged += data.draw(st.binary(min_size=1, max_size=9))
    with pytest.raises(CertificateError):
        read_list(bytes(damaged), ISSUER)


FILE = after(full(1, {1: STOLEN}), delta(2, 1, {2: LEFT})).lists[ISSUER.key_id].pem().encode()


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_damaged_file_of_lists_reads_or_is_refused(data: st.DataObject) -> None:
    damaged = bytearray(FILE)
    kind = data.draw(st.sampled_from(["flip", "cut", "twice", "any"]))
    if kind == "flip":
        damaged[data.draw(st.integers(0, len(FILE) - 1))] = data.draw(st.integers(0, 255))
    elif kind == "cut":
        del damaged[data.draw(st.integers(0, len(FILE) - 1)) :]
    elif kind == "twice":
        damaged += FILE[data.draw(st.integers(0, len(FILE) - 1)) :]
    else:
        damaged = bytearray(data.draw(st.binary(max_size=200)))
    with contextlib.suppress(CertificateError, ProfileError):
        known = Revocations().apply_file(bytes(damaged))
        assert set(revoked(known)) in ({1}, {1, 2})


def test_a_file_whose_issuer_has_a_damaged_key_identifier_is_refused() -> None:
    der = ISSUER.der()
    at = der.index(ISSUER.key_id)
    damaged = der[:at] + bytes([der[at] ^ 1]) + der[at + 1 :]
    octets = (armour(damaged, CERTIFICATE) + armour(full(1, {}), REVOCATION_LIST)).encode()
    with pytest.raises(CertificateError, match="not that of its key"):
        Revocations().apply_file(octets)


def test_a_long_list() -> None:
    """As long as a nation's worst month."""
    many = dict.fromkeys(range(1, 20001), STOLEN)
    der = full(1, many)
    assert len(der) < 20_000 * 50
    assert revoked(after(der)) == many


# On disk.


def test_lists_on_disk_there_and_back(tmp_path: Path) -> None:
    known = after(full(1, {1: STOLEN}), delta(2, 1, {2: LEFT}), delta(3, 2, {1: REMOVED}))
    roots = make_list(COMMUNITY.root_key, COMMUNITY.root, 1, {}, NOW, DUE)
    known = known.apply(roots, COMMUNITY.root)
    known.write(tmp_path / "lists")
    assert Revocations.read(tmp_path / "lists") == known
    known = known.apply(full(9, {}), ISSUER)
    known.write(tmp_path / "lists")
    assert Revocations.read(tmp_path / "lists") == known
    assert len(list((tmp_path / "lists").glob("lists-*.pem"))) == 2


def test_no_directory_no_lists(tmp_path: Path) -> None:
    assert Revocations.read(tmp_path / "nowhere") == Revocations()


def test_altered_lists_on_disk_are_found(tmp_path: Path) -> None:
    known = after(full(1, {1: STOLEN}))
    known.write(tmp_path)
    (path,) = tmp_path.iterdir()
    stranger = make_community()
    for text in (
        path.read_text().replace("-----BEGIN X509 CRL-----\nMII", "-----BEGIN X509 CRL-----\nMIJ"),
        stranger.issuer.pem() + path.read_text().split("-----END CERTIFICATE-----\n")[1],
        ISSUER.pem(),
        ISSUER.pem() + ISSUER.pem(),
        "",
    ):
        path.write_text(text)
        with pytest.raises(CertificateError, match=r"cannot be used: .* Delete it and fetch"):
            Revocations.read(tmp_path)


def test_a_forged_file_convinces_nobody(tmp_path: Path) -> None:
    """Whoever writes to the disk may bring an issuer of his own, but not ours."""
    forged = make_community()
    forged.revocations.write(tmp_path)
    known = Revocations.read(tmp_path)
    with pytest.raises(CertificateError, match="No revocation list of"):
        known.check(COMMUNITY.credential("ship/bergamini").chain.leaf, ISSUER, NOW, 0.0)


def test_deltas_that_a_later_one_covers_are_dropped() -> None:
    known = after(full(1, {}), *(delta(n, n - 1, {n: STOLEN}) for n in range(2, 7)))
    held = known.lists[ISSUER.key_id]
    assert len(held.deltas) == 5
    changes = dict.fromkeys(range(4, 8), STOLEN)
    known = known.apply(delta(7, 3, changes), ISSUER)
    held = known.lists[ISSUER.key_id]
    assert [each.number for each in held.deltas] == [2, 3, 7]
    known = known.apply(delta(8, 1, dict.fromkeys(range(2, 9), STOLEN)), ISSUER)
    assert [each.number for each in known.lists[ISSUER.key_id].deltas] == [8]


def test_a_delta_that_forgets_a_revocation_hides_nothing(tmp_path: Path) -> None:
    """What was revoked stays so, today and after a restart."""
    known = after(full(1, {}), delta(2, 1, {5: STOLEN}), delta(3, 1, {6: LEFT}))
    assert revoked(known) == {5: STOLEN, 6: LEFT}
    known.write(tmp_path)
    assert Revocations.read(tmp_path) == known


def test_deltas_are_bounded() -> None:
    known = after(full(0, {}))
    for n in range(1, MOST_DELTAS + 1):
        known = known.apply(delta(n, n - 1, {n: STOLEN}), ISSUER)
    last = MOST_DELTAS + 1
    with pytest.raises(CertificateError, match="Fetch the full list"):
        known.apply(delta(last, last - 1, {last: STOLEN}), ISSUER)
    known = known.apply(full(last, dict.fromkeys(range(1, last + 1), STOLEN)), ISSUER)
    assert known.lists[ISSUER.key_id].deltas == ()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_deltas_lead_where_the_full_list_leads(data: st.DataObject) -> None:
    """Any honest way of publishing, against a plain model; memory and disk agree at each step."""
    model: list[dict[int, Revocation]] = [{}]
    known, named = after(full(0, {})), dict[int, Revocation]()
    for n in range(1, data.draw(st.integers(1, 8)) + 1):
        state = dict(model[-1])
        serials = st.integers(1, 6)
        for serial in data.draw(st.lists(serials, max_size=3)):
            state[serial] = data.draw(st.sampled_from([STOLEN, LEFT, HELD]))
        for serial in data.draw(st.lists(serials, max_size=2)):
            state.pop(serial, None)
        model.append(state)
        base = data.draw(st.integers(0, n - 1))
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            known = known.apply(full(n, state), ISSUER)
        else:
            seen = {serial for past in model[base:n] for serial in past}
            changes = {
                serial: state.get(serial, REMOVED)
                for serial in seen | set(state)
                if state.get(serial) != model[base].get(serial) or serial in seen
            }
            known = known.apply(delta(n, base, changes), ISSUER)
        assert (number(known), revoked(known)) == (n, state)
        again = Revocations().apply_file(known.lists[ISSUER.key_id].pem().encode())
        assert again.lists == known.lists
        named |= {serial: each for serial, each in state.items() if each.reason is not Reason.HOLD}
        held = {serial for serial, each in state.items() if each.reason is not Reason.HOLD}
        assert named.keys() - held == known.kept[ISSUER.key_id].keys()
        with TemporaryDirectory() as place:
            known.write(Path(place))
            assert Revocations.read(Path(place)) == known


def test_a_list_hides_its_entries_from_logs() -> None:
    assert "KEY_COMPROMISE" not in repr(after(full(1, {1: STOLEN})).lists[ISSUER.key_id])
    assert replace(STOLEN, reason=Reason.HOLD) != STOLEN
