/** What a change of a group's devices looks like to the people in it. */

import { drawId } from "../../trust/commands";
import { hex } from "../../trust/octets";
import type { Conversation } from "../mls/group";
import type { Member } from "../mls/roster";
import { type GroupKeys, type KnownKey, type Thread, withChanges } from "./thread";
import type { KeyChange } from "./view";

/** Members by their keys: a key identifier is the key's SHA-256 (`trust/form` has seen to that). */
export function knownKeys(members: readonly Member[]): KnownKey[] {
  return members.map(({ identity, certificate }) => ({
    device: identity.path,
    key: hex(certificate.keyId),
  }));
}

/** A group as it stands. */
export function keysOf(group: Conversation): GroupKeys {
  return { group: group.id, epoch: Number(group.epoch), members: knownKeys(group.members) };
}

/** What is different now, a line for each device. */
export function changesBetween(
  before: readonly KnownKey[],
  after: readonly KnownKey[],
  at: number,
): KeyChange[] {
  const changes: KeyChange[] = [];
  for (const { device, key } of after) {
    const old = before.find((each) => each.device === device);
    if (old === undefined) changes.push(line(device, "added", at));
    else if (old.key !== key) changes.push(line(device, "new keys", at));
  }
  for (const { device } of before) {
    const gone = !after.some((each) => each.device === device);
    if (gone) changes.push(line(device, "removed", at));
  }
  return changes;
}

/** Somebody has made a new group in the place of the one before it. */
export function beganAnew(before: GroupKeys, by: string, keys: GroupKeys, at: number): KeyChange[] {
  return [line(by, "began anew", at), ...changesBetween(before.members, keys.members, at)];
}

/** A line about a device (`person/anna.rossi/phone`). */
export function line(device: string, what: KeyChange["what"], at: number): KeyChange {
  const [, person = "", name = ""] = device.split("/");
  return { kind: "change", id: drawId(), at, person, device: name, what };
}

/** The conversation with a group's keys as they are; `by` is who has begun it anew, if anybody has. */
export function withKeys(thread: Thread, group: Conversation, at: number, by = ""): Thread {
  const keys = keysOf(group);
  const before = thread.keys;
  if (thread.groups[0] !== group.id || before === null || before.group === group.id) {
    return thread.groups[0] === group.id ? { ...thread, keys } : thread;
  }
  const changes = changesBetween(before.members, keys.members, at);
  const lines = by === "" ? changes : beganAnew(before, by, keys, at);
  return { ...withChanges(thread, lines), keys };
}
