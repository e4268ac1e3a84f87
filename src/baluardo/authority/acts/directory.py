"""The directory: who there is, found by any word of their names, with the numbers one may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select, update

from baluardo.authority.acts.profile import Number, Profile, folded, numbers_of_rows, search_text
from baluardo.authority.context import Authority
from baluardo.authority.principal import Principal
from baluardo.authority.store import schema
from baluardo.authority.store.transaction import Transaction
from baluardo.errors import ConflictError, UnknownError
from baluardo.protocol.roles import Role

PAGE: Final = 50
MOST_WORDS: Final = 8
"""Of a search; further ones are left out."""

_table: Final = schema.person


@dataclass(frozen=True, slots=True)
class DirectoryPage:
    """People in the order of their names, and after which name the next page begins."""

    people: list[dict[str, Any]]
    next: str | None


def search_directory(
    connection: Connection, authority: Authority, principal: Principal, words: str, after: str
) -> DirectoryPage:
    """Return people of whose names some words begin with these, all of these; everybody for none.

    Numbers are those of kinds that the policy lets the person see, and all of one's own.
    """
    query = select(_table).where(_table.c.name > after).order_by(_table.c.name).limit(PAGE + 1)
    for word in folded(words)[:MOST_WORDS]:
        query = query.where(_table.c.search.contains(f" {word}", autoescape=True))
    rows = connection.execute(query).all()
    people = [_shown(row, authority, principal) for row in rows[:PAGE]]
    return DirectoryPage(people, rows[PAGE - 1].name if len(rows) > PAGE else None)


def change_person(
    transaction: Transaction,
    authority: Authority,
    principal: Principal,
    name: str,
    profile: Profile,
) -> dict[str, Any]:
    """Write a person's entry anew; numbers that one does not see stay as they are."""
    principal.require(Role.COMMUNICATIONS_OFFICER)
    found = _row(transaction.connection, name)
    hidden = [
        each
        for each in numbers_of_rows(found.numbers)
        if not _sees(authority, principal, name, each)
    ]
    for each in profile.numbers:
        if not _sees(authority, principal, name, each):
            raise ConflictError(f"Numbers of the kind {each.kind} are not yours to see or to set.")
    kept = Profile(profile.display_name, profile.languages, (*profile.numbers, *hidden))
    values = kept.to_object()
    transaction.connection.execute(
        update(_table)
        .where(_table.c.name == name)
        .values(search=search_text(name, kept.display_name), **values)
    )
    changed = [field for field in values if values[field] != getattr(found, field)]
    transaction.log(
        "directory.changed", {"fields": changed}, by=principal.person, personal={"person": name}
    )
    return _shown(_row(transaction.connection, name), authority, principal)


def display_name_of(connection: Connection, name: str) -> str:
    """Return how a person is called; the name itself for who is not in the directory."""
    found = connection.execute(select(_table.c.display_name).where(_table.c.name == name)).first()
    return name if found is None else str(found.display_name)


def _row(connection: Connection, name: str) -> Row[Any]:
    found = connection.execute(select(_table).where(_table.c.name == name)).first()
    if found is None:
        raise UnknownError("There is nobody of this name in the directory.")
    return found


def _sees(authority: Authority, principal: Principal, name: str, number: Number) -> bool:
    roles = frozenset(role.value for role in principal.roles)
    return name == principal.person or authority.policy.may_see(number.kind, roles)


def _shown(row: Row[Any], authority: Authority, principal: Principal) -> dict[str, Any]:
    grant = authority.policy.grant_of(row.name)
    return {
        "name": row.name,
        "display_name": row.display_name,
        "languages": row.languages,
        "numbers": [
            {
                "kind": each.kind,
                "number": each.number,
                "visible": not authority.policy.visibility.get(each.kind),
            }
            for each in numbers_of_rows(row.numbers)
            if _sees(authority, principal, row.name, each)
        ],
        "roles": sorted(role.value for role in grant.roles),
        "ceiling": grant.ceiling.dsn,
        "territory": list(grant.territory),
    }
