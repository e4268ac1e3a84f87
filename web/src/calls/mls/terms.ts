/** The terms of a conversation, in its group context: who talks, and who orders its commits. */

import { type Extension, encodeRequiredCapabilities, type GroupContext } from "ts-mls";
import { TrustError } from "../../trust/errors";
import { type Identity, identityOf, identityOfUri } from "../../trust/identity";
import { same } from "../../trust/octets";
import { isObject, parseCanonical, writeJson } from "../../trust/strictJson";
import { malformed } from "./errors";
import { TERMS_EXTENSION } from "./numbers";

/** People of a conversation. Groups of more come with their own rules. */
export const PEOPLE = 2;
const MOST_OCTETS = 2_048;

export interface Terms {
  /** Whose order of commits counts: an edge or the authority. */
  orderer: Identity;
  /** The holders (`spiffe://COMMUNITY/person/NAME`), sorted; they never change. */
  people: readonly string[];
}

/** Terms between two people of one community; refused if they are not that. */
export function termsOf(orderer: Identity, people: readonly string[]): Terms {
  const sorted = [...new Set(people)].sort();
  const known = sorted.every((uri) => isPerson(uri, orderer.community));
  if (sorted.length !== PEOPLE || !known) {
    throw new TrustError("identity", "A conversation is between two people of one community.");
  }
  if (orderer.kind === "person") {
    throw new TrustError("identity", "Commits are ordered by an edge or by the authority.");
  }
  return { orderer, people: sorted };
}

/** The extensions of a group context with these terms; there are no others. */
export function extensionsOf(terms: Terms): Extension[] {
  const extensionData = writeJson({ orderer: terms.orderer.uri, people: [...terms.people] });
  return [required(), { extensionType: TERMS_EXTENSION, extensionData }];
}

/** The terms in extensions, which must be written in the one way of `extensionsOf`. */
export function termsIn(extensions: readonly Extension[]): Terms {
  const data = extensions.find((each) => each.extensionType === TERMS_EXTENSION)?.extensionData;
  const stated = data === undefined ? null : parseCanonical(data, MOST_OCTETS);
  if (!isObject(stated) || typeof stated.orderer !== "string" || !Array.isArray(stated.people)) {
    throw malformed("The group has no terms of a conversation");
  }
  const people = stated.people.filter((uri) => typeof uri === "string");
  const terms = termsOf(identityOfUri(stated.orderer), people);
  const wanted = extensionsOf(terms);
  const exact = wanted.every(({ extensionType, extensionData }, index) => {
    const other = extensions[index];
    return other?.extensionType === extensionType && same(other.extensionData, extensionData);
  });
  if (!exact || extensions.length !== wanted.length) {
    throw malformed("The group has other terms than a conversation's");
  }
  return terms;
}

/** The terms of a group. */
export function termsOfGroup(context: GroupContext): Terms {
  return termsIn(context.extensions);
}

/** Refuses terms by which others would talk; another orderer may be named. */
export function checkSuccession(before: Terms, after: Terms): void {
  const samePeople = before.people.every((uri, index) => uri === after.people[index]);
  if (!samePeople || before.orderer.community !== after.orderer.community) {
    throw new TrustError("identity", "The people of a conversation cannot be changed.");
  }
}

function required(): Extension {
  const wanted = {
    extensionTypes: [TERMS_EXTENSION],
    proposalTypes: [],
    credentialTypes: ["x509"],
  };
  return {
    extensionType: "required_capabilities",
    extensionData: encodeRequiredCapabilities({ ...wanted, credentialTypes: ["x509"] }),
  };
}

function isPerson(uri: string, community: string): boolean {
  const name = uri.replace(`spiffe://${community}/person/`, "");
  try {
    return identityOf(community, `person/${name}/any`).holder === uri;
  } catch {
    return false;
  }
}
