"""The table of `baluardo trust` commands."""

from baluardo.cli.command import Command

ROOT = Command(
    name="root",
    summary="What the custodians do together: create, check and hand over the root.",
    commands=(
        Command(
            "create",
            "Create an authority with a root whose key only custodians hold.",
            "baluardo.cli.trust.root_create",
        ),
        Command(
            "check",
            "Check that shares bring the root's key back; it is forgotten at once.",
            "baluardo.cli.trust.root_check",
        ),
        Command(
            "lists",
            "Publish the root's list anew: members refuse one too old.",
            "baluardo.cli.trust.root_lists",
        ),
        Command(
            "roll",
            "Hand over to a new root, which the present one certifies.",
            "baluardo.cli.trust.root_roll",
        ),
    ),
    example="""\
  $ baluardo trust root check authority --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt
  the key of italia.example root 2026 came back
""",
)

ISSUER = Command(
    name="issuer",
    summary="The keys that issue certificates, certified by the root.",
    commands=(
        Command(
            "create",
            "Create an issuer; the newest one is in use, the others run out.",
            "baluardo.cli.trust.issuer_create",
        ),
        Command(
            "revoke",
            "Take an issuer back, and with it all it has issued.",
            "baluardo.cli.trust.issuer_revoke",
        ),
    ),
    example="""\
  $ baluardo trust issuer create authority issuer-2027 --share shares/share-1.txt \\
      --share shares/share-3.txt --share shares/share-4.txt
""",
)

PAGES = Command(
    name="pages",
    summary="Certificates that browsers accept, for the pages of sites (ECDSA P-384).",
    commands=(
        Command(
            "create",
            "Create the browser authority; its root goes into the browsers.",
            "baluardo.cli.trust.pages_create",
        ),
        Command(
            "request",
            "Make a web server's key, and ask for its certificate.",
            "baluardo.cli.trust.pages_request",
        ),
        Command(
            "issue",
            "Grant a request for the names of a site's pages.",
            "baluardo.cli.trust.pages_issue",
        ),
    ),
    example="""\
  $ baluardo trust pages request rome.baluardo.localhost --key rome.key --output rome.csr
  $ baluardo trust pages issue authority rome.csr --output rome.pem
""",
)

TRUST = Command(
    name="trust",
    summary="Keys and certificates: roots, issuers, members, revocation, suites.",
    commands=(
        ROOT,
        ISSUER,
        Command(
            "request",
            "Make a key where it will be used, and ask for its certificate.",
            "baluardo.cli.trust.request",
        ),
        Command(
            "issue",
            "Grant a request or a renewal.",
            "baluardo.cli.trust.issue",
        ),
        Command(
            "install",
            "Take what was granted into use.",
            "baluardo.cli.trust.install",
        ),
        Command(
            "renew",
            "Ask for the next certificate with the present one.",
            "baluardo.cli.trust.renew",
        ),
        Command(
            "revoke",
            "Take certificates back for ever, and publish the lists.",
            "baluardo.cli.trust.revoke",
        ),
        Command(
            "lists",
            "Publish new revocation lists.",
            "baluardo.cli.trust.lists",
        ),
        Command(
            "verify",
            "Judge a certificate as a member of the community would.",
            "baluardo.cli.trust.verify",
        ),
        PAGES,
        Command(
            "cbom",
            "Print the cryptographic bill of materials (CycloneDX).",
            "baluardo.cli.trust.cbom",
        ),
    ),
    example="""\
  $ baluardo trust verify rome/0001/chain.pem --public authority/public
  office/rome, in force until 2026-11-28T09:00:00Z
""",
)
