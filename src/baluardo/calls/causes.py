"""Why a call ends or is not made: each reason with its sentence, and how SIP would write it.

Pre-emption has the causes of RFC 4411 section 5, all others the nearest value of ITU-T Q.850 (RFC
3326 section 2). RFC 4411 and its registry at IANA have four; the fifth ("Network Preemption")
that some equipment sends is of the United States' Unified Capabilities Requirements. We do not send
it: a path that carries less takes reserved room away too, which is cause 2.
"""

from __future__ import annotations

from enum import Enum
from typing import Final

from baluardo.terms import Bilingual


class Cause(Enum):
    """Why a call ended; the value is what signalling carries."""

    HUNG_UP = "hung up"
    DECLINED = "declined"
    BUSY = "busy"
    """Every device that rang is in use."""
    UNABLE = "unable"
    """No device can take it: no microphone, say, or no common keys."""
    NO_ANSWER = "no answer"
    NOBODY_THERE = "nobody there"
    """The person has no device that could ring."""
    UNKNOWN_PERSON = "unknown person"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    """Said to the other devices of who answered; the call goes on."""
    GLARE = "glare"
    """Both dialled each other; the other one of the two calls stands."""
    NO_ROOM = "no room"
    FORBIDDEN_PRECEDENCE = "forbidden precedence"
    SECOND_EMERGENCY = "second emergency"
    TOO_MANY = "too many"
    """More attempts, or more calls at once, than one device may make."""
    NOT_THEIRS = "not theirs"
    """A device or a site speaks for somebody whom it may not speak for."""
    DEVICE_LOST = "device lost"
    SITE_LOST = "site lost"
    RESTARTED = "restarted"
    """One side was started anew and knows nothing of the call."""
    PREEMPTED_BY_DEVICE = "pre-empted by device"
    PREEMPTED_RESERVED = "pre-empted reserved"
    """Its room was given to a more urgent call."""
    PREEMPTED = "pre-empted"
    """On a final leg, where no more is to be told."""
    PREEMPTED_NOT_IP = "pre-empted not ip"
    """By a gateway to another kind of network."""
    PREEMPTED_BY_PATH = "pre-empted by path"
    """The path carries less than before."""

    @property
    def preemption(self) -> int:
        """The cause of RFC 4411, 1 to 4; 0 for what is no pre-emption."""
        return _PREEMPTIONS.get(self, (0, ""))[0]

    @property
    def sentence(self) -> Bilingual:
        """What a person reads."""
        return _SENTENCES[self]

    @property
    def reason_header(self) -> str:
        """The value of SIP's header field Reason (RFC 3326, RFC 4411)."""
        if self.preemption:
            number, text = _PREEMPTIONS[self]
            return f'preemption ;cause={number} ;text="{text}"'
        return f'Q.850 ;cause={_Q850[self]} ;text="{self.value}"'


_PREEMPTIONS: Final = {
    Cause.PREEMPTED_BY_DEVICE: (1, "UA Preemption"),
    Cause.PREEMPTED_RESERVED: (2, "Reserved Resources Preempted"),
    Cause.PREEMPTED: (3, "Generic Preemption"),
    Cause.PREEMPTED_NOT_IP: (4, "Non-IP Preemption"),
    Cause.PREEMPTED_BY_PATH: (2, "Reserved Resources Preempted"),
}

_Q850: Final = {
    Cause.HUNG_UP: 16,
    Cause.DECLINED: 21,
    Cause.BUSY: 17,
    Cause.UNABLE: 88,
    Cause.NO_ANSWER: 19,
    Cause.NOBODY_THERE: 20,
    Cause.UNKNOWN_PERSON: 1,
    Cause.ANSWERED_ELSEWHERE: 26,
    Cause.GLARE: 44,
    Cause.NO_ROOM: 34,
    Cause.FORBIDDEN_PRECEDENCE: 50,
    Cause.SECOND_EMERGENCY: 47,
    Cause.TOO_MANY: 42,
    Cause.NOT_THEIRS: 57,
    Cause.DEVICE_LOST: 27,
    Cause.SITE_LOST: 38,
    Cause.RESTARTED: 41,
}
"""ITU-T Q.850 (10/2018) table 1."""

_SENTENCES: Final = {
    Cause.HUNG_UP: Bilingual("La chiamata è stata chiusa.", "The call was ended."),
    Cause.DECLINED: Bilingual("La chiamata è stata rifiutata.", "The call was declined."),
    Cause.BUSY: Bilingual("Occupato.", "Busy."),
    Cause.UNABLE: Bilingual(
        "Nessun dispositivo può accettare la chiamata.", "No device can take the call."
    ),
    Cause.NO_ANSWER: Bilingual("Nessuno ha risposto.", "Nobody answered."),
    Cause.NOBODY_THERE: Bilingual(
        "La persona non ha nessun dispositivo collegato.", "The person has no device connected."
    ),
    Cause.UNKNOWN_PERSON: Bilingual("Qui nessuno ha questo nome.", "There is nobody of this name."),
    Cause.ANSWERED_ELSEWHERE: Bilingual(
        "Ha risposto un altro dispositivo.", "Another device has answered."
    ),
    Cause.GLARE: Bilingual(
        "Vi siete chiamati a vicenda: vale l'altra chiamata.",
        "You called each other: the other call stands.",
    ),
    Cause.NO_ROOM: Bilingual(
        "Il collegamento è pieno di chiamate che non devono cedere.",
        "The link is full of calls that need not yield.",
    ),
    Cause.FORBIDDEN_PRECEDENCE: Bilingual(
        "Questa precedenza è sopra quella permessa alla persona.",
        "This precedence is above the one permitted to the person.",
    ),
    Cause.SECOND_EMERGENCY: Bilingual(
        "La persona è già in una chiamata di emergenza.",
        "The person is in an emergency call already.",
    ),
    Cause.TOO_MANY: Bilingual(
        "Troppe chiamate da questo dispositivo: riprovate tra poco.",
        "Too many calls from this device: try again shortly.",
    ),
    Cause.NOT_THEIRS: Bilingual(
        "La chiamata viene da chi non può parlare per questa persona.",
        "The call comes from somebody who may not speak for this person.",
    ),
    Cause.DEVICE_LOST: Bilingual(
        "Il dispositivo non è più raggiungibile.", "The device cannot be reached any more."
    ),
    Cause.SITE_LOST: Bilingual(
        "L'altra sede non è raggiungibile.", "The other site cannot be reached."
    ),
    Cause.RESTARTED: Bilingual(
        "Una delle due parti è stata riavviata.", "One of the two sides was restarted."
    ),
    Cause.PREEMPTED_BY_DEVICE: Bilingual(
        "La chiamata ha ceduto a una più urgente sul dispositivo.",
        "The call yielded to a more urgent one on the device.",
    ),
    Cause.PREEMPTED_RESERVED: Bilingual(
        "La chiamata ha ceduto il suo posto a una più urgente.",
        "The call yielded its room to a more urgent one.",
    ),
    Cause.PREEMPTED: Bilingual("La chiamata ha dovuto cedere.", "The call had to yield."),
    Cause.PREEMPTED_NOT_IP: Bilingual(
        "La chiamata ha dovuto cedere in una rete telefonica.",
        "The call had to yield in a telephone network.",
    ),
    Cause.PREEMPTED_BY_PATH: Bilingual(
        "Il collegamento porta meno di prima: la chiamata ha ceduto a quelle più urgenti.",
        "The link carries less than before: the call yielded to more urgent ones.",
    ),
}
