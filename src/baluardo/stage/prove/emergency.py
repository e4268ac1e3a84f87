"""The proof of warnings: an earthquake, the ground network gone, and every phone under the sky.

A real authority, a process of its own, asks a satellite operator for beams over HTTP; the
operator's beams are the twin's, and its phones are simulated. What an officer does here is signed
and sent as from a page.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import numpy as np

from baluardo.emergency.area.asked_area import AskedArea, resolve
from baluardo.emergency.area.atlas import Atlas
from baluardo.emergency.beams.contacts import DWELL_S
from baluardo.emergency.beams.phones import AFTER_EARTHQUAKE
from baluardo.emergency.cap.reading import read_alert
from baluardo.emergency.channels import Channel
from baluardo.emergency.writing.templates import Templates
from baluardo.errors import StageError, TrustError
from baluardo.protocol.warnings import WarningCancel
from baluardo.scenario.event import Event
from baluardo.stage.emergency.operator import TwinOperator
from baluardo.stage.emergency.schedule import FORESEEN, Broadcast
from baluardo.stage.prove.emergency_ground import (
    GIULIA,
    PAOLA,
    RENZO,
    SARA,
    WarningGround,
    warning_ground,
)
from baluardo.stage.prove.result import Finding, findings_of
from baluardo.trust.audit.record import Record
from baluardo.trust.base64_text import of_base64
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.proposal import Proposal
from baluardo.trust.envelope import Envelope, EnvelopeSignature
from baluardo.twin.sky.catalogue import Catalogue
from baluardo.twin.sky.sky import Sky

SCHEDULE_LIMIT_S: Final = 1.0
REACH_LIMIT: Final = 0.03
"""By which the live curve may leave its forecast, of all people."""
HANDSETS: Final = 1_000_000
SPAN_S: Final = FORESEEN * DWELL_S
SETTLE_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.2
DRILL: Final = "Questo testo prova i canali. Non devi fare nulla."
DRILL_EN: Final = "This text tries the channels. You need not do anything."


async def prove_emergency(
    event: Event, catalogue: Catalogue, say: Callable[[str], None], handsets: int = HANDSETS
) -> list[Finding]:
    """Run the proof with so many simulated phones; StageError where it cannot be staged."""
    sky, clock, atlas = Sky(catalogue), _SkyClock(event.time), Atlas.load("IT")
    operator = TwinOperator(
        lambda: sky,
        clock,
        lambda: atlas,
        frozenset({Channel.PUBLIC, Channel.EXERCISE}),
        AFTER_EARTHQUAKE,
        event.ground_lost_at,
        handsets=handsets,
    )
    async with warning_ground(operator) as ground:
        proof = _Proof(event, operator, clock, ground)
        steps = (
            proof.area_and_people,
            proof.released_and_scheduled,
            proof.reach_as_forecast,
            proof.refused_and_logged,
            proof.updated,
            proof.cancelled_drill,
            proof.killed_between_release_and_air,
            proof.cancelled,
        )
        return await findings_of(steps, say)


class _SkyClock:
    """The sky's time: the event's, running, and put forward where nobody wants to wait."""

    def __init__(self, start: float) -> None:
        self._offset = start - time.monotonic()

    def __call__(self) -> float:
        return time.monotonic() + self._offset

    def skip(self, seconds: float) -> None:
        self._offset += seconds


class _Proof:
    def __init__(
        self, event: Event, operator: TwinOperator, clock: _SkyClock, ground: WarningGround
    ) -> None:
        self._event, self._operator = event, operator
        self._clock, self._ground = clock, ground
        self._area = {
            "kind": "contours",
            "geojson": event.contours(),
            "least": event.least_intensity,
        }
        self._warning = ""
        self._command: tuple[str, Envelope] | None = None

    # Steps

    async def area_and_people(self) -> list[Finding]:
        """The area in which it shook, and whom it holds."""
        told = await self._ground.told(PAOLA, "POST", "/warnings/preview", {"area": self._area})
        people, cells = told["people"], len(told["cells"])
        asked = AskedArea.of_object(self._area, "The area")
        warned = await asyncio.to_thread(resolve, asked, Atlas.load("IT"))
        beams = await self._operator.preview(warned)
        inside = self._event.intensity_at(self._event.lat_deg, self._event.lon_deg)
        return [
            Finding(
                f"people where intensity is {self._event.least_intensity:g} and more",
                f"{people:,.0f} in {cells} cells, {told['people_beside']:,.0f} beside",
                f"{float(inside):.1f} at the epicentre",
                people > 0 and cells > 0 and not told["outside_territory"],
            ),
            Finding(
                "satellites with beams for it in the next half hour",
                f"{len(beams.satellites)}, {beams.beams_at_once} beams at once at most",
                "more than 0",
                bool(beams.satellites),
            ),
        ]

    async def released_and_scheduled(self) -> list[Finding]:
        """Written, approved by a second officer, and in the plan of beams."""
        body = await self._checked(self._draft())
        command, proposal = await self._ground.propose(PAOLA, body)
        alone = await self._ground.ask(
            PAOLA,
            "POST",
            f"/commands/{command}/answers",
            {"answer": self._ground.approval(RENZO, proposal).to_object()},
        )
        began = time.monotonic()
        done = await self._ground.approve(RENZO, command, proposal)
        self._command = command, proposal
        broadcast = await self._on_beams(await self._newest_id())
        took = self._operator.scheduled[broadcast.request.key] - began
        first = broadcast.began - self._clock()
        return [
            Finding(
                "one officer alone",
                f"refused ({alone.status_code})",
                "refused",
                alone.status_code == 403,
            ),
            Finding("released by two", done["state"], "executed", done["state"] == "executed"),
            Finding(
                "from the second approval to the plan of beams",
                f"{took:.2f} s, first dwell in {max(first, 0.0):.1f} s",
                f"{SCHEDULE_LIMIT_S:g} s",
                took <= SCHEDULE_LIMIT_S,
            ),
        ]

    async def reach_as_forecast(self) -> list[Finding]:
        """A million phones under the beams of half an hour, beside the forecast at release."""
        broadcast = self._broadcast()
        await self._until(lambda: broadcast.foreseen is not None, "the operator's forecast")
        told = broadcast.foreseen
        if told is None:
            raise StageError("The operator has made no forecast.")
        self._clock.skip(SPAN_S)
        reach = await asyncio.to_thread(self._operator.reach, self._warning)
        if reach is None:
            raise StageError("The operator knows nothing of the warning.")
        counted = await asyncio.to_thread(broadcast.curve, self._operator.schedule.phones)
        most = min(len(counted.share), len(told.share))
        apart = float(np.abs(counted.share[:most] - told.share[:most]).max())
        able, when = told.able, told.time_to_95_of_able_s
        ends = float(counted.share[-1])
        return [
            Finding(
                f"reach of {len(broadcast.handsets):,} phones against the forecast",
                f"{100 * ends:.1f} % after {counted.times_s[-1] / 60:.0f} min, "
                f"{100 * apart:.2f} points apart at most",
                f"{100 * REACH_LIMIT:g} points",
                apart <= REACH_LIMIT and most > 1,
            ),
            Finding(
                "95 % of those whom beams can reach",
                "not in half an hour" if when is None else f"{when / 60:.1f} min",
                f"{100 * able:.0f} % of all can be reached",
                when is not None,
            ),
            Finding(
                "heard twice, shown once; outside and silent",
                f"{counted.duplicates:,}; {counted.fenced_off:,}",
                "more than 0",
                counted.duplicates > 0 and counted.fenced_off > 0,
            ),
        ]

    async def refused_and_logged(self) -> list[Finding]:
        """Forged, replayed, outside the territory, a stolen handset: refused, and in the log."""
        before = len(await self._refusals())
        if self._command is None:
            raise StageError("Nothing was released that could be replayed.")
        _, proposal = self._command
        # Another place: the desk stops a warning that was sent minutes ago.
        draft = self._draft(minutes=45)
        draft["area"] = {"kind": "circle", "lat_deg": 42.63, "lon_deg": 13.29, "radius_km": 10.0}
        draft["area_name"] = "Amatrice"
        _say_place(draft, "Amatrice")
        body = await self._checked(draft)
        fresh, other = await self._ground.propose(PAOLA, body)
        forged = _forged(self._ground.approval(RENZO, other))
        replayed = self._ground.proposal(PAOLA, _body_of(proposal))
        abroad = self._ground.proposal(SARA, body)
        twice = ""
        try:
            approve(other, self._ground.officers.devices[PAOLA], time.time())
        except TrustError as problem:
            twice = str(problem)
        cases = [
            ("a forged approval", f"/commands/{fresh}/answers", RENZO, {"answer": forged}),
            (
                "an approval of somebody else's hand",
                f"/commands/{fresh}/answers",
                SARA,
                {"answer": self._ground.approval(RENZO, other).to_object()},
            ),
            ("a replayed warning", "/commands", PAOLA, {"proposal": replayed.to_object()}),
            (
                "a warning outside the territory",
                "/commands",
                SARA,
                {"proposal": abroad.to_object()},
            ),
        ]
        found = []
        for name, path, who, sent in cases:
            answer = await self._ground.ask(who, "POST", path, sent)
            refused = 400 <= answer.status_code < 500
            found.append(Finding(name, f"refused ({answer.status_code})", "refused", refused))
        found.append(
            Finding(
                "one person approving twice",
                "refused" if twice else "taken",
                "refused",
                bool(twice),
            )
        )
        found.append(await self._stolen_handset())
        logged = len(await self._refusals()) - before
        wanted = len(cases) + 1
        found.append(
            Finding("refusals in the log", f"{logged} of {wanted}", f"{wanted}", logged >= wanted)
        )
        return found

    async def updated(self) -> list[Finding]:
        """An update takes its place on the air, as the next edition of the same message."""
        first = self._broadcast()
        draft = self._draft(minutes=90, references=[self._warning])
        await self._release(await self._checked(draft))
        broadcast = await self._on_beams(await self._newest_id())
        serials = [each.request.messages[0].serial for each in (first, broadcast)]
        step = (serials[1] - serials[0]) % 16
        return [
            Finding(
                "update on the air, the first edition off it",
                f"edition {serials[0] & 15} then {serials[1] & 15}",
                "the next",
                step == 1 and first.ended is not None and broadcast.ended is None,
            )
        ]

    async def cancelled_drill(self) -> list[Finding]:
        """A drill is written, released, cancelled; the public channel never sees it."""
        public = self._ground.door.seen.count(Channel.PUBLIC)
        kept, self._warning = self._warning, ""
        draft = self._draft(minutes=30)
        draft |= {"channel": "exercise", "level": "exercise", "severity": "Minor"}
        for info in draft["infos"]:
            info["broadcast"] = DRILL if info["language"] == "it" else DRILL_EN
        body = await self._checked(draft)
        crossed = {**body, "channel": "public"}
        proposal = self._ground.proposal(PAOLA, crossed)
        refused = await self._ground.ask(
            PAOLA, "POST", "/commands", {"proposal": proposal.to_object()}
        )
        await self._release(body)
        drill = await self._on_beams(await self._newest_id())
        await self._cancel(await self._newest_id())
        await self._until(lambda: drill.ended is not None, "the drill to end")
        identifiers = {message.message_id for message in drill.request.messages}
        self._warning = kept
        real = self._broadcast()
        shared = identifiers & {message.message_id for message in real.request.messages}
        reached = self._ground.door.seen.count(Channel.PUBLIC) - public
        return [
            Finding(
                "a drill's alert on the public channel",
                f"refused ({refused.status_code})",
                "refused",
                refused.status_code == 400,
            ),
            Finding("requests of the drill on the public channel", f"{reached}", "0", reached == 0),
            Finding(
                "message identifiers that drill and warning share",
                f"{len(shared)}",
                "0",
                not shared,
            ),
            Finding(
                "the drill ends no warning",
                "on the air" if real.ended is None else "ended",
                "on the air",
                real.ended is None,
            ),
        ]

    async def killed_between_release_and_air(self) -> list[Finding]:
        """The authority is killed once it has released, before anybody has taken the order."""
        door = self._ground.door
        door.held.clear()
        door.waiting.clear()
        draft = self._draft(minutes=60)
        draft["area"] = {"kind": "circle", "lat_deg": 42.35, "lon_deg": 13.4, "radius_km": 15.0}
        draft["area_name"] = "L'Aquila"
        _say_place(draft, "L'Aquila")
        await self._release(await self._checked(draft))
        await self._until(door.waiting.is_set, "the order to be on its way")
        nothing = self._taken(await self._newest_id()) == 0
        await self._ground.authority.kill()
        door.held.set()
        await self._ground.authority.start()
        newest = await self._newest_id()
        await self._until_sent(newest)
        await asyncio.sleep(2.0)  # a second one would come right after the first
        taken = self._taken(newest)
        return [
            Finding(
                "sent after kill -9 between release and air",
                f"{taken} time" if taken == 1 else f"{taken} times",
                "1 time",
                taken == 1 and nothing,
            )
        ]

    async def cancelled(self) -> list[Finding]:
        """One officer takes the warning back, in one step."""
        update = self._broadcast()
        began = time.monotonic()
        told = await self._cancel(self._warning)
        await self._until(lambda: update.ended is not None, "the warning to be off the air")
        took = time.monotonic() - began
        last = self._operator.schedule.broadcasts[-1]
        says = read_alert(last.request.alert, "The cancel").message_type.value
        return [
            Finding(
                "one-step cancel to the plan of beams",
                f"{took:.2f} s, {says} in {len(last.request.messages)} languages",
                f"{SCHEDULE_LIMIT_S:g} s",
                took <= SCHEDULE_LIMIT_S and told["state"] == "cancelled" and says == "Cancel",
            )
        ]

    # What steps share

    def _draft(self, minutes: int = 60, references: list[str] | None = None) -> dict[str, Any]:
        """Return the draft of the scenario's template, for the event's place."""
        template = Templates.load("IT").get(self._event.template)
        examples = {each.name: each.example for each in template.fields}
        draft = template.filled({**examples, "PLACE": "Norcia"})
        draft["infos"] = [i for i in draft["infos"] if i["language"] in self._event.languages]
        return draft | {
            "level": self._event.level,
            "area": self._area,
            "area_name": "Norcia",
            "expires_minutes": minutes,
            "template": None if references else draft["template"],
            "message_type": "Update" if references else "Alert",
            "references": references or [],
        }

    async def _checked(self, draft: dict[str, Any]) -> dict[str, object]:
        told = await self._ground.told(PAOLA, "POST", "/warnings/check", {"draft": draft})
        if told["body"] is None:
            stops = [each["code"] for each in told["problems"] if each["gravity"] == "error"]
            raise StageError(f"The draft is stopped by {', '.join(stops)}.")
        body: dict[str, object] = told["body"]
        return body

    async def _release(self, body: dict[str, object]) -> None:
        command, proposal = await self._ground.propose(PAOLA, body)
        done = await self._ground.approve(RENZO, command, proposal)
        if done["state"] != "executed":
            raise StageError(f"The release was refused: {done['outcome']}")

    async def _cancel(self, warning: str) -> Any:
        said = WarningCancel(warning, "Prova", time.time())
        signed = said.sign(self._ground.officers.devices[RENZO])
        return await self._ground.told(
            RENZO, "POST", f"/warnings/{warning}/cancel", {"cancel": signed.to_object()}
        )

    def _taken(self, warning: str) -> int:
        """Return how often a warning was put on the air."""
        return sum(b.request.warning == warning for b in self._operator.schedule.broadcasts)

    async def _newest_id(self) -> str:
        return str((await self._ground.newest())["id"])

    def _broadcast(self) -> Broadcast:
        """Return what the proof's warning is on the air."""
        found = [
            b for b in self._operator.schedule.broadcasts if b.request.warning == self._warning
        ]
        if not found:
            raise StageError("The warning is not on the air.")
        return found[0]

    async def _on_beams(self, warning: str) -> Broadcast:
        self._warning = warning
        operator = self._operator

        def there() -> bool:
            keys = [
                b.request.key for b in operator.schedule.broadcasts if b.request.warning == warning
            ]
            return any(key in operator.scheduled for key in keys)

        await self._until(there, "the operator to take the request")
        return self._broadcast()

    async def _until_sent(self, warning: str) -> None:
        for _ in range(int(SETTLE_SECONDS / _LOOK_SECONDS)):
            told = await self._ground.told(PAOLA, "GET", f"/warnings/{warning}")
            if all(each["state"] == "sent" for each in told["deliveries"]):
                return
            await asyncio.sleep(_LOOK_SECONDS)
        raise StageError(f"Waited {SETTLE_SECONDS:g} s in vain for the authority to settle it.")

    async def _until(self, ready: Callable[[], bool], what: str) -> None:
        try:
            async with asyncio.timeout(SETTLE_SECONDS):
                while not ready():
                    await asyncio.sleep(0.005)
        except TimeoutError:
            raise StageError(f"Waited {SETTLE_SECONDS:g} s in vain for {what}.") from None

    async def _refusals(self) -> list[str]:
        """Return the refusals in the log, as its auditor reads it."""
        start, kinds = 0, []
        while True:
            told = await self._ground.told(GIULIA, "GET", f"/log/entries?start={start}&count=200")
            records = [Record.of_entry(of_base64(each["octets"])) for each in told["entries"]]
            kinds += [record.kind for record in records]
            start += len(records)
            if start >= told["size"] or not records:
                refused = ("warning.refused", "warning.handset-refused")
                return [kind for kind in kinds if kind in refused]

    async def _stolen_handset(self) -> Finding:
        place = {"name": "Norcia", "lat_deg": 42.79, "lon_deg": 13.1}
        told = await self._ground.told(PAOLA, "POST", "/warnings/handsets", place)
        secret = {"secret": told["link"].partition("#")[2]}
        first = await self._ground.ask("", "POST", "/handset/open", secret)
        second = await self._ground.ask("", "POST", "/handset/open", secret)
        holds = first.status_code == 200 and second.status_code == 409
        measured = f"{first.status_code}, then refused ({second.status_code})"
        return Finding("a stolen handset page", measured, "refused", holds)


def _forged(envelope: Envelope) -> dict[str, object]:
    """Return an approval whose signature was altered in one octet."""
    signature = envelope.signatures[0]
    octets = bytearray(signature.signature)
    octets[100] ^= 1
    altered = EnvelopeSignature(signature.chain, bytes(octets), signature.key_id)
    return Envelope(envelope.payload, envelope.payload_type, (altered,)).to_object()


def _body_of(proposal: Envelope) -> dict[str, object]:
    return Proposal.of_payload(proposal.payload).body


def _say_place(draft: dict[str, Any], place: str) -> None:
    for info in draft["infos"]:
        for name, text in info.items():
            info[name] = text.replace("Norcia", place)
