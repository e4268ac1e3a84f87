import { bench, describe } from "vitest";
import { placeOf, setUpTimes } from "./places.testing";

// Node has no ML-DSA of its own: here noble signs and verifies. In Chromium, with its native one,
// tests/browser/test_call_keys.py prints the same steps.
const [anna, bruno] = [await placeOf("annaPhone"), await placeOf("brunoPhone")];
const [generale, ammiraglio] = [
  await placeOf("annaPhone", "cnsa"),
  await placeOf("brunoPhone", "cnsa"),
];

describe("two people come to talk: package, create, add, join, a message each way", () => {
  const now = Date.now;
  const at = anna.party.authentication.now() * 1000;
  const setup = () => {
    Date.now = () => at;
  };
  const teardown = () => {
    Date.now = now;
  };
  const options = { iterations: 5, time: 0, warmupIterations: 1, warmupTime: 0, setup, teardown };
  bench("eu-hybrid", async () => void (await setUpTimes(anna.party, bruno.party)), options);
  bench("cnsa", async () => void (await setUpTimes(generale.party, ammiraglio.party)), options);
});
