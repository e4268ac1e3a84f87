import { describe, expect, it } from "vitest";
import type { WireLink } from "./answers";
import { endsOf, grouped } from "./wireLinks";

const link = (name: string, packets = 1, drops = {}): WireLink => ({
  name,
  packets,
  octets: packets * 100,
  waiting: 0,
  drops,
});

describe("the wire's links", () => {
  it("stand by site and bearer, both directions together; landings apart; idle ones folded", () => {
    const links = [
      link("landing.milan>exchange"),
      link("landing.milan>rome.sky"),
      link("exchange>milan.fibre"),
      link("rome.fibre>exchange", 0),
      link("rome.sky>landing.milan"),
      link("landing.sofia>landing.milan", 0),
      link("milan.fibre>exchange"),
      link("landing.sofia>exchange", 0, { "no-route": 2 }),
    ];
    const { sites, landings, idle } = grouped(links, ["milan", "rome"]);
    expect(sites.map(({ name }) => name)).toEqual([
      "milan.fibre>exchange",
      "exchange>milan.fibre",
      "rome.sky>landing.milan",
      "landing.milan>rome.sky",
    ]);
    expect(landings.map(({ name }) => name)).toEqual([
      "landing.milan>exchange",
      "landing.sofia>exchange",
    ]);
    expect(idle.map(({ name }) => name)).toEqual([
      "rome.fibre>exchange",
      "landing.sofia>landing.milan",
    ]);
  });

  it("are shown whatever they are called", () => {
    expect(endsOf(link("a.b>exchange"))).toEqual({
      from: { kind: "site", name: "a", bearer: "b" },
      to: { kind: "exchange", name: "", bearer: "" },
    });
    for (const odd of ["", ">", "a", "a>b>c", "<b>x</b>>"]) {
      expect(endsOf(link(odd)), odd).toBeNull();
      expect(grouped([link(odd)]).sites).toHaveLength(1);
    }
  });
});
