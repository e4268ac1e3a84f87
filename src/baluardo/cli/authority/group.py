"""The table of `baluardo authority` commands."""

from baluardo.cli.command import Command

AUTHORITY = Command(
    name="authority",
    summary="The sovereign service: identities, policy, revocation, and its officers' commands.",
    commands=(
        Command(
            "init",
            "Hold the ceremony: root, issuer, policy, the first officers' invitations.",
            "baluardo.cli.authority.init",
        ),
        Command(
            "serve",
            "Serve pages and channels until Ctrl-C.",
            "baluardo.cli.authority.serve",
        ),
        Command(
            "invite",
            "Invite a person, an office or a ship.",
            "baluardo.cli.authority.invite",
        ),
        Command(
            "approve",
            "See what waits, and approve or refuse it.",
            "baluardo.cli.authority.approve",
        ),
        Command(
            "revoke",
            "Take back the certificates of one holder, or propose it for several.",
            "baluardo.cli.authority.revoke",
        ),
        Command(
            "policy",
            "Show the policy, or propose another.",
            "baluardo.cli.authority.policy",
        ),
        Command(
            "backup",
            "Write everything into one file, also while the authority serves.",
            "baluardo.cli.authority.backup",
        ),
        Command(
            "restore",
            "Make an authority from a backup, on an empty machine.",
            "baluardo.cli.authority.restore",
        ),
        Command(
            "codes",
            "Make new emergency codes, in the place of those not used.",
            "baluardo.cli.authority.codes",
        ),
    ),
    example="""\
  $ baluardo authority init authority --community italia.example --domain rete.italia.example \\
      --officer anna.rossi="Anna Rossi" --officer bruno.verdi="Bruno Verdi" --shares papers
  $ baluardo authority serve authority
""",
)
