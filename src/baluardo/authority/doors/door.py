"""What every door of the authority shares: who asks, from where, and the shape of a body."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import Headers
from starlette.types import Scope

from baluardo.authority.acts.sessions import Browser
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.console.security import host_name
from baluardo.errors import InvalidInputError, SignInError
from baluardo.trust.identity import Identity

PREFIX: Final = "/api/authority"
PRINCIPAL: Final = "baluardo.principal"
"""Where in a request's scope stands who asks: a Principal, or None for nobody."""
EDGE: Final = "baluardo.edge"
"""Where stands the Identity of the edge that has forwarded the request, if one has."""
CLIENT: Final = "baluardo.client"
"""Where stands the address of the browser behind that edge, as the edge tells it."""
LONGEST_HOST: Final = 255
LONGEST_AGENT: Final = 200


Id = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
"""An id that was made here (`acts.new_ids`)."""
IdInPath = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
PersonName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Credential = dict[str, Any]
"""What a browser's authenticator has made: taken apart by `trust.passkeys`."""


class Body(BaseModel):
    """What a door takes: these fields, of these kinds, and no others."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Nothing(Body):
    """An object without fields."""


def optional_principal(request: Request) -> Principal | None:
    """Return who asks; None if nobody is signed in."""
    found = request.scope.get(PRINCIPAL)
    return found if isinstance(found, Principal) else None


def principal_of(request: Request) -> Principal:
    """Return who asks; SignInError if nobody is signed in."""
    principal = optional_principal(request)
    if principal is None:
        raise SignInError("Nobody is signed in here. Sign in, then ask again.")
    return principal


def edge_of(request: Request) -> Identity | None:
    """Return the edge that has forwarded the request; None if it came by itself."""
    found = request.scope.get(EDGE)
    return found if isinstance(found, Identity) else None


def client_of(request: Request) -> str:
    """Return the address of the browser behind an edge, for rations alone; empty if it tells none.

    It is the edge's word: nobody is let in for it.
    """
    found = request.scope.get(CLIENT)
    return found if isinstance(found, str) and edge_of(request) is not None else ""


def host_of(scope: Scope) -> str:
    """Return the Host header in small letters, port included: a session is good there alone."""
    return Headers(scope=scope).get("host", "").lower()[:LONGEST_HOST]


def agent_of(request: Request) -> str:
    """Return what the browser calls itself, as far as it can be shown."""
    agent = request.headers.get("user-agent", "")[:LONGEST_AGENT]
    return "".join(each if each.isprintable() else "\ufffd" for each in agent)


def browser_of(request: Request) -> Browser:
    """Return where a session would be opened, in the place of the one that stands there."""
    principal = optional_principal(request)
    replaced = "" if principal is None else principal.session
    return Browser(host_of(request.scope), agent_of(request), replaced)


def address_of(request: Request) -> str:
    """Return the network address that asks; empty where it is not known."""
    return request.client.host if request.client is not None else ""


def origins_of(request: Request, authority: Authority) -> list[str]:
    """Return the origins that a passkey may have been used at for this request.

    It is the page's own, at a name of the state's domain; over plain http only on this machine
    (RFC 6761 section 6.3). InvalidInputError for a page that lies elsewhere.
    """
    host = host_of(request.scope)
    name, domain = host_name(host), authority.settings.domain
    if name != domain and not name.endswith(f".{domain}"):
        raise InvalidInputError(
            f"Passkeys belong to {domain}, and this page is elsewhere. Open it at its own name, "
            f"such as {authority.settings.name}.{domain}."
        )
    local = name.endswith(".localhost")
    return [f"https://{host}", f"http://{host}"] if local else [f"https://{host}"]
