"""What the policy gives one person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from baluardo.errors import InvalidInputError
from baluardo.foreign_input import quoted
from baluardo.geo.countries import ISO_3166
from baluardo.protocol.roles import Role
from baluardo.terms import Precedence
from baluardo.trust.strict_json import JsonObject

MOST_PLACES: Final = 300
"""More than there are countries."""

_PLACE = re.compile(r"([A-Z]{2})(?:-[A-Z0-9]{1,3})?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Grant:
    """Roles, the most urgent precedence, and where both hold."""

    roles: frozenset[Role]
    ceiling: Precedence = Precedence.ROUTINE
    territory: tuple[str, ...] = ()
    """Countries ("IT") and subdivisions ("IT-RM") of ISO 3166, in order; none means everywhere."""

    def __post_init__(self) -> None:
        """Refuse what is no place, and put the places in order."""
        if len(self.territory) > MOST_PLACES:
            raise InvalidInputError(f"A territory has at most {MOST_PLACES} places.")
        for place in self.territory:
            found = _PLACE.match(place)
            if found is None or found[1] not in ISO_3166:
                raise InvalidInputError(
                    f"territory {quoted(place)}: a country such as IT or a subdivision such as "
                    "IT-RM (ISO 3166)."
                )
        object.__setattr__(self, "territory", tuple(sorted(set(self.territory))))

    def to_object(self) -> dict[str, object]:
        """Return the grant as a JSON value."""
        return {
            "roles": sorted(self.roles),
            "ceiling": self.ceiling.dsn,
            "territory": list(self.territory),
        }

    @classmethod
    def of_object(cls, value: object, what: str) -> Grant:
        """Read a JSON value; InvalidInputError, beginning with `what`, if it is no grant."""
        fields = JsonObject.of(value, what)
        fields.only(("roles", "ceiling", "territory"))
        grant = cls(
            read_roles(fields, "roles"),
            Precedence.of(fields.text("ceiling", 32)),
            tuple(_place(each, fields) for each in fields.items("territory", MOST_PLACES)),
        )
        if list(grant.territory) != fields.fields["territory"]:
            raise fields.wrong("territory", "in alphabetical order, each place once")
        return grant


def read_roles(fields: JsonObject, name: str) -> frozenset[Role]:
    """Return a field of roles: in alphabetical order, each once."""
    items = fields.items(name, len(Role))
    roles = frozenset(Role.of(each) if isinstance(each, str) else _no_role(each) for each in items)
    if sorted(roles) != items:
        raise fields.wrong(name, "a list of roles in alphabetical order, each once")
    return roles


def _no_role(value: object) -> Role:
    raise InvalidInputError(f"{quoted(value)} is no role.")


def _place(value: object, fields: JsonObject) -> str:
    if not isinstance(value, str):
        raise fields.wrong("territory", "a list of places")
    return value
