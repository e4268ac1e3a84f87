import { describe, expect, it } from "vitest";
import { creationOptions, PasskeyError, requestOptions } from "./passkey";

const octetsOf = (source: BufferSource) => [...new Uint8Array(source as ArrayBuffer)];

describe("options of the server", () => {
  it("become octets where the browser takes octets, base64url without padding", () => {
    const options = requestOptions({
      challenge: "-_8",
      rpId: "baluardo.localhost",
      userVerification: "required",
      allowCredentials: [{ type: "public-key", id: "AQID" }],
    });
    expect(octetsOf(options.challenge)).toEqual([0xfb, 0xff]);
    expect(octetsOf(options.allowCredentials?.[0]?.id as ArrayBuffer)).toEqual([1, 2, 3]);
    expect(options.userVerification).toBe("required");
  });
  it("keep who the passkey is for", () => {
    const options = creationOptions({
      challenge: "AA",
      user: { id: "BQ", name: "anna.rossi", displayName: "Anna Rossi" },
      excludeCredentials: [{ type: "public-key", id: "AQ" }],
    });
    expect(octetsOf(options.user.id)).toEqual([5]);
    expect(options.user.name).toBe("anna.rossi");
    expect(options.excludeCredentials).toHaveLength(1);
  });
  it("are refused without a challenge", () => {
    expect(() => requestOptions({})).toThrow(PasskeyError);
  });
});
