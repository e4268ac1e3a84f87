/** Groups of a conversation: one is made, from now on one is written in, or one is let go of. */

import { Conversation } from "../mls/group";
import { withKeys } from "./changes";
import type { Course, Look } from "./course";
import { ordererOf } from "./notice";
import type { Room } from "./room";
import { entered, leftGroup } from "./thread";

/** Makes a group of this device alone, to stand in the place of another one; none for nobody's. */
export async function foundGroup(
  room: Room,
  { person }: Course,
  { standing }: Look,
  instead: string,
): Promise<void> {
  const { party, ledger } = room;
  const orderer = ordererOf(standing.orderer, party.identity.community);
  const holder = `spiffe://${party.identity.community}/person/${person}`;
  await room.turn(async () => {
    const draft = ledger.draft();
    const made = await Conversation.create(party, holder, orderer, ({ id }) => {
      const founding = { group: id, instead };
      return draft.put({ ...draft.thread(person), founding }).beside();
    });
    room.hold(made);
    room.count(draft);
  });
}

/** From now on this group is written in; within a turn. */
export async function enterGroup(room: Room, { person }: Course, group: string): Promise<void> {
  const draft = room.ledger.draft();
  const { thread, left } = entered(draft.thread(person), group);
  const founding = thread.founding?.group === group ? null : thread.founding;
  for (const each of left) draft.forget(each);
  const found = await room.group(group);
  const lone = found === null || found.members.length < 2;
  const now = { ...thread, founding };
  await room.write(draft.put(lone ? now : withKeys(now, found, room.now())));
}

/** Lets go of a group, and of its keys; within a turn. */
export async function leaveGroup(room: Room, { person }: Course, group: string): Promise<void> {
  const draft = room.ledger.draft();
  draft.put(leftGroup(draft.thread(person), group)).forget(group);
  await room.write(draft);
}

/** Has a change of a group's devices named no more, as another group stands; within a turn. */
export async function dropOffer(room: Room, { person }: Course, group: string): Promise<void> {
  const draft = room.ledger.draft();
  const thread = draft.thread(person);
  if (thread.offer?.group !== group) return;
  await room.write(draft.put({ ...thread, offer: null }));
}
