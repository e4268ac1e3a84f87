"""The ground of the proof of warnings: an authority apart, its officers, and the operator's door.

The authority is the program that a country runs, with a `warnings.toml` that opens two channels;
the operator is another community with another root. All that passes between them is what would
pass in earnest.
"""

from __future__ import annotations

import contextlib
import socket
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import httpx

from baluardo.authority.acts.invitations import Purpose, make_invitation
from baluardo.authority.acts.profile import Profile
from baluardo.authority.acts.sessions import Browser, open_session
from baluardo.authority.context import Authority
from baluardo.authority.doors.door import PREFIX
from baluardo.authority.doors.who import COOKIE
from baluardo.authority.founding import Founding, Officer, found
from baluardo.authority.opening import open_authority
from baluardo.authority.settings import LOCAL_DOMAIN, Settings
from baluardo.authority.warnings.settings import FILE
from baluardo.durable_files import write_durably
from baluardo.edge.enrolment import enrol
from baluardo.emergency.channels import Channel
from baluardo.errors import StageError
from baluardo.protocol.dangerous import EXECUTOR, Dangerous, rule_for
from baluardo.protocol.grant import Grant
from baluardo.protocol.policy import Policy
from baluardo.protocol.roles import Role
from baluardo.stage.emergency.operator import TwinOperator
from baluardo.stage.emergency.operator_door import KEYS, OperatorDoor, found_operator
from baluardo.stage.prove.authority_apart import AuthorityApart
from baluardo.terms import Precedence
from baluardo.trust.certificates.certificate import Certificate
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.proposal import propose
from baluardo.trust.custody.shares import Share
from baluardo.trust.envelope import Envelope
from baluardo.trust.identity import LIFETIMES, Identity, Kind
from baluardo.trust.issuing.ceremony import Custodians
from baluardo.trust.issuing.publication import public_verifier
from baluardo.trust.suites import EU_HYBRID

COMMUNITY: Final = "prova.example"
PAOLA, RENZO, SARA, GIULIA = "paola.serra", "renzo.galli", "sara.longo", "giulia.neri"
_WARNER: Final = frozenset({Role.CIVIL_PROTECTION_OFFICER})
GRANTS: Final = {
    PAOLA: Grant(_WARNER, Precedence.FLASH_OVERRIDE, ("IT",)),
    RENZO: Grant(_WARNER, Precedence.FLASH_OVERRIDE, ("IT",)),
    SARA: Grant(_WARNER, Precedence.FLASH_OVERRIDE, ("IT-82",)),
    GIULIA: Grant(frozenset({Role.AUDITOR})),
}
"""Two who may warn Italy, one who may warn Sicily, and who reads the log."""
OFFICERS: Final = (Officer("anna.rossi", "Anna Rossi"), Officer("bruno.verdi", "Bruno Verdi"))
CHANNELS: Final = (Channel.PUBLIC, Channel.EXERCISE)
ANSWER_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Officers:
    """Who asks the authority: devices, and sessions by name."""

    policy: Policy
    devices: Mapping[str, Credential]
    sessions: Mapping[str, str]


class WarningGround:
    """Everything that the proof's steps use."""

    def __init__(
        self,
        directory: Path,
        authority: AuthorityApart,
        door: OperatorDoor,
        officers: Officers,
        port: int,
    ) -> None:
        """Use `warning_ground`."""
        self.directory, self.authority, self.door = directory, authority, door
        self.officers = officers
        self._host = f"authority.{LOCAL_DOMAIN}:{port}"
        self._client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", timeout=ANSWER_SECONDS, trust_env=False
        )

    async def close(self) -> None:
        """End the connections."""
        await self._client.aclose()

    async def ask(
        self, who: str, method: str, path: str, body: object = None, cookie: str = ""
    ) -> httpx.Response:
        """Ask a door of the authority as somebody; nobody where no name is given."""
        headers = {"host": self._host}
        if who:
            headers["cookie"] = f"{COOKIE}={self.officers.sessions[who]}"
        elif cookie:
            headers["cookie"] = cookie
        sent: dict[str, Any] = {} if body is None else {"json": body}
        return await self._client.request(method, f"{PREFIX}{path}", headers=headers, **sent)

    async def told(self, who: str, method: str, path: str, body: object = None) -> Any:
        """Ask what must be answered; StageError with the refusal if it is not."""
        answer = await self.ask(who, method, path, body)
        if answer.status_code != 200:
            raise StageError(f"{method} {path} was refused: {answer.text[:300]}")
        return answer.json()

    def proposal(self, who: str, body: dict[str, object]) -> Envelope:
        """Return somebody's signed proposal of a release."""
        kind = Dangerous.RELEASE_WARNING.value
        rule = rule_for(kind, self.officers.policy)
        return propose(kind, body, rule, EXECUTOR, self.officers.devices[who], time.time())

    def approval(self, who: str, proposal: Envelope) -> Envelope:
        """Return somebody's signed approval."""
        return approve(proposal, self.officers.devices[who], time.time())

    async def propose(self, who: str, body: dict[str, object]) -> tuple[str, Envelope]:
        """Propose a release that must be taken; return the command's id and the proposal."""
        proposal = self.proposal(who, body)
        told = await self.told(who, "POST", "/commands", {"proposal": proposal.to_object()})
        return str(told["id"]), proposal

    async def approve(self, who: str, command: str, proposal: Envelope) -> Any:
        """Approve what must be taken; return the command as it then stands."""
        answer = {"answer": self.approval(who, proposal).to_object()}
        return await self.told(who, "POST", f"/commands/{command}/answers", answer)

    async def newest(self) -> Any:
        """Return the newest warning that went out."""
        told = await self.told(PAOLA, "GET", "/warnings")
        return next(each for each in told["warnings"] if each["state"] != "waiting")


@contextlib.asynccontextmanager
async def warning_ground(operator: TwinOperator) -> AsyncIterator[WarningGround]:
    """Found everything, serve it while inside, and leave nothing behind."""
    with tempfile.TemporaryDirectory(prefix="baluardo-") as made:
        directory = Path(made)
        door = OperatorDoor(operator, found_operator(directory / "operator"))
        home, port = directory / "authority", _free_port()
        founding = _founding(port)
        found(home, founding, KEYS, _nobody_needs_them, time.time())
        door.admit(COMMUNITY, partial(_verifier, home / "public"))
        apart = AuthorityApart(home)
        async with door.serving(), operator.running():
            invitations = _invitations(home, founding)
            await apart.start()
            try:
                devices = await _enrolled(directory, invitations)
                await apart.stop()
                sessions = _sessions(home, port, founding)
                _open_channels(home, door, directory)
                await apart.start()
                officers = Officers(founding.policy, devices, sessions)
                ground = WarningGround(directory, apart, door, officers, port)
                try:
                    yield ground
                finally:
                    await ground.close()
            finally:
                await apart.stop()


def _founding(port: int) -> Founding:
    settings = Settings(domain=LOCAL_DOMAIN, web_port=port, channel_port=_free_port())
    return Founding(COMMUNITY, EU_HYBRID, OFFICERS, Custodians(3, 2), settings, GRANTS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _nobody_needs_them(_root: Certificate, _shares: tuple[Share, ...]) -> None:
    """Let the shares of a root that lives for minutes go."""


def _verifier(public: Path) -> Any:
    return public_verifier(public, LIFETIMES[Kind.AUTHORITY].list_grace)


def _invitations(home: Path, founding: Founding) -> dict[str, str]:
    """Invite everybody while the authority is not served yet."""
    authority = open_authority(home, KEYS, first=founding.policy)
    try:
        authority.web_url = authority.settings.own_url
        return {name: _invitation(authority, name) for name in GRANTS}
    finally:
        authority.store.close()


def _invitation(authority: Authority, name: str) -> str:
    identity = Identity(COMMUNITY, Kind.PERSON, name, "desk")
    profile = Profile(name.replace(".", " ").title(), ("it",))
    return authority.store.act_blocking(
        lambda t: make_invitation(t, authority, identity, profile, Purpose.ENROL, "", 1.0)
    ).text


async def _enrolled(directory: Path, invitations: Mapping[str, str]) -> dict[str, Credential]:
    async def sleep(_seconds: float) -> None:
        raise StageError("An officer's request waits for somebody to approve it.")

    found_devices = {}
    for name, text in invitations.items():
        done = await enrol(directory / name, text, KEYS, lambda _: None, sleep)
        found_devices[name] = done.credential
    return found_devices


def _sessions(home: Path, port: int, founding: Founding) -> dict[str, str]:
    """Open everybody's session, as a passkey would."""
    authority = open_authority(home, KEYS, first=founding.policy)
    browser = Browser(f"authority.{LOCAL_DOMAIN}:{port}", "proof")
    try:
        return {
            name: authority.store.act_blocking(
                partial(
                    open_session, authority=authority, person=name, browser=browser, how="proof"
                )
            ).token.text()
            for name in GRANTS
        }
    finally:
        authority.store.close()


def _open_channels(home: Path, door: OperatorDoor, directory: Path) -> None:
    names = ", ".join(f'"{each.value}"' for each in CHANNELS)
    text = f"""\
country = "IT"
channels = [{names}]

[[operators]]
name = "beams"
url = "{door.url}"
channels = [{names}]
identity = "{door.identity}"
public = "{directory / "operator" / "public"}"
"""
    write_durably(home / FILE, text.encode())
