"""Revocations that a list has named and a newer one does not: they hold all the same.

A revocation is for ever. An issuer leaves one out when its certificate is long past its end, and
else only after an older copy of its register was put back: what was revoked in the time that is
lost must not come back to life wherever it is known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from baluardo.durable_files import write_durably
from baluardo.errors import CertificateError, InvalidInputError
from baluardo.foreign_input import printable, read_file
from baluardo.trust.certificates.certificate import LARGEST_SERIAL
from baluardo.trust.certificates.dates import SKEW
from baluardo.trust.certificates.revocation_list import Reason, Revocation
from baluardo.trust.identity import DAY, LIFETIMES
from baluardo.trust.strict_json import JsonObject, write_json

KEPT_LISTED: Final = 90 * DAY
"""For how long past its end, grace and all, a revoked certificate keeps its line, s. Our choice."""
LONGEST_GRACE: Final = max(each.grace for each in LIFETIMES.values())
KEPT_FORGOTTEN: Final = KEPT_LISTED + LONGEST_GRACE + max(each.life for each in LIFETIMES.values())
"""For how long a revocation holds that is listed no more, s: by then nobody accepts the
certificate, and no issuer would list it."""
SURELY_LISTED: Final = KEPT_LISTED - LONGEST_GRACE - SKEW
"""For how long after a revocation every list names it, s: it came before its certificate's last
grace was over."""
MOST_FORGOTTEN: Final = 100_000
"""Of one issuer; the oldest are let go."""

_LARGEST_FILE: Final = 16 * 2**20
_HEX: Final = 16

Revoked = Mapping[int, Revocation]
"""By serial number."""


def still_revoked(
    known: Iterable[Revoked], listed: Revoked, this_update: float, *, for_ever: bool
) -> Revoked:
    """Return what was known to be revoked and a list made at `this_update` does not name.

    A suspension (`Reason.HOLD`) may end, but nothing that was for ever becomes one. `for_ever`
    where an issuer lets no line go: a root's.
    """
    found = {
        serial: each
        for revoked in known
        for serial, each in revoked.items()
        if (serial not in listed or listed[serial].reason is Reason.HOLD)
        and each.reason is not Reason.HOLD
        and (for_ever or each.time + KEPT_FORGOTTEN >= this_update)
    }
    if len(found) > MOST_FORGOTTEN:
        newest = sorted(found, key=lambda serial: found[serial].time)[-MOST_FORGOTTEN:]
        found = {serial: found[serial] for serial in newest}
    return MappingProxyType(found)


def unduly_forgotten(kept: Revoked, this_update: float, *, for_ever: bool) -> Iterator[int]:
    """Yield the serials that a list made at `this_update` had to name, and does not."""
    for serial, each in kept.items():
        if for_ever or each.time + SURELY_LISTED > this_update:
            yield serial


def write_forgotten(path: Path, kept: Revoked) -> None:
    """Write them in the place of those before, whole or not at all; nothing if there are none."""
    if not kept and not path.exists():
        return
    body = {f"{serial:x}": [each.time, each.reason.value] for serial, each in kept.items()}
    write_durably(path, write_json(body), mode=0o644)


def read_forgotten(path: Path) -> Revoked:
    """Read them; none where there is no file. CertificateError for a damaged one."""
    if not path.exists():
        return MappingProxyType({})
    octets = read_file(path, _LARGEST_FILE, "The revocations that are listed no more")
    try:
        fields = JsonObject.parse(octets, _LARGEST_FILE, "It")
        found = dict(_entry(fields, serial) for serial in fields.fields)
    except (InvalidInputError, ValueError) as problem:
        raise CertificateError(
            f"{printable(path.name)} was damaged ({printable(str(problem))}): who was revoked "
            "cannot be told from it. Put a saved copy back, or enrol anew."
        ) from None
    return MappingProxyType(found)


def _entry(fields: JsonObject, serial: str) -> tuple[int, Revocation]:
    time, reason = fields.items(serial, 2)
    if isinstance(time, bool) or not isinstance(time, int | float) or not isinstance(reason, str):
        raise fields.wrong(serial, "a time and a reason")
    number = int(serial, _HEX)
    if not 0 < number <= LARGEST_SERIAL:
        raise fields.wrong(serial, "of a serial number")
    return number, Revocation(float(time), Reason(reason))
