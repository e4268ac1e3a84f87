"""Updates for tests: real wheels of this very program, signed by real officers."""

from __future__ import annotations

import asyncio
import io
import sysconfig
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import baluardo
from baluardo.edge.updates.judgement import propose_update
from baluardo.edge.updates.manifest import UpdateManifest
from baluardo.edge.updates.package import write_update
from baluardo.trust.commands.approval import approve
from baluardo.trust.commands.bundle import CommandBundle
from edge.country import ANNA, BRUNO, Country, until

SOURCE = Path(baluardo.__file__).parent
LARGEST_FILE = 800_000
"""Octets: data of the sky and of maps are left out, an edge does not read them."""
Changes = Mapping[str, tuple[str, str]]
"""By a file of the program: a text in it, and what takes its place."""


def program_wheel(version: str, changes: Changes | None = None) -> dict[str, bytes]:
    """Return a wheel of the program as it stands here, under another version, by its name."""
    own = '__version__ = "'
    wanted = {
        "__init__.py": (f'{own}{baluardo.__version__}"', f'{own}{version}"'),
        **(changes or {}),
    }
    files = {}
    for path in sorted(SOURCE.rglob("*")):
        name = path.relative_to(SOURCE).as_posix()
        skipped = "__pycache__" in path.parts or not path.is_file()
        if skipped or path.stat().st_size > LARGEST_FILE:
            continue
        octets = path.read_bytes()
        if name in wanted:
            old, new = wanted[name]
            assert octets.decode().count(old) == 1, name
            octets = octets.decode().replace(old, new).encode()
        files[f"baluardo/{name}"] = octets
    return wheel("baluardo", version, files)


def surroundings_wheel() -> dict[str, bytes]:
    """Return a wheel through which an environment finds all that the program needs in this one."""
    return wheel("surroundings", "1", {"surroundings.pth": sysconfig.get_path("purelib").encode()})


def wheel(name: str, version: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return a wheel of these files, by its name."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    kind = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    listed = {**files, f"{info}/METADATA": metadata.encode(), f"{info}/WHEEL": kind.encode()}
    listed[f"{info}/RECORD"] = "".join(
        f"{each},,\n" for each in [*listed, f"{info}/RECORD"]
    ).encode()
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w") as archive:
        for each, content in listed.items():
            archive.writestr(each, content)
    return {f"{name}-{version}-py3-none-any.whl": octets.getvalue()}


@dataclass
class Site:
    """An edge that holds the first policy, and the officers of its country."""

    country: Country
    edge: Path

    @classmethod
    def settle(cls, country: Country, folder: Path) -> Site:
        """Enrol an office and let it hear the policy; both officers have their laptops."""

        async def scenario() -> Path:
            async with country.authority() as authority:
                await country.officers(authority)
                await country.person(authority, "mario")
                place = await country.enrolled(authority, folder, "office/rome")
                async with country.running(place) as (rome,):
                    await until(lambda: rome.state.policy_number == 1)
                return place

        return cls(country, asyncio.run(scenario()))

    def bundle(
        self, manifest: UpdateManifest, by: str = ANNA, approvers: Sequence[str] = (BRUNO,)
    ) -> CommandBundle:
        """Return the command that edges run this."""
        now = self.country.calendar.now
        proposal = propose_update(manifest, self.country.devices[by], now)
        answers = tuple(approve(proposal, self.country.devices[who], now) for who in approvers)
        return CommandBundle(proposal, answers)

    def update(
        self,
        path: Path,
        wheels: Mapping[str, bytes],
        number: int,
        version: str,
        *,
        allow_older: bool = False,
        approvers: Sequence[str] = (BRUNO,),
    ) -> Path:
        """Write an update's file, signed by Anna and those who approve."""
        manifest = UpdateManifest.of_wheels(
            wheels, number, version, "3.11", allow_older=allow_older
        )
        write_update(path, self.bundle(manifest, approvers=approvers), wheels, replace=True)
        return path
