/** Names of people and things as others wrote them: text only, kept from turning its neighbours. */

import { formatted } from "../../frame/language";
import type { Role } from "../shapes";
import { kitWords } from "./language";

export type IdentityKind = keyof typeof kitWords.value.kinds;

/** The parts of `KIND/NAME` or `person/NAME/DEVICE`; null where it is none. */
export function identityParts(
  path: string,
): { kind: IdentityKind; name: string; device: string } | null {
  const [kind = "", name = "", device = "", ...rest] = path.split("/");
  if (!(kind in kitWords.value.kinds) || name === "" || rest.length > 0) return null;
  return { kind: kind as IdentityKind, name, device };
}

/** "Ship bergamini", "Person anna.rossi, phone". */
export function IdentityName(props: { path: string }) {
  const parts = identityParts(props.path);
  if (!parts) return <bdi class="code">{props.path}</bdi>;
  return (
    <span class="identity">
      <span class="identity-kind">{kitWords.value.kinds[parts.kind]}</span>{" "}
      <bdi class="code">{parts.device ? `${parts.name} / ${parts.device}` : parts.name}</bdi>
    </span>
  );
}

/** A person: the name people use, and the one that machines use. */
export function PersonName(props: { name: string; displayName?: string }) {
  return (
    <span class="person">
      {props.displayName ? <bdi class="person-display">{props.displayName}</bdi> : null}{" "}
      <bdi class="code faint">{props.name}</bdi>
    </span>
  );
}

/** Names of roles, one mark each; "member" says nothing beside another. */
export function Roles(props: { roles: readonly Role[] }) {
  const telling = props.roles.filter((role) => role !== "member");
  const shown: readonly Role[] = telling.length > 0 ? telling : ["member"];
  return (
    <span class="roles">
      {shown.map((role) => (
        <span key={role} class="badge badge-quiet">
          {kitWords.value.roles[role]}
        </span>
      ))}
    </span>
  );
}

/** A fingerprint in groups of four, to be compared by eye and read aloud. */
export const inGroups = (hex: string): string[] => hex.match(/.{1,4}/g) ?? [];

export function Fingerprint(props: { hex: string; label?: string }) {
  return (
    <span
      class="fingerprint code"
      role="img"
      aria-label={`${props.label ?? kitWords.value.fingerprint}: ${inGroups(props.hex).join(" ")}`}
    >
      {inGroups(props.hex).map((group, index) => (
        <span key={index}>{group}</span>
      ))}
    </span>
  );
}

/** A whole number as the reader writes it. */
export const count = (value: number) => formatted(value);

/** A level and its word: colour never stands alone. */
export function Mark(props: { level: "good" | "notice" | "bad" | "quiet"; children: string }) {
  return <span class={`mark-state mark-state-${props.level}`}>{props.children}</span>;
}
