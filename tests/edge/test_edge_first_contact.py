"""First contact through somebody in between: nothing is kept that the authority did not sign."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request
from starlette.responses import Response

from baluardo.authority.context import Authority
from baluardo.authority.whereabouts import welcome_of
from baluardo.edge.enrolment import enrol
from baluardo.edge.whereabouts import Whereabouts
from baluardo.errors import BaluardoError, SourceError
from baluardo.protocol.invitation import Invitation
from baluardo.protocol.public_bundle import PublicBundle
from baluardo.protocol.whereabouts import StatedWhereabouts, read_whereabouts
from baluardo.trust.envelope import Envelope, sign
from baluardo.trust.strict_json import write_json
from edge.country import ANNA, Country, altered, free_port, serving, until
from trust.fleet import ACCESS

EVIL = StatedWhereabouts(
    ("https://evil.example",), ("evil.example:1",), "evil.example", b"key", b"root", 9, bytes(48)
)
Change = Callable[[str, bytes], bytes]


@dataclass
class Between:
    """Somebody between an edge and its authority, who passes on what they like."""

    genuine: str
    change: Change
    asked: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Serve while inside, and give the address."""
        app = FastAPI()

        @app.api_route("/{path:path}", methods=["GET", "POST"])
        async def passed_on(request: Request, path: str) -> Response:
            self.asked.append(path)
            async with httpx.AsyncClient() as client:
                answer = await client.request(
                    request.method,
                    f"{self.genuine}/{path}",
                    content=await request.body(),
                    headers={"content-type": request.headers.get("content-type", "")},
                )
            return Response(self.change(path, answer.content), answer.status_code)

        with socket.create_server(("127.0.0.1", 0)) as bound:
            async with serving(app, bound) as address:
                yield address


def welcomed(make: Callable[[dict[str, object]], dict[str, object]]) -> Change:
    """Return a change of the welcome alone."""

    def change(path: str, octets: bytes) -> bytes:
        return write_json(make(json.loads(octets))) if path.endswith("/welcome") else octets

    return change


def with_statement(statement: Envelope) -> Change:
    return welcomed(lambda told: told | {"whereabouts": statement.to_object()})


def of_statement(told: dict[str, object]) -> Envelope:
    return Envelope.of_object(told["whereabouts"])


def false_files(path: str, octets: bytes) -> bytes:
    """Put another log's key and another pages' root into the public half."""
    if not path.endswith("/bundle"):
        return octets
    files = PublicBundle.of_octets(octets).files
    return PublicBundle({**files, "log.vkey": b"evil", "pages.pem": b"evil"}).to_octets()


async def by_way_of(country: Country, authority: Authority, address: str, place: Path) -> None:
    """Enrol by an invitation that knows one address."""
    invitation = Invitation.of_text(await country.invite(authority, "office/rome"))
    text = replace(invitation, addresses=(address,)).to_text()
    await enrol(place, text, ACCESS, lambda _: None, read=country.read)


def test_a_false_log_key_and_a_false_root_of_pages_are_not_kept(
    country: Country, tmp_path: Path
) -> None:
    place = tmp_path / "rome"

    async def scenario() -> None:
        async with country.authority() as authority:
            between = Between(country.settings.web[0], false_files)
            async with between.listening() as address:
                await by_way_of(country, authority, address, place)
            assert any(path.endswith("bundle") for path in between.asked)
            genuine = authority.layout.public.log_vkey.read_bytes()
            assert (place / "heard" / "log.vkey").read_bytes() == genuine
            assert not (place / "heard" / "pages.pem").exists()
            whereabouts = Whereabouts.read(place)
            assert whereabouts.domain == country.settings.domain
            assert whereabouts.channels == country.settings.channels
            # The invitation's address stays the last to be asked.
            assert whereabouts.web == (*country.settings.web, address)
            # What the authority makes later comes with the next channel, signed.
            authority.layout.public.pages.write_bytes(b"a root")
            async with country.running(place) as (rome,):
                await until(lambda: rome.link.connected)
                assert (place / "heard" / "pages.pem").read_bytes() == b"a root"

    asyncio.run(scenario())


@pytest.mark.parametrize("name", ["unsigned", "altered", "a member's", "another kind"])
def test_a_welcome_that_no_authority_has_signed_sets_nothing(
    country: Country, tmp_path: Path, name: str
) -> None:
    place = tmp_path / "rome"

    async def scenario() -> None:
        async with country.authority() as authority:
            mario = await country.person(authority, ANNA)
            genuine = EVIL.sign(authority.credential)
            changes: dict[str, Change] = {
                "unsigned": welcomed(
                    lambda told: {
                        "addresses": ["https://evil.example"],
                        "channels": ["evil.example:1"],
                        "domain": "evil.example",
                        "now": told["now"],
                    }
                ),
                "altered": welcomed(
                    lambda told: told | {"whereabouts": altered(of_statement(told)).to_object()}
                ),
                "a member's": with_statement(sign(genuine.payload, genuine.payload_type, mario)),
                "another kind": with_statement(authority.sealing_statement),
            }
            between = Between(country.settings.web[0], changes[name])
            async with between.listening() as address:
                with pytest.raises(SourceError, match="No address"):
                    await by_way_of(country, authority, address, place)
                assert not (place / "edge.json").exists()
                assert not (place / "heard" / "log.vkey").exists()
                between.change = lambda _path, octets: octets  # and then they go away
                await enrol(place, "", ACCESS, lambda _: None, read=country.read)
            assert Whereabouts.read(place).domain == country.settings.domain

    asyncio.run(scenario())


def test_authorities_that_have_moved_are_found_at_the_invitations_address(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
        invited = Whereabouts.read(place)
        gone = (f"127.0.0.1:{free_port()}",)
        replace(invited, told_web=("https://127.0.0.1:1",), channels=gone).write(place)
        async with country.authority(), country.running(place) as (rome,):
            await until(lambda: rome.link.connected)
            assert rome.state.whereabouts == invited

    asyncio.run(scenario())


def test_where_an_older_program_has_kept_no_invitation_the_file_is_read(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            place = await country.enrolled(authority, tmp_path, "office/rome")
        body = json.loads((place / "edge.json").read_bytes())
        del body["invited"]
        (place / "edge.json").write_bytes(write_json(body))
        assert Whereabouts.read(place).web == country.settings.web
        for name, value in {"channels": ["x"], "web": ["http://x.example"], "domain": ""}.items():
            (place / "edge.json").write_bytes(write_json({**body, name: value}))
            with pytest.raises(BaluardoError, match="cannot be used"):
                Whereabouts.read(place)

    asyncio.run(scenario())


def test_where_authorities_are_is_signed_once_for_everybody(country: Country) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            signed = welcome_of(authority).whereabouts
            assert welcome_of(authority).whereabouts is signed
            authority.policy = replace(authority.policy, number=2)
            again = welcome_of(authority).whereabouts
            assert again is not signed
            now, verifier = country.calendar.now, authority.store.issuing.verifier()
            stated = read_whereabouts(again, verifier, now)
            assert (stated.policy, stated.policy_digest) == (2, authority.policy.digest)
            authority.policy = replace(authority.policy)  # read anew, and the same
            assert welcome_of(authority).whereabouts is again
            authority.layout.public.pages.write_bytes(b"a root")
            assert welcome_of(authority).whereabouts is not again

    asyncio.run(scenario())
