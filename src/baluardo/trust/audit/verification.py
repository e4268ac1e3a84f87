"""Verifying a whole log: everything recomputed from its entries and compared with what is known.

The log's own checkpoint shows whether its files belong together. Whether the owner rewrote or cut
it, only checkpoints show that others kept: witnesses' above all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.errors import InvalidInputError, LogError, TrustError
from baluardo.foreign_input import quoted
from baluardo.trust.audit.checkpoint import SignedCheckpoint, open_checkpoint
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import LogReader, is_there, read_checkpoint
from baluardo.trust.audit.recomputing import Finding, Recomputed, recompute

SKEW: Final = 600.0
"""Seconds by which clocks may differ."""
MOST_FAULTS: Final = 20
"""Faults that a report tells of one by one."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it must be."""

    finding: Finding
    sentence: str
    index: int | None = None
    """The entry it is about."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The newest cosignature of a witness that this log lives up to."""

    size: int
    time: int
    """POSIX seconds."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. A log without faults is what its key and witnesses signed."""

    origin: str
    size: int
    root: bytes
    signed_at: int
    witnesses: Mapping[str, Seen]
    faults: tuple[Fault, ...]
    more_faults: int = 0
    """Faults beyond those listed."""

    def require(self) -> None:
        """Return if there is no fault; LogError tells the first."""
        if self.faults:
            count = len(self.faults) + self.more_faults
            more = f" {count - 1} more faults were found." if count > 1 else ""
            raise LogError(f"{self.faults[0].sentence}{more}")


def verify_log(
    directory: Path,
    log: VerifierKey,
    witnesses: Sequence[VerifierKey],
    known: Sequence[bytes],
    required_witnesses: int,
    now: float,
) -> Report:
    """Verify a log as `examine_log` does; LogError tells the first fault, if there is one."""
    report = examine_log(directory, log, witnesses, known, required_witnesses, now)
    report.require()
    return report


def examine_log(
    directory: Path,
    log: VerifierKey,
    witnesses: Sequence[VerifierKey],
    known: Sequence[bytes],
    required_witnesses: int,
    now: float,
    progress: Callable[[int], object] | None = None,
) -> Report:
    """Recompute a log from its entries and report every fault.

    `known` are checkpoints kept elsewhere, as signed notes; TrustError if one of them is not the
    log's own. `required_witnesses` of `witnesses` must have cosigned a checkpoint that this log
    lives up to. InvalidInputError for witnesses that are the log itself or each other, ProfileError
    for one of another profile. Works in bounded memory; `progress` is told how many entries were
    read.
    """
    _check_witnesses(log, witnesses)
    kept = [open_checkpoint(octets, log, witnesses) for octets in known]
    try:
        own = open_checkpoint(read_checkpoint(directory), log, witnesses)
    except TrustError as problem:
        return _unsigned(directory, log, problem)
    sizes = {own.size, *(s.size for s in kept if s.size <= own.size)}
    recomputed = recompute(LogReader(directory, own.size), sizes, progress)
    damage = [Fault(*each) for each in recomputed.faults(own.root)]
    if recomputed.root != own.root and not damage:
        damage.append(_rewritten(own, kept, recomputed))
    faults = [*_compared(own, kept, recomputed), *_disordered(own, kept)]
    if own.signed_at > now + SKEW:
        sentence = "The log's checkpoint is dated in the future: its clock or this one is wrong."
        faults.append(Fault(Finding.WRONG_TIME, sentence))
    seen = _seen([own, *kept], recomputed, own.root)
    if len(seen) < required_witnesses:
        sentence = (
            f"{len(seen)} of the {required_witnesses} witnesses asked for have cosigned what this "
            "log is. Give the checkpoints that they keep with --checkpoint."
        )
        faults.append(Fault(Finding.TOO_FEW_WITNESSES, sentence))
    faults += damage  # last, as there may be much of it: what the owner did is told first
    return Report(
        log.name,
        own.size,
        own.root,
        own.signed_at,
        seen,
        tuple(faults[:MOST_FAULTS]),
        max(0, len(faults) - MOST_FAULTS) + recomputed.untold,
    )


def _unsigned(directory: Path, log: VerifierKey, problem: TrustError) -> Report:
    there = is_there(directory / "checkpoint")
    finding = Finding.BAD_SIGNATURE if there else Finding.MISSING_FILE
    return Report(log.name, 0, b"", 0, {}, (Fault(finding, str(problem)),))


def _check_witnesses(log: VerifierKey, witnesses: Iterable[VerifierKey]) -> None:
    """Refuse what would let one holder of a key count twice, or the log for itself."""
    names, keys = {log.name: b""}, {log.key.raw(): ""}
    for witness in witnesses:
        witness.require_profile(log)
        name, key = witness.name, witness.key.raw()
        if names.setdefault(name, key) != key or keys.setdefault(key, name) != name:
            raise InvalidInputError(
                f"{quoted(name)} cannot count as one witness: its name or its key is that of the "
                "log, or of another witness."
            )


def _rewritten(
    own: SignedCheckpoint, kept: Iterable[SignedCheckpoint], recomputed: Recomputed
) -> Fault:
    good = max((s.size for s in kept if s.root in recomputed.roots.get(s.size, ())), default=0)
    sure = f" The first {good} are as a checkpoint tells them." if good else ""
    sentence = f"The {own.size} entries are not those that the log's checkpoint was signed for."
    return Fault(Finding.REWRITTEN, sentence + sure)


def _compared(
    own: SignedCheckpoint, kept: Iterable[SignedCheckpoint], recomputed: Recomputed
) -> Iterable[Fault]:
    for signed in kept:
        by = f", cosigned by {', '.join(sorted(signed.witnesses))}," if signed.witnesses else ""
        what = f"A checkpoint that the log signed{by}"
        if signed.size > own.size:
            old = ", or this is an old copy of it" if signed.signed_at >= own.signed_at else ""
            yield Fault(
                Finding.TRUNCATED,
                f"The log was cut{old}: it has {own.size} entries. {what} covers {signed.size}.",
            )
        elif signed.size == own.size and signed.root != own.root:
            yield Fault(
                Finding.FORKED,
                f"The log is forked: {what[0].lower()}{what[1:]} tells another history of the "
                f"same {own.size} entries.",
            )
        elif signed.root not in recomputed.roots_at(signed.size, own.root, signed.root):
            yield Fault(
                Finding.FORKED,
                f"The log is forked or altered: its first {signed.size} entries are not those "
                f"of {what[0].lower()}{what[1:].removesuffix(',')}.",
            )


def _disordered(own: SignedCheckpoint, kept: Iterable[SignedCheckpoint]) -> Iterable[Fault]:
    """Yield what the log's own dates tell: it never signs less later (see `evidence`)."""
    everything = [own, *kept]
    for signed in everything:
        later = [s for s in everything if s.size < signed.size and s.signed_at > signed.signed_at]
        if later and signed.size <= own.size:
            yield Fault(
                Finding.TRUNCATED,
                f"The log was cut and the end put back: it signed {signed.size} entries, and later "
                f"only {min(s.size for s in later)}. Somebody was shown less than there was.",
            )


def _seen(
    checkpoints: Iterable[SignedCheckpoint], recomputed: Recomputed, root: bytes
) -> dict[str, Seen]:
    seen: dict[str, Seen] = {}
    for signed in checkpoints:
        if signed.root not in recomputed.roots_at(signed.size, root):
            continue
        for name, time in signed.witnesses.items():
            if name not in seen or (signed.size, time) > (seen[name].size, seen[name].time):
                seen[name] = Seen(signed.size, time)
    return seen
