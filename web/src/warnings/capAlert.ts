/** A CAP 1.2 alert as this state writes it, read for people to see what they sign. */

import type { MultiPolygon, Position } from "geojson";
import type { Channel } from "./shapes";
import { type Element, readXml, XmlError } from "./xml";

const NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2";
/** The parameter that carries what phones are sent (emergency/cap/alert.py). */
export const BROADCAST_TEXT = "baluardo:broadcast-text";

export interface CapInfo {
  readonly language: string;
  readonly category: string;
  readonly event: string;
  readonly response: string;
  readonly urgency: string;
  readonly severity: string;
  readonly certainty: string;
  readonly onset: string;
  readonly expires: string;
  readonly headline: string;
  readonly description: string;
  readonly instruction: string;
  readonly web: string;
  readonly contact: string;
  readonly broadcast: string;
  readonly areas: readonly CapArea[];
}
export interface CapArea {
  readonly description: string;
  readonly outline: MultiPolygon;
  readonly geocodes: readonly { readonly scheme: string; readonly code: string }[];
}
export interface CapAlert {
  readonly identifier: string;
  readonly sender: string;
  readonly sent: string;
  readonly status: string;
  readonly messageType: string;
  readonly references: string;
  readonly infos: readonly CapInfo[];
}

const STATUS: Record<Channel, string> = { public: "Actual", exercise: "Exercise", test: "Test" };

const ALERT = names("identifier sender sent status msgType scope note references info");
const INFO = names(
  "language category event responseType urgency severity certainty effective onset expires " +
    "senderName headline description instruction web contact parameter area",
);
const AREA = names("areaDesc polygon geocode");

/** Read an alert; XmlError for one that this page does not understand whole: nobody signs those. */
export function readAlert(xml: string): CapAlert {
  const root = readXml(xml, NAMESPACE);
  if (root.name !== "alert") throw new XmlError("no alert");
  known(root, ALERT);
  const infos = all(root, "info").map(infoOf);
  if (infos.length === 0) throw new XmlError("an alert without a word");
  // An area that is only named cannot be shown, and must not be signed unseen.
  const drawn = infos.every(({ areas }) => areas.some((each) => each.outline.coordinates.length));
  if (!drawn) throw new XmlError("an area without an outline");
  if (one(root, "scope") !== "Public") throw new XmlError("an alert that is not public");
  return {
    identifier: one(root, "identifier"),
    sender: one(root, "sender"),
    sent: one(root, "sent"),
    status: one(root, "status"),
    messageType: one(root, "msgType"),
    references: maybe(root, "references"),
    infos,
  };
}

/** The same of an alert for a channel: one whose status is another's is none for it. */
export function readAlertOn(xml: string, channel: Channel): CapAlert {
  const alert = readAlert(xml);
  if (alert.status !== STATUS[channel]) throw new XmlError("a status of another channel");
  return alert;
}

/** The whole area of an alert, as its first language has it. */
export function outlineOf(alert: CapAlert): MultiPolygon {
  const areas = alert.infos[0]?.areas ?? [];
  return { type: "MultiPolygon", coordinates: areas.flatMap((each) => each.outline.coordinates) };
}

/** Whether every language names exactly the same area: what is shown once must hold for all. */
export function sameAreas(alert: CapAlert): boolean {
  return new Set(alert.infos.map((info) => JSON.stringify(info.areas))).size === 1;
}

function infoOf(element: Element): CapInfo {
  known(element, INFO);
  const parameters = all(element, "parameter").map(named);
  const broadcast = parameters.filter(({ name }) => name === BROADCAST_TEXT);
  if (broadcast.length !== parameters.length || broadcast.length > 1) {
    throw new XmlError("a parameter that this page does not know");
  }
  return {
    language: maybe(element, "language"),
    category: list(element, "category"),
    event: one(element, "event"),
    response: list(element, "responseType"),
    urgency: one(element, "urgency"),
    severity: one(element, "severity"),
    certainty: one(element, "certainty"),
    onset: maybe(element, "onset"),
    expires: maybe(element, "expires"),
    headline: maybe(element, "headline"),
    description: maybe(element, "description"),
    instruction: maybe(element, "instruction"),
    web: maybe(element, "web"),
    contact: maybe(element, "contact"),
    broadcast: broadcast[0]?.value ?? "",
    areas: all(element, "area").map(areaOf),
  };
}

function areaOf(element: Element): CapArea {
  known(element, AREA);
  const codes = all(element, "geocode").map(named);
  return {
    description: one(element, "areaDesc"),
    outline: {
      type: "MultiPolygon",
      coordinates: all(element, "polygon").map((each) => [ringOf(each.text)]),
    },
    geocodes: codes.map(({ name, value }) => ({ scheme: name, code: value })),
  };
}

/** CAP writes latitude first, the map longitude. */
function ringOf(text: string): Position[] {
  const ring = text
    .trim()
    .split(/\s+/)
    .map((pair): Position => {
      const [lat, lon, ...rest] = pair.split(",").map(Number);
      const place = lat !== undefined && lon !== undefined && rest.length === 0;
      if (!place || !(Math.abs(lat) <= 90 && Math.abs(lon) <= 180)) {
        throw new XmlError("a polygon that is none");
      }
      return [lon, lat];
    });
  if (ring.length < 4) throw new XmlError("a polygon of fewer than three corners");
  return ring;
}

function named(element: Element): { name: string; value: string } {
  return { name: one(element, "valueName"), value: one(element, "value") };
}

function names(list: string): ReadonlySet<string> {
  return new Set(list.split(" "));
}

function known(element: Element, wanted: ReadonlySet<string>): void {
  const strange = element.children.find(({ name }) => !wanted.has(name));
  if (strange) throw new XmlError(`an element ${strange.name} that this page does not know`);
}

const all = (element: Element, name: string) =>
  element.children.filter((child) => child.name === name);

function maybe(element: Element, name: string): string {
  const found = all(element, name);
  if (found.length > 1) throw new XmlError(`${name} more than once`);
  return found[0]?.text ?? "";
}

function one(element: Element, name: string): string {
  if (all(element, name).length !== 1) throw new XmlError(`no ${name}`);
  return maybe(element, name);
}

const list = (element: Element, name: string) =>
  all(element, name)
    .map(({ text }) => text)
    .join(", ");
