import { describe, expect, it } from "vitest";
import { PRECEDENCES } from "../../api/authority";
import { STATES } from "../signalling/steps";
import { type Claim, roomFor, yieldsTo } from "./yielding";

const claim = (call: string, more: Partial<Claim> = {}): Claim => ({
  call,
  precedence: "routine",
  emergency: false,
  state: "ringing here",
  ...more,
});

describe("a telephone that has all the calls it can hold", () => {
  const ringing = Array.from({ length: 8 }, (_, at) => claim(`c${at}`));

  it("lets the newest of the least urgent go for what is above it", () => {
    const calls = [...ringing.slice(0, 4), claim("urgent", { precedence: "flash" })];
    for (const precedence of PRECEDENCES.slice(1)) {
      expect(yieldsTo({ precedence, emergency: false }, calls)).toBe("c3");
    }
    expect(yieldsTo({ precedence: "routine", emergency: true }, calls)).toBe("c3");
  });

  it("is busy for those who are not above anybody", () => {
    expect(yieldsTo({ precedence: "routine", emergency: false }, ringing)).toBeNull();
    const flash = ringing.map((each) => ({ ...each, precedence: "flash" as const }));
    expect(yieldsTo({ precedence: "immediate", emergency: false }, flash)).toBeNull();
    expect(yieldsTo({ precedence: "routine", emergency: true }, flash)).toBe("c7");
  });

  it("tells busy to who finds no room, and to who makes room that a device took a more urgent one", () => {
    const newcomer = { call: "new", precedence: "flash", emergency: false } as const;
    expect(roomFor(newcomer, ringing)).toEqual({ goes: "c7", cause: "pre-empted by device" });
    const routine = { ...newcomer, precedence: "routine" } as const;
    expect(roomFor(routine, ringing)).toEqual({ goes: "new", cause: "busy" });
  });

  it("never ends a call that was answered, or dialled here", () => {
    for (const state of STATES) {
      const found = yieldsTo({ precedence: "flash-override", emergency: false }, [
        claim("it", { state }),
      ]);
      const rings = state === "incoming" || state === "ringing here";
      expect(found).toBe(rings ? "it" : null);
    }
  });
});
