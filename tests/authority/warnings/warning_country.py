"""A small state that may warn: two civil protection officers, and a way out that is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from authority.officers import State, Template, first_policy, opened
from baluardo.authority.warnings.settings import WarningSettings
from baluardo.emergency.channels import Channel
from baluardo.emergency.ways.way import Order, Receipt
from baluardo.protocol.dangerous import Dangerous
from baluardo.protocol.grant import Grant
from baluardo.protocol.roles import Role
from baluardo.protocol.warnings import WarningCancel
from baluardo.terms import Bilingual, Precedence
from baluardo.trust.envelope import Envelope

PAOLA, RENZO = "paola.serra", "renzo.galli"
"""Civil protection officers for Italy."""
SARA = "sara.longo"
"""One for Sicily alone."""
RELEASE = Dangerous.RELEASE_WARNING.value
CHANNELS = frozenset(Channel)


class LookedAtWay:
    """A way out that keeps what it is given."""

    def __init__(self, name: str, channels: frozenset[Channel] = CHANNELS) -> None:
        self.name, self.channels = name, channels
        self.orders: list[Order] = []

    async def send(self, order: Order) -> Receipt:
        """Take an order; the same key again is the same order."""
        if order.key not in [each.key for each in self.orders]:
            self.orders.append(order)
        return Receipt(self.name, order.starts, Bilingual(it="preso", en="taken"))


@contextmanager
def warning_country(
    template: Template, directory: Path, database: str = "", **settings: Any
) -> Iterator[State]:
    """Open a state with officers who may warn, and one way out named `air`."""
    warner = Grant(frozenset({Role.CIVIL_PROTECTION_OFFICER}), Precedence.FLASH, ("IT",))
    island = replace(warner, territory=("IT-82",))
    people = {**first_policy().people, PAOLA: warner, RENZO: warner, SARA: island}
    policy = first_policy(people=people)
    with opened(template, directory, database, policy) as state:
        for name in (PAOLA, RENZO, SARA):
            state.enrol(f"person/{name}/laptop")
        desk = state.authority.warnings
        desk.settings = WarningSettings(**{"channels": CHANNELS, **settings})
        desk.carriers["air"] = LookedAtWay("air")
        yield state


def way(state: State) -> LookedAtWay:
    """Return the way out that is looked at."""
    found = state.authority.warnings.carriers["air"]
    assert isinstance(found, LookedAtWay)
    return found


def draft(**changes: Any) -> dict[str, Any]:
    """Return a draft of a warning round Norcia that nothing stops."""
    texts = {
        "it": (
            "Terremoto",
            "Forte terremoto a Norcia",
            "Una forte scossa ha colpito la zona di Norcia. Sono possibili altre scosse.",
            "Esci dagli edifici danneggiati. Vai in un luogo aperto. Chiama il 112 solo se serve.",
            "Protezione civile: forte terremoto a Norcia. Esci dagli edifici danneggiati e vai in "
            "un luogo aperto. Sono possibili altre scosse. Chiama il 112 solo se serve.",
        ),
        "en": (
            "Earthquake",
            "Strong earthquake in Norcia",
            "A strong earthquake has struck the area of Norcia. More shocks are possible.",
            "Leave damaged buildings. Go to an open place. Call 112 only if you must.",
            "Civil protection: strong earthquake in Norcia. Leave damaged buildings and go to an "
            "open place. More shocks are possible. Call 112 only if you must.",
        ),
    }
    names = ("event", "headline", "description", "instruction", "broadcast")
    made: dict[str, Any] = {
        "channel": "public",
        "level": "level-1",
        "message_type": "Alert",
        "references": [],
        "template": None,
        "area": {"kind": "circle", "lat_deg": 42.79, "lon_deg": 13.096, "radius_km": 20.0},
        "area_name": "Norcia",
        "category": "Geo",
        "response": "Evacuate",
        "urgency": "Immediate",
        "severity": "Extreme",
        "certainty": "Observed",
        "onset": None,
        "expires_minutes": 60,
        "web": None,
        "contact": None,
        "infos": [
            {"language": language, **dict(zip(names, words, strict=True))}
            for language, words in texts.items()
        ],
    }
    return {**made, **changes}


def checked(state: State, name: str = PAOLA, **changes: Any) -> dict[str, Any]:
    """Check a draft, and return the answer."""
    answer = state.ask(name, "POST", "/warnings/check", {"draft": draft(**changes)})
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


def body_of(state: State, name: str = PAOLA, **changes: Any) -> dict[str, Any]:
    """Return the body to sign of a draft that nothing stops."""
    told = checked(state, name, **changes)
    assert told["body"] is not None, told["problems"]
    body: dict[str, Any] = told["body"]
    return body


def proposed(state: State, name: str = PAOLA, **changes: Any) -> tuple[str, Envelope]:
    """Propose a release that must be taken; its id and the proposal."""
    proposal = state.proposal(name, RELEASE, body_of(state, name, **changes))
    answer = state.ask(name, "POST", "/commands", {"proposal": proposal.to_object()})
    assert answer.status_code == 200, answer.text
    return answer.json()["id"], proposal


def answered(state: State, name: str, command: str, answer: Envelope) -> Any:
    """Hand in an answer, and return what the door says."""
    return state.ask(name, "POST", f"/commands/{command}/answers", {"answer": answer.to_object()})


def released(state: State, **changes: Any) -> dict[str, Any]:
    """Release a warning by two, and return it as the desk tells it."""
    state.calendar.now += 5.0
    command, proposal = proposed(state, **changes)
    answer = answered(state, RENZO, command, state.answer(RENZO, proposal))
    assert answer.status_code == 200, answer.text
    assert answer.json()["state"] == "executed", answer.json()["outcome"]
    return warnings(state)[0]


def warnings(state: State, name: str = PAOLA) -> list[dict[str, Any]]:
    """Return all warnings as the desk tells them."""
    answer = state.ask(name, "GET", "/warnings")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["warnings"]
    return found


def cancel(state: State, warning: str, name: str = PAOLA, **changes: Any) -> Any:
    """Sign a cancel and hand it in."""
    time = changes.pop("time", state.calendar.now)
    signer = changes.pop("credential", None) or state.device(name)
    said = WarningCancel(changes.pop("named", warning), "Sent in error", time)
    given = {"cancel": said.sign(signer).to_object()}
    return state.ask(name, "POST", f"/warnings/{warning}/cancel", given)
