"""A sensor's alarm, signed by its site and handed to every authority that the site knows.

The same signed octets go to each at the same time: an alarm counts once, however often it comes,
and one address that is dead, or that lies, holds up no other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from baluardo.edge.web import AuthorityWeb, refusal_of
from baluardo.errors import BaluardoError, InvalidInputError, SourceError
from baluardo.foreign_input import printable
from baluardo.protocol.message_fields import whole
from baluardo.protocol.warnings import OLDEST_SIGNED, SensorAlarm
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.strict_json import JsonObject

AGAIN_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = OLDEST_SIGNED / 2.0
"""How long it is tried again where nobody answers: what was signed longer ago is not obeyed."""
OK: Final = 200
TOO_MANY: Final = 429
OUR_FAULT: Final = 500


@dataclass(frozen=True, slots=True)
class Counted:
    """What an alarm has led to, as an authority says; nobody has signed it."""

    agreed: int
    """Sensors that agree by now."""
    needed: int
    warning: str | None
    """Id of the warning that went out; None if more sensors must agree."""

    @classmethod
    def of_answer(cls, answer: JsonObject) -> Counted:
        """Read it; InvalidInputError if no authority would answer so."""
        warning = answer.fields.get("warning")
        if warning is not None and not isinstance(warning, str):
            raise answer.wrong("warning", "an id")
        shown = None if warning is None else printable(warning)
        return cls(whole(answer, "agreed"), whole(answer, "needed"), shown)


async def raise_alarm(
    credential: Credential,
    addresses: tuple[str, ...],
    alarm: SensorAlarm,
    tell: Callable[[str], None],
    patience_s: float = PATIENCE_SECONDS,
) -> Counted:
    """Hand an alarm in; RequestError or InvalidInputError say why it was not counted.

    SourceError if no authority answers for as long as it is worth trying; `tell` is told once that
    it is tried again.
    """
    if not addresses:
        raise SourceError("This site knows no address of an authority: enrol it first.")
    envelope = {"alarm": alarm.sign(credential).to_object()}
    loop = asyncio.get_running_loop()
    web, ends, told = AuthorityWeb(), loop.time() + patience_s, False
    try:
        while True:
            answers = await asyncio.gather(*(_asked(web, each, envelope) for each in addresses))
            counted = [each for each in answers if isinstance(each, Counted)]
            if counted:
                return max(counted, key=lambda each: (each.warning is not None, each.agreed))
            problems = [each for each in answers if isinstance(each, BaluardoError)]
            for problem in problems:
                if not isinstance(problem, SourceError):
                    raise problem
            if loop.time() >= ends:
                raise problems[0]
            if not told:
                told = True
                tell(f"{problems[0]} It is tried again for {patience_s:.0f} s.")
            await asyncio.sleep(AGAIN_SECONDS)
    finally:
        await web.close()


async def _asked(
    web: AuthorityWeb, address: str, envelope: Mapping[str, object]
) -> Counted | BaluardoError:
    """Return what one authority says; SourceError where it may be another answer later."""
    try:
        status, answer = await web.alarm(address, envelope)
        if status == OK:
            return Counted.of_answer(answer)
    except InvalidInputError:  # a proxy's page, or a captive portal's
        return SourceError(f"{printable(address)} answers as no authority does.")
    except SourceError as problem:
        return problem
    refused = refusal_of(status, answer)
    if status >= OUR_FAULT or status == TOO_MANY:
        return SourceError(f"{printable(address)}: {refused}")
    return refused
