/** Texts of the directory, in both languages. */

import { wordsOf } from "../kit/language";

export const en = {
  title: "Directory",
  lead: "Everybody in the state's network: how to reach them, what they speak, what they may do.",
  search: "Find a person",
  searchHint: "Name or number; accents and capitals do not matter.",
  counted: (count: number, more: boolean) => {
    if (more) return `The first ${count} people`;
    return count === 1 ? "1 person" : `${count === 0 ? "No" : count} people`;
  },
  nobody: "Nobody found",
  nobodyText: "Nobody has a name or a number like this. Try fewer letters.",
  empty: "Nobody is in the directory yet. Invite the first person.",
  more: "Show more",
  people: "People",
  you: "you",
  details: "Details",
  detailsOf: (name: string) => `Details of ${name}`,
  choose: "Choose somebody from the list to see more.",
  back: "Back to the list",
  displayName: "Name",
  languages: "Languages",
  noLanguages: "not said",
  numbers: "Numbers",
  noNumbers: "None that you may see.",
  notForAll: "not for everybody",
  copyNumber: (number: string) => `Copy number ${number}`,
  roles: "Roles",
  ceiling: "Highest precedence",
  ceilingMeaning: "Calls and messages of this person go no higher.",
  territory: "Territory",
  wholeTerritory: "everywhere",
  edit: "Edit",
  editTitle: "Edit entry",
  save: "Save",
  saved: "The entry was saved.",
  cancel: "Cancel",
  add: "Add number",
  remove: (number: string) => `Remove number ${number}`,
  numberKind: "Kind",
  number: "Number",
  /** Kinds of numbers are words of the state; one without a name here shows as it is. */
  numberKinds: {
    extension: "Extension",
    duty: "On duty",
    office: "Office",
    mobile: "Mobile",
    satellite: "Satellite",
    radio: "Radio",
    home: "Home",
  } as Record<string, string>,
  languageHint: "Codes, the preferred first: it, en, fr.",
  wrongLanguages: "Languages are codes of two or three letters, separated by commas.",
  wrongNumber: "A number has digits, spaces, dashes, * and #, 32 at most; a + may come first.",
  wrongName:
    "1 to 63 small letters, digits, dots, dashes and underscores; the first a letter or a digit.",
  needed: "This is needed.",

  invite: "Invite",
  inviteTitle: "Invite a person",
  inviteText:
    "The invitation is for one person and one device, and is used once. Where the policy asks for it, an officer then compares the device's key and approves.",
  inviteName: "Name in the network",
  inviteNameHint: "As in anna.rossi. It cannot be changed later.",
  inviteDevice: "Device",
  inviteDeviceHint: "As in phone or laptop.",
  inviteDisplayName: "Name as people read it",
  inviteHours: "Valid for",
  hours: (count: number) => {
    if (count > 24 && count % 24 === 0) return `${count / 24} days`;
    return count === 1 ? "1 hour" : `${count} hours`;
  },
  makeInvitation: "Make the invitation",
  made: "The invitation",
  madeOnce:
    "This is shown once. Hand it over now, in person or by a way that you trust: whoever has it can enrol in this name. Afterwards it can only be withdrawn.",
  link: "Link for the person's browser",
  copyLink: "Copy the link",
  token: "The invitation as text",
  copyToken: "Copy the invitation",
  done: "Done, it is handed over",
  invitations: "Open invitations",
  noInvitations: "No invitation is open.",
  invitationFor: "For",
  invitedBy: "Made by",
  expires: "Ends",
  withdraw: "Withdraw",
  withdrawTitle: "Withdraw the invitation?",
  withdrawText: (identity: string) =>
    `The invitation for ${identity} will no longer be accepted. Whoever has used it already keeps what was granted.`,
  withdrawn: "The invitation was withdrawn.",

  recover: "Recover access",
  recoverTitle: (person: string) => `Propose to recover the access of ${person}?`,
  recoverTexts: [
    "For who has lost every passkey. You sign the proposal with the key of this browser; another officer has to approve it within a day.",
    "Once it is approved, an invitation is shown to that officer, once. Whoever holds it can sign in as this person: it is handed over face to face, or by a way that you trust.",
    "When it is used, every passkey that this person had is removed and every session ends.",
  ],
  recoverPropose: "Sign and propose",
  recoverProposed: "The recovery was proposed. It waits for others under Approvals.",
};
type Words = typeof en;

export const it: Words = {
  title: "Rubrica",
  lead: "Tutte le persone della rete dello Stato: come raggiungerle, che lingue parlano, che cosa possono fare.",
  search: "Cerca una persona",
  searchHint: "Nome o numero; accenti e maiuscole non contano.",
  counted: (count, more) => {
    if (more) return `Le prime ${count} persone`;
    return count === 0 ? "Nessuna persona" : count === 1 ? "1 persona" : `${count} persone`;
  },
  nobody: "Nessun risultato",
  nobodyText: "Nessuno ha un nome o un numero simile. Prova con meno lettere.",
  empty: "La rubrica è ancora vuota. Invita la prima persona.",
  more: "Mostra altri",
  people: "Persone",
  you: "tu",
  details: "Dettagli",
  detailsOf: (name) => `Dettagli di ${name}`,
  choose: "Scegli una persona dall'elenco per vedere di più.",
  back: "Torna all'elenco",
  displayName: "Nome",
  languages: "Lingue",
  noLanguages: "non indicate",
  numbers: "Numeri",
  noNumbers: "Nessuno che tu possa vedere.",
  notForAll: "non per tutti",
  copyNumber: (number) => `Copia il numero ${number}`,
  roles: "Ruoli",
  ceiling: "Precedenza massima",
  ceilingMeaning: "Chiamate e messaggi di questa persona non vanno oltre.",
  territory: "Territorio",
  wholeTerritory: "ovunque",
  edit: "Modifica",
  editTitle: "Modifica la voce",
  save: "Salva",
  saved: "La voce è stata salvata.",
  cancel: "Annulla",
  add: "Aggiungi un numero",
  remove: (number) => `Togli il numero ${number}`,
  numberKind: "Tipo",
  number: "Numero",
  numberKinds: {
    extension: "Interno",
    duty: "Di turno",
    office: "Ufficio",
    mobile: "Cellulare",
    satellite: "Satellitare",
    radio: "Radio",
    home: "Casa",
  },
  languageHint: "Codici, la preferita per prima: it, en, fr.",
  wrongLanguages: "Le lingue sono codici di due o tre lettere, separati da virgole.",
  wrongNumber: "Un numero ha cifre, spazi, trattini, * e #, al massimo 32; può cominciare con +.",
  wrongName:
    "Da 1 a 63 lettere minuscole, cifre, punti, trattini e sottolineature; la prima una lettera o una cifra.",
  needed: "Questo campo è necessario.",

  invite: "Invita",
  inviteTitle: "Invita una persona",
  inviteText:
    "L'invito è per una persona e un dispositivo, e si usa una volta sola. Dove la policy lo chiede, un responsabile confronta poi la chiave del dispositivo e approva.",
  inviteName: "Nome nella rete",
  inviteNameHint: "Come anna.rossi. Non si può cambiare in seguito.",
  inviteDevice: "Dispositivo",
  inviteDeviceHint: "Come telefono o portatile.",
  inviteDisplayName: "Nome come si legge",
  inviteHours: "Valido per",
  hours: (count) => {
    if (count > 24 && count % 24 === 0) return `${count / 24} giorni`;
    return count === 1 ? "1 ora" : `${count} ore`;
  },
  makeInvitation: "Crea l'invito",
  made: "L'invito",
  madeOnce:
    "Si mostra una volta sola. Consegnalo ora, di persona o per una via di cui ti fidi: chi lo possiede può iscriversi con questo nome. Dopo lo si può soltanto ritirare.",
  link: "Link per il browser della persona",
  copyLink: "Copia il link",
  token: "L'invito come testo",
  copyToken: "Copia l'invito",
  done: "Fatto, è consegnato",
  invitations: "Inviti aperti",
  noInvitations: "Nessun invito è aperto.",
  invitationFor: "Per",
  invitedBy: "Creato da",
  expires: "Scade",
  withdraw: "Ritira",
  withdrawTitle: "Ritirare l'invito?",
  withdrawText: (identity) =>
    `L'invito per ${identity} non sarà più accettato. Chi lo ha già usato conserva ciò che gli è stato concesso.`,
  withdrawn: "L'invito è stato ritirato.",

  recover: "Recupera l'accesso",
  recoverTitle: (person) => `Proporre il recupero dell'accesso di ${person}?`,
  recoverTexts: [
    "Per chi ha perso tutte le passkey. Firmi la proposta con la chiave di questo browser; un altro responsabile deve approvarla entro un giorno.",
    "Quando è approvata, a quel responsabile è mostrato un invito, una sola volta. Chi lo ha può accedere come questa persona: va consegnato di persona, o per una via di cui ti fidi.",
    "Quando è usato, ogni passkey che la persona aveva è rimossa e ogni sua sessione finisce.",
  ],
  recoverPropose: "Firma e proponi",
  recoverProposed: "Il recupero è stato proposto. Attende altri sotto Approvazioni.",
};

/** The texts in the reader's language. */
export const t = wordsOf({ it, en });
