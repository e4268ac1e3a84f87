"""What an honest authority does not do, unless it was put back from an older backup.

Each alarm stands on every page of the site, and is written into the program's log when it begins.
"""

from __future__ import annotations

import logging
from typing import Final

from baluardo.edge.news import Known
from baluardo.edge.policy import HeldPolicy
from baluardo.protocol.whereabouts import StatedWhereabouts
from baluardo.terms import Bilingual

MOST_SHOWN: Final = 5
"""Serial numbers that one line of the program's log names."""
LOG_COPY: Final = "log-copy"
"""What the alarm is about that ends when the site's copy of the log opens."""

logger = logging.getLogger("baluardo.edge")


class Alarms:
    """The alarms of one edge, by what they are about."""

    def __init__(self) -> None:
        """Begin without any."""
        self.raised: dict[str, Bilingual] = {}

    def judge_lists(self, known: Known) -> None:
        """See whether the newest lists leave out what lists before them have named."""
        serials = sorted(f"{serial:x}" for _, serial in known.revocations.forgotten())
        if not serials:
            self.raised.pop("revocations", None)
            return
        some = ", ".join(serials[:MOST_SHOWN])
        self._raise(
            "revocations",
            Bilingual(
                f"L'autorità non elenca più {len(serials)} certificati revocati: qui restano "
                "revocati. Avvisate un responsabile della sicurezza.",
                f"The authority lists {len(serials)} revoked certificates no more: they stay "
                "revoked here. Tell a security officer.",
            ),
            f"serial {some}{' and others' if len(serials) > MOST_SHOWN else ''}",
        )

    def judge_policy(self, held: HeldPolicy | None, stated: StatedWhereabouts) -> None:
        """See whether the authority goes by an older policy than is held, or by another one."""
        if held is None or stated.policy > held.policy.number:
            return
        if stated.policy < held.policy.number:
            self._raise(
                "policy",
                Bilingual(
                    f"L'autorità applica la regola {stated.policy}, qui vige la "
                    f"{held.policy.number}: avvisate un responsabile della sicurezza.",
                    f"The authority goes by policy {stated.policy}, and policy "
                    f"{held.policy.number} is in force here: tell a security officer.",
                ),
            )
        elif stated.policy_digest != held.policy.digest:
            self.raise_other_policy(held.policy.number)
        else:
            self.raised.pop("policy", None)

    def raise_other_policy(self, number: int) -> None:
        """Say that there are two policies of one number."""
        self._raise(
            "policy",
            Bilingual(
                f"L'autorità ha un'altra regola con il numero {number}: qui vige quella di prima. "
                "Avvisate un responsabile della sicurezza.",
                f"The authority has another policy of the number {number}: the one before is in "
                "force here. Tell a security officer.",
            ),
        )

    def raise_other_log(self) -> None:
        """Say that the authority signs its log with another key than the one that is kept."""
        self._raise(
            "log-key",
            Bilingual(
                "L'autorità firma il registro con un'altra chiave: qui resta quella di prima. "
                "Avvisate un revisore.",
                "The authority signs its log with another key: the one before is kept here. Tell "
                "an auditor.",
            ),
        )

    def raise_forked_log(self, detail: str) -> None:
        """Say that the log's own key has signed two histories; `detail` tells which."""
        self._raise(
            "log-fork",
            Bilingual(
                "Il registro dell'autorità ha due storie: le prove sono conservate e qui non si "
                "accetta più nulla di nuovo da esso. Avvisate un revisore.",
                "The authority's log has two histories: the evidence is kept, and nothing newer of "
                "it is taken here. Tell an auditor.",
            ),
            detail,
        )

    def raise_log_copy(self, detail: str) -> None:
        """Say that the site's own copy of the log, or its key as a witness, does not open."""
        self._raise(
            LOG_COPY,
            Bilingual(
                "La copia del registro di questo sito non si apre: nelle chiamate nessuno può "
                "essere verificato. Il diario del programma dice perché e che cosa fare.",
                "This site's copy of the log does not open: in calls nobody can be verified. The "
                "program's log says why, and what to do.",
            ),
            detail,
        )

    def _raise(self, about: str, sentence: Bilingual, detail: str = "") -> None:
        if self.raised.get(about) != sentence:
            logger.error("%s%s", sentence.en, f" ({detail})" if detail else "")
        self.raised[about] = sentence
