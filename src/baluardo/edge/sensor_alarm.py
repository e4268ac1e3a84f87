"""A sensor's alarm, signed by its site and handed to whichever authority answers first.

The same signed octets go to each: an alarm counts once, however often it comes.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from baluardo.edge.web import AuthorityWeb, refusal_of
from baluardo.errors import RequestError, SourceError
from baluardo.protocol.warnings import OLDEST_SIGNED, SensorAlarm
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.strict_json import JsonObject

AGAIN_SECONDS: Final = 1.0
PATIENCE_SECONDS: Final = OLDEST_SIGNED / 2.0
"""How long it is tried again where nobody answers: what was signed longer ago is not obeyed."""
OK: Final = 200


@dataclass(frozen=True, slots=True)
class Counted:
    """What an alarm has led to."""

    agreed: int
    """Sensors that agree by now."""
    needed: int
    warning: str | None
    """Id of the warning that went out; None if more sensors must agree."""


async def raise_alarm(
    credential: Credential,
    addresses: tuple[str, ...],
    alarm: SensorAlarm,
    patience_s: float = PATIENCE_SECONDS,
) -> Counted:
    """Hand an alarm in; RequestError or InvalidInputError say why it was not counted.

    SourceError if no authority answers for as long as it is worth trying.
    """
    if not addresses:
        raise SourceError("This site knows no address of an authority: enrol it first.")
    envelope = {"alarm": alarm.sign(credential).to_object()}
    web, ends = AuthorityWeb(), asyncio.get_running_loop().time() + patience_s
    try:
        while True:
            problem: SourceError | None = None
            for address in addresses:
                try:
                    status, answer = await web.alarm(address, envelope)
                except SourceError as found:
                    problem = found
                    continue
                if status >= 500:
                    problem = SourceError(f"{address} answers with status {status}.")
                    continue
                if status != OK:
                    raise refusal_of(status, answer)
                return _counted(answer)
            if asyncio.get_running_loop().time() >= ends:
                raise problem or SourceError("No authority answers.")
            await asyncio.sleep(AGAIN_SECONDS)
    finally:
        await web.close()


def _counted(answer: JsonObject) -> Counted:
    warning = answer.fields.get("warning")
    if warning is not None and not isinstance(warning, str):
        raise RequestError("The authority answers something else than what was asked.")
    return Counted(int(answer.number("agreed")), int(answer.number("needed")), warning)
