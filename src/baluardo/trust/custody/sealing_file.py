"""A member's private sealing key in a file: what was sealed to it must open after a restart too.

The content is JSON, `{"profile": NAME, "seed": BASE64}`, sealed as other keys are (`keyfile`) or,
for lone machines, open, and then refused if others may read it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from baluardo.durable_files import OWNER_ALONE, write_durably
from baluardo.errors import CustodyError, InvalidInputError, ProfileError
from baluardo.foreign_input import printable, quoted, read_file
from baluardo.trust.base64_text import to_base64
from baluardo.trust.custody.jwe import MOST_OCTETS
from baluardo.trust.custody.keyfile import (
    Protection,
    Unlock,
    Unprotected,
    open_secret,
    seal_secret,
)
from baluardo.trust.custody.private_file import check_private
from baluardo.trust.sealing import SealingKey
from baluardo.trust.secret import Secret
from baluardo.trust.strict_json import JsonObject, write_json
from baluardo.trust.suites import P, Profile

SEALING_SEED: Final = "application/vnd.baluardo.sealing-seed+json"
MOST_SEED: Final = 64
MOST_CONTENT: Final = 1_024

_FILE = "The file of the sealing key"


def store_sealing_key(
    path: Path, key: SealingKey[P], protection: Protection, replace: bool = False
) -> None:
    """Write a key to a file of mode 0600; TargetError if it is there and not to be replaced.

    What was sealed to a key that is replaced never opens again.
    """
    body = {"profile": key.profile.name, "seed": to_base64(key.seed().reveal())}
    content = Secret(write_json(body))
    if isinstance(protection, Unprotected):
        octets = content.reveal()
    else:
        octets = seal_secret(content, protection, SEALING_SEED)
    write_durably(path, octets + b"\n", mode=OWNER_ALONE, replace=replace)


def load_sealing_key(
    path: Path, profile: Profile[P], unlock: Unlock | None = None
) -> SealingKey[P]:
    """Read what `store_sealing_key` wrote; SourceError if the file cannot be read.

    CustodyError if it cannot be opened, ProfileError if the key is of another profile. Without
    `unlock` only a key that is not sealed opens.
    """
    octets = read_file(path, MOST_OCTETS, _FILE)
    try:
        key = open_sealing_key(octets, profile, unlock or Unlock(), path.name)
    except CustodyError as problem:
        raise CustodyError(f"{_FILE} {printable(str(path))}: {problem}") from None
    if _is_open(octets):
        check_private(path, _FILE)
    return key


def open_sealing_key(
    octets: bytes, profile: Profile[P], unlock: Unlock, name: str
) -> SealingKey[P]:
    """Open the content of such a file; `name` is what the prompt calls it. Errors as above."""
    content = (
        Secret(octets) if _is_open(octets) else open_secret(octets, unlock, SEALING_SEED, name)
    )
    try:
        fields = JsonObject.parse(content.reveal(), MOST_CONTENT, "It")
        fields.only(("profile", "seed"))
        found, seed = fields.text("profile", 32), Secret(fields.octets("seed", MOST_SEED))
        if found == profile.name:
            return SealingKey(profile, seed)
    except InvalidInputError:  # its sentence could show the secret
        raise CustodyError("It opens, but what is in it is no sealing key.") from None
    raise ProfileError(
        f"The sealing key is of the profile {quoted(found)}, and the community's is "
        f"{profile.name}. It was not used."
    )


def _is_open(octets: bytes) -> bool:
    return octets.lstrip().startswith(b"{")
