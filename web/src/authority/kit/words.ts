/** Texts that all pages of the authority share. */

import type { Precedence } from "../../api/authority";
import type { TrustCode } from "../../trust/errors";
import { roleNames } from "../../words/roles";

const precedences = (names: Record<Precedence, string>) => names;

export const en = {
  roles: roleNames.en,
  precedences: precedences({
    routine: "Routine",
    priority: "Priority",
    immediate: "Immediate",
    flash: "Flash",
    "flash-override": "Flash override",
  }),
  kinds: {
    authority: "Authority",
    office: "Office",
    ship: "Ship",
    person: "Person",
    auditor: "Witness of the log",
  },
  cancel: "Cancel",
  close: "Close",
  confirmTitle: "Before this is done",
  required: "required",
  optional: "optional",
  copy: "Copy",
  copied: "Copied",
  copyFailed: "The browser did not allow copying. Mark the text and copy it yourself.",
  loading: "Loading …",
  reload: "Try again",
  more: "Show more",
  problemTitle: "This could not be loaded",
  nobodyTitle: "You are not signed in",
  nobodyText: "This page is for people who belong to this state. Sign in and you come back here.",
  signIn: "Sign in",
  roleTitle: "This page is not for your role",
  roleText: (needed: string) =>
    `It is for: ${needed}. A security officer grants roles in the policy.`,
  noAuthorityTitle: "This console has no authority",
  noAuthorityText:
    "It shows the network only. People, sites and approvals are kept by an authority.",
  elsewhereTitle: "This is not the state's own address",
  elsewhereText: (here: string, domain: string) =>
    `You opened ${here}. Passkeys and sessions belong to addresses of ${domain}, so nobody can sign in here.`,
  elsewhereGo: (host: string) => `Go to ${host}`,
  elsewhereUnknown: "Ask whoever runs the authority for its address.",
  unreachable: "The authority cannot be reached. Nothing was changed. Try again in a moment.",
  misunderstood: "The authority and this page are of different versions. Load the page again.",
  refused: "The authority refused this. Nothing was changed.",
  missing: "The authority does not know this, or no longer.",
  passkey: {
    unsupported:
      "This browser cannot use passkeys here. Use a current browser on the state's own address.",
    cancelled:
      "No passkey was used: the question was cancelled or ran out of time. Nothing was changed.",
    known: "This device already holds a passkey of yours for this state.",
    failed: "The passkey could not be used. Nothing was changed. Try again.",
  },
  trust: {
    unsupported:
      "This browser cannot hold a device key: it has no safe storage, or the page was not opened by https.",
    storage:
      "The browser did not keep what it should. Nothing was changed. A private window keeps no keys.",
    "too-large": "What arrived is larger than anything of this state. It was refused.",
    malformed: "What arrived cannot be read. It was refused and nothing was changed.",
    identity: "This is meant for somebody else. Nothing was changed.",
    key: "This browser does not hold the key that belongs to this. Nothing was changed.",
    "not-genuine": "A signature is not genuine. It was refused: tell a security officer.",
    "not-in-force": "This has expired, or this device's clock is wrong. Nothing was signed.",
    revoked: "The certificate was taken back. Its holder must ask for a new one.",
    "own-proposal": "Nobody approves what they proposed: it takes another person.",
    proof: "The log's proof does not hold. Tell an auditor.",
    "log-key": "The log shows itself under another key than before. Tell an auditor.",
    evidence: "Evidence against the log is kept here. Export it first.",
    busy: "Another page of yours changed the same thing at the same time. Try again.",
  } satisfies Record<TrustCode, string>,
  unexpected: "Something in this page failed. Nothing more was sent. Load the page again.",
  ago: (span: string) => `${span} ago`,
  in: (span: string) => `in ${span}`,
  justNow: "just now",
  never: "never",
  seconds: (n: number) => (n === 1 ? "1 second" : `${n} seconds`),
  minutes: (n: number) => (n === 1 ? "1 minute" : `${n} minutes`),
  hours: (n: number) => (n === 1 ? "1 hour" : `${n} hours`),
  days: (n: number) => (n === 1 ? "1 day" : `${n} days`),
  qrLabel: (what: string) => `QR code: ${what}`,
  qrUnreadable: "The QR code could not be drawn. Use the text instead.",
  fingerprint: "Fingerprint",
};
export type KitWords = typeof en;

export const it: KitWords = {
  roles: roleNames.it,
  precedences: precedences({
    routine: "Ordinaria",
    priority: "Prioritaria",
    immediate: "Immediata",
    flash: "Lampo",
    "flash-override": "Lampo assoluta",
  }),
  kinds: {
    authority: "Autorità",
    office: "Ufficio",
    ship: "Nave",
    person: "Persona",
    auditor: "Testimone del registro",
  },
  cancel: "Annulla",
  close: "Chiudi",
  confirmTitle: "Prima di procedere",
  required: "obbligatorio",
  optional: "facoltativo",
  copy: "Copia",
  copied: "Copiato",
  copyFailed: "Il browser non ha permesso di copiare. Seleziona il testo e copialo a mano.",
  loading: "Caricamento …",
  reload: "Riprova",
  more: "Mostra altro",
  problemTitle: "Non è stato possibile caricare i dati",
  nobodyTitle: "Accesso non effettuato",
  nobodyText: "Questa pagina è per chi appartiene a questo Stato. Dopo l'accesso torni qui.",
  signIn: "Accedi",
  roleTitle: "Questa pagina non è per il tuo ruolo",
  roleText: (needed) =>
    `È per: ${needed}. I ruoli li assegna un responsabile della sicurezza nella policy.`,
  noAuthorityTitle: "Questa console non ha un'autorità",
  noAuthorityText: "Mostra solo la rete. Persone, sedi e approvazioni sono tenute da un'autorità.",
  elsewhereTitle: "Questo non è l'indirizzo dello Stato",
  elsewhereText: (here, domain) =>
    `Hai aperto ${here}. Passkey e sessioni appartengono agli indirizzi di ${domain}: qui nessuno può accedere.`,
  elsewhereGo: (host) => `Vai a ${host}`,
  elsewhereUnknown: "Chiedi l'indirizzo a chi gestisce l'autorità.",
  unreachable: "L'autorità non è raggiungibile. Nulla è cambiato. Riprova fra un momento.",
  misunderstood: "L'autorità e questa pagina sono di versioni diverse. Ricarica la pagina.",
  refused: "L'autorità ha rifiutato la richiesta. Nulla è cambiato.",
  missing: "L'autorità non conosce questo elemento, o non più.",
  passkey: {
    unsupported:
      "Qui questo browser non può usare passkey. Usa un browser aggiornato all'indirizzo dello Stato.",
    cancelled: "Nessuna passkey usata: richiesta annullata o scaduta. Nulla è cambiato.",
    known: "Questo dispositivo ha già una tua passkey per questo Stato.",
    failed: "Non è stato possibile usare la passkey. Nulla è cambiato. Riprova.",
  },
  trust: {
    unsupported:
      "Questo browser non può custodire una chiave di dispositivo: manca una memoria sicura, oppure la pagina non è aperta con https.",
    storage:
      "Il browser non ha conservato quanto doveva. Nulla è cambiato. Una finestra privata non conserva chiavi.",
    "too-large":
      "Ciò che è arrivato è più grande di qualunque cosa di questo Stato. È stato rifiutato.",
    malformed: "Ciò che è arrivato non si può leggere. È stato rifiutato e nulla è cambiato.",
    identity: "Questo è destinato a qualcun altro. Nulla è cambiato.",
    key: "Questo browser non custodisce la chiave corrispondente. Nulla è cambiato.",
    "not-genuine":
      "Una firma non è autentica. È stata rifiutata: avvisa un responsabile della sicurezza.",
    "not-in-force":
      "È scaduto, oppure l'orologio di questo dispositivo è sbagliato. Nulla è stato firmato.",
    revoked: "Il certificato è stato revocato. Il titolare deve chiederne uno nuovo.",
    "own-proposal": "Nessuno approva ciò che ha proposto: serve un'altra persona.",
    proof: "La prova del registro non regge. Avvisa un revisore.",
    "log-key": "Il registro si presenta con una chiave diversa da prima. Avvisa un revisore.",
    evidence: "Qui è conservata una prova contro il registro. Prima esportala.",
    busy: "Un'altra tua pagina ha cambiato la stessa cosa nello stesso momento. Riprova.",
  },
  unexpected: "Qualcosa in questa pagina è fallito. Non è stato inviato altro. Ricarica la pagina.",
  ago: (span) => `${span} fa`,
  in: (span) => `fra ${span}`,
  justNow: "adesso",
  never: "mai",
  seconds: (n) => (n === 1 ? "1 secondo" : `${n} secondi`),
  minutes: (n) => (n === 1 ? "1 minuto" : `${n} minuti`),
  hours: (n) => (n === 1 ? "1 ora" : `${n} ore`),
  days: (n) => (n === 1 ? "1 giorno" : `${n} giorni`),
  qrLabel: (what) => `Codice QR: ${what}`,
  qrUnreadable: "Non è stato possibile disegnare il codice QR. Usa il testo.",
  fingerprint: "Impronta",
};
