"""The pages' own code for written messages, in Node, at two real edges with the real authority.

What runs in Node judges, seals, keeps, orders and signs; its asks and its post go over real
WebSockets.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from baluardo.edge.agent import EdgeAgent
from baluardo.trust.base64_text import to_base64
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from baluardo.trust.suites import EU_HYBRID
from edge.country import ANNA, BRUNO, Country, until
from edge.mail.test_edge_mail_country import ANNAS, BRUNOS, ROME, SHIP, Page, served

WEB: Final = Path(__file__).parents[3] / "web"
BUNDLER: Final = WEB / "node_modules" / ".bin" / "rolldown"
SECONDS: Final = 120.0
"""Generous: a handful of signatures are made and verified."""

# A line in is a word of a test or of an edge, a line out an ask or how things stand. Only the way
# to the edge is another than in a page: Node 20 has no WebSockets, and knows no such names.
ENTRY: Final = """
import { get } from "node:http";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { openCourt } from "WEB/src/calls/court/edgeCourt";
import { Correspondence } from "WEB/src/calls/mail/correspondence";
import { MailRefusal } from "WEB/src/calls/mail/mailDoor";
import { openMemoryVault } from "WEB/src/calls/mls/memoryStore";
import { partyOf } from "WEB/src/calls/mls/party";
import { MailWay } from "WEB/src/calls/signalling/mailWay";
import { readChain } from "WEB/src/trust/certificate";
import { signEnvelope } from "WEB/src/trust/envelope";
import { signerOfSeed } from "WEB/src/trust/mldsa";
import { ofBase64 } from "WEB/src/trust/octets";
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\\n`);
const pages = new Map();
async function open({ device, host, port, chain, seed, now }) {
  const begun = performance.now();
  const clock = () => now + (performance.now() - begun) / 1000;
  Date.now = () => clock() * 1000; // by which lifetimes of packages are judged
  const fetcher = (path, { signal }) => new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, path, headers: { host: `${host}:${port}` }, signal };
    get(options, (answer) => resolve(
      new Response(Readable.toWeb(answer), { status: answer.statusCode }))).on("error", reject);
  });
  let pin = null;
  const pins = { first: async (offered) => (pin ??= offered), follow: async () => {} };
  const place = { pins, memory: { newest: null }, now: clock };
  const court = await openCourt("eu-hybrid", fetcher, place);
  const ders = chain.map((each) => ofBase64(each, 1 << 16));
  const certificates = await readChain(ders);
  const [{ identity }] = certificates;
  const signer = await signerOfSeed("ML-DSA-65", new Uint8Array(32).fill(seed));
  const vault = await openMemoryVault(identity);
  const party = await partyOf({ profile: "eu-hybrid", signer, chain: ders }, court, vault);
  const key = { identity, signer, readable: true, chain: certificates };
  const sign = (payload, type) => signEnvelope(payload, type, key);
  const door = new MailWay((frame) => {
    const { ask, request } = JSON.parse(frame);
    say({ device, ask, request });
    return true;
  }, { uri: identity.uri, sign });
  door.opened();
  const problems = [];
  const page = { door };
  const changed = () => page.letters && say({
    device, problems, problem: page.letters.problem, conversations: page.letters.conversations });
  const problem = (sentence) => { problems.push(sentence); changed(); };
  page.letters = await Correspondence.open(party, court, door, { changed, problem });
  pages.set(device, page);
  say({ device, opened: true });
}
for await (const line of createInterface({ input: process.stdin })) {
  const { what, device, ...more } = JSON.parse(line);
  const page = pages.get(device);
  if (what === "open") await open({ device, ...more });
  if (what === "post") page.door.take({ type: "post", ...more });
  if (what === "send") page.letters.send(more.person, more.text);
  if (what === "read") page.letters.read(more.person);
  if (what === "number") say({ device, keys: page.letters.of(more.person)?.keys ?? null });
  if (what === "answer") {
    const refused = more.refusal && new MailRefusal(more.refusal, more.sentence);
    page.door.take({ type: "mailed", ask: more.ask, answer: refused || more.answer });
  }
}
process.exit(0);
"""


class Node:
    """The process in which the pages' code runs, and what it has said of each device."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Begin without pages."""
        self._process = process
        self._writers: dict[str, Page] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.shown: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, dict[str, Any] | None] = {}
        self.opened: set[str] = set()
        self._begin(self._listen())

    def say(self, what: str, device: str, **more: object) -> None:
        """Say a line."""
        assert self._process.stdin is not None
        line = json.dumps({"what": what, "device": device, **more})
        self._process.stdin.write(f"{line}\n".encode())

    async def open(self, writer: Page, agent: EdgeAgent, country: Country, seed: int) -> None:
        """Open written messages of a device that has attended."""
        device = writer.device
        chain = [to_base64(each.der()) for each in writer.credential().chain.certificates[:2]]
        self._writers[device] = writer
        host, now = agent.state.whereabouts.host, country.calendar.now
        self.say("open", device, host=host, port=writer.port, chain=chain, seed=seed, now=now)
        await self.wait(lambda: device in self.opened)
        self._begin(self._post(writer))

    def texts(self, device: str) -> list[tuple[str, str]]:
        """Return texts with their states."""
        (told,) = self.shown.get(device, {}).get("conversations") or [{"entries": []}]
        return [(each["text"], each["state"]) for each in told["entries"] if each["kind"] == "text"]

    async def wait(self, true: Callable[[], bool]) -> None:
        """Wait until something is so; what failed here is raised."""
        end = asyncio.get_running_loop().time() + SECONDS
        while not true():
            for task in self._tasks:
                if task.done():
                    task.result()
            assert self._process.returncode is None, "Node has failed; its words are above"
            assert asyncio.get_running_loop().time() < end, f"it stands so: {self.shown}"
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        """End it."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    def _begin(self, doing: Any) -> None:
        self._tasks.add(asyncio.create_task(doing))

    async def _listen(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            told = json.loads(line)
            device = told.pop("device")
            if "ask" in told:
                self._begin(self._ask(device, told["ask"], told["request"]))
            elif "opened" in told:
                self.opened.add(device)
            elif "keys" in told:
                self.keys[device] = told["keys"]
            else:
                self.shown[device] = told

    async def _ask(self, device: str, asked: int, request: dict[str, object]) -> None:
        told = dict(await self._writers[device].answer(request))
        for name in ("type", "ask"):
            told.pop(name)
        self.say("answer", device, ask=asked, **told)

    async def _post(self, writer: Page) -> None:
        brought = 0
        while True:
            for frame in writer.posts[brought:]:
                brought += 1
                self.say("post", writer.device, items=frame["items"], more=frame["more"])
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the command that runs the pages' code."""
    node = shutil.which("node")
    if node is None or not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    folder = tmp_path_factory.mktemp("letters")
    entry, made = folder / "letters.ts", folder / "letters.mjs"
    entry.write_text(ENTRY.replace("WEB", str(WEB)), encoding="utf-8")
    # The suites of MLS are chosen as they are needed: with them in one file there is one to run.
    options = ["--format", "esm", "--platform", "node", "--no-code-splitting"]
    words = [BUNDLER, entry, *options, "--file", made]
    command = [str(each) for each in words]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=SECONDS)
    return [node, str(made)]


def ready(agent: EdgeAgent) -> Callable[[], bool]:
    """Return what tells whether an edge can tell its pages of others."""
    return lambda: agent.link.connected and agent.log.copy is not None and agent.log.copy.size > 1


@contextlib.asynccontextmanager
async def running(command: list[str]) -> AsyncIterator[Node]:
    """Run Node while inside."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, limit=1 << 24)
    node = Node(process)
    try:
        yield node
    finally:
        await node.close()


def test_two_write_to_each_other_for_the_first_time_at_once_and_while_the_authority_is_away(
    country: Country, tmp_path: Path, bundle: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scenario() -> None:
        async with contextlib.AsyncExitStack() as held, contextlib.AsyncExitStack() as first:
            authority = await first.enter_async_context(country.authority())
            seeds = iter((1, 2))
            leaf = EU_HYBRID.certificates.leaf
            with monkeypatch.context() as patch:
                drawn = classmethod(
                    lambda _cls, _: SigningKey.from_seed(leaf, Secret(bytes([next(seeds)]) * 32))
                )
                patch.setattr(SigningKey, "generate", drawn)
                for name in (ANNA, BRUNO):
                    await country.person(authority, name)
            places = [await country.enrolled(authority, tmp_path, each) for each in (ROME, SHIP)]
            (rome, there), (ship, aboard) = [
                await held.enter_async_context(served(country, each)) for each in places
            ]
            for agent in (rome, ship):
                await until(ready(agent))
            anna = Page(country, ANNAS, ROME, there)
            bruno = Page(country, BRUNOS, SHIP, aboard)
            node = await held.enter_async_context(running(bundle))
            for page, agent, seed in ((anna, rome, 1), (bruno, ship, 2)):
                held.push_async_callback(page.close)
                await page.attend()
                await node.open(page, agent, country, seed)

            # Both begin: one group stands, and either text comes.
            node.say("send", ANNAS, person=BRUNO, text="Pronto?")
            node.say("send", BRUNOS, person=ANNA, text="Ci sei?")
            both = {"Pronto?", "Ci sei?"}
            await node.wait(
                lambda: all(
                    {text for text, _ in node.texts(each)} == both for each in (ANNAS, BRUNOS)
                )
            )
            await node.wait(lambda: ("Pronto?", "delivered") in node.texts(ANNAS))
            node.say("read", BRUNOS, person=ANNA)
            await node.wait(lambda: ("Pronto?", "read") in node.texts(ANNAS))

            # The authority goes: what is written waits, and comes in order when it is back.
            await first.aclose()
            await until(lambda: not (rome.link.connected or ship.link.connected))
            for text in ("uno", "due"):
                node.say("send", ANNAS, person=BRUNO, text=text)
            await node.wait(lambda: bool(node.shown[ANNAS]["problem"]))
            assert node.texts(ANNAS)[-2:] == [("uno", "waiting"), ("due", "waiting")]
            async with country.authority():
                await until(lambda: rome.link.connected and ship.link.connected)
                await node.wait(lambda: len(node.texts(BRUNOS)) == 4)
                assert [text for text, _ in node.texts(BRUNOS)[-2:]] == ["uno", "due"]
                await node.wait(lambda: ("due", "delivered") in node.texts(ANNAS))

                # Either sees the same keys, and the same number to compare by voice.
                def numbers() -> bool:
                    node.say("number", ANNAS, person=BRUNO)
                    node.say("number", BRUNOS, person=ANNA)
                    told = [node.keys.get(each) or {} for each in (ANNAS, BRUNOS)]
                    return bool(told[0].get("safetyNumber")) and told[0] == told[1]

                await node.wait(numbers)
                assert [node.shown[each]["problems"] for each in (ANNAS, BRUNOS)] == [[], []]

    asyncio.run(scenario())
