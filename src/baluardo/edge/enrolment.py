"""The first contact: from an invitation to a certificate, whatever happens on the way.

The invitation is kept until the certificate is there, and the key is made once: after a crash or a
cut the same is asked for again. Whoever answers at an address is believed nothing: all follows from
the root whose fingerprint the invitation holds, and the request is sealed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, make_directory, write_durably
from baluardo.edge.news import Known
from baluardo.edge.state import PENDING, read_heard, take_hold, write_known
from baluardo.edge.web import AuthorityWeb, refusal_of, sentence_of
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import (
    BaluardoError,
    CertificateError,
    ConflictError,
    InvalidInputError,
    RequestError,
    SourceError,
    TargetError,
)
from baluardo.foreign_input import read_file
from baluardo.protocol.enrolment import seal_request, sealing_statement, trusted
from baluardo.protocol.invitation import LONGEST_TEXT, Invitation
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.protocol.whereabouts import read_whereabouts
from baluardo.trust.base64_text import of_base64
from baluardo.trust.certificates.certificate import LARGEST_CERTIFICATE, LONGEST_CHAIN, Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.verification import Verifier
from baluardo.trust.clock import EARLIEST, Clock, Reading
from baluardo.trust.identity import Kind
from baluardo.trust.issuing.holder import Holder
from baluardo.trust.issuing.layout import KeyAccess
from baluardo.trust.strict_json import JsonObject

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 20.0
"""Seconds between two looks whether an officer has approved."""

logger = logging.getLogger("baluardo.edge")

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What an enrolment has given."""

    whereabouts: Whereabouts
    credential: Credential


async def enrol(
    directory: Path,
    text: str,
    access: KeyAccess,
    say: Say,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    read: Callable[[], Reading] | None = None,
) -> Enrolled:
    """Enrol this machine by an invitation's text, or by the one kept here if `text` is empty.

    Waits while an officer has not approved; `say` tells what happens. TargetError if somebody is
    enrolled here already, InvalidInputError for what is no invitation, RequestError if the
    authority refuses for good, SourceError if no address answers as it must: try again then.
    `read` gives the machine's clocks.
    """
    make_directory(directory)
    hold = take_hold(directory)
    web = AuthorityWeb()
    try:
        invitation = _keep_invitation(directory, text)
        clock = Clock(directory / "floor.json", EARLIEST, read)
        return await _Enrolment(directory, invitation, access, web, clock, say).run(sleep)
    finally:
        await web.close()
        hold.release()


class _Enrolment:
    """One machine's way in."""

    def __init__(
        self,
        directory: Path,
        invitation: Invitation,
        access: KeyAccess,
        web: AuthorityWeb,
        clock: Clock,
        say: Say,
    ) -> None:
        self._directory = directory
        self._invitation = invitation
        self._access = access
        self._web = web
        self._say = say
        self._clock = clock
        self._holder = Holder(directory / "keys")

    async def run(self, sleep: Callable[[float], Awaitable[None]]) -> Enrolled:
        installed = self._installed()  # a crash came after the certificate
        wait, waits = FIRST_WAIT, False
        while True:
            done = await self._try_each(installed)
            if done is not None:
                return done
            if not waits:
                self._say("The request waits for an officer's approval.")
                waits = True
            await sleep(wait)
            wait = min(LONGEST_WAIT, 2 * wait)

    async def _try_each(self, installed: Credential | None) -> Enrolled | None:
        """Ask at each address in turn; None while the request waits. Errors as `enrol`."""
        problems = []
        refusal: RequestError | None = None
        for address in self._invitation.addresses:
            try:
                return await self._try(address, installed)
            except TargetError:
                raise
            except RequestError as problem:  # another may know better: one may only pretend
                refusal = refusal or problem
            except BaluardoError as problem:
                logger.info("%s: %s", address, problem)
                problems.append(f"{address}: {problem}")
        if refusal is not None:
            raise refusal
        raise SourceError(
            f"No address of the invitation serves: {' '.join(problems)} What was made here is kept;"
            " try again."
        )

    async def _try(self, address: str, installed: Credential | None) -> Enrolled | None:
        now, invitation = self._clock(), self._invitation
        bundle = await self._web.bundle(address)
        heard = self._directory / "heard"
        verifier = await asyncio.to_thread(trusted, bundle, invitation, now, heard)
        if installed is None:
            chain = await self._ask(address, bundle, verifier)
            if chain is None:
                return None
            known = Known(verifier.anchors, verifier.revocations, read_heard(heard))
            write_known(self._directory, known, None)
            installed = self._holder.install(chain, self._access.unlock, verifier, self._clock())
        if installed.identity != invitation.identity:
            raise CertificateError(
                f"What was granted is for {installed.identity}, not for {invitation.identity}."
            )
        welcome = await self._web.welcome(address)
        stated = read_whereabouts(welcome.whereabouts, verifier, self._clock())
        PublicBundle(stated.files()).write(heard)
        invited = invitation.addresses
        empty = Whereabouts(invitation.identity, stated.domain, invited, (), invited)
        whereabouts = empty.told(stated)
        whereabouts.write(self._directory)
        (self._directory / PENDING).unlink(missing_ok=True)
        return Enrolled(whereabouts, installed)

    async def _ask(self, address: str, bundle: PublicBundle, verifier: Verifier) -> Chain | None:
        """Hand in the sealed request; return what was granted, or None while it waits."""
        invitation, profile = self._invitation, verifier.anchors.profile
        request = self._holder.request(invitation.identity, profile, self._access)
        statement = sealing_statement(bundle)
        sealed = seal_request(invitation.secret, request, statement, verifier, self._clock())
        status, answer = await self._web.enrol(address, sealed)
        if status != 200:
            problem = refusal_of(status, answer)
            if status >= 500 or status == 429:
                raise SourceError(str(problem))
            raise problem
        state = answer.text("state", 16)
        if state == "granted":
            return _chain(answer)
        if state == "waiting":
            return None
        raise ConflictError(f"The request was refused: {sentence_of(status, answer)}")

    def _installed(self) -> Credential | None:
        """Return the certificate that is here already, from before a crash."""
        if not (self._directory / "roots").is_dir():
            return None
        try:
            return self._holder.credential(self._access.unlock)
        except BaluardoError:
            return None


def _keep_invitation(directory: Path, text: str) -> Invitation:
    """Return the invitation, which is on the disk from now on until it has served."""
    if (directory / "edge.json").exists():
        raise TargetError(
            f"{Whereabouts.read(directory).identity} is enrolled here already. Another one takes "
            "another directory."
        )
    pending = directory / PENDING
    if not text:
        if not pending.exists():
            raise InvalidInputError("No invitation was given, and none waits here.")
        text = read_file(pending, LONGEST_TEXT, "The invitation").decode(errors="replace")
    invitation = Invitation.of_text(text)
    if invitation.identity.kind is Kind.AUTHORITY:
        raise InvalidInputError(
            f"This invitation is for {invitation.identity}: an authority is founded, it does not "
            "enrol."
        )
    write_durably(pending, invitation.to_text().encode(), mode=OWNER_ALONE)
    return invitation


def _chain(answer: JsonObject) -> Chain:
    ders = []
    for each in answer.items("chain", LONGEST_CHAIN):
        if not isinstance(each, str) or len(each) > 2 * LARGEST_CERTIFICATE:
            raise answer.wrong("chain", "a list of certificates in base64")
        ders.append(of_base64(each))
    return Chain.of_ders(ders)
