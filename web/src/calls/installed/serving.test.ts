import { expect, it } from "vitest";
import { hex, type Octets, ofUtf8, sha384, utf8 } from "../../trust/octets";
import type { Held } from "./judgement";
import { GUARD, MISSING, type PageList } from "./pageList";
import { type Asked, answerFrom, isData, type Kept } from "./serving";

const ORIGIN = "https://rome.italia.example";

async function copyOf(texts: Record<string, string>, number: number) {
  const octets = new Map<string, Octets>();
  const files = [];
  for (const path of Object.keys(texts).sort()) {
    const content = utf8(texts[path] ?? "");
    const digest = hex(await sha384(content));
    octets.set(digest, content);
    files.push({ path, type: "text/html", size: content.length, sha384: digest });
  }
  const list: PageList = {
    number,
    version: "1",
    signers: ["a", "b"],
    approvals: 1,
    headers: { "x-signed": "yes" },
    files,
  };
  return { held: { list, digest: `${number}` } satisfies Held, octets };
}

const PAGES = { [MISSING]: "nothing", [GUARD]: "guard", "/phone": "phone" };

async function kept(): Promise<Kept> {
  const now = await copyOf({ ...PAGES, "/assets/b.js": "b" }, 2);
  const former = await copyOf({ ...PAGES, "/phone": "old phone", "/assets/a.js": "a" }, 1);
  const octets = new Map([...former.octets, ...now.octets]);
  return {
    held: async (which) => (which === "held" ? now.held : former.held),
    octets: async (digest) => octets.get(digest) ?? null,
  };
}

function asked(path: string, destination = "document", method = "GET"): Asked {
  return { url: `${ORIGIN}${path}`, destination, method };
}

it.each([
  ["/api/calls/trust", "", true],
  ["/phone", "", true],
  ["/phone", "document", false],
  ["/api/calls/trust", "document", false],
  ["/assets/b.js", "script", false],
  ["/x", "serviceworker", false],
])("%s as %j goes to the edge: %s", (path, destination, data) => {
  expect(isData(asked(path, destination), ORIGIN)).toBe(data);
});

it.each([
  ["/phone", "document", 200, "phone"],
  ["/phone?device=x#y", "document", 200, "phone"],
  ["/assets/b.js", "script", 200, "b"],
  ["/assets/a.js", "script", 200, "a"], // of the list before
  ["/assets/c.js", "script", 404, ""],
  ["/nowhere", "document", 404, "nothing"],
  ["/api/calls/trust", "document", 404, "nothing"],
  ["/api/calls/trust", "iframe", 404, ""],
  ["/%70hone", "document", 404, "nothing"],
])("%s as %s is answered with %i", async (path, destination, status, text) => {
  const answer = await answerFrom(await kept(), asked(path, destination));
  expect(answer?.status).toBe(status);
  expect(await answer?.text()).toBe(text);
  if (text !== "") expect(answer?.headers.get("x-signed")).toBe("yes");
});

it("a form's words are never handed to the copy or the edge", async () => {
  const answer = await answerFrom(await kept(), asked("/phone", "document", "POST"));
  expect(answer?.status).toBe(404);
});

it("without a copy nothing is answered", async () => {
  const empty: Kept = { held: async () => null, octets: async () => null };
  expect(await answerFrom(empty, asked("/phone"))).toBeNull();
});

it.each(["lost", "altered"])("a file that is %s is not shown", async (how) => {
  const whole = await kept();
  const octets = async (digest: string) => {
    const found = (await whole.octets(digest)) as Octets;
    return how === "lost" ? null : utf8(`${ofUtf8(found)}!`);
  };
  const answer = await answerFrom({ ...whole, octets }, asked("/phone"));
  expect(answer?.status).toBe(500);
  expect(await answer?.text()).toContain("was damaged");
});
