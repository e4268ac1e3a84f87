/** Who is signed in, and how they prove once more that it is they. */

import { ApiError } from "../../api/client";
import { askAuthority, authority, me } from "../../frame/authority";
import { askSignIn, enterDemonstration, NOT_SIGNED_IN, signIn } from "../api";
import type { Me, Role } from "../shapes";
import { usePasskey } from "./passkey";

export { askAuthority, authority, mayUse, me, rolesFor, signOut } from "../../frame/authority";

/** Tell whether the signed-in person has one of these roles. */
export const hasRole = (...wanted: Role[]): boolean =>
  me.value?.roles.some((held) => wanted.includes(held)) ?? false;

/** Take what the server said of the person after a sign-in. */
export function signedInAs(person: Me): void {
  if (authority.value) authority.value = { ...authority.value, me: person };
  void askAuthority();
}

const nowS = () => Date.now() / 1000;
/** A step-up that would end while the question is on its way is no step-up. */
const MARGIN_S = 15;

/** Ask for the passkey once more if it was used too long ago. Whom a demonstration lets anybody be is just entered;
a break-glass session has no passkey to show: there the server alone decides. */
export async function freshen(anyway = false): Promise<void> {
  const person = me.value;
  if (!person || person.break_glass) return;
  if (!anyway && person.fresh_until - MARGIN_S > nowS()) return;
  if (authority.value?.people.some((each) => each.person === person.person)) {
    signedInAs(await enterDemonstration(person.person));
    return;
  }
  const { id, options } = await askSignIn();
  const again = await signIn(id, await usePasskey(options));
  signedInAs(again);
  if (again.person !== person.person) {
    throw new ApiError(
      `The passkey belongs to ${again.person}, who is signed in now. Nothing was done.`,
      409,
    );
  }
}

/** Do what takes a passkey used just now: inviting, approving, revoking, changing passkeys.

This machine's clock may be wrong, so a 401 of the server asks for the passkey too. */
export async function withPasskey<T>(act: () => Promise<T>): Promise<T> {
  await freshen();
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== NOT_SIGNED_IN || !me.value) throw error;
    await freshen(true);
    return await act();
  }
}
