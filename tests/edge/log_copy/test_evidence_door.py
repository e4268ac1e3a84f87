"""A running edge with a running authority: the log copied, cosigned, and told to browsers."""

from __future__ import annotations

import asyncio
import json
import shutil
import string
import subprocess
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from baluardo.edge.agent import EdgeAgent
from baluardo.edge.calls.evidence_door import AT_ONCE
from baluardo.trust.audit.checkpoint import open_checkpoint
from baluardo.trust.audit.merkle import leaf_hash, verify_consistency, verify_inclusion
from baluardo.trust.audit.note import VerifierKey
from baluardo.trust.audit.reading import LogReader
from baluardo.trust.base64_text import of_base64, to_base64
from baluardo.trust.certificates.certificate import Chain
from baluardo.trust.certificates.credential import Credential
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.custody.keyfile import read_key
from baluardo.trust.identity import Identity
from baluardo.trust.issuing.layout import Layout
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.suites import EU_HYBRID
from edge.calls.call_browsers import served_edge
from edge.country import ANNA, BRUNO, Country, until
from trust.fleet import ACCESS, COMMUNITY

WEB: Final = Path(__file__).parents[3] / "web"
BUNDLER: Final = WEB / "node_modules" / ".bin" / "rolldown"
ROME, MILAN = "office/rome", "office/milan"
NODE_SECONDS: Final = 120.0
"""Generous: a handful of signatures are verified."""

# The pages' own code; only the way to the edge is another: Node knows no names below localhost.
ENTRY: Final = """
import { readFileSync } from "node:fs";
import { get } from "node:http";
import { Readable } from "node:stream";
import { openCourt } from "WEB/src/calls/court/edgeCourt";
import { MemberAuthentication } from "WEB/src/calls/mls/authentication";
import { rawKeyOf } from "WEB/src/calls/mls/suites";
import { readCertificate } from "WEB/src/trust/certificate";
import { ofBase64 } from "WEB/src/trust/octets";
const { sites, now } = JSON.parse(readFileSync(0, "utf8"));
let pin = null;
const pins = {
  first: async (offered) => (pin ??= offered),
  follow: async (held, roots) => { pin = { ...pin, roots }; },
};
const memory = { newest: null };
const answers = [];
for (const { host, port, chains } of sites) {
  const fetcher = (path, { signal }) => new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers: { host: `${host}:${port}` }, signal };
    get(options, (answer) => resolve(
      new Response(Readable.toWeb(answer), { status: answer.statusCode }))).on("error", reject);
  });
  const judged = [];
  answers.push(judged);
  let court;
  try {
    court = await openCourt("eu-hybrid", fetcher, { pins, memory, now: () => now });
  } catch (problem) { judged.push([problem.code ?? "", `${problem}`]); continue; }
  const service = new MemberAuthentication(court);
  for (const chain of chains) {
    const certificates = chain.map((each) => ofBase64(each, 1 << 16));
    const { spki } = await readCertificate(certificates[0]);
    try {
      const credential = { credentialType: "x509", certificates };
      const { identity } = await service.peerOf(credential, rawKeyOf(spki));
      judged.push(["", identity.path]);
    } catch (problem) { judged.push([problem.code ?? "", `${problem}`]); }
  }
  const before = court.trust();
  await court.refresh();
  if (court.trust() !== before || court.problem) throw new Error("nothing was new");
  court.close();
}
process.stdout.write(JSON.stringify(answers));
"""


@dataclass
class Site:
    """One edge that is served."""

    agent: EdgeAgent
    port: int

    @property
    def host(self) -> str:
        return self.agent.state.whereabouts.host

    def client(self, address: str = "192.0.2.7") -> httpx.AsyncClient:
        """Return a browser at the site."""
        transport = httpx.ASGITransport(self.agent.app, client=(address, 4_000))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{self.host}:{self.port}")

    def copied(self, size: int) -> Callable[[], bool]:
        """Return what tells whether the copy has come so far."""
        return lambda: self.agent.log.copy is not None and self.agent.log.copy.size >= size


@asynccontextmanager
async def site(country: Country, place: Path) -> AsyncIterator[Site]:
    """Serve an edge while inside."""
    agent = country.open_agent(place)
    try:
        async with served_edge(agent.app) as port:
            yield Site(agent, port)
    finally:
        agent.close()


def unlogged(country: Country) -> Credential:
    """Return a device that the real issuer has certified and not written down."""
    layout = Layout(country.directory)
    name, chain = next(iter(layout.public.issuer_chains()))
    issuer_key = read_key(layout.issuer_key(name), ACCESS.unlock)
    identity = Identity.of_path(COMMUNITY, f"person/{ANNA}/false")
    key = SigningKey.generate(EU_HYBRID.certificates.leaf)
    now = country.calendar.now
    leaf = make_leaf(issuer_key, chain.leaf, key.public, identity, now, EU_HYBRID)
    return Credential(Chain(leaf, chain.certificates), key)


def ders(credential: Credential) -> list[str]:
    """Return a chain as a member shows it."""
    return [to_base64(each.der()) for each in credential.chain.certificates[:2]]


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[list[list[str]]]]:
    """Return the pages' court in Node: chains judged at one site after the other."""
    node = shutil.which("node")
    if node is None or not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    folder = tmp_path_factory.mktemp("court")
    entry, made = folder / "court.ts", folder / "court.mjs"
    entry.write_text(ENTRY.replace("WEB", str(WEB)), encoding="utf-8")
    words = [BUNDLER, entry, "--format", "esm", "--platform", "node", "--file", made]
    command = [str(each) for each in words]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=NODE_SECONDS)

    def judged(now: float, *asked: tuple[Site, list[Credential]]) -> list[list[list[str]]]:
        sites = [
            {"host": each.host, "port": each.port, "chains": [ders(one) for one in shown]}
            for each, shown in asked
        ]
        question = json.dumps({"sites": sites, "now": now})
        done = subprocess.run(
            [node, str(made)],
            input=question,
            capture_output=True,
            timeout=NODE_SECONDS,
            check=False,
            text=True,
        )
        assert done.returncode == 0, done.stderr
        answers: list[list[list[str]]] = json.loads(done.stdout)
        return answers

    return judged


async def check_evidence(
    client: httpx.AsyncClient, country: Country, credential: Credential
) -> None:
    """What the door tells shows that a certificate stands in the authority's log."""
    told = (await client.get("/api/calls/trust")).json()
    log, witness = (
        VerifierKey.of_text(each) for each in (told["log"]["vkey"], *told["log"]["witnesses"])
    )
    fingerprint = credential.chain.leaf.fingerprint.hex()
    answer = await client.get(f"/api/calls/evidence/{fingerprint}")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    signed = open_checkpoint(found["checkpoint"].encode(), log, [witness])
    assert set(signed.witnesses) == {f"{COMMUNITY}/{ROME}"}
    record = of_base64(found["record"])
    proof = [of_base64(each) for each in found["proof"]]
    verify_inclusion(leaf_hash(record), found["index"], signed.size, proof, signed.root)
    assert json.loads(record)["facts"]["fingerprint"] == fingerprint
    truth = LogReader(Layout(country.directory).public.log, signed.size)
    assert truth.root() == signed.root
    query = {"old": 3, "size": signed.size}
    hashes = (await client.get("/api/calls/log/consistency", params=query)).json()["hashes"]
    proof = [bytes.fromhex(each) for each in hashes]
    verify_consistency(3, signed.size, proof, truth.root(3), signed.root)


def test_the_court_of_the_pages_judges_real_devices_also_with_the_authority_away(
    country: Country, tmp_path: Path, judge: Callable[..., Any]
) -> None:
    async def scenario() -> None:
        now = country.calendar.now
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
            milan = await country.enrolled(authority, tmp_path, MILAN)
            anna = await country.person(authority, ANNA)
            false = unlogged(country)
            async with site(country, rome) as here:
                async with here.client() as client:
                    early = await client.get("/api/calls/trust")
                    assert early.status_code in {200, 503}
                    await until(here.copied(1))
                    await check_evidence(client, country, anna)
                    # Enrolled later: the authority is asked once.
                    bruno = await country.person(authority, BRUNO)
                    await check_evidence(client, country, bruno)
                    missing = await client.get(
                        f"/api/calls/evidence/{false.chain.leaf.fingerprint.hex()}"
                    )
                    assert missing.status_code == 404
                    assert "does not tell of this certificate" in missing.json()["detail"]
                shown = [anna, false, bruno]
                (judged,) = await asyncio.to_thread(judge, now, (here, shown))
                assert [code for code, _ in judged] == ["", "proof", ""]
                assert judged[0][1] == f"person/{ANNA}/laptop"
                async with site(country, milan) as there:
                    await until(there.copied(1))
                    # One origin that is suddenly another edge: what was pinned counts.
                    first, other = await asyncio.to_thread(
                        judge, now, (here, [anna]), (there, [anna])
                    )
                    assert [code for code, _ in first] == [""]
                    assert other[0][0] == "log-key"
                    assert "another witness of the log" in other[0][1]
                wrong = await asyncio.to_thread(judge, now + 3_600, (here, [anna]))
                assert wrong[0][0][0] == "not-in-force"
        # The authority is gone; this is another start of the edge, from its disk alone.
        async with site(country, rome) as here, here.client() as client:
            await until(here.copied(1))
            assert not here.agent.link.connected
            await check_evidence(client, country, anna)
            await check_evidence(client, country, bruno)
            (judged,) = await asyncio.to_thread(judge, now, (here, [anna, false]))
            assert [code for code, _ in judged] == ["", "proof"]

    asyncio.run(scenario())


def test_a_revoked_device_is_refused_once_the_edge_has_heard(
    country: Country, tmp_path: Path, judge: Callable[..., Any]
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
            anna, bruno = [await country.person(authority, each) for each in (ANNA, BRUNO)]
            async with site(country, rome) as here:
                await until(here.copied(1))
                await country.revoke(authority, bruno.identity.path)
                serial = bruno.chain.leaf.serial
                lists = here.agent.state.known.revocations.lists
                await until(
                    lambda: any(
                        serial in each.revoked
                        for each in here.agent.state.known.revocations.lists.values()
                    )
                )
                assert here.agent.state.known.revocations.lists is not lists
                now = country.calendar.now
                (judged,) = await asyncio.to_thread(judge, now, (here, [anna, bruno]))
                assert [code for code, _ in judged] == ["", "revoked"]

    asyncio.run(scenario())


def test_an_authority_with_two_histories_is_an_alarm_and_the_first_one_stays(
    country: Country, tmp_path: Path
) -> None:
    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
        backup = tmp_path / "backup"
        shutil.copytree(country.directory, backup)
        async with country.authority() as authority:
            anna = await country.person(authority, ANNA)
            async with site(country, rome) as here, here.client() as client:
                await until(here.copied(1))
                await check_evidence(client, country, anna)
                size = here.agent.log.opened().size
        shutil.rmtree(country.directory)
        shutil.copytree(backup, country.directory)
        async with country.authority() as authority:
            for name in ("carla.verdi", "dario.blu", "elena.gialli", "fabio.rosa"):
                await country.person(authority, name)
            async with site(country, rome) as here, here.client() as client:
                await until(lambda: "log-fork" in here.agent.state.alarms.raised)
                assert here.agent.log.opened().size == size
                status = (await client.get("/api/console")).json()
                assert "two histories" in json.dumps(status)
                answer = await client.get(
                    f"/api/calls/evidence/{anna.chain.leaf.fingerprint.hex()}"
                )
                assert answer.status_code == 200, "what was seen first is still told"

    asyncio.run(scenario())


def test_hostile_questions_get_an_answer_and_nothing_else(country: Country, tmp_path: Path) -> None:
    words = st.text(string.hexdigits + string.punctuation + " é\x00\u2028", max_size=80)
    numbers = st.one_of(
        words, st.integers(-5, 40).map(str), st.integers().map(str), st.floats().map(str)
    )

    def ask(here: Site, loop: asyncio.AbstractEventLoop, known: str) -> None:
        size, turn = here.agent.log.opened().size, iter(range(1 << 30))

        def get(path: str, **query: str) -> httpx.Response:
            number = next(turn)
            address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"

            async def one() -> httpx.Response:
                async with here.client(address) as client:
                    return await client.get(path, params=query)

            return asyncio.run_coroutine_threadsafe(one(), loop).result()

        everyday = settings(
            max_examples=150,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )

        @everyday
        @given(numbers, numbers)
        def consistency(old: str, new: str) -> None:
            answer = get("/api/calls/log/consistency", old=old, size=new)
            plain = all(
                each.isascii() and each.isdigit() and str(int(each)) == each and len(each) <= 16
                for each in (old, new)
            )
            good = plain and int(old) <= int(new) <= size
            assert answer.status_code == (200 if good else 400), answer.text

        @everyday
        @given(st.one_of(words, st.text("0123456789abcdef", min_size=60, max_size=68)))
        def evidence(name: str) -> None:
            answer = get(f"/api/calls/evidence/{quote(name, safe='')}")
            # What ends with a slash is led to the same place without one.
            led = {307} if name == "" or name.endswith("/") else set()
            assert answer.status_code in {400, 404} | led, answer.text
            assert len(answer.content) < 1_000

        consistency()
        evidence()
        assert get(f"/api/calls/evidence/{known}").status_code == 200
        assert get(f"/api/calls/evidence/{known.upper()}").status_code == 400
        assert get("/api/calls/log/consistency").status_code == 400

    async def scenario() -> None:
        async with country.authority() as authority:
            rome = await country.enrolled(authority, tmp_path, ROME)
            anna = await country.person(authority, ANNA)
            async with site(country, rome) as here:
                await until(here.copied(1))
                await here.agent.log.look()
        async with site(country, rome) as here:
            await until(here.copied(1))
            loop, known = asyncio.get_running_loop(), anna.chain.leaf.fingerprint.hex()
            await asyncio.to_thread(ask, here, loop, known)
            async with here.client() as client:
                codes = [
                    (await client.get("/api/calls/log/consistency")).status_code
                    for _ in range(AT_ONCE + 30)
                ]
                assert 429 in codes, "and nobody asks without end"
                assert codes[0] == 400

    asyncio.run(scenario())
