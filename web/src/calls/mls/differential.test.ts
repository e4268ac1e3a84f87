/**
 * Groups that OpenMLS and ours change by turns, drawn by seeds: trees with holes, with leaves that
 * their parents do not know yet, and of several levels. After each change all agree on a secret that
 * the same tree, the same transcript and the same path alone can give.
 */

import { encodeKeyPackage } from "ts-mls/keyPackage.js";
import { beforeAll, expect, it, vi } from "vitest";
import { joined, type Octets } from "../../trust/octets";
import { random } from "../media/seeded.testing";
import { agree, commitOf, packageOf, party, SUITES } from "./interop.testing";
import { compileOracle, type newName, OracleMember } from "./oracle.testing";
import { StandardMember } from "./standard.testing";

// Only against hanging.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });
beforeAll(compileOracle);

const [[suite, number]] = SUITES as [(typeof SUITES)[number]];
/** Trees of 16 leaves come about. */
const MOST_MEMBERS = 11;
const STEPS = 20;

type Name = ReturnType<typeof newName>;

/** Somebody in the group, or about to be. */
interface Person {
  name: Name;
  package: Octets;
  member: StandardMember | OracleMember | null;
  enter(welcome: Octets): Promise<void>;
}

async function ours(device: number): Promise<Person> {
  const own = await party(suite, device);
  const person: Person = {
    name: own.id,
    package: joined(encodeKeyPackage(own.keyPackage)),
    member: null,
    async enter(welcome) {
      person.member = await StandardMember.join(own, welcome);
    },
  };
  return person;
}

async function theirs(device: number): Promise<Person> {
  const member = await OracleMember.make(number, device);
  return {
    name: member.name,
    package: await member.keyPackage(),
    member,
    enter: (welcome) => member.join(welcome),
  };
}

/** One commit: whom it adds, or whom it removes, or a fresh key alone. */
async function changed(by: Person, added: Person[], gone: Person | null) {
  const { member } = by;
  if (member instanceof StandardMember) {
    const names = gone === null ? [] : [joined(gone.name.copyBytes())];
    return member.commit(
      added.map((each) => packageOf(each.package)),
      names,
    );
  }
  if (member === null) throw new Error("nobody commits from outside");
  if (gone !== null) return member.remove(gone.name);
  if (added.length > 0) return member.add(...added.map((each) => each.package));
  return member.rekey();
}

async function allAgree(people: readonly Person[]): Promise<void> {
  const members = people.map(({ member }) => member);
  await agree(
    members.filter((member) => member instanceof StandardMember),
    members.filter((member) => member instanceof OracleMember),
  );
}

/** Everybody but who made it follows; who is new comes in; who was removed is out. */
async function follow(made: { commit: Octets; welcome: Octets }, by: Person, people: Person[]) {
  for (const { member } of people.filter((each) => each !== by)) {
    if (member instanceof StandardMember) await member.follow(commitOf(made.commit));
    else await member?.receive(made.commit);
  }
}

async function founded(): Promise<Person> {
  const own = await party(suite, 1);
  const member = await StandardMember.create(own, crypto.getRandomValues(new Uint8Array(32)));
  return { name: own.id, package: new Uint8Array(), member, enter: async () => {} };
}

it.each([1, 2, 3])("any changes by either leave one group (seed %i)", async (seed) => {
  const chance = random(seed);
  let device = 1;
  const guests = async (count: number) => {
    const made: Person[] = [];
    for (let each = 0; each < count; each++) {
      device += 1;
      made.push(await (chance.below(2) === 0 ? ours(device) : theirs(device)));
    }
    return made;
  };
  let people = [await founded()];
  for (let step = 0; step < STEPS; step++) {
    const by = people[chance.below(people.length)] as Person;
    const others = people.filter((each) => each !== by);
    const kind = chance.below(10);
    const full = people.length >= MOST_MEMBERS;
    // One of ours stays, else nobody's secret is asked for.
    const leaving = others.filter((each) => each !== people[0]);
    const gone =
      (full || kind < 3) && leaving.length > 2 ? leaving[chance.below(leaving.length)] : null;
    const added = gone || (kind < 5 && others.length > 2) ? [] : await guests(1 + chance.below(2));
    const made = await changed(by, added, gone ?? null);
    await follow(made, by, people);
    people = people.filter((each) => each !== gone);
    for (const each of added) await each.enter(made.welcome);
    people.push(...added);
    await allAgree(people);
  }
  expect(people.length).toBeGreaterThan(3);
});

it("who is added where parents know of different newcomers comes in", async () => {
  const first = await founded();
  const people = [first];
  for (let device = 2; device <= 5; device++) {
    const next = await ours(device);
    const made = await changed(first, [next], null);
    await follow(made, first, people);
    await next.enter(made.welcome);
    people.push(next);
  }
  const [gone] = people.splice(1, 1) as [Person];
  await follow(await changed(first, [], gone), first, people);
  // The second leaf, below a parent that knows nobody new, and the sixth, below the root alone.
  const added = [await ours(6), await theirs(7)];
  const made = await changed(first, added, null);
  await follow(made, first, people);
  for (const each of added) await each.enter(made.welcome);
  await allAgree([...people, ...added]);
});
