"""`baluardo audit` on logs that were cut, forked and altered."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

import pytest

from baluardo.cli.main import main
from baluardo.trust.audit.openings import Openings
from baluardo.trust.audit.record import make_record
from baluardo.trust.audit.store import AuditLog
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from without_rights import nobody

ORIGIN = "marina.example/log"
ACTOR = "spiffe://marina.example/authority/service"
Captured = pytest.CaptureFixture[str]


class Ground:
    """A log that grows, and a witness of it, in one folder."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "authority" / "public" / "log"
        self.openings = Openings(folder / "authority" / "openings")
        self.vkey = folder / "log.vkey"
        self.key = SigningKey.generate(EU_HYBRID.log)
        self.witness_key = folder / "navy.key"
        self.witness_vkey = folder / "navy.vkey"
        self.folder = folder
        with AuditLog.create(self.log, ORIGIN, self.key, 1_700_000_000.0) as log:
            self.vkey.write_text(log.verifier_key.text, encoding="ascii")

    def grow(self, *words: str) -> None:
        with AuditLog.open(self.log, self.key) as log:
            for word in words:
                new = make_record(
                    1_700_000_000.0, "test.done", ACTOR, {"word": word}, {"who": word}
                )
                self.openings.keep(new.disclosures)
                log.append([new.entry()], 1_700_000_000.0 + log.size)

    def verify(self, *more: str) -> int:
        return main(["audit", "verify", str(self.log), "--key", str(self.vkey), *more])

    def witness(self, output: str) -> int:
        return main(
            [
                *("audit", "witness", str(self.log), "--of", str(self.vkey)),
                *("--key", str(self.witness_key), "--name", "witness.example/navy"),
                *("--state", str(self.folder / "navy"), "--output", str(self.folder / output)),
            ]
        )


@pytest.fixture
def ground(tmp_path: Path, capsys: Captured) -> Ground:
    ground = Ground(tmp_path)
    name = ["--name", "witness.example/navy", "--create", "--unprotected"]
    assert main(["audit", "key", str(ground.witness_key), *name]) == 0
    ground.witness_vkey.write_text(capsys.readouterr().out, encoding="ascii")
    ground.grow("one", "two", "three")
    return ground


def test_a_witnessed_log_verifies_by_files_and_by_words(ground: Ground, capsys: Captured) -> None:
    assert ground.witness("first.txt") == 0
    assert "3 entries cosigned, 3 more than before" in capsys.readouterr().out
    ground.grow("four")
    assert ground.witness("second.txt") == 0
    assert "4 entries cosigned, 1 more than before" in capsys.readouterr().out
    kept = [str(ground.folder / name) for name in ("first.txt", "second.txt")]
    witness = ground.witness_vkey.read_text(encoding="ascii").strip()
    options = ["--checkpoint", kept[0], "--checkpoint", kept[1], "--witness", witness]
    assert ground.verify(*options, "--witnesses", "1", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verified"] is True
    assert report["witnesses"]["witness.example/navy"]["size"] == 4
    assert ground.verify(*options) == 0
    assert "cosigned by witness.example/navy: 4 entries" in capsys.readouterr().out


def test_a_cut_log_is_told_and_not_cosigned(ground: Ground, capsys: Captured) -> None:
    shutil.copytree(ground.log, ground.folder / "copy")
    ground.grow("four")
    assert ground.witness("kept.txt") == 0
    shutil.rmtree(ground.log)
    (ground.folder / "copy").rename(ground.log)
    capsys.readouterr()
    assert ground.verify("--checkpoint", str(ground.folder / "kept.txt")) == 1
    told = capsys.readouterr().out
    assert "TRUNCATED: The log was cut, or this is an old copy of it: it has 3 entries." in told
    assert ground.witness("again.txt") == 1
    assert "an old one, or the log was cut" in capsys.readouterr().err
    ground.grow("another four")
    assert ground.witness("again.txt") == 1
    told = capsys.readouterr().err
    assert "forked: it signed two different histories of 4 entries" in told
    assert list((ground.folder / "navy").glob("*fork-*.json"))
    assert not (ground.folder / "again.txt").exists()
    ground.grow("five")
    assert ground.witness("again.txt") == 1
    assert "do not begin with the 4 that it signed before" in capsys.readouterr().err


def test_an_altered_entry_is_told(ground: Ground, capsys: Captured) -> None:
    bundle = ground.log / "tile" / "entries" / "000.p" / "3"
    bundle.write_bytes(bundle.read_bytes().replace(b"two", b"owt"))
    assert ground.verify() == 1
    assert "ALTERED ENTRY: Entry 1 was altered" in capsys.readouterr().out
    assert ground.verify("--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verified"] is False
    assert [fault["index"] for fault in report["faults"]] == [1]


def test_what_may_not_be_read_is_missing_and_not_altered(ground: Ground, capsys: Captured) -> None:
    """An auditor without rights accuses nobody."""
    with tempfile.TemporaryDirectory() as made:
        copy = Path(made) / "log"
        shutil.copytree(ground.log, copy)
        Path(made).chmod(0o755)
        for closed in (copy, copy / "checkpoint", copy / "tile" / "entries" / "000.p" / "3"):
            mode = closed.stat().st_mode
            closed.chmod(0)
            words = ["audit", "verify", str(copy), "--key", ground.vkey.read_text(encoding="ascii")]
            with nobody():
                assert main(words) == 1
            told = capsys.readouterr()
            assert "MISSING FILE: " in told.out, closed
            assert "Permission denied." in told.out, closed
            assert not any(word in told.out for word in ("ALTERED", "BAD SIGN", "REWRITTEN"))
            assert told.err == ""
            closed.chmod(mode)


def test_an_erased_detail_is_closed_and_the_log_verifies(ground: Ground, capsys: Captured) -> None:
    show = ["audit", "show", str(ground.log)]
    assert main([*show, "1", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["entries"]
    assert (entry["personal"], entry["closed"]) == ({"who": "two"}, [])
    assert main(["audit", "erase", str(ground.log), "1", "who"]) == 0
    capsys.readouterr()
    assert main([*show, "1", "--json"]) == 0
    (entry,) = json.loads(capsys.readouterr().out)["entries"]
    assert entry["personal"] == {}
    assert len(entry["closed"]) == 1
    assert main([*show, "0", "--openings", str(ground.openings.directory)]) == 0
    assert "detail  who: " in capsys.readouterr().out
    assert ground.verify() == 0


def test_entries_of_other_programs_and_numbers_beyond_the_log(
    ground: Ground, capsys: Captured
) -> None:
    with AuditLog.open(ground.log, ground.key) as log:
        log.append([b"\x1b[2Jnot JSON"], 1_700_000_100.0)
    assert main(["audit", "show", str(ground.log)]) == 0
    assert "3" in capsys.readouterr().out.splitlines()[-1]
    assert main(["audit", "show", str(ground.log), "3"]) == 0
    assert capsys.readouterr().out == "octets  1b5b324a6e6f74204a534f4e\n"
    assert main(["audit", "show", str(ground.log), "4"]) == 1
    assert "no entry 4; the log has 4" in capsys.readouterr().err
    assert main(["audit", "erase", str(ground.log), "3", "who"]) == 1
    assert "The entry is no JSON" in capsys.readouterr().err


def test_evidence_convicts_before_anybody(ground: Ground, capsys: Captured) -> None:
    assert ground.witness("first.txt") == 0
    shutil.rmtree(ground.log)
    AuditLog.create(ground.log, ORIGIN, ground.key, 1_700_000_000.0).close()
    ground.grow("one", "two", "another third", "four")
    assert ground.witness("second.txt") == 1
    (evidence,) = (ground.folder / "navy").glob("*.fork-*.json")
    capsys.readouterr()
    assert main(["audit", "evidence", str(evidence), "--key", str(ground.vkey)]) == 0
    assert "do not begin with the 3" in capsys.readouterr().out
    evidence.write_bytes(evidence.read_bytes().replace(b"\\n4\\n", b"\\n5\\n"))
    assert main(["audit", "evidence", str(evidence), "--key", str(ground.vkey)]) == 1
    assert "not genuine" in capsys.readouterr().err


def test_a_word_too_long_for_a_files_name_is_read_as_a_key(
    ground: Ground, capsys: Captured
) -> None:
    assert main(["audit", "verify", str(ground.log), "--key", f"navy+{'A' * 300}"]) == 1
    assert "is no verifier key" in capsys.readouterr().err
