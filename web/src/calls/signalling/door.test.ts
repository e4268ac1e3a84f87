import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Octets } from "../../trust/octets";
import type { Json } from "../../trust/strictJson";
import { MailRefusal } from "../mail/mailDoor";
import { type Connection, Door } from "./door";
import { ANNAS, ROME } from "./edge.testing";

const URI = `spiffe://italia.example/${ANNAS}`;
const REQUEST = { kind: "devices", people: ["person/anna"] };

/** A WebSocket whose other end is the test. */
class Socket extends EventTarget {
  static readonly OPEN = 1;
  static opened: Socket[] = [];
  readonly readyState = Socket.OPEN;
  bufferedAmount = 0;
  readonly said: Record<string, Json>[] = [];

  constructor() {
    super();
    Socket.opened.push(this);
  }

  send(frame: string): void {
    this.said.push(JSON.parse(frame));
  }

  close(): void {}

  hear(frame: object): void {
    this.dispatchEvent(new MessageEvent("message", { data: JSON.stringify(frame) }));
  }

  end(code: number): void {
    this.dispatchEvent(Object.assign(new Event("close"), { code }));
  }
}

const signed = async (payload: Octets, payloadType: string) => ({
  payload,
  payloadType,
  signatures: [{ chain: [Uint8Array.of(1)], signature: Uint8Array.of(2), keyId: "" }],
});

const WHO = { device: ANNAS, uri: URI, origin: "http://rome", sign: signed };

/** Anna's door, which is opened and attends. */
async function attended() {
  const states: Connection["state"][] = [];
  const problems: string[] = [];
  const door = new Door("ws://rome", WHO, 1, {
    connection: ({ state }) => states.push(state),
    event: () => {},
    people: () => {},
    problem: (sentence) => problems.push(sentence),
  });
  door.start();
  return { door, states, problems, socket: await attend() };
}

/** Lets the newest socket be believed. */
async function attend(): Promise<Socket> {
  const socket = Socket.opened.at(-1);
  if (socket === undefined) throw new Error("No socket was opened.");
  socket.hear({ type: "challenge", edge: ROME, challenge: "0f".repeat(32) });
  await vi.waitFor(() => expect(socket.said).toHaveLength(1));
  socket.hear({ type: "attending", device: ANNAS });
  return socket;
}

const codeOf = (asked: Promise<unknown>) =>
  asked.then(
    () => "answered",
    (problem: unknown) => (problem instanceof MailRefusal ? problem.code : problem),
  );

beforeEach(() => {
  Socket.opened = [];
  vi.stubGlobal("WebSocket", Socket);
});
afterEach(() => vi.unstubAllGlobals());

describe("a page's door", () => {
  it("carries asks and answers once it is believed, and brings the post", async () => {
    const { door, socket, problems } = await attended();
    const post: unknown[] = [];
    door.mail.onPost = (items) => post.push(...items);
    expect(door.mail.isOpen).toBe(true);
    const asked = door.mail.ask(REQUEST);
    expect(socket.said.at(-1)).toEqual({ type: "mail", ask: 1, request: REQUEST });
    socket.hear({ type: "post", items: [{ number: 1 }], more: false });
    socket.hear({ type: "mailed", ask: 9, answer: {} });
    socket.hear({ type: "mailed", ask: 1, answer: { devices: [] } });
    expect(await asked).toEqual({ devices: [] });
    expect(post).toEqual([{ number: 1 }]);
    expect(problems).toEqual(["The edge answered what nobody asked: dropped."]);
    door.close();
  });

  it("brings missed calls, and tells which of them are kept", async () => {
    const brought: unknown[] = [];
    const door = new Door("ws://rome", WHO, 1, {
      connection: () => {},
      event: () => {},
      people: () => {},
      problem: (sentence) => brought.push(sentence),
      missed: (calls) => brought.push(...calls),
    });
    door.start();
    const call = "0a".repeat(16);
    const missed = { caller: "person/bruno", at: 5, precedence: "flash", emergency: true };
    Socket.opened[0]?.hear({ type: "missed", calls: [{ call, ...missed }] });
    expect(brought).toEqual(["The edge said missed out of turn: dropped."]);
    door.noted([call]);
    expect(Socket.opened[0]?.said).toEqual([]);
    door.start();
    const socket = await attend();
    socket.hear({ type: "missed", calls: [{ call, ...missed }] });
    expect(brought.slice(1)).toEqual([{ call, ...missed }]);
    door.noted([call]);
    expect(socket.said.at(-1)).toEqual({ type: "noted", calls: [call] });
    door.close();
  });

  it("takes no post and answers no asks before", async () => {
    const problems: string[] = [];
    const door = new Door("ws://rome", WHO, 1, {
      connection: () => {},
      event: () => {},
      people: () => {},
      problem: (sentence) => problems.push(sentence),
    });
    expect(await codeOf(door.mail.ask(REQUEST))).toBe("unavailable");
    door.start();
    expect(await codeOf(door.mail.ask(REQUEST))).toBe("unavailable");
    Socket.opened[0]?.hear({ type: "post", items: [], more: false });
    expect(problems).toEqual(["The edge said post out of turn: dropped."]);
    expect(Socket.opened[0]?.said).toEqual([]);
    door.close();
  });

  it.each([
    ["is lost", (_: Door, socket: Socket) => socket.end(1006)],
    ["is replaced", (_: Door, socket: Socket) => socket.end(4000)],
    ["is renewed", (door: Door) => door.renew()],
    ["is closed", (door: Door) => door.close()],
  ])("answers what is open as unavailable when it %s", async (_, end) => {
    const { door, socket } = await attended();
    const opened: boolean[] = [];
    door.mail.onOpen = () => opened.push(door.mail.isOpen);
    const asked = [door.mail.ask(REQUEST), door.mail.ask(REQUEST)];
    end(door, socket);
    expect(await Promise.all(asked.map(codeOf))).toEqual(["unavailable", "unavailable"]);
    expect(opened).toEqual([false]);
    door.start();
    const again = await attend();
    expect(opened).toEqual([false, true]);
    const fresh = door.mail.ask(REQUEST);
    // An answer of the connection before is nobody's.
    socket.hear({ type: "mailed", ask: 1, answer: { old: 1 } });
    again.hear({ type: "mailed", ask: 1, answer: { fresh: 1 } });
    expect(await fresh).toEqual({ fresh: 1 });
    door.close();
  });

  it("does not let written messages pile up before calls", async () => {
    const { door, socket } = await attended();
    socket.bufferedAmount = 3 << 20;
    expect(await codeOf(door.mail.ask(REQUEST))).toBe("unavailable");
    socket.bufferedAmount = 0;
    const asked = door.mail.ask(REQUEST);
    const ask = socket.said.at(-1)?.ask as number;
    socket.hear({ type: "mailed", ask, answer: {} });
    expect(await codeOf(asked)).toBe("answered");
    door.close();
  });

  it("attends later each time, also when its clock was put back", async () => {
    const kept = new Map<string, string>();
    vi.stubGlobal("localStorage", {
      getItem: (name: string) => kept.get(name) ?? null,
      setItem: (name: string, value: string) => kept.set(name, value),
    });
    const clock = vi.spyOn(Date, "now").mockReturnValue(1_790_000_000_500);
    const at = (socket: Socket) => {
      const { attendance } = socket.said[0] as { attendance: { payload: string } };
      return JSON.parse(atob(attendance.payload)).at;
    };
    const { door, socket } = await attended();
    expect(at(socket)).toBe(1_790_000_000);
    door.renew();
    expect(at(await attend())).toBe(1_790_000_001);
    clock.mockReturnValue(1_789_999_900_000);
    const { door: elsewhere, socket: there } = await attended();
    expect(at(there)).toBe(1_790_000_002);
    // A site with another clock does not believe it: then the device's own counts.
    elsewhere.renew();
    const refusing = Socket.opened.at(-1) as Socket;
    refusing.hear({ type: "challenge", edge: ROME, challenge: "0f".repeat(32) });
    await vi.waitFor(() => expect(refusing.said).toHaveLength(1));
    expect(at(refusing)).toBe(1_790_000_003);
    refusing.end(4001);
    elsewhere.start();
    expect(at(await attend())).toBe(1_789_999_900);
    elsewhere.renew();
    expect(at(await attend())).toBe(1_789_999_901);
    for (const each of [door, elsewhere]) each.close();
    clock.mockRestore();
  });
});
