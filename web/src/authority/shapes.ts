/** What the authority says, as types and as the checks at the door. Times are POSIX seconds. */

export type { AuthorityState, Me, Precedence, Role } from "../api/authority";
export { PRECEDENCES, ROLES } from "../api/authority";
export * from "./shapes/access";
export * from "./shapes/commands";
export * from "./shapes/json";
export * from "./shapes/log";
export * from "./shapes/people";
