"""An authority from its ceremony to its restored copy, every command a process of its own.

What each prints, what a revoked edge says, and that no secret is where others could read it.
"""

from __future__ import annotations

import json
import os
import re
import stat
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest

from baluardo.cli.main import main
from baluardo.protocol.invitation import PREFIX, Invitation
from cli.typed_country import SEALED, Country, free_ports, waited_for

PASSPHRASE = "correct horse battery"  # noqa: S105 - of this test's own keys
SVG = "{http://www.w3.org/2000/svg}"
ANNA = ("--keys", "anna", "--unprotected")
BRUNO = ("--keys", "bruno", "--unprotected")
LOG_KEY = "authority/public/log.vkey"
NO_IDENTITY = (
    "is no identity: KIND/NAME with a kind of authority, office, ship, person, auditor, sender, or "
    "person/NAME/DEVICE."
)
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
MINUTE = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"


@pytest.fixture(scope="module")
def country(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Country]:
    """A ceremony has been held; two officers have enrolled a device each; the authority serves."""
    path = tmp_path_factory.mktemp("country")
    path.chmod(0o755)  # as a person's folder is: what must be private is so by itself
    (path / "pass").write_text(PASSPHRASE + "\n")
    (path / "pass").chmod(0o600)
    (path / "wrong").write_text("another battery horse\n")
    (path / "wrong").chmod(0o600)
    web, channel = free_ports(2)
    env = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}
    made = Country(path, web, channel, env=env)
    before = os.umask(0o022)
    try:
        done = made.does(
            *("authority", "init", "authority", "--community", "italia.example"),
            *("--officer", "anna.rossi=Anna Rossi", "--officer", "bruno.verdi=Bruno Verdi"),
            *("--shares", "papers", "--web-port", str(web), "--channel-port", str(channel)),
            *SEALED,
        )
        assert re.fullmatch(
            r"italia\.example root \d{4}  ([0-9a-f]{4} ){15}[0-9a-f]{4}\n", done.stdout
        )
        assert done.stderr.startswith(
            "The papers are in papers: a share for each of the 5 custodians, an invitation for "
            "each officer, 2 emergency codes. Print each"
        )
        with made.serving("serve", "authority"):
            for device, name in (("anna", "anna.rossi"), ("bruno", "bruno.verdi")):
                paper = f"papers/invitation-{name}.txt"
                done = made.does("edge", "enrol", device, "--invitation", paper, "--unprotected")
                assert re.fullmatch(rf"person/{name}/first, until {TIME}\n", done.stdout)
                assert done.stderr == ""
            yield made
    finally:
        os.umask(before)
        for each in made.runs:
            each.stop()


def invited(country: Country, identity: str, *more: str) -> Path:
    """Invite as Anna, and keep the text in a file."""
    file = country.path / f"{identity.replace('/', '-')}.txt"
    done = country.does("authority", "invite", identity, *ANNA, *more, "--output", file.name)
    assert done.stdout == ""
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    return file


def test_papers_say_what_they_are(country: Country) -> None:
    papers = country.path / "papers"
    names = [f"share-{number}.txt" for number in range(1, 6)] + [
        "emergency-1.txt",
        "emergency-2.txt",
    ]
    names += [
        f"invitation-{who}.{end}" for who in ("anna.rossi", "bruno.verdi") for end in ("txt", "svg")
    ]
    assert sorted(each.name for each in papers.iterdir()) == sorted(names)
    for who in ("anna.rossi", "bruno.verdi"):
        paper = (papers / f"invitation-{who}.txt").read_text()
        text = country.invitation(who)
        invitation = Invitation.of_text(text)
        assert invitation.identity.path == f"person/{who}/first"
        assert invitation.addresses == (f"http://authority.baluardo.localhost:{country.web_port}",)
        assert paper.startswith(f"Invitation for person/{who}/first of italia.example\ngood until ")
        assert f"\n{invitation.addresses[0]}/enrol#{text}\n" in paper
        drawing = ET.fromstring((papers / f"invitation-{who}.svg").read_text())  # noqa: S314 - ours
        assert drawing.tag == f"{SVG}svg"
        assert drawing.findtext(f"{SVG}title") == f"Invitation for person/{who}/first"
        for each in drawing.iter():
            assert each.tag in {f"{SVG}svg", f"{SVG}title", f"{SVG}path"}
            assert not set(each.keys()) & {
                "style",
                "class",
                "onload",
            }  # the pages' policy refuses them
    codes = [(papers / f"emergency-{number}.txt").read_text().splitlines()[-1] for number in (1, 2)]
    assert len(set(codes)) == 2
    for code in codes:
        assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){4}[0-9A-HJKMNP-TV-Z]{6}", code)
    assert (papers / "share-1.txt").read_text().count("italia.example") >= 1


def test_a_ship_comes_in_and_is_cut_off(country: Country) -> None:
    done = country.does(
        "authority", "invite", "ship/bergamini", *ANNA, "--name", "Fregata Bergamini"
    )
    assert re.fullmatch(rf"{PREFIX}[A-Za-z0-9_-]+\n", done.stdout)
    assert re.fullmatch(
        rf"For ship/bergamini, good once until {MINUTE}\. Hand it over by a way that nobody else "
        r"reads\.\n",
        done.stderr,
    )
    (country.path / "bergamini.txt").write_text(done.stdout)
    (country.path / "bergamini.txt").chmod(0o600)
    enrol = country.starts(
        *("enrol", "edge", "enrol", "bergamini", "--invitation", "bergamini.txt", "--unprotected")
    )
    enrol.says("The request waits for an officer's approval.\n")
    assert_hidden(country, command_lines())
    listed = country.does("authority", "approve", *BRUNO).stdout
    line = re.fullmatch(
        r"request ([0-9a-f]{12})  ship/bergamini, key ([0-9a-f]{16})\.\.\., "
        r"invited by anna\.rossi\n",
        listed,
    )
    assert line is not None, listed
    assert country.refuses("authority", "approve", line[1], *ANNA) == (
        "You have invited ship/bergamini yourself: another person must approve the request."
    )
    done = country.does("authority", "approve", line[1], *BRUNO)
    assert re.fullmatch(rf"approved ship/bergamini with key {line[2]}[0-9a-f]{{48}}\n", done.stdout)
    assert enrol.ended() == 0
    assert re.fullmatch(rf"ship/bergamini, until {TIME}\n", enrol.stdout.read_text())
    assert enrol.heard() == "The request waits for an officer's approval.\n"

    edge = country.starts("edge", "edge", "run", "bergamini", "--unprotected", "--port", "0")
    url = re.fullmatch(r"http://bergamini\.baluardo\.localhost:(\d+)/", edge.announced())
    assert url is not None

    def reached() -> int:
        host = "bergamini.baluardo.localhost"
        return country.ask(int(url[1]), host, "GET", "/state").status_code

    waited_for(lambda: reached() == 200)
    assert "no policy" not in country.does("edge", "status", "bergamini").stdout
    another_policy(country)
    said = ("edge", "alarm", "bergamini", "--unprotected", "--reading", "0.8 m in 40 s")
    refused = country.refuses(*said, "--standing", "0" * 32)  # beside the edge that runs
    assert refused == "Sensors release nothing here: nothing was done."
    assert "no id of a standing warning" in country.refuses(*said, "--standing", "x")

    done = country.does(
        *("authority", "revoke", "ship/bergamini", *ANNA, "--reason", "key-compromise")
    )
    assert (done.stdout, done.stderr) == ("revoked ship/bergamini: 1 certificate\n", "")
    edge.says("'ship/bergamini'")
    edge.says("was revoked by 'issuer-1'")
    heard = edge.says("The other end refused us: ")
    assert "(keyCompromise): refused. Its holder must ask for a new one." in heard
    assert edge.process.poll() is None  # its pages go on
    for _ in range(5):
        assert reached() == 503
        time.sleep(0.1)
    assert re.search(
        rf"^list \d+ of [0-9a-f]{{12}}, due again by {TIME}: 1 revoked$",
        country.does("edge", "status", "bergamini").stdout,
        re.MULTILINE,
    )
    assert edge.stop() == 0
    assert edge.heard().endswith("Stopped.\n")
    again = country.starts("edge-2", "edge", "run", "bergamini", "--unprotected", "--port", "0")
    again.says("The other end refused us: ")
    assert again.stop() == 0
    once_more = ("authority", "revoke", "ship/bergamini", *ANNA, "--reason", "superseded")
    assert country.refuses(*once_more) == (
        "No certificate of ship/bergamini is in force: there is nothing to revoke."
    )


def another_policy(country: Country) -> None:
    """Two officers lower Anna's highest precedence; the ship takes it from their signatures."""
    policy = json.loads(country.does("authority", "policy", *ANNA).stdout)
    assert (policy["number"], sorted(policy["people"])) == (1, ["anna.rossi", "bruno.verdi"])
    policy["number"] = 2
    policy["people"]["anna.rossi"]["ceiling"] = "immediate"
    (country.path / "policy.json").write_text(json.dumps(policy, indent=1))
    done = country.does("authority", "policy", *ANNA, "--propose", "policy.json")
    proposed = re.fullmatch(r"proposed ([0-9a-f]{12})\n", done.stdout)
    assert proposed is not None
    assert done.stderr == "It waits for a second officer: baluardo authority approve.\n"
    done = country.run("authority", "approve", proposed[1], *ANNA)
    assert (done.status, done.stdout) == (1, "")
    assert done.stderr.splitlines()[-1].startswith(
        "baluardo: person/anna.rossi/first cannot approve what they have proposed"
    )
    listed = country.does("authority", "approve", *BRUNO).stdout
    assert re.fullmatch(
        rf"command {proposed[1]}  policy\.set by person/anna\.rossi/first, until {MINUTE}\n", listed
    )
    done = country.does("authority", "approve", proposed[1], *BRUNO)
    assert done.stdout == "executed policy.set\n"
    assert '"ceiling": "immediate"' in done.stderr.splitlines()[0]  # what was signed is shown
    assert done.stderr.splitlines()[1:] == ["Policy 2 is in force."]
    waited_for(lambda: "policy 2, " in country.does("edge", "status", "bergamini").stdout)


def test_a_person_comes_in_without_approval_by_what_the_file_holds(country: Country) -> None:
    file = invited(country, "person/carla.neri/phone", "--name", "Carla Neri", "--language", "it")
    text, link = file.read_text().splitlines()
    assert link == f"http://authority.baluardo.localhost:{country.web_port}/enrol#{text}"
    assert country.said[-1].endswith("\nThe second line is a link, for a browser.\n")
    assert_hidden(country, country.said[-1])
    assert country.refuses("authority", "invite", "ship/x", *ANNA, "--output", file.name) == (
        "person-carla.neri-phone.txt is there already and was left as it is."
    )
    done = country.does(
        *("edge", "enrol", "carla", "--invitation", "-", "--passphrase-file", "pass"),
        stdin=file.read_text(),
    )
    assert re.fullmatch(rf"person/carla\.neri/phone, until {TIME}\n", done.stdout)
    member = ("--keys", "carla", *SEALED)
    assert country.refuses("authority", "invite", "ship/x", *member).startswith("This takes ")
    assert "The passphrase does not open it." in country.refuses(
        "edge", "run", "carla", "--port", "0", "--passphrase-file", "wrong"
    )


@pytest.fixture(scope="module")
def palermo(country: Country) -> Path:
    """The file of an invitation that office/palermo has used."""
    file = invited(country, "office/palermo")
    enrol = country.starts(
        *("palermo", "edge", "enrol", "palermo", "--invitation", file.name, "--unprotected")
    )
    enrol.says("The request waits")
    waiting = json.loads(country.does("authority", "approve", *BRUNO, "--json").stdout)
    (request,) = (each for each in waiting["requests"] if each["identity"] == "office/palermo")
    country.does("authority", "approve", request["id"], *BRUNO)
    assert enrol.ended() == 0
    return file


def test_keys_of_an_edge_are_no_officers(country: Country, palermo: Path) -> None:
    assert palermo.exists()
    assert country.refuses(
        "authority", "invite", "ship/x", "--keys", "palermo", "--unprotected"
    ) == ("palermo holds the keys of office/palermo: an officer's device is needed.")


def test_invitation_serves_once_and_in_time(country: Country, palermo: Path) -> None:
    enrol = ("edge", "enrol", "--unprotected", "--invitation")
    assert country.refuses(*enrol, palermo.name, "twice") == (
        "This invitation was used already: it serves once. Ask for a new one."
    )
    assert country.refuses(*enrol, palermo.name, "palermo").startswith(
        "office/palermo is enrolled here already."
    )
    short = invited(country, "office/messina", "--hours", "0.0001")
    waited_for(lambda: Invitation.of_text(short.read_text()).expires < time.time())
    assert country.refuses(*enrol, short.name, "late") == (
        "This invitation has ended unused. Ask for a new one."
    )
    text = palermo.read_text().strip()
    assert "cut or altered" in country.refuses(*enrol, "-", "cut", stdin=text[:-9])


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("approve", "0123abcd"),
            "Nothing that waits has an id that begins so. Look: baluardo authority approve --keys "
            "DIRECTORY.",
        ),
        (("approve", "0123"), "An id is told apart by at least 6 characters."),
        (("invite", "nobody/x"), f"'nobody/x' {NO_IDENTITY}"),
        (("invite", "ship"), f"'ship' {NO_IDENTITY}"),
        (
            ("invite", "ship/San Marco"),
            "name 'San Marco': 1 to 63 small letters, digits, '.', '-' and '_', the first a letter "
            "or a digit.",
        ),
        (
            ("invite", "authority/roma"),
            "authority/roma is an authority: it is founded, nobody invites it.",
        ),
        (
            ("invite", "person/anna.rossi/second"),
            "anna.rossi is enrolled already and adds devices alone. Who has lost every passkey is "
            "recovered by a command of two persons.",
        ),
        (
            ("invite", "ship/x", "--hours", "8000"),
            "The request is not valid: hours: Input should be less than or equal to 720.",
        ),
        (
            ("revoke", "ship/nobody", "--reason", "superseded"),
            "No certificate of ship/nobody is in force: there is nothing to revoke.",
        ),
        (("revoke", "../x", "--reason", "superseded"), f"'../x' {NO_IDENTITY}"),
        (("revoke", "ship/x", "nobody/y", "--reason", "superseded"), f"'nobody/y' {NO_IDENTITY}"),
        (("policy", "--propose", "broken.json"), "The policy is no JSON."),
        (
            ("policy", "--propose", "none.json"),
            "The policy none.json cannot be read: No such file or directory.",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_officers_are_refused(
    country: Country,
    words: tuple[str, ...],
    sentence: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    (country.path / "broken.json").write_text('{"v": 1')
    monkeypatch.chdir(country.path)
    assert main(["authority", *words, *BRUNO]) == 1  # in this process: there are many of these
    assert capfd.readouterr() == ("", f"baluardo: {sentence}\n")


def test_policy_that_does_not_follow_or_leaves_one_officer_is_refused(country: Country) -> None:
    policy = json.loads(country.does("authority", "policy", *BRUNO).stdout)
    number = policy["number"]
    propose = ("authority", "policy", *BRUNO, "--propose", "changed.json")
    for wrong in (number, number + 2):
        (country.path / "changed.json").write_text(json.dumps(policy | {"number": wrong}))
        assert country.refuses(*propose) == (
            f"Policy {number} is in force, and {number + 1} comes next, not {wrong}: the policy in "
            "force stays. Make the change anew on it."
        )
    del policy["people"]["anna.rossi"]
    (country.path / "changed.json").write_text(json.dumps(policy | {"number": number + 1}))
    assert "2 are needed to propose and approve another" in country.refuses(*propose)
    assert json.loads(country.does("authority", "policy", *BRUNO).stdout)["number"] == number


def test_emergency_session_is_in_no_log(country: Country) -> None:
    code = (country.path / "papers" / "emergency-1.txt").read_text().splitlines()[-1]
    body = {"person": "anna.rossi", "code": code, "reason": "This is an exercise."}
    answer = country.ask(
        country.web_port, "authority.baluardo.localhost", "POST", "/break-glass", body
    )
    assert answer.status_code == 200, answer.text
    cookie = re.match(r"__Host-baluardo=([A-Za-z0-9_-]{43});", answer.headers["set-cookie"])
    assert cookie is not None
    country.cookies.append(cookie[1])
    assert_hidden(country, country.runs[0].heard())
    shown = country.does("audit", "show", "authority/public/log", "--last", "5").stdout
    assert "break-glass.opened" in shown
    assert_hidden(country, shown)


def test_ports_in_use_are_told_before_anything_is_opened(country: Country) -> None:
    serve = ("authority", "serve", "authority", *SEALED)
    assert country.refuses(*serve) == (
        f"Port {country.channel_port} is taken by another program; choose one with channel_port in "
        "authority.toml."
    )
    edge = ("edge", "run", "anna", "--unprotected", "--port", str(country.web_port))
    assert country.refuses(*edge) == (
        f"Port {country.web_port} is taken by another program; choose one with --port."
    )


def test_private_files_are_their_owners_alone(country: Country) -> None:
    public = {"public", "service.pem"}
    for top in ("authority", "papers"):
        for path in sorted((country.path / top).rglob("*")):
            inside = path.relative_to(country.path / top)
            mode = stat.S_IMODE(path.stat().st_mode)
            if top == "authority" and inside.parts[0] in public:
                assert mode == (0o755 if path.is_dir() else 0o644), inside
            else:
                assert mode == (0o700 if path.is_dir() else 0o600), inside
    beside = {each.name for each in (country.path / "authority").glob("authority.db*")}
    assert beside == {"authority.db", "authority.db-wal", "authority.db-shm"}
    assert stat.S_IMODE((country.path / "papers").stat().st_mode) == 0o700
    for path in (country.path / "anna").rglob("key.jwe"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_restored_authority_goes_on(country: Country) -> None:
    """Ends the one that served: the copy takes its place, at the same addresses."""
    done = country.does("authority", "backup", "authority", "backup.tar")
    whole = re.fullmatch(r"italia\.example: (\d+) entries of the log, [23] people\n", done.stdout)
    assert whole is not None
    assert done.stderr.startswith("The keys in it are sealed as they were;")
    assert stat.S_IMODE((country.path / "backup.tar").stat().st_mode) == 0o600
    log = country.path / "authority" / "public" / "log"
    (country.path / "kept").write_bytes((log / "checkpoint").read_bytes())
    assert country.refuses("authority", "backup", "authority", "backup.tar") == (
        "backup.tar is there already and was left as it is."
    )
    done = country.does("authority", "restore", "backup.tar", "restored")
    assert done.stdout == whole[0]
    assert "Then start it: baluardo authority serve restored." in done.stderr
    assert "whoever was revoked after the backup must be revoked again" in done.stderr
    altered = bytearray((country.path / "backup.tar").read_bytes())
    altered[len(altered) // 2] ^= 1
    (country.path / "altered.tar").write_bytes(altered)
    refusal = country.refuses("authority", "restore", "altered.tar", "never")
    assert refusal.startswith("altered.tar is no backup, or not what was written: ")
    assert refusal.endswith(". Nothing was restored. Use another copy.")
    assert not (country.path / "never").exists()
    country.runs[0].stop()
    verify = ("audit", "verify", "--key", LOG_KEY, "--json")
    original = json.loads(country.does(*verify, "authority/public/log").stdout)
    assert original["size"] >= int(whole[1])
    with country.serving("restored", "restored"):
        invited(country, "ship/vespucci")
        told = country.does("authority", "approve", *BRUNO)
        assert (told.stdout, told.stderr) == ("", "Nothing waits.\n")
    restored = json.loads(
        country.does(*verify, "restored/public/log", "--checkpoint", "kept").stdout
    )
    assert restored["verified"] is True
    assert restored["size"] > int(whole[1])


def test_no_secret_is_where_others_read(country: Country) -> None:
    """Judges all that this file's commands have said and left, so it stands at its end."""
    assert_hidden(country, "\n".join(country.said))
    for each in country.runs:
        assert_hidden(country, each.heard())
    served = [each for each in country.runs if "serve" in each.process.args]  # type: ignore[operator]
    for each in served:
        lines = [json.loads(line) for line in each.heard().splitlines()]
        assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
        assert lines[-1]["message"] == "Stopped." or each.process.poll() is None
        assert all(line["level"] in {"info", "warning"} for line in lines), lines
    for path in country.path.rglob("*"):
        if path.is_file() and path.stat().st_mode & 0o077:
            assert_hidden(country, path.read_bytes().decode("latin-1"))


def secrets_of(country: Country) -> list[str]:
    """Return every secret that was handed out: invitations, codes, cookies, the passphrase."""
    texts = [each.read_text() for each in country.path.glob("*.txt")]
    texts += [each.read_text() for each in (country.path / "papers").glob("invitation-*.txt")]
    invitations = {line for text in texts for line in text.splitlines() if line.startswith(PREFIX)}
    found = [each.removeprefix(PREFIX) for each in invitations]
    codes = (country.path / "papers").glob("emergency-*.txt")
    found += [each.read_text().splitlines()[-1] for each in codes]
    return [*found, *country.cookies, PASSPHRASE]


def assert_hidden(country: Country, text: str) -> None:
    """Check that no secret stands in a text."""
    found = secrets_of(country)
    assert len(found) >= 5
    for secret in found:
        assert secret not in text


def command_lines() -> str:
    """Return every command line of this machine that can be read, as `ps` shows them."""
    lines = []
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(each.read_bytes().replace(b"\0", b" ").decode("latin-1"))
        except OSError:  # it has just ended, or is somebody else's
            continue
    assert any("authority serve" in line for line in lines)
    return "\n".join(lines)
