"""The table of `baluardo sky` commands."""

from baluardo.cli.command import Command

SKY = Command(
    name="sky",
    summary="Ask the constellation: what it is, who sees whom, how traffic reaches the ground.",
    commands=(
        Command(
            "info",
            "Describe the catalogue and what its satellites can do.",
            "baluardo.cli.sky.info",
        ),
        Command("look", "List the satellites in view of a place.", "baluardo.cli.sky.look"),
        Command(
            "route",
            "Find the route from a place to its landing or to another place.",
            "baluardo.cli.sky.route",
        ),
        Command(
            "coverage",
            "Measure how well a region is covered over hours.",
            "baluardo.cli.sky.coverage",
        ),
        Command(
            "contacts",
            "List what a place gets, slot after slot.",
            "baluardo.cli.sky.contacts",
        ),
        Command(
            "availability",
            "Tell how much of a year a place has its rate.",
            "baluardo.cli.sky.availability",
        ),
        Command(
            "assign",
            "Tell whom the satellites serve in a region in one slot.",
            "baluardo.cli.sky.assign",
        ),
        Command(
            "capacity",
            "Count the sites that a region carries, hour by hour, beside everybody else.",
            "baluardo.cli.sky.capacity",
        ),
        Command(
            "d2c",
            "Find the satellites that reach ordinary phones at a place.",
            "baluardo.cli.sky.d2c",
        ),
        Command(
            "compare",
            "Set a log of pings or a dish's telemetry beside the forecast.",
            "baluardo.cli.sky.compare",
        ),
        Command("bake", "Prepare the sky of a span for other commands.", "baluardo.cli.sky.bake"),
    ),
    example="""\
  $ baluardo sky look 41.9 12.5 --at 2025-05-29T12:00:00Z
  lists the satellites above Rome at that moment, the highest first.
""",
)
