import { describe, expect, it } from "vitest";
import { preAuthenticationEncoding } from "../../trust/envelope";
import { hex, ofUtf8, sha256 } from "../../trust/octets";
import type { JsonObject } from "../../trust/strictJson";
import { isSigned, SIGNED_KINDS, SIGNED_TYPE, signedOctets } from "./mailSigning";
import vectors from "./mailSigning.vectors.json";

describe("what a device signs of a request", () => {
  it("is of the type and the kinds that the authority knows", () => {
    expect(SIGNED_TYPE).toBe(vectors.type);
    expect([...SIGNED_KINDS].sort()).toEqual(vectors.kinds);
    for (const kind of ["devices", "conversation", "challenge", "toString"]) {
      expect(isSigned({ kind })).toBe(false);
    }
  });

  it.each(vectors.asked)("is as the authority makes it again: $number", async (each) => {
    const request: JsonObject = each.request;
    expect(isSigned(request)).toBe(true);
    const { device, challenge } = vectors;
    const payload = await signedOctets(request, device, challenge, each.number);
    expect(ofUtf8(payload)).toBe(each.payload);
    expect(hex(await sha256(preAuthenticationEncoding(SIGNED_TYPE, payload)))).toBe(each.message);
  });
});
