import type { Role } from "../api/authority";

/** The roles as people call them (`protocol/roles.py` has the same names). */
export const roleNames: Record<"it" | "en", Record<Role, string>> = {
  en: {
    operator: "Operator",
    "security-officer": "Security officer",
    custodian: "Custodian",
    "communications-officer": "Communications officer",
    "civil-protection-officer": "Civil protection officer",
    "fleet-officer": "Fleet officer",
    auditor: "Auditor",
    member: "Member",
  },
  it: {
    operator: "Operatore",
    "security-officer": "Responsabile della sicurezza",
    custodian: "Custode",
    "communications-officer": "Responsabile delle comunicazioni",
    "civil-protection-officer": "Responsabile della protezione civile",
    "fleet-officer": "Responsabile della flotta",
    auditor: "Revisore",
    member: "Membro",
  },
};
