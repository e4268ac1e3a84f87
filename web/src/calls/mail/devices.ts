/** Who is let into a conversation's group, and who is taken out: devices of its two people. */

import { SKEW_S } from "../../trust/dates";
import { TrustError } from "../../trust/errors";
import type { Octets } from "../../trust/octets";
import type { Conversation } from "../mls/group";
import type { Made } from "../mls/outcomes";
import { readPackage } from "../mls/packages";
import { MOST_DEVICES } from "../mls/roster";
import type { Course, Look } from "./course";
import { sentenceOf } from "./receiving";
import type { Room } from "./room";

/** Devices that one commit adds: so that it stays within what one request may say. */
export const MOST_ADDED = 3;

/**
 * Makes the commit by which a group has the devices that its people have; it is kept as an offer.
 *
 * False where everybody is in who can be, and nobody who must be out.
 */
export async function deviceChange(
  room: Room,
  course: Course,
  { devices }: Look,
  group: Conversation,
): Promise<boolean> {
  const members = group.members.map(({ identity }) => identity);
  const gone = await endedMembers(room, group);
  const stay = members.filter(({ uri }) => !gone.includes(uri)).map(({ path }) => path);
  const missing = devices.filter((each) => !stay.includes(each) && !course.passed.has(each));
  const wanted = missing.filter((each) => roomFor(each, stay, missing)).slice(0, MOST_ADDED);
  const packages = wanted.length === 0 ? new Map() : await room.asks.packages(wanted);
  const add: Octets[] = [];
  const added: string[] = [];
  for (const device of wanted) {
    const octets = packages.get(device);
    if (octets !== undefined && (await isGood(room, device, octets))) {
      add.push(octets);
      added.push(device);
    } else {
      course.passed.add(device);
    }
  }
  if (add.length === 0 && gone.length === 0) return false;
  await room.turn(async () => {
    const now = await room.group(group.id);
    if (now === null || now.epoch !== group.epoch || now.waiting !== null) return;
    const draft = room.ledger.draft();
    const own = room.party.identity.path;
    const to = stay.filter((each) => each !== own && !added.includes(each));
    const along = (made: Made) => {
      const { commit: octets, welcome } = made;
      const epoch = made.kind === "waits" ? made.epoch : made.epoch - 1n;
      const offer = { group: group.id, epoch, octets, to, welcome, added };
      return draft.put({ ...draft.thread(course.person), offer }).beside();
    };
    await now.change({ add, remove: gone, orderer: "" }, along);
    room.count(draft);
  });
  return true;
}

/** The members that a message goes to: those that have a mailbox, as far as that is known. */
export function readersOf(group: Conversation, own: string, { person, look }: Course): string[] {
  const members = group.members.map(({ identity }) => identity.path).filter((at) => at !== own);
  const reached = look === null ? members : members.filter((at) => look.devices.includes(at));
  return reached.some((at) => at.startsWith(`person/${person}/`)) ? reached : [];
}

/** Members whose certificate was taken back or has ended; doubt alone puts nobody out. */
async function endedMembers(room: Room, group: Conversation): Promise<string[]> {
  const now = room.court.now();
  const own = room.party.identity.uri;
  const unfit = await group.unfit();
  return unfit
    .filter(({ member, problem }) => {
      const revoked = problem instanceof TrustError && problem.code === "revoked";
      return revoked || member.certificate.notAfter + SKEW_S < now;
    })
    .map(({ member }) => member.identity.uri)
    .filter((uri) => uri !== own);
}

/** A person has only so many devices in a group; those first by their name. */
function roomFor(device: string, members: readonly string[], missing: readonly string[]): boolean {
  const person = device.slice(0, device.lastIndexOf("/") + 1);
  const ofThem = (each: string) => each.startsWith(person);
  const before = missing.slice(0, missing.indexOf(device)).filter(ofThem).length;
  return members.filter(ofThem).length + before < MOST_DEVICES;
}

async function isGood(room: Room, device: string, octets: Octets): Promise<boolean> {
  try {
    const { member } = await readPackage(room.party, octets);
    if (member.identity.path === device) return true;
    room.tell("The post office handed out a key package of another device: it was not used.");
  } catch (problem) {
    room.tell(`${device} cannot be written to: ${sentenceOf(problem)}`);
  }
  return false;
}
