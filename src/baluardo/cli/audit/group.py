"""The table of `baluardo audit` commands."""

from baluardo.cli.command import Command

AUDIT = Command(
    name="audit",
    summary="Read, verify and witness the log of what an authority has done.",
    commands=(
        Command(
            "verify",
            "Recompute a log and compare it with the checkpoints that others keep.",
            "baluardo.cli.audit.verify",
        ),
        Command("show", "Show entries of a log.", "baluardo.cli.audit.show"),
        Command(
            "key",
            "Make a witness's key, or show the verifier key of one.",
            "baluardo.cli.audit.key",
        ),
        Command(
            "witness",
            "Cosign a log's newest checkpoint if it follows the one cosigned before.",
            "baluardo.cli.audit.witness",
        ),
        Command(
            "evidence",
            "Verify a witness's evidence that a log was forked or cut.",
            "baluardo.cli.audit.evidence",
        ),
        Command(
            "erase",
            "Erase a personal detail of an entry for good; the log verifies as before.",
            "baluardo.cli.audit.erase",
        ),
    ),
    example="""\
  $ baluardo audit verify authority/public/log --key authority/public/log.vkey
  italia.example/log: 12 entries, signed 2026-11-21T09:00:00Z
""",
)
