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
        Command(
            "alarm",
            "Say, as a sensor, that a standing warning is to go out.",
            "baluardo.cli.edge.alarm",
        ),
        Command(
            "systemd",
            "Print or write the units that keep an edge running.",
            "baluardo.cli.edge.systemd",
        ),
        Command(
            "update",
            "Install a program that two officers have signed.",
            "baluardo.cli.edge.update",
        ),
        Command(
            "rollback",
            "Put the program before the one in use back.",
            "baluardo.cli.edge.rollback",
        ),
        Command(
            "export",
            "Let a device in by plain WireGuard, which is not post-quantum, where allowed.",
            "baluardo.cli.edge.export",
        ),
        Command(
            "devices",
            "List plain devices, which are not post-quantum.",
            "baluardo.cli.edge.devices",
        ),
        Command(
            "remove-device",
            "Let a plain device in no more.",
            "baluardo.cli.edge.remove_device",
        ),
        Command(
            "pack-update",
            "Propose, as an officer, what edges are to run.",
            "baluardo.cli.edge.pack_update",
        ),
        Command(
            "approve-update",
            "Sign, as a second officer, what edges are to run.",
            "baluardo.cli.edge.approve_update",
        ),
        Command(
            "sign-pages",
            "Propose, as an officer, which pages browsers keep a copy of.",
            "baluardo.cli.edge.sign_pages",
        ),
        Command(
            "approve-pages",
            "Sign, as a second officer, which pages browsers keep a copy of.",
            "baluardo.cli.edge.approve_pages",
        ),
        Command(
            "take-pages",
            "Hand out a list of pages that two officers have signed.",
            "baluardo.cli.edge.take_pages",
        ),
    ),
    example="""\
  $ baluardo edge enrol bergamini --invitation bergamini.txt --unprotected
  ship/bergamini, until 2026-12-21T09:00:00Z
""",
)
