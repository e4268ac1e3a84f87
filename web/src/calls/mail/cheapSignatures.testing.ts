/**
 * Signatures that cost nothing, for tests that repeat the same hundreds of times and ask something
 * else: what these keys have signed is remembered, and nothing else is genuine. Sizes are real.
 */

import { ALGORITHMS } from "../../trust/algorithms";
import type { Check, Implementation, PlainKeys } from "../../trust/implementations";
import { base64, type Octets, same } from "../../trust/octets";

type Implementations = typeof import("../../trust/implementations");

interface Known {
  key: Octets;
  message: Octets;
  context: Octets;
  good: boolean;
}

/** The module in the place of the real one: `vi.mock` takes it. */
export function cheapened(real: Implementations): Implementations {
  const known = new Map<string, Known>();
  const grown = new Map<string, PlainKeys>();
  const noble: Implementation = {
    name: "noble",
    async checkOf(algorithm, raw): Promise<Check> {
      const [key, check] = [raw.slice(), await real.noble.checkOf(algorithm, raw)];
      return async (signature, message, context) => {
        const found = known.get(base64(signature));
        const fits =
          found !== undefined &&
          same(found.key, key) &&
          same(found.message, message) &&
          same(found.context, context);
        if (fits) return found.good;
        // Certificates, lists and the log were signed before: each is verified once.
        const good = await check(signature, message, context);
        const told = { key, message: message.slice(), context: context.slice(), good };
        known.set(base64(signature), told);
        return good;
      };
    },
  };
  return {
    ...real,
    noble,
    implementationOf: async () => noble,
    plainKeys(algorithm, seed) {
      const name = `${algorithm} ${base64(seed)}`;
      const { publicKey, forget } = grown.get(name) ?? real.plainKeys(algorithm, seed);
      const sign = (message: Octets, context: Octets) => {
        const signature = new Uint8Array(ALGORITHMS[algorithm].signatureOctets);
        crypto.getRandomValues(signature);
        const told = { key: publicKey, message: message.slice(), context: context.slice() };
        known.set(base64(signature), { ...told, good: true });
        return signature;
      };
      const keys = { publicKey, forget, sign };
      grown.set(name, keys);
      return keys;
    },
  };
}
