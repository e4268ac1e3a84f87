import { describe, expect, it } from "vitest";
import { hex, type Octets, ofHex } from "../../trust/octets";
import { LONGEST_HEADER, readHeader, writeHeader } from "./header";
import { random } from "./seeded.testing";
import {
  deriveFrameKey,
  importBaseKey,
  LARGEST_FRAME,
  labelsOf,
  nonceOf,
  openFrame,
  SUITES,
  type Suite,
  sealFrame,
} from "./sframe";
import {
  COUNTER,
  FRAME_VECTORS,
  headerVectors,
  KEY_ID,
  METADATA,
  PLAINTEXT,
} from "./sframeVectors.testing";

const octetsOf = (text: string) => ofHex(text, text.length / 2);
const refusal = (code: string) => expect.objectContaining({ code });
const hkdf = (octets: Octets) =>
  crypto.subtle.importKey("raw", octets, "HKDF", false, ["deriveKey", "deriveBits"]);
const suites = Object.keys(SUITES) as Suite[];

async function keyFor(suite: Suite, use: "encrypt" | "decrypt", fill = 7) {
  const octets = new Uint8Array(SUITES[suite].keyOctets).fill(fill);
  return deriveFrameKey(suite, await importBaseKey(suite, octets), 0x123n, use);
}

describe("SFrame headers", () => {
  it("are those of RFC 9605 C.1", () => {
    const vectors = headerVectors();
    expect(vectors).toHaveLength(17 * 17);
    for (const { keyId, counter, header } of vectors) {
      expect(hex(writeHeader({ keyId, counter }))).toBe(header);
      const octets = octetsOf(header);
      expect(readHeader(octets)).toEqual({ keyId, counter, length: octets.length });
    }
  });

  it("are read in the one way they are written, or not at all", () => {
    const chance = random(9605);
    let read = 0;
    for (let trial = 0; trial < 20_000; trial++) {
      const octets = chance.octets(chance.below(LONGEST_HEADER + 3));
      try {
        const { length, ...header } = readHeader(octets);
        expect(hex(writeHeader(header))).toBe(hex(octets.subarray(0, length)));
        read += 1;
      } catch (problem) {
        expect(problem).toEqual(refusal("malformed"));
      }
    }
    expect(read).toBeGreaterThan(5000);
  });

  it.each(["", "08", "0800", "0807", "090001", "8007", "8000", "9000ff", "ff00", "f0ffffff"])(
    "are not read from %j",
    (text) => {
      expect(() => readHeader(octetsOf(text))).toThrow(refusal("malformed"));
    },
  );

  it("have no room for more than 64 bits", () => {
    for (const value of [-1n, 1n << 64n]) {
      expect(() => writeHeader({ keyId: value, counter: 0n })).toThrow(refusal("malformed"));
      expect(() => writeHeader({ keyId: 0n, counter: value })).toThrow(refusal("malformed"));
    }
  });
});

describe("SFrame", () => {
  it.each(FRAME_VECTORS)("derives, seals and opens as RFC 9605 C.3: $suite", async (vector) => {
    const { hash, keyOctets } = SUITES[vector.suite];
    const labels = labelsOf(vector.suite, KEY_ID);
    expect([hex(labels.key), hex(labels.salt)]).toEqual([vector.keyLabel, vector.saltLabel]);
    const base = await hkdf(octetsOf(vector.baseKey));
    const info = { name: "HKDF", hash, salt: new Uint8Array(), info: labels.key };
    const key = await crypto.subtle.deriveBits(info, base, 8 * keyOctets);
    expect(hex(new Uint8Array(key))).toBe(vector.key);

    const sealing = await deriveFrameKey(vector.suite, base, KEY_ID, "encrypt");
    expect([hex(sealing.salt), hex(nonceOf(sealing.salt, COUNTER))]).toEqual([
      vector.salt,
      vector.nonce,
    ]);
    const [metadata, plaintext] = [octetsOf(METADATA), octetsOf(PLAINTEXT)];
    expect(hex(await sealFrame(sealing, COUNTER, metadata, plaintext))).toBe(vector.ciphertext);
    const opening = await deriveFrameKey(vector.suite, base, KEY_ID, "decrypt");
    const opened = await openFrame(opening, metadata, octetsOf(vector.ciphertext));
    expect(hex(opened)).toBe(PLAINTEXT);
  });

  it("extracts its secret as RFC 5869 does without salt", async () => {
    for (const { suite, baseKey, secret } of FRAME_VECTORS) {
      const { hash } = SUITES[suite];
      const none = new Uint8Array(secret.length / 2);
      const hmac = { name: "HMAC", hash };
      const key = await crypto.subtle.importKey("raw", none, hmac, false, ["sign"]);
      const made = await crypto.subtle.sign("HMAC", key, octetsOf(baseKey));
      expect(hex(new Uint8Array(made))).toBe(secret);
    }
  });

  it("keeps its keys where nothing takes them out", async () => {
    const octets = new Uint8Array(16).fill(9);
    const base = await importBaseKey("AES_128_GCM_SHA256_128", octets);
    expect(octets).toEqual(new Uint8Array(16));
    const made = await deriveFrameKey("AES_128_GCM_SHA256_128", base, 1n, "encrypt");
    expect([base.extractable, made.key.extractable, made.key.usages]).toEqual([
      false,
      false,
      ["encrypt"],
    ]);
    octets.fill(9);
    await expect(importBaseKey("AES_256_GCM_SHA512_128", octets)).rejects.toEqual(refusal("key"));
    expect(octets).toEqual(new Uint8Array(16));
  });

  it.each(suites)("opens nothing that was altered anywhere: %s", async (suite) => {
    const [sealing, opening] = [await keyFor(suite, "encrypt"), await keyFor(suite, "decrypt")];
    const metadata = Uint8Array.of(1, 2, 3);
    const frame = await sealFrame(sealing, 300n, metadata, Uint8Array.of(5, 6, 7, 8));
    expect(await openFrame(opening, metadata, frame)).toEqual(Uint8Array.of(5, 6, 7, 8));
    for (let at = 0; at < frame.length; at++) {
      for (const bit of [1, 128]) {
        const altered = frame.with(at, (frame[at] ?? 0) ^ bit) as Octets;
        await expect(openFrame(opening, metadata, altered)).rejects.toHaveProperty("code");
      }
      const cut = frame.slice(0, at);
      await expect(openFrame(opening, metadata, cut)).rejects.toHaveProperty("code");
    }
    const other = openFrame(opening, Uint8Array.of(1, 2, 4), frame);
    await expect(other).rejects.toEqual(refusal("not-genuine"));
    const foreign = openFrame(await keyFor(suite, "decrypt", 8), metadata, frame);
    await expect(foreign).rejects.toEqual(refusal("not-genuine"));
  });

  it("has other nonces for other counters, up to the last", async () => {
    const { salt } = await keyFor("AES_256_GCM_SHA512_128", "encrypt");
    const counters = [0n, 1n, 0xffn, 0x100n, 1n << 32n, (1n << 64n) - 1n];
    expect(new Set(counters.map((counter) => hex(nonceOf(salt, counter)))).size).toBe(6);
    expect(hex(nonceOf(salt, 0n))).toBe(hex(salt));
  });

  it("bounds frames before it works on them", async () => {
    const key = await keyFor("AES_128_GCM_SHA256_128", "encrypt");
    const long = new Uint8Array(LARGEST_FRAME + 1);
    const none = new Uint8Array();
    await expect(sealFrame(key, 0n, none, long)).rejects.toEqual(refusal("too-large"));
    const whole = new Uint8Array([
      ...writeHeader({ keyId: 0x123n, counter: 0n }),
      ...long,
      ...new Uint8Array(16),
    ]);
    await expect(openFrame(key, none, whole)).rejects.toEqual(refusal("too-large"));
  });
});
