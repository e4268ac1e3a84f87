/** Texts of the audit log's page, in both languages. */

import { wordsOf } from "../kit/language";

export const en = {
  title: "Audit log",
  lead: "Everything that the authority has done, in one order that cannot be changed afterwards. This browser checks that for itself.",
  look: "Look again",
  looking: "This browser is checking the log …",
  proven: "What this browser has proven",
  notProven: "What it cannot prove",
  signature: (size: string, when: string) =>
    `The log's own key signed a checkpoint over ${size} entries on ${when}.`,
  first: "This browser sees the log for the first time. From now on it remembers what it has seen.",
  same: (size: string) => `The log is still what this browser remembers: ${size} entries.`,
  consistent: (before: string, size: string) =>
    `The ${size} entries begin with exactly the ${before} entries that this browser remembers: nothing of them was changed, removed or put in between.`,
  shrunk: (held: string, offered: string) =>
    `This browser remembers ${held} entries, and was shown an older state of ${offered}. This authority is behind, or hides the end. Look again in a moment; if it stays so, tell the auditors.`,
  entriesProven: (proven: string, all: string) =>
    `${proven} of the ${all} entries shown below are in this log at their places: the hashes were computed again here.`,
  entriesFailed: (count: string) =>
    `${count} of the entries shown below could NOT be shown to be in the log.`,
  detailsProven: (count: number) =>
    count === 1
      ? "The 1 detail of a person shown below is what its entry committed to."
      : `All ${count} details of persons that are shown as proven below are what their entries committed to.`,
  detailsFailed: (count: number) =>
    count === 1
      ? "1 detail of a person below is NOT what its entry committed to: the authority says otherwise than the log."
      : `${count} details of persons below are NOT what their entries committed to: the authority says otherwise than the log.`,
  limits: [
    "That nobody else is shown another history: compare the checkpoint with a witness or with another device.",
    "That what an entry says is true: it proves that the authority wrote it, and when it says that was.",
    "That nothing more was said of persons: the details shown are what their entries committed to, and of one that was erased only the commitment is left.",
  ],
  firstLimit:
    "That the key seen at the first look is the right one: compare it once with the one printed at the founding ceremony.",
  checkpoint: "Checkpoint",
  origin: "Log",
  size: "Entries",
  root: "Root over all entries (SHA-256)",
  signed: "Signed",
  downloadCheckpoint: "Download the checkpoint",
  failedTitle: "The log could not be verified",
  failedText: "Nothing is shown that could not be verified.",
  keyAlarmTitle: "ALARM: the log shows itself under another key",

  keyAlarmText:
    "This browser remembers the log's key, and what arrived is signed by another or bears another name. Trust nothing that the authority says until the auditors have explained it.",

  forkTitle: "ALARM: the log has two histories",
  forkProven:
    "The log's own key signed two states that cannot both be true. This is proof against whoever holds that key, and anybody can check it. Entries were changed, removed, or different histories are shown to different people.",
  forkUnproven:
    "The log was shown in a state that does not follow what this browser remembers, and the proof that came along is bad. Either the history was rewritten, or somebody spoilt the proof on its way.",
  forkDo:
    "Download the evidence now, give it to the auditors by another way than this console, and trust nothing that the authority says until it is explained. The alarm stays until the evidence was downloaded and somebody takes it away.",
  forkHeld: "What this browser remembers",
  forkOffered: "What was shown instead",
  forkFound: "Found",
  downloadEvidence: "Download the evidence",
  downloadHeld: "Download the remembered checkpoint",
  downloadOffered: "Download the contradicting checkpoint",
  dismiss: "Take the alarm away",
  dismissTitle: "Take the alarm away?",
  dismissTexts: [
    "The evidence is removed from this browser. Make sure that the downloaded file is in safe hands.",
    "What the log was before stays remembered: if it still shows the other history, the alarm comes back.",
  ],
  dismissFirst: "The alarm can be taken away once the evidence was downloaded.",
  handed: "The evidence is with the auditors.",

  entries: "Entries",
  kind: "Kind",
  allKinds: "all kinds",
  jump: "Go to entry",
  jumpHint: (last: string) => `0 to ${last}`,
  jumpWrong: (last: string) => `A whole number from 0 to ${last}.`,
  go: "Go",
  newest: "Newest",
  older: "Older entries",
  searchOn: "Search further back",
  searched: (index: string) => `Everything from entry ${index} on was looked through.`,
  none: "No entry of this kind was found here.",
  export: "Export these entries",
  exportHelp: "With checkpoint and proofs, so that anybody can verify them.",
  entry: (index: string) => `Entry ${index}`,
  unreadable: "This is no entry of the log",
  unreadableText: "Its octets cannot be read. They are kept as they came.",
  by: "Written by",
  facts: "Facts",
  noFacts: "Nothing more.",
  nothing: "none",
  details: "Details of persons",
  hidden: (count: number) =>
    count === 1
      ? "1 detail of a person, not for your role to read"
      : `${count} details of persons, not for your role to read`,
  erased: (count: number) =>
    count === 1
      ? "1 detail was erased; its commitment remains"
      : `${count} details were erased; their commitments remain`,
  detailProven: "as committed",
  detailFalseTitle: "ALARM: the log did not commit to this detail",
  detailFalse:
    "The authority tells this detail of a person, and the entry in the log says otherwise. Do not believe it, and tell the auditors by another way than this console.",
  detailTold: "The authority said:",
  contradicted: "CONTRADICTION",
  proofStates: { checking: "checking", proven: "in the log", failed: "NOT PROVEN" },
  factNames: {
    serial: "Serial number",
    issuer: "Issuer",
    key: "Key",
    not_after: "Valid until",
    identity: "Identity",
    number: "Number",
    sha256: "SHA-256",
    reason: "Reason",
    replaces: "Replaces",
    holder: "Holder",
    command: "Command",
    fingerprint: "Fingerprint",
    profile: "Profile",
    name: "Name",
    by: "By",
    about: "About",
    person: "Person",
    digest: "Fingerprint",
    request: "Request",
    kind: "Kind",
    purpose: "Purpose",
    invitation: "Invitation",
    expires: "Ends",
    until: "Until",
    host: "Address of the page",
    how: "Known by",
    decision: "Decision",
    count: "Count",
    codes: "Codes",
    details: "Details erased",
    fields: "Changed",
    passkey: "Passkey",
    issuers: "Issuers",
    domains: "Domains",
    warning: "Warning",
    channel: "Channel",
    level: "Level",
    message_type: "Kind of message",
    identifier: "Identifier",
    alert: "Fingerprint of the alert",
    cancel: "Fingerprint of the cancel",
    ways: "Ways out",
    way: "Way out",
    what: "What was asked",
    why: "Why",
    standing: "Standing warning",
    sensors: "Sensors",
    agreed: "Agree",
    needed: "Needed",
    reading: "Reading",
    handset: "Exercise handset",
  } as Record<string, string>,
};
type Words = typeof en;

export const it: Words = {
  title: "Registro",
  lead: "Tutto ciò che l'autorità ha fatto, in un solo ordine che dopo non si può cambiare. Questo browser lo verifica da sé.",
  look: "Guarda di nuovo",
  looking: "Questo browser sta verificando il registro …",
  proven: "Che cosa ha dimostrato questo browser",
  notProven: "Che cosa non può dimostrare",
  signature: (size, when) =>
    `La chiave stessa del registro ha firmato un checkpoint su ${size} voci il ${when}.`,
  first: "Questo browser vede il registro per la prima volta. Da ora ricorda ciò che ha visto.",
  same: (size) => `Il registro è ancora quello che questo browser ricorda: ${size} voci.`,
  consistent: (before, size) =>
    `Le ${size} voci cominciano esattamente con le ${before} voci che questo browser ricorda: nulla di esse è stato cambiato, tolto o inserito in mezzo.`,
  shrunk: (held, offered) =>
    `Questo browser ricorda ${held} voci, e gli è stato mostrato uno stato più vecchio di ${offered}. Questa autorità è in ritardo, o nasconde la fine. Guarda di nuovo fra un momento; se resta così, avvisa i revisori.`,
  entriesProven: (proven, all) =>
    `${proven} delle ${all} voci mostrate sotto sono in questo registro al loro posto: gli hash sono stati ricalcolati qui.`,
  entriesFailed: (count) =>
    `Per ${count} delle voci mostrate sotto NON si è potuto dimostrare che siano nel registro.`,
  detailsProven: (count) =>
    count === 1
      ? "L'unico dettaglio di una persona mostrato sotto è quello a cui la sua voce si è impegnata."
      : `Tutti i ${count} dettagli di persone indicati sotto come dimostrati sono quelli a cui le loro voci si sono impegnate.`,
  detailsFailed: (count) =>
    count === 1
      ? "1 dettaglio di una persona sotto NON è quello a cui la sua voce si è impegnata: l'autorità dice altro dal registro."
      : `${count} dettagli di persone sotto NON sono quelli a cui le loro voci si sono impegnate: l'autorità dice altro dal registro.`,
  limits: [
    "Che a nessun altro sia mostrata un'altra storia: confronta il checkpoint con un testimone o con un altro dispositivo.",
    "Che ciò che una voce dice sia vero: dimostra che l'autorità l'ha scritta, e quando dice di averlo fatto.",
    "Che delle persone non fosse detto altro: i dettagli mostrati sono quelli a cui le loro voci si sono impegnate, e di uno cancellato resta solo l'impegno.",
  ],
  firstLimit:
    "Che la chiave vista al primo sguardo sia quella giusta: confrontala una volta con quella stampata alla cerimonia di fondazione.",
  checkpoint: "Checkpoint",
  origin: "Registro",
  size: "Voci",
  root: "Radice su tutte le voci (SHA-256)",
  signed: "Firmato",
  downloadCheckpoint: "Scarica il checkpoint",
  failedTitle: "Non è stato possibile verificare il registro",
  failedText: "Non viene mostrato nulla che non si sia potuto verificare.",
  keyAlarmTitle: "ALLARME: il registro si mostra con un'altra chiave",

  keyAlarmText:
    "Questo browser ricorda la chiave del registro, e ciò che è arrivato è firmato da un'altra o porta un altro nome. Non fidarti di nulla che l'autorità dica finché i revisori non l'hanno spiegato.",

  forkTitle: "ALLARME: il registro ha due storie",
  forkProven:
    "La chiave stessa del registro ha firmato due stati che non possono essere veri entrambi. È una prova contro chi ha quella chiave, e chiunque può verificarla. Voci sono state cambiate o tolte, oppure a persone diverse si mostrano storie diverse.",
  forkUnproven:
    "Il registro è stato mostrato in uno stato che non segue ciò che questo browser ricorda, e la prova che l'accompagna è sbagliata. O la storia è stata riscritta, o qualcuno ha guastato la prova per strada.",
  forkDo:
    "Scarica ora le prove, consegnale ai revisori per una via diversa da questa console, e non fidarti di nulla che l'autorità dica finché non è spiegato. L'allarme resta finché le prove non sono scaricate e qualcuno lo toglie.",
  forkHeld: "Ciò che questo browser ricorda",
  forkOffered: "Ciò che è stato mostrato invece",
  forkFound: "Scoperto",
  downloadEvidence: "Scarica le prove",
  downloadHeld: "Scarica il checkpoint ricordato",
  downloadOffered: "Scarica il checkpoint che lo contraddice",
  dismiss: "Togli l'allarme",
  dismissTitle: "Togliere l'allarme?",
  dismissTexts: [
    "Le prove sono tolte da questo browser. Assicurati che il file scaricato sia in mani sicure.",
    "Ciò che il registro era prima resta ricordato: se mostra ancora l'altra storia, l'allarme torna.",
  ],
  dismissFirst: "L'allarme si può togliere quando le prove sono state scaricate.",
  handed: "Le prove sono presso i revisori.",

  entries: "Voci",
  kind: "Tipo",
  allKinds: "tutti i tipi",
  jump: "Vai alla voce",
  jumpHint: (last) => `da 0 a ${last}`,
  jumpWrong: (last) => `Un numero intero da 0 a ${last}.`,
  go: "Vai",
  newest: "Più recenti",
  older: "Voci precedenti",
  searchOn: "Cerca più indietro",
  searched: (index) => `È stato guardato tutto dalla voce ${index} in poi.`,
  none: "Qui non si è trovata nessuna voce di questo tipo.",
  export: "Esporta queste voci",
  exportHelp: "Con checkpoint e prove, così che chiunque possa verificarle.",
  entry: (index) => `Voce ${index}`,
  unreadable: "Questa non è una voce del registro",
  unreadableText: "I suoi ottetti non si possono leggere. Sono conservati come sono arrivati.",
  by: "Scritta da",
  facts: "Fatti",
  noFacts: "Nient'altro.",
  nothing: "nessuno",
  details: "Dettagli di persone",
  hidden: (count) =>
    count === 1
      ? "1 dettaglio di una persona, non leggibile dal tuo ruolo"
      : `${count} dettagli di persone, non leggibili dal tuo ruolo`,
  erased: (count) =>
    count === 1
      ? "1 dettaglio è stato cancellato; il suo impegno resta"
      : `${count} dettagli sono stati cancellati; i loro impegni restano`,
  detailProven: "conforme all'impegno",
  detailFalseTitle: "ALLARME: il registro non si è impegnato a questo dettaglio",
  detailFalse:
    "L'autorità racconta questo dettaglio di una persona, e la voce nel registro dice altro. Non crederci, e avvisa i revisori per una via diversa da questa console.",
  detailTold: "L'autorità ha detto:",
  contradicted: "CONTRADDIZIONE",
  proofStates: { checking: "in verifica", proven: "nel registro", failed: "NON DIMOSTRATA" },
  factNames: {
    serial: "Numero di serie",
    issuer: "Emittente",
    key: "Chiave",
    not_after: "Valido fino al",
    identity: "Identità",
    number: "Numero",
    sha256: "SHA-256",
    reason: "Motivo",
    replaces: "Sostituisce",
    holder: "Titolare",
    command: "Comando",
    fingerprint: "Impronta",
    profile: "Profilo",
    name: "Nome",
    by: "Da",
    about: "Riguarda",
    person: "Persona",
    digest: "Impronta",
    request: "Richiesta",
    kind: "Tipo",
    purpose: "Scopo",
    invitation: "Invito",
    expires: "Scade",
    until: "Fino al",
    host: "Indirizzo della pagina",
    how: "Riconosciuto da",
    decision: "Decisione",
    count: "Numero",
    codes: "Codici",
    details: "Dettagli cancellati",
    fields: "Modificato",
    passkey: "Passkey",
    issuers: "Emittenti",
    domains: "Domini",
    warning: "Avviso",
    channel: "Canale",
    level: "Livello",
    message_type: "Tipo di messaggio",
    identifier: "Identificativo",
    alert: "Impronta dell'avviso",
    cancel: "Impronta della revoca",
    ways: "Vie di uscita",
    way: "Via di uscita",
    what: "Che cosa si chiedeva",
    why: "Perché",
    standing: "Avviso predisposto",
    sensors: "Sensori",
    agreed: "Concordano",
    needed: "Necessari",
    reading: "Misura",
    handset: "Telefono di esercitazione",
  },
};

/** The texts in the reader's language. */
export const t = wordsOf({ it, en });
