import { describe, expect, it, vi } from "vitest";
import { TrustError } from "../../trust/errors";
import { type Octets, ofBase64, ofUtf8 } from "../../trust/octets";
import type { JsonObject } from "../../trust/strictJson";
import { MailRefusal, REFUSALS } from "../mail/mailDoor";
import { type Frame, LARGEST_MAIL_FRAME, MOST_ASK, mailFrame, readFrame } from "./frames";
import { MailWay, MOST_UNANSWERED, MOST_UNDER_WAY } from "./mailWay";

const REQUEST = { kind: "devices", people: ["person/anna"] };
const CHALLENGE = "0f".repeat(32);
const OTHER = "1e".repeat(32);
/** Signs by showing what it is to sign. */
const WHO = {
  uri: "spiffe://italia.example/person/anna/phone",
  sign: async (payload: Octets, payloadType: string) => ({
    payload,
    payloadType,
    signatures: [{ chain: [], signature: payload, keyId: "" }],
  }),
};

/** A connection whose other end is the test. */
class Edge {
  readonly said: { ask: number; request: JsonObject }[] = [];
  readonly opened: boolean[] = [];
  takes = true;
  readonly way = new MailWay((frame) => {
    if (this.takes) this.said.push(JSON.parse(frame));
    return this.takes;
  }, WHO);

  constructor() {
    this.way.onOpen = () => this.opened.push(this.way.isOpen);
    this.way.opened();
  }

  hear(value: object): void {
    const frame = readFrame(JSON.stringify(value));
    if (frame.type !== "mailed" && frame.type !== "post") throw new Error(frame.type);
    this.way.take(frame);
  }

  /** The ask of this number, once it was made. */
  async asked(ask: number): Promise<JsonObject> {
    await vi.waitFor(() => expect(this.said.at(-1)?.ask).toBe(ask));
    return this.said.at(-1)?.request as JsonObject;
  }

  refuse(ask: number, refusal: string): void {
    this.hear({ type: "mailed", ask, refusal, sentence: "So." });
  }

  answer(ask: number, answer: JsonObject = {}): void {
    this.hear({ type: "mailed", ask, answer });
  }
}

/** Under which challenge and number it was signed. */
function signedUnder({ signed }: JsonObject): [string, number] {
  const word = signed as { challenge: string; number: number; signature: string };
  const { challenge, number, signature } = word;
  const payload = JSON.parse(ofUtf8(ofBase64(signature, 4_096)));
  expect(payload).toMatchObject({ challenge, number, device: WHO.uri });
  return [challenge, number];
}

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "answered",
    (problem: unknown) => (problem instanceof MailRefusal ? problem.code : problem),
  );

describe("frames of written messages", () => {
  it("are said as edges read them", () => {
    const said = JSON.parse(mailFrame(7, REQUEST));
    expect(said).toEqual({ type: "mail", ask: 7, request: REQUEST });
    const most = LARGEST_MAIL_FRAME - mailFrame(7, { x: "" }).length;
    expect(mailFrame(7, { x: "x".repeat(most) })).toHaveLength(LARGEST_MAIL_FRAME);
    expect(() => mailFrame(7, { x: "x".repeat(most + 1) })).toThrow(MailRefusal);
  });

  it("are read", () => {
    const answer = { type: "mailed", ask: 3, answer: { at: 5 } };
    const post = { type: "post", items: [{ number: 1 }, 5], more: true };
    for (const frame of [answer, post]) expect(readFrame(JSON.stringify(frame))).toEqual(frame);
    for (const refusal of REFUSALS) {
      const told = { type: "mailed", ask: MOST_ASK, refusal, sentence: "So." };
      const read = readFrame(JSON.stringify(told)) as Frame & { type: "mailed" };
      expect(read.answer).toBeInstanceOf(MailRefusal);
      expect(read.answer).toMatchObject({ code: refusal, message: "So." });
    }
  });

  const mailed = { type: "mailed", ask: 1 };
  const refused = { ...mailed, refusal: "full", sentence: "So." };
  it.each<[string, object]>([
    ["an answer to nothing", { type: "mailed", answer: {} }],
    ["neither answer nor refusal", mailed],
    ["both", { ...refused, answer: {} }],
    ["an answer that is a list", { ...mailed, answer: [] }],
    ["a number of no ask", { ...mailed, ask: -1, answer: {} }],
    ["half an ask", { ...mailed, ask: 1.5, answer: {} }],
    ["a number too high", { ...mailed, ask: MOST_ASK + 1, answer: {} }],
    ["another refusal", { ...refused, refusal: "tired" }],
    ["a refusal of a prototype", { ...refused, refusal: "constructor" }],
    ["no sentence", { ...mailed, refusal: "full" }],
    ["a sentence without end", { ...refused, sentence: "x".repeat(2_001) }],
    ["items in no list", { type: "post", items: {}, more: false }],
    ["too many items", { type: "post", items: Array(2_001).fill(0), more: false }],
    ["perhaps more", { type: "post", items: [], more: 1 }],
    ["another field", { type: "post", items: [], more: false, also: 1 }],
  ])("are refused with %s", (_, frame) => {
    expect(() => readFrame(JSON.stringify(frame))).toThrow(TrustError);
  });
});

describe("the way of written messages", () => {
  it("brings each ask its own answer", async () => {
    const edge = new Edge();
    const other = { kind: "conversation", other: "person/bruno" };
    const asked = [edge.way.ask(REQUEST), edge.way.ask(other)];
    expect(edge.said.map(({ ask }) => ask)).toEqual([1, 2]);
    expect(edge.said[1]?.request).toEqual(other);
    edge.hear({ type: "mailed", ask: 2, refusal: "stale", sentence: "Another one came." });
    edge.answer(1, { devices: [] });
    expect(await asked[0]).toEqual({ devices: [] });
    await expect(asked[1]).rejects.toMatchObject({ code: "stale", message: "Another one came." });
  });

  it("refuses answers that nobody asked for, and those that come twice", async () => {
    const edge = new Edge();
    const asked = edge.way.ask(REQUEST);
    expect(() => edge.answer(2)).toThrow(/nobody asked/);
    edge.answer(1, { first: 1 });
    expect(() => edge.answer(1, { second: 2 })).toThrow(TrustError);
    expect(await asked).toEqual({ first: 1 });
  });

  it("has so many asks under way, and the others wait", async () => {
    const edge = new Edge();
    const asked = Array.from({ length: MOST_UNANSWERED + 3 }, () => edge.way.ask(REQUEST));
    expect(edge.said).toHaveLength(MOST_UNANSWERED);
    edge.answer(3);
    expect(edge.said).toHaveLength(MOST_UNANSWERED + 1);
    for (const number of [1, 2, 4, 5, 6, 7, 8, 9, 10, 11]) edge.answer(number);
    expect(await Promise.all(asked)).toHaveLength(MOST_UNANSWERED + 3);
  });

  it("has so many characters under way, in order, and one ask however large", async () => {
    const edge = new Edge();
    const large = { x: "x".repeat(MOST_UNDER_WAY) };
    const asked = [edge.way.ask(REQUEST), edge.way.ask(large), edge.way.ask(REQUEST)];
    expect(edge.said).toHaveLength(1);
    edge.answer(1);
    expect(edge.said).toHaveLength(2);
    edge.answer(2);
    expect(edge.said).toHaveLength(3);
    edge.answer(3);
    await Promise.all(asked);
  });

  it("refuses what is too large for any edge, and goes on", async () => {
    const edge = new Edge();
    const large = edge.way.ask({ x: "x".repeat(LARGEST_MAIL_FRAME) });
    expect(await codeOf(large)).toBe("malformed");
    const asked = edge.way.ask(REQUEST);
    edge.answer(1);
    expect(await codeOf(asked)).toBe("answered");
  });

  it("answers everything as unavailable when the connection goes, and begins anew", async () => {
    const edge = new Edge();
    const asked = Array.from({ length: MOST_UNANSWERED + 2 }, () => edge.way.ask(REQUEST));
    edge.way.closed();
    edge.way.closed();
    expect(await Promise.all(asked.map(codeOf))).toEqual(asked.map(() => "unavailable"));
    expect(await codeOf(edge.way.ask(REQUEST))).toBe("unavailable");
    expect(edge.way.isOpen).toBe(false);
    edge.way.opened();
    expect(() => edge.answer(1)).toThrow(TrustError);
    const again = edge.way.ask(REQUEST);
    expect(edge.said.at(-1)?.ask).toBe(1);
    edge.answer(1);
    expect(await codeOf(again)).toBe("answered");
    expect(edge.opened).toEqual([true, false, true]);
  });

  it("answers as unavailable what cannot leave the page", async () => {
    const edge = new Edge();
    edge.takes = false;
    expect(await codeOf(edge.way.ask(REQUEST))).toBe("unavailable");
    expect(() => edge.answer(1)).toThrow(TrustError);
  });

  it("hands on the post as it came", () => {
    const edge = new Edge();
    const post: unknown[] = [];
    edge.way.onPost = (items, more) => post.push(items, more);
    edge.hear({ type: "post", items: [{ number: 4 }, "rubbish"], more: true });
    expect(post).toEqual([[{ number: 4 }, "rubbish"], true]);
  });
});

describe("a word of the device", () => {
  const TAKEN = { kind: "taken", upto: 5, items: "0b".repeat(32) };

  it("goes under what changes something, by a challenge that is asked for once", async () => {
    const edge = new Edge();
    const first = edge.way.ask(TAKEN);
    expect(edge.said).toEqual([{ type: "mail", ask: 1, request: { kind: "challenge" } }]);
    edge.answer(1, { challenge: CHALLENGE });
    const request = await edge.asked(2);
    expect(request).toMatchObject(TAKEN);
    expect(signedUnder(request)).toEqual([CHALLENGE, 1]);
    edge.answer(2);
    expect(await first).toEqual({});
    const second = edge.way.ask(TAKEN);
    expect(signedUnder(await edge.asked(3))).toEqual([CHALLENGE, 2]);
    edge.answer(3);
    await second;
  });

  it("is given anew where the challenge stands no more, with a number of its own", async () => {
    const edge = new Edge();
    const asked = edge.way.ask(TAKEN);
    edge.answer(1, { challenge: CHALLENGE });
    await edge.asked(2);
    edge.refuse(2, "challenge");
    expect(await edge.asked(3)).toEqual({ kind: "challenge" });
    edge.answer(3, { challenge: OTHER });
    expect(signedUnder(await edge.asked(4))).toEqual([OTHER, 2]);
    edge.answer(4);
    expect(await codeOf(asked)).toBe("answered");
  });

  it("is not given for ever", async () => {
    const edge = new Edge();
    const asked = codeOf(edge.way.ask(TAKEN));
    for (let ask = 1; ask < 7; ask += 2) {
      await edge.asked(ask);
      edge.answer(ask, { challenge: CHALLENGE });
      await edge.asked(ask + 1);
      edge.refuse(ask + 1, "challenge");
    }
    expect(await asked).toBe("unavailable");
    expect(edge.said).toHaveLength(6);
  });

  it.each<[string, (edge: Edge) => void]>([
    ["is refused", (edge) => edge.refuse(1, "unavailable")],
    ["has another form", (edge) => edge.answer(1, { challenge: "0F" })],
    ["is lost with the connection", (edge) => edge.way.closed()],
  ])("is not given where its challenge %s, and is asked for again later", async (_, end) => {
    const edge = new Edge();
    const asked = codeOf(edge.way.ask(TAKEN));
    end(edge);
    expect(await asked).toBe("unavailable");
    edge.way.opened();
    void edge.way.ask(TAKEN).catch(() => {});
    expect(edge.said.at(-1)?.request).toEqual({ kind: "challenge" });
  });

  it("of a former connection is not sent over the next one", async () => {
    const edge = new Edge();
    const asked = codeOf(edge.way.ask(TAKEN));
    edge.answer(1, { challenge: CHALLENGE });
    edge.way.closed();
    expect(await asked).toBe("unavailable");
    expect(edge.said).toHaveLength(1);
    edge.way.opened();
    void edge.way.ask(TAKEN).catch(() => {});
    expect(edge.said.at(-1)).toEqual({ type: "mail", ask: 1, request: { kind: "challenge" } });
  });
});
