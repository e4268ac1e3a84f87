"""An authority whose issuing key is sealed by a hardware token, run as an operator runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from softhsm import softhsm_library


class Operator:
    """Runs commands in a folder of her own, each in a process of its own."""

    def __init__(self, folder: Path, library: Path) -> None:
        self.folder = folder
        self.token = ("--token", "authority", "--token-module", str(library), "--pin-file", "pin")
        self.opening = ("--token-module", str(library), "--pin-file", "pin")
        self.environment = {**os.environ, "SOFTHSM2_CONF": str(folder / "conf")}
        (folder / "tokens").mkdir()
        (folder / "conf").write_text(
            f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n"
            "log.level = ERROR\n"
        )
        for name, line in (("pass", "correct horse battery"), ("pin", "482915"), ("bad", "000000")):
            (folder / name).write_text(f"{line}\n")
            (folder / name).chmod(0o600)
        subprocess.run(
            [
                "softhsm2-util",
                "--init-token",
                "--free",
                "--label",
                "authority",
                "--pin",
                "482915",
                "--so-pin",
                "00000000",
            ],
            check=True,
            capture_output=True,
            env=self.environment,
        )

    def __call__(self, *words: str, status: int = 0) -> str:
        """Run `baluardo trust ...` and return all it says."""
        done = subprocess.run(
            [sys.executable, "-m", "baluardo", "trust", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, f"{words}: {said}"
        return said


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """SoftHSM with a token of its own; skip where it is not installed."""
    return Operator(tmp_path, softhsm_library())


def test_the_issuing_key_is_useless_without_its_token(operator: Operator) -> None:
    shares = [word for n in (1, 2) for word in ("--share", f"shares/share-{n}.txt")]
    password = ("--passphrase-file", "pass")
    operator(
        *("root", "create", "authority", "--community", "italia.example"),
        *("--custodians", "3", "--threshold", "2", "--shares", "shares", *password),
    )
    operator("issuer", "create", "authority", "issuer-1", *shares, *password, *operator.token)
    operator(
        *("request", "rome", "--community", "italia.example", "--identity", "office/rome"),
        *("--output", "rome.csr", "--unprotected"),
    )
    issue = ("issue", "authority", "rome.csr", "--output", "rome.pem", *password)
    operator(*issue, *operator.opening)
    said = operator("verify", "rome.pem", "--public", "authority/public")
    assert "office/rome, in force until" in said

    wrong = operator(*issue, *operator.opening[:2], "--pin-file", "bad", status=1)
    assert "refuses the PIN" in wrong
    unreached = operator(*issue, status=1)
    assert "PKCS#11" in unreached
    shutil.rmtree(operator.folder / "tokens")
    (operator.folder / "tokens").mkdir()
    lost = operator(*issue, *operator.opening, status=1)
    assert "token" in lost
    assert "482915" not in said + wrong + unreached + lost
