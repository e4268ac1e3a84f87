import { describe, expect, it } from "vitest";
import { envelopeOfJson } from "../../trust/envelope";
import { courtOfFile } from "../mls/places.testing";
import { ordererOf, verifyNotice } from "./notice";
import { FILES, type Which } from "./places.testing";

/** Notices as Python signs them: `tests/browser/mail_community.py`. */
describe.each(["eu", "cnsa"] as Which[])("a notice of %s", (which) => {
  const made = FILES[which];
  const court = (laterS: number) => courtOfFile(made, () => made.now + laterS, { newest: null });

  it("is believed as its authority has signed it", async () => {
    const word = await verifyNotice(envelopeOfJson(made.notice), await court(3_600));
    expect(word).toMatchObject({
      group: "ab".repeat(32),
      epoch: 7n,
      commit: "cd".repeat(32),
      at: made.now * 1_000,
    });
    expect(word.orderer.uri).toBe(`spiffe://${made.community}/authority/service`);
  });

  it("is not believed with anything changed", async () => {
    const envelope = envelopeOfJson(made.notice);
    const judge = await court(3_600);
    const [signed] = envelope.signatures;
    if (signed === undefined) throw new Error("not signed");
    const flipped = signed.signature.slice();
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    const payload = envelope.payload.slice();
    payload[payload.indexOf("7".charCodeAt(0), 90)] = "8".charCodeAt(0);
    const others = [
      { ...envelope, payloadType: "application/vnd.baluardo.attendance+json" },
      { ...envelope, payload },
      { ...envelope, signatures: [] },
      { ...envelope, signatures: [signed, signed] },
      { ...envelope, signatures: [{ ...signed, signature: flipped }] },
      { ...envelope, signatures: [{ ...signed, chain: signed.chain.slice(1) }] },
    ];
    for (const each of others) await expect(verifyNotice(each, judge)).rejects.toThrow();
  });
});

describe("an orderer", () => {
  it("is an authority of the own community", () => {
    expect(ordererOf("spiffe://italia.example/authority/service", "italia.example").kind).toBe(
      "authority",
    );
    for (const uri of [
      "spiffe://italia.example/office/rome",
      "spiffe://altrove.example/authority/service",
      "x",
    ]) {
      expect(() => ordererOf(uri, "italia.example")).toThrow();
    }
  });
});
