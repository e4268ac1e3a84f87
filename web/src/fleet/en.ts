import type { Kind, LandingState, Lasers, SeaLayer } from "../api/fleet";

const kinds = (names: Record<Kind, string>) => names;
const seaLayers = (names: Record<SeaLayer, string>) => names;
const lasers = (names: Record<Lasers, string>) => names;
const states = (names: Record<LandingState, { name: string; meaning: string }>) => names;

export const en = {
  title: "Fleet",
  lead: "Where our platforms are, what serves them in the hours ahead, and where their traffic lands.",

  map: "Map of the fleet. Everything on it stands in words beside it.",
  mapDrawing:
    "Map of the fleet. The arrow keys move it; Enter sets a point of the track at the crosshair.",
  mapFailed: "The map could not be drawn. Everything on it stands in words beside it.",
  webgl: "This browser has no WebGL 2: the map is left out. Everything on it stands in words.",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  wholeFleet: "Whole fleet",
  pointHere: "Set a point here",
  key: "Key of the map",
  keyCourse: "course, next 2 hours",
  keyEllipse: "95 % of its position",
  keyTrack: "track that is drawn",
  labelOf: (name: string, state: string) => `${name} · ${state}`,

  watch: "Watch list",
  watchLead: "Every gap of the next 6 hours, the soonest first.",
  watchNone: "No gap in the next 6 hours",
  watchNoneText: "Every platform has a satellite in every slot that is planned.",
  watchIn: (when: string) => `in ${when}`,
  watchNow: "now",
  without: (length: string) => `${length} without service`,
  more: (count: number) => `and ${count} more`,
  show: (name: string) => `Show ${name} on the map`,

  sea: {
    title: "The sea ahead",
    lead: "What a maritime dish with bought priority gets in every part of the Mediterranean, alone there.",
    show: "Show it on the map",
    layer: "What is shown",
    layers: seaLayers({
      "trusted-round-trip": "Delay with trusted landing",
      "round-trip": "Delay",
      "trusted-availability": "Availability with trusted landing",
      availability: "Availability of 5 Mbit/s",
      rate: "Rate down",
      "worst-rate": "Rate down in the worst 5 %",
    }),
    trusted: "Landing trusted",
    as: (names: string) => `as for ${names}`,
    preparing: "The sea is being mapped: half a minute once its sky is prepared.",
    time: "Time shown",
    span: "all hours that are prepared",
    between: (from: string, to: string) => `${from} to ${to} UTC`,
    play: "Play",
    pause: "Pause",
    nothing: "Nothing passes anywhere.",
    legend: (worst: string, best: string) =>
      `From dark, ${worst}, to light, ${best}. Red: nothing passes.`,
    worst: "Worst places over all hours",
    never: "nothing passes",
  },

  ahead: "Contacts ahead",
  aheadLead:
    "Each field of a bar is a satellite, each step to the next a change. Hatched: no service. Choose a bar and use the arrow keys; Page Down leads to the next gap.",
  span: "Time shown",
  hours: (count: number) => `${count} h`,
  noFleet: "No platform that you may see",
  noFleetText: "Policy says who sees which platform. Sign in, if you have not.",
  kinds: kinds({
    ship: "Ship",
    helicopter: "Helicopter",
    aircraft: "Aircraft",
    drone: "Drone",
  }),
  speedNow: (knots: string, heading: string) => `${knots} kn, ${heading}°`,
  reported: (age: string, metres: string) => `reported ${age} ago, within ${metres} m (95 %)`,
  servedBy: (satellite: string) => `served by ${satellite}`,
  unknownYet: "being worked out",
  preparing:
    "The sky ahead is being prepared. The first time on a machine that takes a minute or two.",
  incomplete:
    "Preliminary: the load of commercial users is being added. Rates are too high until then.",
  states: states({
    held: { name: "held", meaning: "Lands only where the rule allows." },
    stopped: {
      name: "stopped",
      meaning: "A satellite serves, but nothing the rule allows is in its reach: nothing is sent.",
    },
    free: { name: "no rule", meaning: "Lands wherever the operator lands it." },
  }),
  landing: "Landing",
  landsAt: (gateway: string, country: string, point: string) =>
    `at ${gateway} (${country}), for ${point}`,
  landsNowhere: "nowhere now",
  rule: "Rule",
  ruleAny: "everywhere",
  ruleOnly: (names: string) => `only ${names}`,
  ruleNot: (codes: string) => `never in ${codes}`,
  lasers: lasers({
    any: "with or without laser links",
    required: "by laser links only",
    forbidden: "without laser links",
  }),
  now: "now",
  bar: (name: string) => `Contacts of ${name}`,
  noPiece: "Not planned yet",
  contact: (satellite: string, from: string, to: string) => `${satellite}, ${from} to ${to}`,
  sigma: (seconds: string) => `± ${seconds} s`,
  facts: (trip: string, down: string, up: string, highest: string) =>
    `${trip} ms there and back · ${down} / ${up} Mbit/s down/up at least · up to ${highest}° high`,
  hops: (count: number) =>
    count === 0 ? "no laser" : count === 1 ? "1 laser link" : `${count} laser links`,
  alternatives: (names: string) => `standing by: ${names}`,
  noAlternatives: "no other satellite stands by",
  gap: (from: string, to: string, length: string) => `${from} to ${to}: ${length} without service`,
  asTable: "As a table",
  tableFrom: "From (UTC)",
  tableTo: "To (UTC)",
  tableWhat: "Satellite, or why none",
  tableLanding: "Lands at",
  tableTrip: "ms",
  tableRate: "Mbit/s ↓/↑",

  worth: (availability: string, handovers: number, gaps: number) =>
    `${availability} % of the time, ${handovers} changes, ${gaps} ${gaps === 1 ? "gap" : "gaps"}`,
  availability: "Availability",
  delay: "There and back",
  leastRate: "Least rate down",
  changes: "Changes",
  withoutService: "Without service",

  plan: "Plan a track",
  planLead: "Draw where a platform would go; its contacts follow while you draw.",
  start: "Draw on the map",
  stop: "Stop drawing",
  drawHelp:
    "Press the map to set points, drag a point to move it. With the keyboard: arrow keys move the map, Enter sets a point at the crosshair.",
  pointsSet: (count: number) =>
    count === 0 ? "No point set yet." : count === 1 ? "1 point set." : `${count} points set.`,
  mostPoints: (most: number) => `More than ${most} are not possible.`,
  undo: "Take the last point back",
  clear: "Clear the track",
  written: "Points of the track",
  writtenHelp: "One a line: latitude, longitude in degrees, such as 37.2, 17.0",
  writtenWrong: (most: number) =>
    `Each line holds a latitude from −90 to 90 and a longitude from −180 to 180; up to ${most} lines.`,
  kind: "Kind of platform",
  speed: "Speed, knots",
  height: "Height of the dish, m",
  numberWrong: "Write a number, such as 16 or 16.5.",
  begin: "Begins",
  beginNow: "now",
  beginIn: (minutes: number) => `in ${minutes} min`,
  ruleTitle: "Where its traffic may land",
  onlyGateways: "Only at these gateways",
  onlyGatewaysHelp: "None ticked: at all of them.",
  neverIn: "Never in these countries",
  lasersTitle: "Laser links",
  result: "What the track gets",
  noTrack: "Set at least one point: one is a platform that stays, two and more are a voyage.",
  arrival: (when: string, hours: string) => `Arrives ${when} UTC, after ${hours} h.`,
  cut: "Planned for its first 6 hours.",
  legs: "Legs",
  leg: (course: string, miles: string) => `${course}°, ${miles} nmi`,
  draftName: "the track",

  inMinutes: (minutes: number) => `${minutes} min`,
  inHours: (hours: number, minutes: number) => `${hours} h ${minutes} min`,
  inSeconds: (seconds: number) => `${seconds} s`,
};

export type FleetWords = typeof en;
