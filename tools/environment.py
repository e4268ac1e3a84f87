"""Make the project's Python environment: `python3 tools/environment.py GROUP...`.

Standard library only, so that a fresh machine needs nothing but Python and a network. Every group
of packages is installed from its own hash-locked list (requirements/GROUP.lock) and stamped with a
fingerprint of what it was made from; a group whose stamp is current costs a few milliseconds.
Stamps are written last and in one piece, so an interrupted installation is seen and repaired.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

ROOT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = (3, 11)
INSTALLING = Path(".baluardo") / "installing"
"""Stands in an environment while packages are put into it; prepare() looks for damage after it."""
NEWER_PYTHONS = ("python3.14", "python3.13", "python3.12", "python3.11")


class SetupError(Exception):
    """The environment cannot be made; the text is a sentence that says what to do."""


@dataclass(frozen=True)
class Group:
    """One stamped set of packages. `home`: the environment's folder; `needs`: groups before it."""

    name: str
    home: str = ".venv"
    needs: tuple[str, ...] = ("run",)
    project: bool = False
    """Whether the project itself is installed (editable) together with the packages."""

    @property
    def lock(self) -> Path:
        """The hash-locked list of this group's packages."""
        return ROOT / "requirements" / f"{self.name}.lock"


GROUPS = {
    group.name: group
    for group in (
        Group("run", needs=(), project=True),
        Group("test"),
        Group("check"),
        Group("bench"),
        Group("data"),
        Group("maintain", needs=()),
        # Apart from the rest: a whole Node.js, wanted only while the pages are built.
        Group("node", home=".node-venv", needs=()),
    )
}


def say(text: str) -> None:
    """Tell the person at the terminal (stderr) what is going on."""
    print(text, file=sys.stderr, flush=True)


def fingerprint(files: Sequence[Path], *words: str) -> str:
    """SHA-256 over the contents of files and over words; order matters, names do not."""
    digest = hashlib.sha256()
    for part in [*(path.read_bytes() for path in files), *(word.encode() for word in words)]:
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def read_stamp(stamp: Path) -> str:
    """What a stamp says; the empty string where there is none."""
    try:
        return stamp.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def write_stamp(stamp: Path, text: str) -> None:
    """Write a stamp in one piece: a reader sees the old one or the new one, never a half."""
    stamp.parent.mkdir(parents=True, exist_ok=True)
    draft = stamp.with_name(f"{stamp.name}.{os.getpid()}")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(stamp)


def first_damage(site_packages: Path) -> str | None:
    """Name the first package whose files are not all there in full; None where all are whole.

    An installer that was killed leaves truncated or missing files behind a package that still
    counts as installed; the package's own RECORD tells.
    """
    for information in sorted(site_packages.glob("*.dist-info")):
        record = information / "RECORD"
        if not record.is_file():
            return information.name
        with record.open(encoding="utf-8", newline="") as lines:
            for name, _, size in csv.reader(lines):
                if name.endswith(".pyc"):
                    continue  # made and dropped by Python as it likes
                file = site_packages / name
                if not file.is_file() or (size and file.stat().st_size != int(size)):
                    return f"{information.name}: {name}"
    return None


def clean_variables() -> dict[str, str]:
    """The process environment without settings that would make pip install somewhere else."""
    hostile = {"PYTHONHOME", "PYTHONPATH", "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER"}
    kept = {name: value for name, value in os.environ.items() if name not in hostile}
    return kept | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_USER": "0"}


def succeeds(*command: str | Path, quiet: bool = False) -> bool:
    """Run a command; whether it could be started and ended well."""
    output = subprocess.DEVNULL if quiet else None
    try:
        done = subprocess.run(
            [str(word) for word in command],
            check=False,
            cwd=ROOT,
            env=clean_variables(),
            stdin=subprocess.DEVNULL,
            stdout=output or sys.stderr,
            stderr=output,
        )
    except OSError:
        return False
    return done.returncode == 0


def python_of(home: Path) -> Path:
    """The interpreter of an environment."""
    return home / "bin" / "python"


def state_of(home: Path) -> str:
    """What an environment is tied to: where it lies (scripts name it) and which Python it uses."""
    tell = "import sys; print('.'.join(map(str, sys.version_info[:3])))"
    try:
        answer = subprocess.run(
            [python_of(home), "-I", "-S", "-c", tell], check=True, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    return json.dumps({"home": str(home), "python": answer.stdout.strip()})


def become_root() -> list[str] | None:
    """The words to put before a command to run it as root without being asked; None: impossible."""
    if os.geteuid() == 0:
        return []
    return ["sudo", "-n"] if succeeds("sudo", "-n", "true", quiet=True) else None


def install_debian_packages(*names: str) -> bool:
    """Install packages of Debian or Ubuntu where that needs no password; whether it worked."""
    root = become_root()
    if root is None or shutil.which("apt-get") is None:
        return False
    say(f"Installing {' '.join(names)} with apt-get.")
    apt = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    succeeds(*apt, "update")
    return succeeds(*apt, "install", "-y", "--no-install-recommends", *names)


def create(home: Path) -> None:
    """Make an empty environment with pip, by whatever the machine has to make one."""
    package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"

    def made_by(*command: str | Path, quiet: bool = True) -> bool:
        shutil.rmtree(home, ignore_errors=True)
        return succeeds(*command, quiet=quiet) and succeeds(
            python_of(home), "-m", "pip", "--version", quiet=True
        )

    made = (
        made_by(sys.executable, "-m", "venv", home)
        or made_by(sys.executable, "-m", "virtualenv", home)
        or made_by("virtualenv", "--python", sys.executable, home)
        or made_by("uv", "venv", "--seed", "--python", sys.executable, home)
        or (
            install_debian_packages(package)
            and made_by(sys.executable, "-m", "venv", home, quiet=False)
        )
    )
    if not made:
        shutil.rmtree(home, ignore_errors=True)
        raise SetupError(
            f"Python's venv module cannot make an environment here. Install the package {package} "
            f"(as root: apt-get install {package}) and run the same command again."
        )
    write_stamp(home / ".baluardo" / "environment", state_of(home))


def prepare(home: Path) -> str:
    """Make sure that an environment is there and fit for use; say what it is tied to.

    One that lacks our stamp is used as it is; one that moved, whose Python went away, or that an
    interrupted installation left damaged is made anew.
    """
    stamp = home / ".baluardo" / "environment"
    marker = home / INSTALLING
    if marker.exists():
        damage = first_damage(next(home.glob("lib/python3*/site-packages"), home))
        if damage is not None:
            say(f"An interrupted installation left {home.name} damaged ({damage}); starting over.")
            shutil.rmtree(home)
        marker.unlink(missing_ok=True)
    state = state_of(home)
    if state and read_stamp(stamp) == state:
        return state
    if state and not stamp.exists() and succeeds(python_of(home), "-m", "pip", "-V", quiet=True):
        write_stamp(stamp, state)  # somebody made it by hand: use it as it is
        return state
    say(f"Making the environment {home.name}.")
    create(home)
    return state_of(home)


def install(group: Group, home: Path) -> None:
    """Install one group into its environment; a marker stands there until it has ended."""
    marker = home / INSTALLING
    write_stamp(marker, group.name)
    say(f"Installing the packages of group '{group.name}' (again only when its list changes).")
    pip: list[str | Path] = [python_of(home), "-m", "pip", "install", "--no-deps"]
    if not sys.stderr.isatty():
        pip.append("--quiet")
    # Wheels only: building from source would fetch build tools that no list pins.
    if not succeeds(*pip, "--only-binary", ":all:", "--require-hashes", "-r", group.lock):
        raise SetupError(
            f"The packages of {group.lock.relative_to(ROOT)} could not be installed; pip says why "
            "above. What was installed before still works. Check the network and run again."
        )
    if group.project and not succeeds(*pip, "--no-build-isolation", "--editable", ROOT):
        raise SetupError("The project itself could not be installed; pip says why above.")
    marker.unlink()


def ensure(name: str) -> Path:
    """Make sure that a group is installed as its lock says; give the environment's folder."""
    group = GROUPS[name]
    for need in group.needs:
        ensure(need)
    home = ROOT / group.home
    files = [group.lock, ROOT / "pyproject.toml"] if group.project else [group.lock]
    state = prepare(home)
    wanted = fingerprint(files, state)
    stamp = home / ".baluardo" / f"{name}.stamp"
    if read_stamp(stamp) != wanted:
        install(group, home)
        write_stamp(stamp, wanted)
    return home


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    """Hold a lock on this folder, so that two commands never install into one environment."""
    handle = os.open(ROOT / "tools", os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def use_new_enough_python() -> None:
    """Start again under a newer Python where this one is too old; refuse where there is none."""
    if sys.version_info >= OLDEST_PYTHON:
        return
    newer = next(filter(None, map(shutil.which, NEWER_PYTHONS)), None)
    if newer is None:
        raise SetupError("Baluardo needs Python 3.11 or newer; install one and run again.")
    os.execv(newer, [newer, *sys.argv])  # noqa: S606 - the same arguments, no shell


def status_of(work: Callable[[], None]) -> int:
    """Do the work on a Python that is new enough; return the exit status, 0, 1 or 130."""
    try:
        use_new_enough_python()
        work()
    except SetupError as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("Interrupted; the same command goes on from here.")
        return 130
    return 0


def main(names: Sequence[str]) -> int:
    """Make sure that the named groups are installed; exit status 0, 1 or 2."""
    unknown = [name for name in names if name not in GROUPS]
    if unknown or not names:
        say(f"usage: environment.py GROUP...   groups: {' '.join(GROUPS)}")
        return 2

    def work() -> None:
        with one_at_a_time():
            for name in names:
                ensure(name)

    return status_of(work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
