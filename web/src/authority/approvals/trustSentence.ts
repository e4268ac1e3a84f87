/** What went wrong with keys and signatures, as a sentence in the reader's language. */

import { type TrustCode, TrustError } from "../../trust/errors";
import { wordsOf } from "../kit/language";
import { Sentence } from "../kit/sentence";

type Sentences = Record<TrustCode, string>;

export const en: Sentences = {
  unsupported:
    "This browser cannot make or check this state's signatures (ML-DSA). Use a current browser, or the command line. Nothing was done.",
  storage: "This browser did not keep what it should. Nothing was done.",
  "too-large": "What arrived is larger than it may be, and was refused.",
  malformed: "What arrived is not written as it must be, and was refused.",
  identity: "The identity is another than expected. Nothing was done.",
  key: "The key of this identity is not in this browser. Nothing was done.",
  "not-genuine":
    "The signature is not genuine: what arrived was altered, or somebody only pretends.",
  "not-in-force": "It has expired, or is of the future: one of the clocks is wrong.",
  revoked: "The certificate was taken back: its holder must ask for a new one.",
  "own-proposal": "Nobody answers what they have proposed. Ask somebody else.",
  proof: "The log's proof does not show what it should.",
  "log-key": "The log shows itself under another name or key than this browser remembers.",
  evidence: "The evidence of a fork is kept, and was not downloaded yet.",
  busy: "Another page of this browser did the same at the same time. Try again.",
};

export const it: Sentences = {
  unsupported:
    "Questo browser non può creare o verificare le firme di questo Stato (ML-DSA). Usa un browser aggiornato o la riga di comando. Nulla è stato fatto.",
  storage: "Questo browser non ha conservato ciò che doveva. Nulla è stato fatto.",
  "too-large": "Ciò che è arrivato è più grande del consentito ed è stato rifiutato.",
  malformed: "Ciò che è arrivato non è scritto come deve ed è stato rifiutato.",
  identity: "L'identità è diversa da quella attesa. Nulla è stato fatto.",
  key: "La chiave di questa identità non è in questo browser. Nulla è stato fatto.",
  "not-genuine":
    "La firma non è autentica: ciò che è arrivato è stato alterato, o qualcuno finge soltanto.",
  "not-in-force": "È scaduta, o viene dal futuro: uno degli orologi è sbagliato.",
  revoked: "Il certificato è stato revocato: il titolare deve chiederne uno nuovo.",
  "own-proposal": "Nessuno risponde a ciò che ha proposto. Chiedi a qualcun altro.",
  proof: "La prova del registro non mostra ciò che dovrebbe.",
  "log-key": "Il registro si mostra con un nome o una chiave diversi da quelli ricordati qui.",
  evidence: "La prova di una biforcazione è conservata e non è ancora stata scaricata.",
  busy: "Un'altra pagina di questo browser faceva lo stesso nello stesso momento. Riprova.",
};

const sentences = wordsOf({ it, en });

/** The error with a sentence for people where it came from keys or signatures; others as they are. */
export function explained(error: unknown): unknown {
  return error instanceof TrustError ? new Sentence(sentences.value[error.code]) : error;
}

/** What `act` gives, its failures explained. */
export async function explaining<T>(act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    throw explained(error);
  }
}
