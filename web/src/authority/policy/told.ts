/** A difference between policies, in words. */

import { language } from "../../frame/language";
import { placeName } from "../directory/called";
import { t as directory } from "../directory/words";
import { kitWords } from "../kit/language";
import { type Change, grantChange } from "./difference";
import type { Grant, Role } from "./document";
import { FLEET_READERS, isPlatform, PLATFORM, PLATFORMS } from "./draft";
import { landingTyped, type Network, networksTyped } from "./network";
import { t } from "./words";

/** "Operator and Auditor"; "" for none. */
export function rolesTold(roles: readonly Role[]): string {
  return listed(roles.map((role) => kitWords.value.roles[role]));
}

export function placesTold(places: readonly string[]): string {
  return places.length === 0 ? t.value.everywhere : listed(places.map(placeName));
}

export function precedenceTold(precedence: string): string {
  return (kitWords.value.precedences as Record<string, string>)[precedence] ?? precedence;
}

export function commandTold(kind: string): string {
  return t.value.commandNames[kind] ?? kind;
}

export function numberKindTold(kind: string): string {
  return directory.value.numberKinds[kind] ?? kind;
}

/** "frigate", or all platforms that are not named. */
export function platformTold(kind: string): string {
  return kind === PLATFORMS ? t.value.allPlatforms : kind.slice(PLATFORM.length);
}

/** The title of a change, and the sentences that belong to it. */
export function told(change: Change): { title: string; lines: string[] } {
  const w = t.value.change;
  switch (change.what) {
    case "person":
      return { title: w.person(change.name), lines: personLines(change.before, change.after) };
    case "approval": {
      const kind = (kitWords.value.kinds as Record<string, string>)[change.name] ?? change.name;
      return { title: w.approval(kind, change.after), lines: [] };
    }
    case "approvers":
      return {
        title: w.approvers(commandTold(change.name), change.after, change.before),
        lines: [],
      };
    case "visibility":
      return { title: visibilityTold(change), lines: [] };
    case "network":
      return {
        title: w.network(
          t.value.networkFields[change.name],
          fieldTold(change.after, change.name),
          fieldTold(change.before, change.name),
        ),
        lines: [],
      };
    case "community":
      return { title: w.community(change.before, change.name), lines: [] };
  }
}

/** What one field says of tunnels, in words. */
export function fieldTold(network: Network, name: keyof Network): string {
  const w = t.value;
  switch (name) {
    case "topology":
      return w.topologies[network.topology];
    case "hubs":
    case "plain_export":
      return network[name].length === 0 ? w.noSite : listed([...network[name]]);
    case "landing":
      return landingTyped(network.landing).replaceAll("\n", "; ") || w.landingAnywhere;
    case "networks":
      return networksTyped(network.networks).replaceAll("\n", "; ") || w.noSite;
    case "two_layers":
      return network.two_layers ? w.yes : w.no;
    case "full_round_hours":
      return w.hours(network.full_round_hours);
  }
}

function personLines(before: Grant | null, after: Grant | null): string[] {
  const w = t.value.change;
  if (!after) {
    const lost = before && before.roles.length > 0 ? [w.loses(rolesTold(before.roles))] : [];
    return [w.noLonger, ...lost];
  }
  if (!before) {
    return [
      after.roles.length > 0 ? w.gets(rolesTold(after.roles)) : w.isNew,
      w.upTo(precedenceTold(after.ceiling)),
      after.territory.length > 0 ? w.where(placesTold(after.territory)) : t.value.everywhere,
    ];
  }
  const { gained, lost, ceiling, territory } = grantChange(before, after);
  return [
    ...(gained.length > 0 ? [w.gets(rolesTold(gained))] : []),
    ...(lost.length > 0 ? [w.loses(rolesTold(lost))] : []),
    ...(ceiling
      ? [w.precedence(precedenceTold(ceiling.before), precedenceTold(ceiling.after))]
      : []),
    ...(territory ? [w.territory(placesTold(territory.before), placesTold(territory.after))] : []),
  ];
}

function visibilityTold(change: Change & { what: "visibility" }): string {
  const w = t.value.change;
  const { name, before, after } = change;
  return isPlatform(name)
    ? w.platforms(platformTold(name), seers(after, name), seers(before, name))
    : w.visibility(numberKindTold(name), seers(after, name), seers(before, name));
}

/** Who sees a kind of number, or a platform. */
export function seers(roles: readonly Role[], kind: string): string {
  if (roles.length > 0) return rolesTold(roles);
  if (!isPlatform(kind)) return t.value.everybody;
  return kind === PLATFORMS ? rolesTold(FLEET_READERS) : t.value.asOthers;
}

function listed(words: string[]): string {
  return new Intl.ListFormat(language.value, { type: "conjunction" }).format(words);
}
