import { describe, expect, it } from "vitest";
import { TrustError } from "../../trust/errors";
import { base64, type Octets, ofUtf8, utf8 } from "../../trust/octets";
import { writeJson } from "../../trust/strictJson";
import { random } from "../media/seeded.testing";
import { framed, unframed } from "../mls/frames";
import { type Form, readWords, writeWords } from "./words";

const CODE = new Uint8Array(64).fill(7);
const OFFERED = { offer: "v=0\r\n" };
const EVERY = {
  offer: writeWords("offer", OFFERED),
  ringing: writeWords("ringing", { answer: "v=0\r\n", package: utf8("package") }),
  welcome: writeWords("welcome", { welcome: utf8("welcome"), code: CODE }),
  joined: writeWords("joined", { code: CODE }),
  again: writeWords("again", { ...OFFERED, code: CODE }),
  "again-answer": writeWords("again-answer", { answer: "v=0\r\n", code: CODE }),
} satisfies Record<Form, Octets>;
const FORMS = Object.keys(EVERY) as Form[];

function codeOf(octets: Octets, ...forms: Form[]): string {
  try {
    readWords(octets, ...forms);
    return "";
  } catch (problem) {
    if (!(problem instanceof TrustError)) throw problem;
    return problem.code;
  }
}

describe("words between browsers", () => {
  it.each(FORMS)("%s is read as it was written, and as nothing else", (form) => {
    const { form: read, ...words } = readWords(EVERY[form], ...FORMS);
    expect(read).toBe(form);
    expect(writeWords(read, words as never)).toEqual(EVERY[form]);
    const others = FORMS.filter((each) => each !== form);
    expect(codeOf(EVERY[form], ...others)).toBe("malformed");
  });

  it("are written in one way", () => {
    const [offer] = unframed(EVERY.offer, 1);
    expect(ofUtf8(offer as Octets)).toBe('{"form":"baluardo/call/offer/v1","offer":"v=0\\r\\n"}');
    const [joined] = unframed(EVERY.joined, 1);
    expect(ofUtf8(joined as Octets)).toBe(
      `{"code":"${base64(CODE)}","form":"baluardo/call/joined/v1"}`,
    );
    const [welcome, group] = unframed(EVERY.welcome, 2);
    expect(ofUtf8(welcome as Octets)).toBe(
      `{"code":"${base64(CODE)}","form":"baluardo/call/welcome/v1"}`,
    );
    expect(group).toEqual(utf8("welcome"));
  });

  const JOINED = "baluardo/call/joined/v1";
  const joined = (fields: Record<string, string | number>) =>
    framed(writeJson({ form: JOINED, ...fields }));
  const text = writeJson({ form: JOINED, code: base64(CODE) });
  it.each([
    ["nothing", new Uint8Array()],
    ["no parts", text],
    ["no JSON", framed(utf8("joined"))],
    ["a space", framed(utf8(` ${ofUtf8(text)}`))],
    ["a list", framed(utf8("[]"))],
    ["a part too many", framed(text, utf8("more"))],
    ["a length too long", framed(text).slice(0, -1)],
    ["no form", framed(writeJson({ code: base64(CODE) }))],
    ["a form of tomorrow", joined({ form: "baluardo/call/joined/v2", code: base64(CODE) })],
    ["a field too many", joined({ code: base64(CODE), other: "" })],
    ["a field too few", joined({})],
    ["a number", joined({ code: 1 })],
    ["a short code", joined({ code: base64(CODE.slice(1)) })],
    ["a code without its padding", joined({ code: base64(CODE).replaceAll("=", "") })],
  ])("with %s are refused", (_, octets) => {
    expect(codeOf(octets, "joined")).toBe("malformed");
  });

  it("of a group have its octets, once", () => {
    const form = "baluardo/call/welcome/v1";
    const json = writeJson({ form, code: base64(CODE) });
    expect(codeOf(framed(json), "welcome")).toBe("malformed");
    expect(codeOf(framed(json, new Uint8Array()), "welcome")).toBe("malformed");
    expect(codeOf(framed(json, utf8("a"), utf8("b")), "welcome")).toBe("malformed");
  });

  it("are bounded", () => {
    const offer = (length: number) =>
      framed(writeJson({ form: "baluardo/call/offer/v1", offer: "x".repeat(length) }));
    expect(codeOf(offer(2_048), "offer")).toBe("");
    expect(codeOf(offer(2_049), "offer")).toBe("malformed");
    expect(codeOf(offer(5_000), "offer")).toBe("too-large");
    expect(codeOf(new Uint8Array(65 * 1024), "offer")).toBe("malformed");
    const large = new Uint8Array(64 * 1024);
    expect(() => writeWords("ringing", { answer: "", package: large })).toThrow(/larger/);
  });

  it("that were changed anywhere are refused, or say no more than they may", () => {
    const chance = random(7);
    let refused = 0;
    for (let turn = 0; turn < 4_000; turn++) {
      const form = FORMS[turn % FORMS.length] as Form;
      const octets = EVERY[form].slice();
      for (let change = 0; change <= turn % 3; change++) {
        octets[chance.below(octets.length)] = chance.below(256);
      }
      const cut = turn % 5 === 0 ? octets.slice(0, chance.below(octets.length)) : octets;
      const code = codeOf(cut, form);
      if (code !== "") refused += 1;
      // What is read is of this form in the one way in which that is written.
      else expect(writeWords(form, wordsOf(cut, form))).toEqual(cut);
    }
    expect(refused).toBeGreaterThan(1_000);
  });
});

function wordsOf(octets: Octets, form: Form): never {
  const { form: _, ...words } = readWords(octets, form);
  return words as never;
}
