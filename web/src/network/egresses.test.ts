import { describe, expect, it } from "vitest";
import { egressesOf } from "./egresses";

describe("the addresses under which peers see a bearer", () => {
  it("are counted by who saw them, most first", () => {
    const egress_by_peer = {
      "office/a": "203.0.113.9",
      "office/b": "198.51.100.1",
      "office/c": "203.0.113.9",
      "office/d": "192.0.2.7",
    };
    expect(egressesOf({ egress: "192.0.2.7", egress_by_peer })).toEqual([
      { address: "203.0.113.9", peers: 2 },
      { address: "192.0.2.7", peers: 1 },
      { address: "198.51.100.1", peers: 1 },
    ]);
  });

  it("are the newest alone where nobody is named with it, and none where there is none", () => {
    expect(egressesOf({ egress: "192.0.2.7", egress_by_peer: {} })).toEqual([
      { address: "192.0.2.7", peers: 0 },
    ]);
    expect(egressesOf({ egress: null, egress_by_peer: {} })).toEqual([]);
  });
});
