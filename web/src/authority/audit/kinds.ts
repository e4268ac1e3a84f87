/** Kinds of entries of the audit log, in words. */

import { wordsOf } from "../kit/language";

export const en: Record<string, string> = {
  "authority.restored": "Authority restored from a copy",
  "break-glass.opened": "Emergency access used",
  "break-glass.prepared": "Emergency codes made",
  "card.published": "Tunnel card published",
  "card.removed": "Tunnel card removed",
  "certificate.issued": "Certificate issued",
  "certificate.revoked": "Certificate revoked",
  "command.answered": "Command answered",
  "command.executed": "Command carried out",
  "command.proposed": "Command proposed",
  "command.refused": "Command refused",
  "directory.changed": "Directory changed",
  "enrolment.approved": "First contact approved",
  "enrolment.refused": "First contact refused",
  "enrolment.requested": "First contact asked for",
  "invitation.made": "Invitation made",
  "invitation.used": "Invitation used",
  "invitation.withdrawn": "Invitation withdrawn",
  "issuer.adopted": "Issuer taken into use",
  "issuer.created": "Issuer created",
  "key.cloned": "Copied key found",
  "list.published": "Revocation list published",
  "pages.certificate.issued": "Certificate of a web page issued",
  "pages.root.created": "Authority for web pages created",
  "passkey.added": "Passkey added",
  "passkey.removed": "Passkey removed",
  "person.erased": "Personal details erased",
  "policy.set": "Policy put in force",
  "revocation.ordered": "Revocation ordered",
  "root.created": "Root created",
  "root.rolled": "Root handed over",
  "session.opened": "Session opened",
};

export const it: Record<string, string> = {
  "authority.restored": "Autorità ripristinata da una copia",
  "break-glass.opened": "Accesso di emergenza usato",
  "break-glass.prepared": "Codici di emergenza creati",
  "card.published": "Scheda di tunnel pubblicata",
  "card.removed": "Scheda di tunnel tolta",
  "certificate.issued": "Certificato emesso",
  "certificate.revoked": "Certificato revocato",
  "command.answered": "Risposta a un comando",
  "command.executed": "Comando eseguito",
  "command.proposed": "Comando proposto",
  "command.refused": "Comando rifiutato",
  "directory.changed": "Rubrica modificata",
  "enrolment.approved": "Primo contatto approvato",
  "enrolment.refused": "Primo contatto rifiutato",
  "enrolment.requested": "Primo contatto richiesto",
  "invitation.made": "Invito creato",
  "invitation.used": "Invito usato",
  "invitation.withdrawn": "Invito ritirato",
  "issuer.adopted": "Emittente messo in uso",
  "issuer.created": "Emittente creato",
  "key.cloned": "Chiave copiata scoperta",
  "list.published": "Lista di revoca pubblicata",
  "pages.certificate.issued": "Certificato di una pagina web emesso",
  "pages.root.created": "Autorità per le pagine web creata",
  "passkey.added": "Passkey aggiunta",
  "passkey.removed": "Passkey tolta",
  "person.erased": "Dati personali cancellati",
  "policy.set": "Policy messa in vigore",
  "revocation.ordered": "Revoca ordinata",
  "root.created": "Radice creata",
  "root.rolled": "Radice passata di mano",
  "session.opened": "Sessione aperta",
};

const kinds = wordsOf({ it, en });

/** Every kind that has words, in alphabetical order of its code. */
export const KNOWN_KINDS: readonly string[] = Object.keys(en).sort();

/** A kind in the reader's language; one without words as it is. */
export const kindTold = (kind: string) => kinds.value[kind] ?? kind;
