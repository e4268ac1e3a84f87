import type { FeatureCollection } from "geojson";
import { describe, expect, it } from "vitest";
import type { Contact, Plan, Platform } from "../api/fleet";
import { marksOf, pieceAt, piecesOf, steppedTo, worthOf } from "./bars";
import { askedOf, FIRST, numberOf, ofKind } from "./draft";
import { en } from "./en";
import { it as italian } from "./it";
import { Latest } from "./latest";
import { courses, drawnTrack, ellipseAround, unbroken } from "./shapes";
import { symbolOf, UNKNOWN } from "./symbols";

const contact = (start: number, end: number, number: number, ms = 30): Contact => ({
  start,
  end,
  sigma_s: null,
  satellite: `S${number}`,
  number,
  gateway: "Marsala",
  gateway_country: "IT",
  point: "Milan",
  lasers: 0,
  highest_deg: 50,
  round_trip_ms: [ms, ms + 10],
  rate_down_bps: 1e8 + number,
  rate_up_bps: 1e7,
  alternatives: [],
});

const plan = (contacts: Contact[], gaps: Plan["gaps"], end = 100): Plan => ({
  start: 0,
  end,
  complete: true,
  contacts,
  gaps,
  availability: 0.9,
});

const PLAN = plan(
  [contact(-20, 30, 1), contact(30, 60, 2, 50), contact(80, 120, 2, 10)],
  [{ start: 60, end: 80, reason: "no-fix" }],
);

/** Coordinates of a line that was drawn. */
const lineOf = (collection: FeatureCollection): number[][] => {
  const geometry = collection.features[0]?.geometry;
  return geometry?.type === "LineString" ? geometry.coordinates : [];
};

describe("contact bars", () => {
  it("cut what reaches beyond the span and keep the order", () => {
    const pieces = piecesOf(PLAN, 0, 100);
    expect(pieces.map(({ kind, from, to }) => [kind, from, to])).toEqual([
      ["contact", 0, 0.3],
      ["contact", 0.3, 0.6],
      ["gap", 0.6, 0.8],
      ["contact", 0.8, 1],
    ]);
    expect(piecesOf(PLAN, 200, 300)).toEqual([]);
    expect(piecesOf(PLAN, 100, 100)).toEqual([]);
    expect(pieceAt(pieces, 0.7)).toBe(2);
    expect(pieceAt([], 0.7)).toBe(-1);
  });

  it("are walked by keys, from gap to gap too", () => {
    const pieces = piecesOf(PLAN, 0, 100);
    expect(steppedTo(pieces, 0, "PageDown")).toBe(2);
    expect(steppedTo(pieces, 3, "PageUp")).toBe(2);
    expect(steppedTo(pieces, 2, "PageDown")).toBe(2);
    expect(steppedTo(pieces, 3, "ArrowRight")).toBe(3);
    expect(steppedTo(pieces, 0, "ArrowLeft")).toBe(0);
    expect(steppedTo(pieces, 0, "End")).toBe(3);
    expect(steppedTo(pieces, 0, "x")).toBeNull();
    expect(steppedTo([], 0, "End")).toBeNull();
  });

  it("have marks at round times, never too many", () => {
    for (const span of [60, 900, 3600, 6 * 3600, 86_400]) {
      const marks = marksOf(1e9 + 17, 1e9 + 17 + span);
      expect(marks.length).toBeLessThanOrEqual(9);
      for (const mark of marks) expect(mark % 60).toBe(0);
    }
  });

  it("are worth what they hold within the plan", () => {
    const worth = worthOf(PLAN);
    // 30 s of 35 ms, 30 s of 55 ms, 20 s of 15 ms: half of the time is at most 35 ms.
    expect(worth.roundTripMs).toBe(35);
    expect(worth.handovers).toBe(1);
    expect(worth.gapS).toBe(20);
    expect(worth.leastDownBps).toBe(1e8 + 1);
    const nothing = worthOf(plan([], []));
    expect(nothing).toMatchObject({ roundTripMs: null, leastDownBps: null, handovers: 0 });
  });
});

describe("a track that is drawn", () => {
  it("is asked for with what stands in the fields", () => {
    const track: [number, number][] = [
      [17, 37],
      [18, 36],
    ];
    expect(askedOf(FIRST, [], 1e9)).toBeNull();
    expect(askedOf({ ...FIRST, speed: "1x" }, track, 1e9)).toBeNull();
    expect(askedOf({ ...FIRST, speed: "16,5", startIn: 15 }, track, 1e9)).toEqual({
      kind: "ship",
      waypoints: [
        [37, 17],
        [36, 18],
      ],
      speed_kn: 16.5,
      height_m: 25,
      start: 1e9 + 900,
      rule: { gateways: null, not_in_countries: [], lasers: "any" },
    });
    expect(ofKind(FIRST, "drone").speed).toBe("110");
  });

  it("takes numbers as people write them", () => {
    expect(["16", " 16.5 ", "16,5", "", "-3", "1e3", "1.2.3"].map(numberOf)).toEqual([
      16,
      16.5,
      16.5,
      null,
      null,
      null,
      null,
    ]);
  });

  it("is a great circle that does not jump at the date line", () => {
    const lons = lineOf(
      drawnTrack([
        [179, 10],
        [-179, 12],
      ]),
    ).map(([lon]) => lon as number);
    expect(Math.min(...lons)).toBeGreaterThanOrEqual(179);
    expect(Math.max(...lons)).toBeLessThanOrEqual(181.001);
    expect(
      unbroken([
        [170, 0],
        [-170, 0],
        [170, 0],
      ]).map(([lon]) => lon),
    ).toEqual([170, 190, 170]);
  });
});

describe("the map", () => {
  it("shows courses of the next hours alone", () => {
    const ahead = Array.from({ length: 10 }, (_, k): [number, number, number] => [k, 0, k * 300]);
    expect(lineOf(courses([{ id: "a", ahead } as unknown as Platform], 900))).toHaveLength(4);
  });

  it("draws an ellipse along its azimuth", () => {
    const ring = ellipseAround(15, 37, {
      major_m: 2000,
      minor_m: 500,
      azimuth_deg: 90,
      age_s: 0,
    });
    const lats = ring.map(([, lat]) => lat as number);
    const lons = ring.map(([lon]) => lon as number);
    const high = (Math.max(...lats) - Math.min(...lats)) * 111_195;
    const wide = (Math.max(...lons) - Math.min(...lons)) * 111_195 * Math.cos((37 * Math.PI) / 180);
    expect(high).toBeCloseTo(1000, -1);
    expect(wide).toBeCloseTo(4000, -1);
    expect(ring.at(-1)).toEqual(ring[0]);
  });

  it("never leaves a platform without a symbol", () => {
    for (const code of ["10033000001202000000", "10030100001102000000", "10030100001103000000"]) {
      expect(symbolOf(code).getOptions().sidc).toBe(code);
    }
    expect(symbolOf("nonsense").getOptions().sidc).toBe(UNKNOWN);
  });
});

describe("questions faster than answers", () => {
  it("leave out all but the newest that waits, and go on after a failure", async () => {
    const asked: number[] = [];
    const told: string[] = [];
    const answers: ((value: number | Error) => void)[] = [];
    const latest = new Latest<number, number>(
      (question) => {
        asked.push(question);
        return new Promise((done, failed) => {
          answers.push((value) => (value instanceof Error ? failed(value) : done(value)));
        });
      },
      (question, answer) => void told.push(`${question}: ${answer}`),
      (question) => void told.push(`${question} failed`),
    );
    const turn = () => new Promise((done) => setTimeout(done));
    for (const question of [1, 2, 3, 4]) latest.put(question);
    answers[0]?.(10);
    await turn();
    answers[1]?.(new Error("no"));
    await turn();
    latest.put(5);
    latest.put(6);
    latest.forget();
    answers[2]?.(50);
    await turn();
    expect(asked).toEqual([1, 4, 5]);
    expect(told).toEqual(["1: 10", "4 failed", "5: 50"]);
  });
});

describe("the words", () => {
  it("are there in both languages", () => {
    expect(Object.keys(italian).sort()).toEqual(Object.keys(en).sort());
  });
});
