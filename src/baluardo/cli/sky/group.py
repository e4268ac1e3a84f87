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
    ),
    example="""\
  $ baluardo sky look 41.9 12.5 --at 2025-05-29T12:00:00Z
  lists the satellites above Rome at that moment, the highest first.
""",
)
