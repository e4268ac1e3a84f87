"""The pages' door in Node at the WebSocket of a real edge: real certificates, a real connection.

Node has no key that a page cannot read, so it signs with a seed, and it names the origin itself.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import shutil
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from baluardo.edge.calls.seat import CloseCode
from baluardo.edge.calls.service import CallService
from baluardo.trust.certificates.making import make_leaf
from baluardo.trust.primitives.signing import SigningKey
from baluardo.trust.secret import Secret
from edge.calls.call_browsers import ANNA, BRUNO, ROME, call_service, italy, now, served_calls
from edge.country import until

WEB: Final = Path(__file__).parents[2] / "web"
BUNDLER: Final = WEB / "node_modules" / ".bin" / "rolldown"
SECONDS: Final = 120.0
LARGEST_LINE: Final = 1 << 20
PHONE, LAPTOP = f"{ANNA}/phone", f"{BRUNO}/laptop"
SEEDS: Final = {PHONE: 1, LAPTOP: 2, f"{BRUNO}/phone": 3}
# A line is something that a page does; what its door tells comes as lines.
ENTRY: Final = """
import { createInterface } from "node:readline";
import { Door } from "WEB/src/calls/signalling/door";
import { readCertificate } from "WEB/src/trust/certificate";
import { preAuthenticationEncoding } from "WEB/src/trust/envelope";
import { MEMBER_ALGORITHM, signerOfSeed } from "WEB/src/trust/mldsa";
import { ofBase64, ofUtf8, utf8 } from "WEB/src/trust/octets";
const doors = new Map();
const tell = (told) => process.stdout.write(`${JSON.stringify(told)}\\n`);
const media = (word) => ({ opaque: utf8(word), fragment: "Ab+/" });
const Plain = globalThis.WebSocket;
async function open({ id, address, origin, device, seed, chain, at, life }) {
  const began = performance.now();
  Date.now = () => Math.floor(at * 1000 + performance.now() - began);
  globalThis.WebSocket = class extends Plain {
    constructor(url) { super(url, { headers: { origin } }); }
  };
  const signer = await signerOfSeed(MEMBER_ALGORITHM["eu-hybrid"], new Uint8Array(32).fill(seed));
  const ders = chain.map((each) => ofBase64(each, 1 << 20));
  await Promise.all(ders.map(readCertificate));
  const sign = async (payload, payloadType) => {
    const message = preAuthenticationEncoding(payloadType, payload);
    const signature = await signer.sign(message, "envelope");
    return { payload, payloadType, signatures: [{ chain: ders, signature, keyId: "" }] };
  };
  const door = new Door(address, { device, origin, sign }, life, {
    connection: ({ state }) => tell({ id, kind: "connection", state }),
    people: (people) => tell({ id, kind: "people", people }),
    problem: (sentence) => tell({ id, kind: "problem", sentence }),
    event: ({ kind, call, cause = null, opaque, held = null }) => {
      tell({ id, kind, call, cause, held, heard: kind === "info" ? ofUtf8(opaque) : "" });
      if (kind === "incoming") door.act((phone, now) => phone.ring(call, media("prepared"), now));
    },
  });
  doors.set(id, door);
  door.start();
}
for await (const line of createInterface({ input: process.stdin })) {
  const { id, what, call, ...more } = JSON.parse(line);
  const door = doors.get(id);
  const act = (done) => tell({ id, kind: "done", what, done: door.act(done) });
  if (what === "open") await open({ id, ...more });
  if (what === "dial") {
    const wish = { precedence: "routine", emergency: false, ...media("offer") };
    act((phone, now) => phone.dial({ person: more.person, ...wish }, now));
  }
  if (what === "answer") act((phone, now) => phone.answer(call, media("answer"), now));
  if (what === "info") {
    act((phone, now) => phone.info(call, { opaque: utf8(more.word), fragment: "" }, now));
  }
  if (what === "end") act((phone, now) => phone.end(call, "hung up", now));
  if (what === "renew") door.renew();
  if (what === "close") door.close();
}
process.exit(0);
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("node") is None or not BUNDLER.is_file():
        pytest.skip("the pages' tools are not installed (npm ci in web/)")
    folder = tmp_path_factory.mktemp("door")
    entry, made = folder / "door.ts", folder / "door.mjs"
    entry.write_text(ENTRY.replace("WEB", str(WEB)), encoding="utf-8")
    words = [BUNDLER, entry, "--format", "esm", "--platform", "node", "--file", made]
    command = [str(each) for each in words]
    subprocess.run(command, cwd=WEB, check=True, capture_output=True, timeout=SECONDS)
    return made


class Pages:
    """A site that is served, and pages of it in one process of Node."""

    def __init__(
        self, service: CallService, port: int, process: asyncio.subprocess.Process
    ) -> None:
        """Begin without pages."""
        self.service, self._port, self._process = service, port, process
        self.told: dict[str, list[dict[str, Any]]] = {}
        """By page, everything that its door has told."""

    async def listen(self) -> None:
        """Take down what doors tell."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            told = json.loads(line)
            self.told.setdefault(told["id"], []).append(told)

    def do(self, page: str, what: str, **more: Any) -> None:
        """Have a page do something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"id": page, "what": what, **more}).encode() + b"\n")

    def open(self, page: str, device: str, seed: int = 0) -> None:
        """Open a page; `seed` is of another key than the certificate's."""
        made = italy()
        key = SigningKey.from_seed(
            made.profile.certificates.leaf, Secret(bytes([SEEDS[device]]) * 32)
        )
        leaf = make_leaf(
            made.issuer_key, made.issuer, key.public, made.identity(device), made.now, made.profile
        )
        self.do(
            page,
            "open",
            address=f"ws://127.0.0.1:{self._port}/api/calls",
            origin=f"http://127.0.0.1:{self._port}",
            device=device,
            seed=seed or SEEDS[device],
            chain=[base64.b64encode(each.der()).decode() for each in (leaf, made.issuer)],
            at=now(),
            life=int(now() * 1_000),
        )

    def of_kind(self, page: str, kind: str) -> list[dict[str, Any]]:
        """What a door has told of one kind."""
        return [each for each in self.told.get(page, []) if each["kind"] == kind]

    async def hears(self, page: str, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait until a door has told something so often; return the last."""
        await until(lambda: len(self.of_kind(page, kind)) >= count)
        return self.of_kind(page, kind)[count - 1]

    def states(self, page: str) -> list[str]:
        """How the connection of a page went."""
        return [each["state"] for each in self.of_kind(page, "connection")]

    async def sits(self, page: str, device: str) -> None:
        """Open a page, and wait until it attends."""
        self.open(page, device)
        await until(lambda: self.states(page)[-1:] == ["attending"])

    async def talk(self) -> str:
        """Return a call between Anna's phone and Bruno's laptop that was answered."""
        await self.sits("anna", PHONE)
        await self.sits("bruno", LAPTOP)
        self.do("anna", "dial", person=BRUNO)
        call: str = (await self.hears("anna", "done"))["done"]
        assert (await self.hears("bruno", "incoming"))["call"] == call
        await self.hears("anna", "ringing")
        self.do("bruno", "answer", call=call)
        assert (await self.hears("anna", "answered"))["call"] == call
        return call


@contextlib.asynccontextmanager
async def pages(bundle: Path, folder: Path) -> AsyncIterator[Pages]:
    service = call_service(folder)
    process = await asyncio.create_subprocess_exec(
        *("node", "--no-warnings", "--experimental-websocket", str(bundle)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LARGEST_LINE,
    )
    listening: asyncio.Task[None] | None = None
    try:
        async with served_calls(service) as port:
            made = Pages(service, port, process)
            listening = asyncio.create_task(made.listen())
            yield made
            assert process.stdin is not None
            process.stdin.close()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        if listening is not None:
            await listening


def run(bundle: Path, folder: Path, play: Callable[[Pages], Awaitable[None]]) -> None:
    async def whole() -> None:
        async with asyncio.timeout(SECONDS), pages(bundle, folder) as made:
            await play(made)

    asyncio.run(whole())


def test_two_pages_attend_see_everybody_and_talk(bundle: Path, tmp_path: Path) -> None:
    async def play(made: Pages) -> None:
        call = await made.talk()
        await until(lambda: len(made.of_kind("anna", "people")[-1]["people"]) == 2)
        assert made.of_kind("anna", "people")[-1]["people"] == [
            {"person": ANNA, "site": ROME, "devices": ["phone"]},
            {"person": BRUNO, "site": ROME, "devices": ["laptop"]},
        ]
        made.do("anna", "info", call=call, word="da Anna")
        made.do("bruno", "info", call=call, word="da Bruno")
        assert (await made.hears("bruno", "info"))["heard"] == "da Anna"
        assert (await made.hears("anna", "info"))["heard"] == "da Bruno"
        made.do("bruno", "end", call=call)
        assert (await made.hears("anna", "ended"))["cause"] == "hung up"
        made.do("anna", "close")
        await until(lambda: made.states("anna")[-1] == "closed")
        await until(lambda: made.of_kind("bruno", "people")[-1]["people"][0]["devices"] == [])
        assert not made.of_kind("anna", "problem")

    run(bundle, tmp_path, play)


def test_a_connection_that_was_lost_comes_back_and_the_call_goes_on(
    bundle: Path, tmp_path: Path
) -> None:
    async def play(made: Pages) -> None:
        call = await made.talk()
        made.service.presence.close_all(CloseCode.GOING, "This edge stops; connect again.")
        made.do("anna", "info", call=call, word="nel frattempo")
        both = "anna", "bruno"
        await until(lambda: all(made.states(each).count("attending") == 2 for each in both))
        assert all(
            made.states(each)[-3:] == ["waiting", "connecting", "attending"] for each in both
        )
        assert (await made.hears("bruno", "info"))["heard"] == "nel frattempo"
        made.do("bruno", "renew")
        await until(lambda: made.states("bruno")[-2:] == ["connecting", "attending"])
        made.do("anna", "end", call=call)
        assert (await made.hears("bruno", "ended"))["cause"] == "hung up"

    run(bundle, tmp_path, play)


def test_a_second_page_of_a_device_takes_the_place_of_the_first(
    bundle: Path, tmp_path: Path
) -> None:
    async def play(made: Pages) -> None:
        await made.sits("first", PHONE)
        await made.sits("second", PHONE)
        await until(lambda: made.states("first")[-1] == "replaced")
        made.do("first", "renew")
        made.do("first", "dial", person=BRUNO)
        await made.hears("first", "done")
        assert made.states("first")[-1] == "replaced", "it stays away"
        assert made.states("second") == ["connecting", "attending"]

    run(bundle, tmp_path, play)


def test_another_key_than_the_certificates_is_told_why_and_waits(
    bundle: Path, tmp_path: Path
) -> None:
    async def play(made: Pages) -> None:
        made.open("other", LAPTOP, seed=99)
        assert (await made.hears("other", "problem"))["sentence"]
        await until(lambda: made.states("other") == ["connecting", "waiting"])
        assert made.service.presence.people.devices_of(BRUNO) == ()

    run(bundle, tmp_path, play)
