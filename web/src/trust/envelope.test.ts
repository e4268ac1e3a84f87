import { describe, expect, it } from "vitest";
import {
  envelopeOfJson,
  envelopeToJson,
  LARGEST_PAYLOAD,
  preAuthenticationEncoding,
} from "./envelope";
import { base64, ofUtf8, utf8 } from "./octets";

const SIGNATURE = { keyid: "00ff", sig: base64(utf8("signed")), chain: [base64(utf8("leaf"))] };
const ENVELOPE = {
  payload: base64(utf8("hello")),
  payloadType: "text/plain",
  signatures: [SIGNATURE],
};
const refusal = (code: string) => expect.objectContaining({ code });

describe("envelopes", () => {
  it("sign what DSSE's protocol shows", () => {
    // github.com/secure-systems-lab/dsse, protocol.md 1.0.0, "Test vectors".
    const message = preAuthenticationEncoding("http://example.com/HelloWorld", utf8("hello world"));
    expect(ofUtf8(message)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    expect(ofUtf8(preAuthenticationEncoding("è", utf8("")))).toBe("DSSEv1 2 è 0 ");
  });

  it("are read and written", () => {
    expect(envelopeToJson(envelopeOfJson(ENVELOPE))).toEqual(ENVELOPE);
    const { keyid: _, ...bare } = SIGNATURE;
    expect(envelopeOfJson({ ...ENVELOPE, signatures: [bare] }).signatures[0]?.keyId).toBe("");
    const url = { ...ENVELOPE, payload: "-_8=" };
    expect(envelopeOfJson(url).payload).toEqual(Uint8Array.of(0xfb, 0xff));
  });

  it.each<[string, unknown]>([
    ["nothing", null],
    ["a text", "{}"],
    ["a list", [ENVELOPE]],
    ["another field", { ...ENVELOPE, more: 1 }],
    ["no payload", { ...ENVELOPE, payload: undefined }],
    ["a payload that is none", { ...ENVELOPE, payload: "Zg" }],
    ["no type", { ...ENVELOPE, payloadType: "" }],
    ["a type that cannot be seen", { ...ENVELOPE, payloadType: "a\u200bb" }],
    ["a long type", { ...ENVELOPE, payloadType: "x".repeat(256) }],
    ["no signature", { ...ENVELOPE, signatures: [] }],
    ["many signatures", { ...ENVELOPE, signatures: Array(17).fill(SIGNATURE) }],
    ["a signature that is a text", { ...ENVELOPE, signatures: ["x"] }],
    ["another field of a signature", { ...ENVELOPE, signatures: [{ ...SIGNATURE, alg: "none" }] }],
    ["no chain", { ...ENVELOPE, signatures: [{ ...SIGNATURE, chain: [] }] }],
    ["a long chain", { ...ENVELOPE, signatures: [{ ...SIGNATURE, chain: Array(5).fill("AAAA") }] }],
    ["a key id that is a number", { ...ENVELOPE, signatures: [{ ...SIGNATURE, keyid: 5 }] }],
  ])("are refused with %s", (_, value) => {
    expect(() => envelopeOfJson(value)).toThrow(refusal("malformed"));
  });

  it("are bounded", () => {
    const payload = "A".repeat(Math.ceil((LARGEST_PAYLOAD + 3) / 3) * 4);
    expect(() => envelopeOfJson({ ...ENVELOPE, payload })).toThrow(refusal("too-large"));
    const long = { ...SIGNATURE, sig: "A".repeat(7000) };
    expect(() => envelopeOfJson({ ...ENVELOPE, signatures: [long] })).toThrow(refusal("too-large"));
    const large = { ...SIGNATURE, chain: ["A".repeat(50_000)] };
    expect(() => envelopeOfJson({ ...ENVELOPE, signatures: [large] })).toThrow(
      refusal("too-large"),
    );
  });
});
