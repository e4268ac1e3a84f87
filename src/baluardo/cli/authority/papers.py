"""The papers of a ceremony, as files to print, hand over and destroy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from baluardo.authority.acts.invitations import InvitationMade
from baluardo.authority.first_papers import Papers
from baluardo.durable_files import write_durably
from baluardo.protocol.invitation import Invitation
from baluardo.trust.certificates.dates import shown
from baluardo.trust.custody.printing import grouped
from baluardo.trust.one_time import OneTimeSecret


def write_papers(directory: Path, papers: Papers) -> None:
    """Write each paper into a file of its own, for its owner alone."""
    for each in papers.invitations:
        path = directory / f"invitation-{each.identity.name}.txt"
        write_durably(path, invitation_paper(each).encode(), replace=False)
        if each.qr is not None:
            write_durably(path.with_suffix(".svg"), each.qr.encode(), replace=False)
    write_code_papers(directory, papers.codes)


def write_code_papers(directory: Path, codes: Sequence[OneTimeSecret]) -> None:
    """Write each emergency code's paper; TargetError if one is there already."""
    for number, code in enumerate(codes, 1):
        path = directory / f"emergency-{number}.txt"
        write_durably(path, _emergency_paper(code).encode(), replace=False)


def invitation_paper(made: InvitationMade) -> str:
    """Return an invitation as a text to hand over."""
    lines = [
        f"Invitation for {made.identity.path} of {made.identity.community}",
        f"good until {shown(made.expires)}, once",
        f"root {grouped(Invitation.of_text(made.text).root)}",
        "",
    ]
    if made.link is not None:
        lines += ["In a browser, open:", "", made.link, ""]
    lines += ["On a command line: baluardo edge enrol, and paste:", "", made.text, ""]
    return "\n".join(lines)


def _emergency_paper(code: OneTimeSecret) -> str:
    return (
        "Emergency code: opens one session of an hour for a security officer without a passkey.\n"
        "Every use is logged, and told to every site. Keep it sealed; it works once.\n\n"
        f"{code.typable()}\n"
    )
