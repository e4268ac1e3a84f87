"""The table of `baluardo edge` commands."""

from baluardo.cli.command import Command

EDGE = Command(
    name="edge",
    summary="The agent at an office, on a ship, or with an auditor.",
    commands=(
        Command("enrol", "Enrol this machine by an invitation.", "baluardo.cli.edge.enrol"),
        Command(
            "run",
            "Serve the site's pages and keep a channel to an authority until Ctrl-C.",
            "baluardo.cli.edge.run",
        ),
        Command(
            "status",
            "Show who this edge is and what it judges by, from its disk.",
            "baluardo.cli.edge.status",
        ),
    ),
    example="""\
  $ baluardo edge enrol bergamini --invitation bergamini.txt --unprotected
  ship/bergamini, until 2026-12-21T09:00:00Z
""",
)
