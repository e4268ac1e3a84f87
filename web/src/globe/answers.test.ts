import { expect, it } from "vitest";
import { Answers } from "./answers";

it("gives the answer about what the picture shows, not the newest one", () => {
  const answers = new Answers<{ time: number }>();
  expect(answers.at(1000)).toBeNull();
  for (const time of [1000, 1300, 1600]) answers.add({ time });
  expect(answers.at(1320)).toEqual({ time: 1300 });
  expect(answers.at(9999)).toEqual({ time: 1600 });
  for (let time = 1900; time < 5000; time += 300) answers.add({ time });
  expect(answers.at(1000)?.time).toBeGreaterThan(1600);
  answers.add(null);
  expect(answers.at(1320)).toBeNull();
});
