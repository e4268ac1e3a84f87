"""The table of `baluardo fleet` commands."""

from baluardo.cli.command import Command

FLEET = Command(
    name="fleet",
    summary="Plan for platforms on the move: contacts, landings, coverage of the sea.",
    commands=(
        Command(
            "plan",
            "Plan the contacts of ships, helicopters, aircraft and drones.",
            "baluardo.cli.fleet.plan",
        ),
        Command(
            "landing",
            "Prove where flows land, and what their rules cost.",
            "baluardo.cli.fleet.landing",
        ),
        Command(
            "pace",
            "Foresee which bearer platforms take, what stops, and drills.",
            "baluardo.cli.fleet.pace",
        ),
        Command(
            "map",
            "Map availability, delay, rate and trusted landing of a sea.",
            "baluardo.cli.fleet.sea_map",
        ),
        Command("reports", "Read position reports from a log.", "baluardo.cli.fleet.reports"),
        Command("listen", "Listen to a receiver of AIS.", "baluardo.cli.fleet.listen"),
    ),
    example="""\
  $ baluardo fleet plan Frigate --hours 1
  tells what the frigate of the built-in missions gets in the next hour, where it lands, and when
  there is nothing.
""",
)
