"""The table of `baluardo prove` commands."""

from baluardo.cli.command import Command

PROVE = Command(
    name="prove",
    summary="Run a nation on this machine and measure what is claimed.",
    commands=(
        Command(
            "tunnel",
            "Prove the encrypted internet: packets, keys, captures, faults, landing.",
            "baluardo.cli.prove.tunnel",
        ),
        Command(
            "calls",
            "Prove the encrypted call: set-up, sound, captures, precedence, authority gone.",
            "baluardo.cli.prove.calls",
        ),
        Command(
            "emergency",
            "Prove public warnings: release, beams, reach, update, cancel, drill, kill -9.",
            "baluardo.cli.prove.emergency",
        ),
        Command(
            "mediterranean",
            "Prove platforms at sea: six hours planned, five moments of them lived.",
            "baluardo.cli.prove.mediterranean",
        ),
    ),
    example="""\
  $ baluardo prove tunnel
  claim                         measured   limit
  ping between every pair       10 of 10   10     holds
  ...
""",
)
